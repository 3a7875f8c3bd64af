"""Copies, fresh draws and what lies between; a law of mutual neighbours; duplicates; sets of any size."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from harness.errors import MetricError
from harness.metrics.inputs import MetricInputs, Sample
from harness.metrics.memorization import Memorization, copying, memorization

F64 = torch.float64


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def draws(seed: int, n: int, m: int, g: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Train, held-out and generated images of one distribution."""
    return normal(3 * seed, n, width), normal(3 * seed + 1, m, width), normal(3 * seed + 2, g, width)


def with_copies(train: Tensor, fake: Tensor, share: float, seed: int = 0) -> Tensor:
    """`fake` with about `share` of its rows, at random, replaced by rows of `train`."""
    source = torch.Generator().manual_seed(seed)
    copied = torch.rand(len(fake), generator=source) < share
    chosen = train[torch.randint(len(train), (len(fake),), generator=source)]
    return torch.where(copied[:, None], chosen, fake)


SIZES = pytest.mark.parametrize(
    ("n", "m", "g", "width"), [(80, 80, 80, 3), (600, 60, 200, 5), (60, 300, 100, 8), (1000, 150, 400, 30)]
)


@SIZES
def test_fresh_draws_read_a_ratio_of_1_whatever_the_sizes(n: int, m: int, g: int, width: int) -> None:
    """And with an error that is the spread over draws of all three sets."""
    found = [copying(*draws(seed, n, m, g, width)) for seed in range(150)]
    ratios = torch.tensor([each.ratio for each in found], dtype=F64)
    claimed = torch.tensor([each.ratio_se for each in found], dtype=F64).square().mean().sqrt()
    assert float(ratios.mean()) == pytest.approx(1, abs=4 * float(ratios.std()) / 150**0.5)
    assert 0.78 <= float(claimed / ratios.std()) <= 1.2


def test_error_is_the_spread_where_images_are_not_all_equally_far() -> None:
    """An image far from the training images is far from held-out ones, too: most of its chance cancels."""
    found = []
    for seed in range(150):
        train, held_out, fake = draws(seed, 400, 400, 60, 20)
        far = torch.where(normal(10_000 + seed, 60) > 0, 3.0, 0.7)
        found.append(copying(train, held_out, far[:, None] * fake))
    ratios = torch.tensor([each.ratio for each in found], dtype=F64)
    claimed = torch.tensor([each.ratio_se for each in found], dtype=F64).square().mean().sqrt()
    assert 0.8 <= float(claimed / ratios.std()) <= 1.25


@SIZES
def test_half_copies_read_a_half(n: int, m: int, g: int, width: int) -> None:
    found = []
    for seed in range(100):
        train, held_out, fake = draws(seed, n, m, g, width)
        found.append(copying(train, held_out, with_copies(train, fake, 0.5, seed)))
    ratios = torch.tensor([each.ratio for each in found], dtype=F64)
    claimed = torch.tensor([each.ratio_se for each in found], dtype=F64).square().mean().sqrt()
    assert float(ratios.mean()) == pytest.approx(0.5, abs=0.015)
    assert 0.8 <= float(claimed / ratios.std()) <= 1.25


def test_copies_read_0() -> None:
    train, held_out, _ = draws(0, 200, 50, 1, 6)
    found = copying(train, held_out, train[torch.arange(300) % 200])
    assert found.authentic == found.ratio == 0
    assert found.copies == 300
    assert found.real_copies == 0


def test_near_copies_are_seen_and_fewer_copies_read_more() -> None:
    train, held_out, fake = draws(1, 500, 100, 400, 10)
    assert copying(train, held_out, train[:400] + 0.01 * fake).ratio < 0.02
    found = [copying(train, held_out, with_copies(train, fake, share)) for share in (0, 0.2, 0.5, 0.9)]
    for less, more in pairwise(found):
        assert more.ratio < less.ratio
        assert more.authentic < less.authentic


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.3, 2.0])
def test_images_worse_or_narrower_but_not_copied_read_about_1(scale: float) -> None:
    """Where d(g, T) alone says a multiple of it: 0.6 to 1.7."""
    train, held_out, fake = draws(2, 1000, 200, 400, 20)
    found = copying(train, held_out, scale * fake)
    assert found.ratio == pytest.approx(1, abs=0.08)
    assert abs(found.to_train - 1) > 0.1


