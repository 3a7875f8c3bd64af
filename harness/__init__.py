"""harness: train GAN variants, measure them so that the numbers can be trusted, browse them in MLflow."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.evaluation.api import evaluate
    from harness.evaluation.result import Evaluation

__version__ = "0.1.0"
__all__ = ["Evaluation", "evaluate"]


def __getattr__(name: str) -> Any:
    # On demand: torch takes seconds to import, and `harness --help` must not wait for it.
    if name == "evaluate":
        from harness.evaluation.api import evaluate

        return evaluate
    if name == "Evaluation":
        from harness.evaluation.result import Evaluation

        return Evaluation
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
