"""Parzen windows: closed forms, two other implementations, and the protocol around them."""

import math
from dataclasses import replace

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from sklearn.neighbors import KernelDensity
from torch import Tensor

from harness.errors import ConfigError, MetricError
from harness.metrics.controls import kmeans_centres
from harness.metrics.inputs import MetricInputs, Sample
from harness.metrics.parzen import log_likelihoods, parzen, parzen_score, pixels

F64 = torch.float64
GRID = [0.1 * 10 ** (index / 9) for index in range(10)]


def points(*values: float) -> Tensor:
    return torch.tensor(values, dtype=F64)[:, None]


def uniform(seed: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


@pytest.mark.parametrize(
    ("centres", "point", "sigma", "expected"),
    [
        ([0.0], 0.0, 1.0, -0.5 * math.log(2 * math.pi)),  # -0.918938533
        ([0.0, 1.0], 0.5, 0.5, -0.5 - 0.5 * math.log(2 * math.pi) - math.log(0.5)),  # -0.725791353
        ([0.0, 10.0], 0.0, 1.0, math.log((1 + math.exp(-50)) / 2) - 0.5 * math.log(2 * math.pi)),
    ],
)
def test_closed_forms(centres: list[float], point: float, sigma: float, expected: float) -> None:
    found = log_likelihoods(points(*centres), points(point), [sigma])
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_values_written_out() -> None:
    assert log_likelihoods(points(0), points(0), [1.0]).item() == pytest.approx(-0.918938533, abs=1e-9)
    assert log_likelihoods(points(0, 1), points(0.5), [0.5]).item() == pytest.approx(-0.725791353, abs=1e-9)
    assert log_likelihoods(points(0, 10), points(0), [1.0]).item() == pytest.approx(-1.612085714, abs=1e-9)
    centre = uniform(0, 1, 784)
    assert log_likelihoods(centre, centre, [0.2]).item() == pytest.approx(541.351513, abs=1e-6)


def direct(centres: Tensor, at: Tensor, sigma: float) -> numpy.ndarray:
    """The formula as it is written, from differences."""
    squared = (at[:, None] - centres[None]).square().sum(2).numpy()
    normalisation = centres.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))
    found = logsumexp(-squared / (2 * sigma**2), axis=1) - math.log(len(centres)) - normalisation
    return numpy.asarray(found)


def test_equals_the_direct_formula_on_images() -> None:
    centres, at = uniform(0, 300, 784), uniform(1, 70, 784)
    found = log_likelihoods(centres, at, GRID)
    for row, sigma in zip(found.numpy(), GRID, strict=True):
        numpy.testing.assert_allclose(row, direct(centres, at, sigma), rtol=1e-12)


def test_equals_scikit_learn() -> None:
    centres, at = uniform(0, 200, 5), uniform(1, 40, 5)
    for sigma in (0.05, 0.3):
        peer = KernelDensity(kernel="gaussian", bandwidth=sigma, leaf_size=1000).fit(centres.numpy())
        found = log_likelihoods(centres, at, [sigma])[0].numpy()
        numpy.testing.assert_allclose(found, peer.score_samples(at.numpy()), rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(1, 30),
    m=st.integers(1, 30),
    block=st.integers(1, 40),
    offset=st.sampled_from([0.0, 1e3]),
    seed=st.integers(0, 99),
)
def test_block_size_and_offset_do_not_matter(n: int, m: int, block: int, offset: float, seed: int) -> None:
    centres, at = uniform(seed, n, 7), uniform(seed + 100, m, 7)
    whole = log_likelihoods(centres, at, GRID)
    # 1e3 away, a pixel keeps 13 digits: what is lost is lost before the function is called.
    moved = log_likelihoods(centres + offset, at + offset, GRID, block=block)
    torch.testing.assert_close(moved, whole, rtol=1e-8, atol=1e-8)


def test_far_from_every_centre_it_is_a_number() -> None:
    found = log_likelihoods(points(0, 1), points(1e4), [0.1])
    assert found.item() == pytest.approx(-0.5 * (9999 / 0.1) ** 2, rel=1e-6)


def test_the_density_integrates_to_one() -> None:
    centres = uniform(2, 20, 1) * 4
    grid = torch.linspace(-6, 10, 20001, dtype=F64)[:, None]
    total = torch.trapezoid(log_likelihoods(centres, grid, [0.3])[0].exp(), grid[:, 0])
    assert total.item() == pytest.approx(1, abs=1e-9)


def test_sigma_is_the_likeliest_of_the_validation_points() -> None:
    centres, validation, at = (uniform(seed, 200, 20) for seed in range(3))
    means = log_likelihoods(centres, validation, GRID).mean(1)
    found = parzen_score(centres, validation, at, GRID)
    assert found.sigma == GRID[int(means.argmax())]
    judged = log_likelihoods(centres, at, [found.sigma])[0]
    assert found.mean == pytest.approx(float(judged.mean()), rel=1e-12)
    assert found.standard_error == pytest.approx(numpy.std(judged.numpy()) / math.sqrt(200), rel=1e-12)


