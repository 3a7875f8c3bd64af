"""`harness extractor train`."""

from pathlib import Path

from harness.console import console
from harness.data import DATASETS
from harness.errors import DataError
from harness.features.extractor import refuse_points
from harness.features.recipe import save, train_classifier


def train(name: str, out: Path, data: Path, seed: int) -> None:
    """Train on the train split, judge on the test split, write a safetensors file and say how to use it."""
    dataset = DATASETS.resolve(name)(data)
    refuse_points(dataset.name, dataset.shape)
    if out.is_dir() or not out.resolve().parent.is_dir():
        raise DataError(f"cannot write the weights to {out}: name a file in an existing folder with --out")

    def progress(epoch: int, epochs: int, loss: float) -> None:
        console.print(f"epoch {epoch:>3} of {epochs}  loss {loss:.4f}")

    trained = train_classifier(
        dataset.name,
        dataset.train.images,
        dataset.train.labels,
        dataset.test.images,
        dataset.test.labels,
        seed=seed,
        progress=progress,
    )
    digest = save(trained, out)
    console.print(
        f"test accuracy {trained.provenance.test_accuracy:.2%} on {trained.provenance.test_size:,} images\n"
        f"wrote {out}; use it with\n"
        f"  features: {{name: classifier, weights: {out}, sha256: {digest}}}",
        soft_wrap=True,
    )
