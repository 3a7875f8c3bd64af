"""harness: train GAN variants, measure them so that the numbers can be trusted, browse them in MLflow."""

__version__ = "0.1.0"
