"""FID and coverage class by class: the mean over classes, and the class that is generated worst.

A class is taken by its labels where both sides have them. Generated images mostly have none, and are then of
the class that the extractor predicts; so are the reference images, because real images split by label would
differ from equally real ones split by prediction, and a perfect generator would be charged for it.

A class that is hardly generated must not make a mean better. Its coverage is what the definition says, 0
without a generated image. FID needs two: with fewer, *all* generated images stand in for those of the class,
which is what the generator has to offer for it, and the mean and the worst are marked unreliable. A class
with too few reference images to measure is left out of everything, and a note says so.

FID is the more biased upwards the fewer images it has, and a class has fewer than all of them: compare the
values of a class with those of the floor, never with FID.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated

from pydantic import Field
from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.classes import named, predicted_classes
from harness.metrics.frechet import frechet_distance
from harness.metrics.inputs import Metric, MetricInputs, Sample, Values
from harness.metrics.prdc import coverage

NAME = "per_class"


@dataclass(frozen=True)
class ClassScores:
    """Of one class: how many reference and generated images it has, FID, and coverage."""

    real: int
    fake: int
    fid: float
    coverage: float

    @property
    def missing(self) -> bool:
        return self.fake < 2


def per_class(*, neighbours: Annotated[int, Field(ge=1)] = 5) -> Metric:
    """FID and coverage of every class: their mean over classes, and the worst class."""

    def compute(inputs: MetricInputs) -> Values:
        real, fake, notes = _classes(inputs.reference, inputs.fake)
        scores = class_scores(
            inputs.reference.features,
            real,
            inputs.fake.features,
            fake,
            neighbours=neighbours,
            most=inputs.most,
        )
        left_out = sorted(set(real.tolist()) - set(scores))
        if left_out:
            notes.append(
                f"FID and coverage by class: too few reference images of {named(left_out)}, left out"
            )
        elsewhere = sorted(set(fake.tolist()) - set(real.tolist()))
        if elsewhere:
            notes.append(f"FID and coverage by class: no reference image is of {named(elsewhere)}, left out")
        reason = _unreliable(scores, inputs.reference.features.shape[1])
        flags = {"class_fid": reason, "class_fid_worst": reason} if reason else {}
        return Values(_summary(scores), tuple(notes), _details(scores), flags)

    columns = (
        Column("class_fid", "FID by class", "lower"),
        Column("class_fid_worst", "FID worst class", "lower"),
        Column("class_coverage", "Coverage by class", "higher"),
        Column("class_coverage_worst", "Coverage worst class", "higher"),
    )
    return Metric(columns, compute, needs=frozenset({"labels"}))


def _classes(reference: Sample, fake: Sample) -> tuple[Tensor, Tensor, list[str]]:
    """The class of every reference and of every generated image, and what to say of it."""
    if reference.labels is not None and fake.labels is not None:
        return reference.labels, fake.labels, []
    if reference.logits is None or fake.logits is None:
        raise MetricError(
            f"{NAME}: the generated images have no labels, and the extractor gives no logits to tell their"
            f" classes by; remove {NAME} from evaluation.metrics or use features: classifier"
        )
    real, generated = (
        predicted_classes(NAME, name, part.logits) for name, part in (("real", reference), ("fake", fake))
    )
    note = "FID and coverage by class: the class of an image is the predicted one, of real images too"
    return real, generated, [note]


def class_scores(
    real: Tensor,
    real_classes: Tensor,
    fake: Tensor,
    fake_classes: Tensor,
    *,
    neighbours: int = 5,
    most: int = 10_000,
) -> dict[int, ClassScores]:
    """By class, of features (n, width) and (m, width) with classes (n) and (m); m >= 2.

    All reference images enter FID, and the first `most` coverage, as they do without classes. A class with
    no more than `neighbours` reference images among those is left out; MetricError where that is all of them.
    """
    real, fake = checks.pair(NAME, real, fake, at_least=2)
    found = {}
    for number in sorted(set(real_classes.tolist())):
        ours, theirs = real[real_classes == number], fake[fake_classes == number]
        near = real[:most][real_classes[:most] == number]
        if len(near) <= neighbours:
            continue
        found[number] = ClassScores(
            real=len(ours),
            fake=len(theirs),
            fid=frechet_distance(ours, fake if len(theirs) < 2 else theirs),
            coverage=coverage(NAME, near, theirs, neighbours=neighbours) if len(theirs) else 0.0,
        )
    if not found:
        raise MetricError(
            f"{NAME}: the reference images are too few, no class has more than {neighbours} of them;"
            " choose a larger split or fewer neighbours"
        )
    return found


def _summary(scores: Mapping[int, ClassScores]) -> dict[str, float]:
    fids, coverages = ([getattr(each, key) for each in scores.values()] for key in ("fid", "coverage"))
    return {
        "class_fid": fmean(fids),
        "class_fid_worst": max(fids),
        "class_coverage": fmean(coverages),
        "class_coverage_worst": min(coverages),
    }


def _details(scores: Mapping[int, ClassScores]) -> dict[str, float]:
    """The values of each class; no FID for a class in whose place other images stood."""
    fids = {f"class_fid/{number}": each.fid for number, each in scores.items() if not each.missing}
    return fids | {f"class_coverage/{number}": each.coverage for number, each in scores.items()}


def _unreliable(scores: Mapping[int, ClassScores], width: int) -> str | None:
    missing = [number for number, each in scores.items() if each.missing]
    short = [number for number, each in scores.items() if min(each.real, each.fake) < width]
    reasons = []
    if missing:
        reasons.append(
            f"{named(missing)} with fewer than 2 generated images, where all generated images stood in"
        )
    if singular := [number for number in short if number not in missing]:
        reasons.append(
            f"{named(singular)} with fewer images than the {width} features, so the covariance is singular"
            " and the value is biased upwards"
        )
    return "; ".join(reasons) or None
