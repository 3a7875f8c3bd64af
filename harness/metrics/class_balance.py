"""Which classes are generated and how often, by a classifier, as StackedMNIST counts its modes.

A generated image is of the class that the extractor finds most probable (VEEGAN, Srivastava et al. 2017;
PacGAN, Lin et al. 2018). The reference images are counted by the same classifier and not by their labels: its
mistakes then fall on both sides alike, and other real images in the place of generated ones read about 0.
"""

from torch import Tensor

from harness.columns import Column
from harness.metrics.classes import named, predicted_classes
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.metrics.shares import kl_of_counts

NAME = "class_balance"

MOST_DETAILS = 100
"""Classes up to which the share of each is a value of its own."""


def class_balance() -> Metric:
    """Classes generated, and KL(generated || reference) of the predicted classes (Lin et al. 2018)."""
    columns = (Column("classes", "Classes", "higher"), Column("class_kl", "Class KL", "lower"))
    return Metric(columns, _compute, needs=frozenset({"logits"}))


def _compute(inputs: MetricInputs) -> Values:
    generated, real = (
        class_counts(name, part.logits) for name, part in (("fake", inputs.fake), ("real", inputs.reference))
    )
    kl, error = class_divergence(generated, real)
    values = {"classes": float((generated > 0).sum()), "class_kl": kl, "class_kl_se": error}
    details = {}
    if len(generated) <= MOST_DETAILS:
        shares = (generated / generated.sum()).tolist()
        details = {f"classes/{number}": share for number, share in enumerate(shares)}
    notes = []
    if missing := _numbers((generated == 0) & (real > 0)):
        notes.append(f"Classes: of the reference images' classes never generated: {named(missing)}")
    if unknown := _numbers((generated > 0) & (real == 0)):
        notes.append(
            f"Class KL: no reference image is of {named(unknown)}, which generated ones are; it counts as"
            " if one were"
        )
    return Values(values, tuple(notes), details)


def class_counts(name: str, logits: Tensor | None) -> Tensor:
    """How many images are of each class, by logits (n, k), n >= 2: int64 (k,)."""
    counts = predicted_classes(NAME, name, logits).bincount(
        minlength=0 if logits is None else logits.shape[1]
    )
    return counts.cpu()


def class_divergence(generated: Tensor, real: Tensor) -> tuple[float, float]:
    """KL(generated || real) in nats of counts (k,) each, and its standard error over both sets of images.

    A class without a real image counts as if it had one, or KL would be infinite.
    """
    real = real.clamp_min(1)
    return kl_of_counts(generated, real.double() / real.sum(), int(real.sum()))


def _numbers(chosen: Tensor) -> list[int]:
    numbers: list[int] = chosen.nonzero().flatten().tolist()
    return numbers
