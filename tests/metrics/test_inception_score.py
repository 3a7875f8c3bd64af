"""Inception score: closed forms and the peer's formula on the same permutation."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.image.inception import InceptionScore

from harness.errors import MetricError
from harness.metrics.inception_score import inception_score, score_from_logits
from harness.metrics.inputs import MetricInputs, Sample
from harness.seeding import generator


def one_hot(*counts: int) -> Tensor:
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return 2000.0 * torch.nn.functional.one_hot(labels, len(counts))


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        (one_hot(*[3] * 10), 10),
        (torch.zeros(7, 5), 1),
        (one_hot(3, 1), 1.7547653506033232),
        (torch.tensor([[0.9, 0.1], [0.1, 0.9]], dtype=torch.float64).log(), 1.4449348111684153),
        (one_hot(2, 2, 2, 0, 0, 0, 0, 0, 0, 0), 3),
        (torch.full((10, 10), 0.1 / 9, dtype=torch.float64).fill_diagonal_(0.9).log(), 5.799546135),
    ],
)
def test_closed_forms(logits: Tensor, expected: float) -> None:
    found = score_from_logits(logits, splits=1)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.standard_error is None


class Identity(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore`")
@pytest.mark.parametrize("n", [500, 503])
def test_equals_torchmetrics_on_the_same_permutation(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = 3 * torch.randn(n, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    peer = InceptionScore(feature=Identity(), splits=10).set_dtype(torch.float64)
    peer.update(logits)
    found = score_from_logits(logits, splits=10, seed=4)
    order = torch.randperm(n, generator=generator(4, "inception_score"))
    monkeypatch.setattr(torch, "randperm", lambda count: order)
    mean, std = peer.compute()
    assert found.value == pytest.approx(float(mean), rel=1e-6)
    assert found.standard_error == pytest.approx(float(std) / math.sqrt(10), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 60),
    classes=st.integers(1, 12),
    splits=st.integers(1, 10),
    scale=st.floats(0, 1e6),
)
def test_lies_between_1_and_the_classes(seed: int, n: int, classes: int, splits: int, scale: float) -> None:
    logits = scale * torch.randn(max(n, splits), classes, generator=torch.Generator().manual_seed(seed))
    found = score_from_logits(logits, splits=splits, seed=seed)
    assert 1 <= found.value <= classes * (1 + 1e-12)
    assert (found.standard_error or 0) >= 0
    shifted = score_from_logits(logits.double() + 7, splits=splits, seed=seed)
    assert shifted.value == pytest.approx(found.value, rel=1e-6)


def inputs(logits: Tensor | None, n: int = 40) -> MetricInputs:
    fake = Sample(torch.zeros(n, 1, 2, 2, dtype=torch.uint8), torch.zeros(n, 3), logits)
    return MetricInputs(fake, fake, fake)


def test_without_logits_the_error_names_the_way_out() -> None:
    with pytest.raises(MetricError, match=r"remove inception_score .* or use features: classifier"):
        inception_score().compute(inputs(None))


def test_says_when_a_split_is_too_small_for_the_classes() -> None:
    doubtful = inception_score().compute(inputs(one_hot(*[4] * 10)))
    assert "below the 10 classes" in doubtful.unreliable["inception_score"]
    assert not inception_score(splits=4).compute(inputs(one_hot(*[4] * 10))).unreliable
    assert "inception_score_se" not in inception_score(splits=1).compute(inputs(one_hot(*[4] * 10))).values


def test_refuses_fewer_samples_than_splits() -> None:
    with pytest.raises(MetricError, match="at least 10"):
        score_from_logits(torch.zeros(9, 3))
