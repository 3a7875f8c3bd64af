"""Data sets of points: fixed bytes, exact densities, refusals in one line."""

from pathlib import Path

import pytest
import torch

from harness.data import DATASETS, Dataset, quantise, to_float
from harness.errors import ConfigError
from harness.options import keyword_arguments

NAMES = ["gaussian_1d", "ring", "grid", "two_lines", "mixture"]
DIGEST = "0b67f0245a2d"


def load(name: str, **options: object) -> Dataset:
    entry = DATASETS[name]
    return entry(Path("/nowhere"), **keyword_arguments(entry, options))


@pytest.mark.parametrize("name", NAMES)
def test_points_are_images_of_one_row(name: str) -> None:
    data = load(name, num_train=500)
    assert data.density is not None
    assert data.levels is None
    assert data.shape == (1, 1, data.density.dim)
    for split, count in ((data.train, 500), (data.validation, 10_000), (data.test, 10_000)):
        assert split.images.shape == (count, *data.shape)
        assert split.images.dtype == torch.float32
        assert split.images.is_contiguous()
        assert split.labels.shape == (count,)
        assert split.labels.dtype == torch.int64
        assert int(split.labels.max()) < len(data.classes)
    assert len(set(data.train.labels.tolist())) == len(data.classes)


@pytest.mark.parametrize("name", NAMES)
def test_points_pass_unchanged_where_images_are_scaled_and_rounded(name: str) -> None:
    data = load(name, num_train=10)
    points = data.train.images
    assert torch.equal(to_float(points), points)
    assert torch.equal(quantise(points, data.levels), points)
    assert quantise(points.double(), data.levels).dtype == torch.float32


def test_the_digest_of_ring_is_pinned_whatever_the_random_state() -> None:
    torch.manual_seed(7)
    data = load("ring")
    assert data.digest.startswith(DIGEST)
    assert load("ring").digest == data.digest
    assert len(data.train) == 50_000


def test_every_option_changes_the_digest() -> None:
    changes: list[dict[str, object]] = [
        {}, {"modes": 7}, {"radius": 1.0}, {"sigma": 0.2}, {"num_train": 100_000},
    ]  # fmt: skip
    assert len({load("ring", **change).digest for change in changes}) == len(changes)


def test_no_point_is_in_two_splits() -> None:
    data = load("gaussian_1d")
    rows = torch.cat([split.images.flatten() for split in (data.train, data.validation, data.test)])
    assert len(rows.unique()) > 0.98 * len(rows)  # single precision has some values twice


@pytest.mark.parametrize(("name", "modes", "sigma"), [("ring", 8, 0.1), ("grid", 25, 0.05)])
def test_modes_are_where_they_should_be(name: str, modes: int, sigma: float) -> None:
    data = load(name)
    assert data.density is not None
    assert data.density.modes is not None
    assert data.density.sigma == sigma
    assert len(data.classes) == len(data.density.modes) == modes
    points = data.train.images.flatten(1).double()
    for mode, centre in enumerate(data.density.modes):
        own = points[data.train.labels == mode]
        assert len(own) == pytest.approx(50_000 / modes, rel=0.1)
        assert float((own - centre).norm(dim=1).max()) < 6 * sigma
        assert float(own.std()) > 0


def test_the_grid_is_that_of_pacgan_and_the_ring_has_radius_2() -> None:
    grid, ring = load("grid", num_train=1).density, load("ring", num_train=1).density
    assert grid is not None
    assert grid.modes is not None
    assert set(map(tuple, grid.modes.tolist())) == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}
    assert ring is not None
    assert ring.modes is not None
    assert ring.modes.norm(dim=1).tolist() == pytest.approx([2.0] * 8)


def test_two_lines_is_the_data_of_the_example_and_has_no_density() -> None:
    data = load("two_lines")
    assert data.density is not None
    assert data.density.log_prob is None
    x, y = data.train.images.flatten(1).T
    assert (x == 0).all()
    assert float(y.min()) >= 0
    assert float(y.max()) <= 1
    assert float(y.mean()) == pytest.approx(0.5, abs=0.01)
    assert (torch.tensor(data.density.low) < 0).all()  # room beside the line


def test_a_mixture_is_what_its_options_say() -> None:
    data = load("mixture", means=[[0, 0, 0], [5, 5, 5]], sigmas=[1, 0.5], weights=[1, 3], num_train=20_000)
    assert data.shape == (1, 1, 3)
    assert float(data.train.labels.double().mean()) == pytest.approx(0.75, abs=0.01)
    assert data.density is not None
    assert data.density.sigma is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"means": [[0], [1]], "weights": [1]}, "2 means, 2 sigmas and 1 weights"),
        ({"means": [[0], [1]], "sigmas": [1, 1, 1]}, "2 means, 3 sigmas and 2 weights"),
        ({"means": [[0], [1, 2]]}, "means of different dimensions"),
        ({"means": [[0]], "weights": [0]}, "no weight above 0"),
    ],
)
def test_a_mixture_that_is_none_is_refused_in_one_line(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load("mixture", **options)
    assert "\n" not in str(caught.value)