@pytest.mark.parametrize(("dim", "known"), [(1, 2 / 3), (2, 0.6215), (3, 16 / 27)])
def test_authpct_of_fresh_draws_is_a_law_of_mutual_neighbours(dim: int, known: float) -> None:
    """A fresh point is not authentic if it and its nearest training image are each other's nearest. That has
    probability 1 / (1 + v), v the part of a unit ball outside another one centred on its surface: 1/2,
    1/3 + 3^½/2π, 11/16 (Clark and Evans 1955 for the plane)."""
    found = []
    for seed in range(40):
        source = torch.Generator().manual_seed(seed)
        train, held_out, fake = (torch.rand(n, dim, generator=source, dtype=F64) for n in (1500, 2, 400))
        found.append(copying(train, held_out, fake).authentic)
    assert sum(found) / 40 == pytest.approx(1 - known, abs=0.015)


def test_authpct_equals_that_of_dgm_eval() -> None:
    train, held_out, fake = draws(3, 300, 10, 200, 6)
    real = NearestNeighbors(n_neighbors=2).fit(train.numpy())
    own = torch.from_numpy(real.kneighbors(train.numpy())[0][:, 1])
    distance, index = (torch.from_numpy(each[:, 0]) for each in real.kneighbors(fake.numpy(), 1))
    assert copying(train, held_out, fake).authentic == float((own[index] < distance).double().mean())


def test_a_copy_of_an_image_held_twice_is_a_copy() -> None:
    train, held_out, fake = draws(4, 100, 30, 40, 5)
    doubled = torch.cat([train, train])
    assert copying(doubled, held_out, train[:40]).authentic == 0
    assert copying(doubled, held_out, fake).ratio == pytest.approx(
        copying(train, held_out, fake).ratio, rel=0.05
    )


def test_of_images_equally_near_the_least_favourable_counts() -> None:
    """0 is as near to -1, whose neighbour is at .5, as to 1, whose neighbour is 2 away."""
    train = torch.tensor([[-1.0], [-1.5], [1.0], [5.0]])
    held_out = torch.tensor([[-3.0], [3.0]])
    for order in ([0, 1, 2, 3], [2, 3, 0, 1], [3, 1, 2, 0]):
        assert copying(train[order], held_out, torch.tensor([[0.0], [30.0]])).authentic == 0.5


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(5, 40), m=st.integers(5, 40), block=st.integers(1, 50))
def test_neither_tiles_nor_order_nor_frame_matter(seed: int, n: int, m: int, block: int) -> None:
    train, held_out, fake = draws(seed, n, m, 20, 3)
    rotation = torch.linalg.qr(normal(seed, 3, 3)).Q
    expected = copying(train, held_out, fake)
    for found in (
        copying(train.flip(0), held_out.flip(0), fake.flip(0), block=block),
        copying(3 * train + 2, 3 * held_out + 2, 3 * fake + 2, block=block),
        copying(*(each @ rotation for each in (train, held_out, fake))),
    ):
        for key in ("authentic", "ratio", "ratio_se", "to_train", "to_held_out"):
            assert getattr(found, key) == pytest.approx(getattr(expected, key), rel=1e-9)


def noted(found: Memorization, train: Tensor, held_out: Tensor, fake: Tensor) -> tuple[str, ...]:
    train_, held_out_, fake_ = (Sample(None, each, None) for each in (train, held_out, fake))
    values = memorization().compute(MetricInputs(train_, held_out_, fake_))
    assert values.values["authpct"] == 100 * found.authentic
    assert values.values["nearest_ratio"] == found.ratio
    return values.notes


def test_says_when_images_are_copied() -> None:
    train, held_out, fake = draws(5, 300, 100, 200, 6)
    assert noted(copying(train, held_out, fake), train, held_out, fake) == ()
    some = torch.cat([fake[:100], train[:100]])
    notes = noted(copying(train, held_out, some), train, held_out, some)
    assert len(notes) == 2
    assert "nearer to training images than to held-out ones" in notes[0]
    assert "100 of 200 generated images" in notes[1]


def test_refuses() -> None:
    train, held_out, fake = draws(6, 20, 10, 10, 3)
    with pytest.raises(MetricError, match="every held-out image has the features of a training image"):
        copying(train, train[:5], fake)
    with pytest.raises(MetricError, match="every generated image has the features of a held-out image"):
        copying(train, held_out, held_out)
    with pytest.raises(MetricError, match=r"memorization: 1 .* too few"):
        copying(train, held_out, fake[:1])
    with pytest.raises(MetricError, match="memorization: real has 3 features and fake has 2"):
        copying(train, held_out, fake[:, :2])
