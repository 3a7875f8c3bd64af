"""C(G) with p_data known: within .006 of the truth where p_g is known too, below it, and never by peeking."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from harness.data import DATASETS, Density
from harness.data.density import gaussian_mixture
from harness.divergences import monte_carlo
from harness.errors import MetricError
from harness.metrics.density_criterion import density_criterion, estimate_jsd
from harness.metrics.inputs import MetricInputs, Sample

KEYS = ("criterion_density", "jsd_density")


def source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(mean: float, sigma: float = 1.0) -> Density:
    return gaussian_mixture([[mean]], [sigma], [1])


def ring(kept: int = 8, sigmas: float | Sequence[float] = 0.1, strays: float = 0.0) -> Density:
    """The first `kept` modes of the ring, and a share of strays around its middle."""
    density = DATASETS["ring"](Path(), num_train=1).density
    assert density is not None
    assert density.modes is not None
    means = density.modes[:kept].tolist()
    sigmas = [sigmas] * kept if isinstance(sigmas, float) else list(sigmas)
    return gaussian_mixture([*means, [0.0, 0.0]], [*sigmas, 1.0], [*[(1 - strays) / kept] * kept, strays])


def jsd(p: Density, q: Density, n: int, seed: int = 0) -> tuple[monte_carlo.Estimate, float]:
    """The estimate from n points a side, and the JSD with the exact p_g on the same points."""
    x, y = p.sample(n, source(2 * seed)).float(), q.sample(n, source(2 * seed + 1)).float()
    assert p.log_prob is not None
    assert q.log_prob is not None
    at_x, at_y = ((p.log_prob(side) - q.log_prob(side)).numpy() for side in (x, y))
    return estimate_jsd(x, y, p.log_prob, seed=seed), monte_carlo.js_divergence(at_x, at_y).value


@pytest.mark.parametrize(
    ("p", "q", "exact"),
    [
        (gaussian(0), gaussian(0), 0.0),
        (gaussian(0), gaussian(1), 0.111421482185),
        (gaussian(0), gaussian(4), 0.632720193737),
        (gaussian(0), gaussian(0, 2), 0.0927333816664),
        (ring(), ring(), 0.0),
        (ring(), ring(2), 0.380395665849),
        (ring(), ring(sigmas=0.15), 0.0712),
    ],
    ids=["same", "shift 1", "shift 4", "wider", "ring", "2 of 8 modes", "wider ring"],
)
def test_within_six_thousandths_below_the_truth(p: Density, q: Density, exact: float) -> None:
    found, with_exact_p_g = jsd(p, q, 5_000)
    assert -0.006 < found.value - with_exact_p_g < 0.001
    assert abs(found.value - exact) < 0.006 + 4 * found.standard_error


def test_the_same_of_a_lost_mode_at_10_000_points() -> None:
    found, with_exact_p_g = jsd(ring(), ring(7), 10_000)
    assert -0.006 < found.value - with_exact_p_g < 0.001
    assert found.value == pytest.approx(0.0454065780782, abs=0.006 + 4 * found.standard_error)


@pytest.mark.parametrize(
    "q",
    [
        ring(strays=0.05),
        ring(sigmas=0.02, strays=0.01),
        ring(sigmas=(0.02, 0.05, 0.1, 0.2, 0.4, 0.1, 0.1, 0.1)),
    ],
    ids=["strays", "narrow and strays", "widths from .02 to .4"],
)
def test_modes_of_all_widths_and_strays_between_them_are_no_trap(q: Density) -> None:
    found, with_exact_p_g = jsd(ring(), q, 3_000)
    assert -0.025 < found.value - with_exact_p_g < 0.002


def test_a_bound_from_below_however_few_the_points() -> None:
    for p, q in ((gaussian(0), gaussian(0)), (gaussian(0), gaussian(0.5)), (ring(), ring(7))):
        gaps = torch.tensor([found.value - exact for found, exact in (jsd(p, q, 500, s) for s in range(12))])
        error = float(gaps.std()) / len(gaps) ** 0.5
        assert float(gaps.mean()) < 2 * error
        assert float(gaps.mean()) > -0.06


def test_a_generator_on_a_few_points_or_a_line_has_another_support() -> None:
    p = ring()
    x = p.sample(2000, source(0))
    few = p.sample(20, source(1))[torch.randint(20, (2000,), generator=source(2))]
    line = torch.cat([x[:, :1], torch.zeros(2000, 1)], 1).roll(7, 0)
    assert p.log_prob is not None
    for y in (few, line):
        assert estimate_jsd(x.float(), y.float(), p.log_prob, seed=0).value > 0.6


def sample(points: Tensor) -> Sample:
    images = points.float().reshape(len(points), 1, 1, -1)
    return Sample(images, images.flatten(1), None)


def inputs(p: Density, q: Density, n: int = 1000) -> MetricInputs:
    parts = [sample(each.sample(n, source(seed))) for seed, each in enumerate((p, p, q, p))]
    return MetricInputs(*parts, log_density=p.log_prob)


def test_values_intervals_and_notes() -> None:
    metric = density_criterion()
    found = metric.compute(inputs(gaussian(0), gaussian(2)))
    assert set(found.values) == {f"{key}{end}" for key in KEYS for end in ("", "_low", "_high")}
    for end in ("", "_low", "_high"):
        assert found.values[f"criterion_density{end}"] == pytest.approx(
            2 * found.values[f"jsd_density{end}"] - math.log(4)
        )
    assert found.values["jsd_density_low"] < found.values["jsd_density"] < found.values["jsd_density_high"]
    assert found.notes == ()
    assert metric.needs == {"density", "images"}


def test_equal_and_disjoint_distributions_come_with_a_note() -> None:
    same = density_criterion().compute(inputs(gaussian(0), gaussian(0)))
    apart = density_criterion().compute(inputs(gaussian(0), gaussian(30)))
    assert same.values["jsd_density_low"] == 0
    assert "could not be told" in same.notes[0]
    assert apart.values["criterion_density"] == pytest.approx(0, abs=1e-9)
    assert "saturated" in apart.notes[0]


def test_without_a_density_it_names_the_way_out() -> None:
    given = inputs(gaussian(0), gaussian(1))
    with pytest.raises(MetricError, match="density of the data is not known; remove it from") as caught:
        density_criterion().compute(MetricInputs(given.reference, given.validation, given.fake))
    assert "\n" not in str(caught.value)


def test_many_dimensions_are_said_to_be_loose() -> None:
    p = gaussian_mixture([[0.0] * 5], [1.0], [1.0])
    found = density_criterion().compute(inputs(p, gaussian_mixture([[1.0] * 5], [1.0], [1.0]), 300))
    assert any("5 dimensions" in note for note in found.notes)
