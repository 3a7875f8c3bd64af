"""Classes generated: counts by hand, closed forms, and the errors of both samples."""

import math

import pytest
import torch
from torch import Tensor

from harness.errors import MetricError
from harness.metrics.class_balance import class_balance, class_divergence
from harness.metrics.inputs import MetricInputs, Sample, Values


def one_hot(*counts: int) -> Tensor:
    classes = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return torch.nn.functional.one_hot(classes, len(counts)).float()


def computed(fake: Tensor, real: Tensor | None) -> Values:
    samples = [Sample(None, torch.zeros(0 if part is None else len(part), 1), part) for part in (real, fake)]
    return class_balance().compute(MetricInputs(samples[0], samples[0], samples[1]))


def test_by_hand() -> None:
    found = computed(one_hot(6, 2, 0), one_hot(5, 4, 1))
    assert found.values["classes"] == 2
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.4)
    assert found.values["class_kl"] == pytest.approx(expected, abs=1e-12)
    assert found.details == {"classes/0": 0.75, "classes/1": 0.25, "classes/2": 0.0}
    assert found.notes == ("Classes: of the reference images' classes never generated: class 2",)


@pytest.mark.parametrize("generated", [1, 99, 1000])
def test_stacked_mnist_with_some_modes_alike(generated: int) -> None:
    """m of 1,000 modes, all alike, read m and log 1000/m, the least KL that m modes can have."""
    found = computed(one_hot(*[2] * generated, *[0] * (1000 - generated)), one_hot(*[3] * 1000))
    assert found.values["classes"] == generated
    assert found.values["class_kl"] == pytest.approx(math.log(1000 / generated), abs=1e-9)


def test_the_largest_logit_decides_whatever_the_scale() -> None:
    logits = torch.randn(200, 7, generator=torch.Generator().manual_seed(0))
    first, second = computed(logits[:80], logits), computed(9 * logits[:80] + 5, 0.1 * logits)
    assert first.values == second.values


def test_a_class_without_a_real_image_counts_as_one() -> None:
    found = computed(one_hot(2, 2), one_hot(9, 0))
    expected = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    assert found.values["class_kl"] == pytest.approx(expected, abs=1e-12)
    assert any("no reference image is of class 1" in note for note in found.notes)


def test_equal_distributions_read_the_bias_of_both_samples() -> None:
    """KL of two samples of one distribution of k classes has mean (k - 1) / 2 · (1/n + 1/m)."""
    k, n, m = 6, 300, 500
    source = torch.Generator().manual_seed(0)
    found = []
    for _ in range(400):
        counts = [torch.randint(k, (size,), generator=source).bincount(minlength=k) for size in (n, m)]
        found.append(class_divergence(*counts)[0])
    values = torch.tensor(found, dtype=torch.float64)
    expected = (k - 1) / 2 * (1 / n + 1 / m)
    assert float(values.mean()) == pytest.approx(expected, abs=4 * float(values.std()) / 20)


def test_without_logits_the_error_names_the_way_out() -> None:
    with pytest.raises(MetricError, match=r"remove class_balance .* or use features: classifier"):
        computed(one_hot(1, 1), None)
