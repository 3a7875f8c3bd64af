"""Features from a classifier of the data set's own domain: shipped for some data sets, trained for others."""

from pathlib import Path

from torch import nn

from harness import files
from harness.errors import WeightsError
from harness.features import weights_file
from harness.features.extractor import Extractor, refuse_points
from harness.features.network import Architecture, CentreCrop

SHIPPED = Path(__file__).parent / "weights"

PINNED = {
    "digits": "1b00b778044f0e7f86b41f9e3630b5bec520a26f86a7fe8c91f3e7e2d6c3ad1c",
    "mnist": "f30a10dc6b1e61ca04ac4953dcd410f94a13a7cc97c97b5a93b4c0405071d1f9",
}
"""SHA-256 of `weights/<data set>.safetensors`."""


def classifier(
    dataset: str,
    shape: tuple[int, int, int],
    *,
    domain: str | None = None,
    weights: str | None = None,
    sha256: str | None = None,
) -> Extractor:
    """A classifier of the data set's own domain; shipped for digits and mnist.

    dataset: what is judged, which chooses the shipped file unless `domain` names another data set; shape:
    (channels, height, width) of its images. `sha256` refuses any other version of `weights`.
    """
    refuse_points(dataset, shape)
    dataset = domain or dataset
    path = Path(weights).expanduser() if weights else SHIPPED / f"{dataset}.safetensors"
    if weights is None:
        if dataset not in PINNED:
            other = "stacked_classifier" if dataset == "stacked_mnist" else "pixels"
            raise WeightsError(
                f"no classifier is shipped for data set `{dataset}` (only for {', '.join(PINNED)}): use "
                f"`features: {other}`, or train one with `harness extractor train {dataset}` and set "
                "`features: {name: classifier, weights: FILE}`"
            )
        sha256 = PINNED[dataset]
    if not path.is_file():
        raise WeightsError(f"no weights at {path}: train them with `harness extractor train {dataset}`")
    digest = files.sha256(path)
    if sha256 is not None and digest != sha256.lower():
        raise WeightsError(f"{path} is not the pinned version: its SHA-256 is {digest}, not {sha256}")
    trained = weights_file.load(path)
    architecture = trained.provenance.architecture
    return Extractor(
        name="classifier",
        title=f"{trained.provenance.dataset} classifier",
        digest=digest,
        width=architecture.feature_width,
        num_classes=architecture.num_classes,
        module=_fitted(trained.network, architecture, shape, path),
        channels=architecture.channels,
    )


def _fitted(network: nn.Module, made: Architecture, shape: tuple[int, int, int], path: Path) -> nn.Module:
    """`network`, cropping 32×32 images to its 28×28: that is MNIST with its padding taken off again."""
    if shape == (made.channels, made.height, made.width):
        return network
    if (made.height, made.width) == (28, 28) and shape == (made.channels, 32, 32):
        return CentreCrop(network, margin=2).eval()
    raise WeightsError(
        f"{path} reads images of shape {(made.channels, made.height, made.width)}, and the data set's are "
        f"{shape}: train weights for them with `harness extractor train`, or use `features: pixels`"
    )
