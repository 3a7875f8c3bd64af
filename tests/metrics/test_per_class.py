"""FID and coverage by class: those of each class alone, and classes that are hardly there."""

import pytest
import torch
from torch import Tensor

from harness.errors import MetricError
from harness.metrics.frechet import frechet_distance
from harness.metrics.inputs import MetricInputs, Sample, Values
from harness.metrics.per_class import per_class
from harness.metrics.prdc import coverage

WIDTH = 4
KEYS = ["class_fid", "class_fid_worst", "class_coverage", "class_coverage_worst"]


def drawn(seed: int, counts: list[int]) -> Sample:
    """Classes 5 apart along every axis, and their labels; logits that know them."""
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    source = torch.Generator().manual_seed(seed)
    features = torch.randn(len(labels), WIDTH, generator=source) + 5 * labels[:, None]
    return Sample(None, features, torch.nn.functional.one_hot(labels, len(counts)).float(), labels)


def without_labels(part: Sample) -> Sample:
    return Sample(None, part.features, part.logits)


def computed(real: Sample, fake: Sample, neighbours: int = 5, most: int = 10_000) -> Values:
    return per_class(neighbours=neighbours).compute(MetricInputs(real, real, fake, most=most))


def of_class(part: Sample, number: int) -> Tensor:
    assert part.labels is not None
    return part.features[part.labels == number]


def test_each_class_alone_their_mean_and_the_worst() -> None:
    real, fake = drawn(0, [40, 50, 60]), drawn(1, [30, 60, 20])
    moved = Sample(
        None, fake.features + torch.tensor([0.0, 2.0, 1.0])[fake.labels][:, None], None, fake.labels
    )
    found = computed(real, moved)
    fids = [frechet_distance(of_class(real, number), of_class(moved, number)) for number in range(3)]
    coverages = [coverage("plain", of_class(real, number), of_class(moved, number)) for number in range(3)]
    assert found.values == pytest.approx(
        dict(zip(KEYS, [sum(fids) / 3, max(fids), sum(coverages) / 3, min(coverages)], strict=True))
    )
    for number in range(3):
        assert found.details[f"class_fid/{number}"] == pytest.approx(fids[number])
        assert found.details[f"class_coverage/{number}"] == coverages[number]
    assert fids[1] == found.values["class_fid_worst"]
    assert not found.notes
    assert not found.unreliable


def test_without_labels_the_predicted_class_is_taken_on_both_sides() -> None:
    """The logits mistake every tenth image, real or generated: equal distributions stay equal."""
    real, fake = drawn(0, [200, 200]), drawn(1, [200, 200])
    for part in (real, fake):
        assert part.logits is not None
        part.logits[::10] = part.logits[::10].flip(1)
    by_label, predicted = computed(real, fake), computed(real, without_labels(fake))
    assert not by_label.notes
    assert predicted.notes == (
        "FID and coverage by class: the class of an image is the predicted one, of real images too",
    )
    # Each class holds a tenth of the other on both sides: FID of samples, not of classes 5 apart.
    assert predicted.values["class_fid_worst"] < 2
    real_by_label = {number: of_class(real, number) for number in (0, 1)}
    assert fake.logits is not None
    mixed = fake.features[fake.logits.argmax(1) == 0]
    assert frechet_distance(real_by_label[0], mixed) > 4


def test_a_class_never_generated_makes_no_mean_better() -> None:
    real, fake = drawn(0, [60, 60, 60]), drawn(1, [60, 60, 60])
    all_there = computed(real, fake)
    for left in (0, 1):
        without = computed(real, drawn(1, [60, 60, left]))
        for key in ("class_fid", "class_fid_worst"):
            assert without.values[key] > all_there.values[key] + 5
            assert "class 2 with fewer than 2 generated images" in without.unreliable[key]
        assert without.values["class_coverage"] < all_there.values["class_coverage"] - 0.2
        assert "class_fid/2" not in without.details
        assert "class_coverage" not in without.unreliable
    gone = computed(real, drawn(1, [60, 60, 0]))
    assert gone.values["class_coverage_worst"] == gone.details["class_coverage/2"] == 0
    kept = [all_there.details[f"class_coverage/{number}"] for number in (0, 1)]
    assert gone.values["class_coverage"] == pytest.approx(sum(kept) / 3, abs=0.02)


def test_a_class_with_fewer_images_than_features_is_marked() -> None:
    found = computed(drawn(0, [60, 60]), drawn(1, [60, 3]))
    assert "class 1 with fewer images than the 4 features" in found.unreliable["class_fid"]
    assert "class_fid/1" in found.details


def test_classes_that_only_one_side_has_or_that_are_too_small_are_left_out_with_a_note() -> None:
    real, fake = drawn(0, [60, 60, 5, 0]), drawn(1, [60, 60, 60, 30])
    found = computed(real, fake)
    expected = computed(drawn(0, [60, 60]), drawn(1, [60, 60]))
    assert set(found.details) == set(expected.details)
    assert any("too few reference images of class 2" in note for note in found.notes)
    assert any("no reference image is of class 3" in note for note in found.notes)


def test_coverage_uses_as_many_reference_images_as_without_classes() -> None:
    real, fake = drawn(0, [100, 100]), drawn(1, [30, 30])
    mixed = real.rows(torch.randperm(200, generator=torch.Generator().manual_seed(0)))
    found = computed(mixed, fake, most=80)
    near = mixed.first(80)
    for number in (0, 1):
        expected = coverage("plain", of_class(near, number), of_class(fake, number))
        assert found.details[f"class_coverage/{number}"] == expected
        assert found.details[f"class_fid/{number}"] == pytest.approx(
            frechet_distance(of_class(mixed, number), of_class(fake, number))
        )


def test_refuses() -> None:
    real, fake = drawn(0, [20, 20]), drawn(1, [20, 20])
    with pytest.raises(MetricError, match=r"no logits .* remove per_class"):
        computed(real, Sample(None, fake.features, None))
    with pytest.raises(MetricError, match=r"per_class: the reference images are too few, no class has more"):
        computed(real, fake, neighbours=30)