def sample(values: Tensor) -> Sample:
    images = (values * 255).round().to(torch.uint8).view(len(values), 1, 4, 4)
    return Sample(images, values.float(), None)


def inputs(spread: float = 1.0, n: int = 120) -> MetricInputs:
    """Real images of 16 independent pixels, and generated ones around their middle."""
    real, validation, at, fake = (uniform(seed, n, 16) for seed in range(4))
    fake = 0.5 + (fake - 0.5) * spread
    return MetricInputs(sample(real), sample(validation), sample(fake), sample(at))


def test_the_entry_follows_the_protocol() -> None:
    given = inputs()
    assert given.test is not None
    found = parzen().compute(given)
    score = parzen_score(
        given.fake.images.flatten(1).double() / 255,
        given.validation.images.flatten(1).double() / 255,
        given.test.images.flatten(1).double() / 255,
        GRID,
    )
    assert found.values == {"parzen": score.mean, "parzen_se": score.standard_error}
    assert found.notes[0].startswith(f"Parzen LL: sigma {score.sigma:.4g}, 120 centres; ")
    assert len(found.notes) == 1


def test_only_the_first_validation_images_choose_sigma() -> None:
    given = inputs()
    black = replace(given.validation, pixels=torch.zeros_like(given.validation.images))
    mixed = given.validation.first(60).followed_by(black.after(60))
    entry = parzen(selection=60)
    assert entry.compute(replace(given, validation=mixed)) == entry.compute(given)
    assert parzen().compute(replace(given, validation=black)) != parzen().compute(given)


def test_without_a_test_split_no_image_both_chooses_and_is_judged() -> None:
    given = replace(inputs(), test=None)
    halves = replace(given, validation=given.validation.first(60), test=given.validation.after(60))
    assert parzen().compute(given).values == parzen().compute(halves).values
    few = replace(given, validation=given.validation.first(7), test=given.validation.after(7))
    assert parzen(selection=7).compute(given).values == parzen(selection=7).compute(few).values


@pytest.mark.parametrize(
    ("options", "word"),
    [({"smallest_sigma": 0.5}, "smallest"), ({"largest_sigma": 0.11}, "largest")],
)
def test_says_when_sigma_lies_on_the_edge_of_what_was_tried(options: dict[str, float], word: str) -> None:
    notes = parzen(**options).compute(inputs()).notes
    assert f"is the {word} that was tried" in notes[1]
    assert notes[1].endswith(f"move {word}_sigma")


def test_one_sigma_has_no_edge() -> None:
    found = parzen(smallest_sigma=0.2, largest_sigma=0.2, sigmas=1).compute(inputs())
    assert len(found.notes) == 1
    assert "sigma 0.2," in found.notes[0]


def test_points_are_taken_as_they_are() -> None:
    at = uniform(5, 3, 2).view(3, 1, 1, 2)
    assert torch.equal(pixels("real", at), at.view(3, 2))
    grey = torch.full((1, 1, 2, 2), 51, dtype=torch.uint8)
    assert pixels("real", grey).tolist() == [[0.2] * 4]


def test_its_floor_stands_on_train_images() -> None:
    assert parzen().control == "train"


def test_centroids_are_the_middles_of_clusters_whatever_the_seed() -> None:
    middles = torch.tensor([[0, 0], [0, 9], [9, 0]], dtype=F64)
    around = (middles[:, None] + uniform(0, 3, 50, 2) * 0.1).flatten(0, 1)
    found = [kmeans_centres(around, 3, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(found[0], found[1])
    for centres in found:
        order = (centres[:, 0].round() * 10 + centres[:, 1].round()).argsort()
        expected = around.view(3, 50, 2).mean(1)
        torch.testing.assert_close(centres[order], expected, rtol=0, atol=1e-5)


def test_centroids_beat_real_points_although_nobody_would_call_them_samples() -> None:
    train, validation, at = (uniform(seed, n, 30) for seed, n in enumerate((1000, 200, 200)))
    real = parzen_score(train[:100], validation, at, GRID)
    assert parzen_score(kmeans_centres(train, 100), validation, at, GRID).mean > real.mean


def test_refusals() -> None:
    with pytest.raises(ConfigError, match=r"^parzen: smallest_sigma 2 is above largest_sigma 1"):
        parzen(smallest_sigma=2, largest_sigma=1)
    with pytest.raises(MetricError, match=r"^parzen: every sigma must be above 0"):
        log_likelihoods(points(0), points(0), [0.0])
    with pytest.raises(MetricError, match=r"^parzen: real has 1 features and fake has 2"):
        log_likelihoods(uniform(0, 3, 2), points(0), [1.0])
    with pytest.raises(MetricError, match=r"^parzen: 1 of 2 fake rows hold NaN"):
        log_likelihoods(points(0, math.nan), points(0), [1.0])
    with pytest.raises(MetricError, match=r"^parzen: 0 validation samples are too few"):
        parzen().compute(replace(inputs(), validation=sample(uniform(0, 0, 16))))
