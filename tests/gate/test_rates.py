"""How often the gate cries wolf, and what it finds: docs/gate.md states these rates."""

from statistics import mean, stdev

import numpy as np
import pytest
from processes import REPOSITORY

from harness.gate.baseline import read_baseline
from harness.gate.rule import LOOKS
from harness.gate.sample_size import smallest_change
from harness.gate.simulation import Noise, Rates, simulate, standard_noise
from harness.gate.verdict import Margin

SIMULATIONS = 4000
NOISES: tuple[Noise, ...] = ("normal", "right-skewed")


def rates(noise: Noise, change: float, spread: float = 0.08, margin: float = 0.15) -> Rates:
    random = np.random.default_rng(7)
    return simulate(
        standard_noise(noise, (SIMULATIONS, LOOKS[-1]), random),
        standard_noise(noise, (SIMULATIONS, LOOKS[-1]), random),
        coefficient_of_variation=spread,
        change=change,
        margin=margin,
        looks=LOOKS,
        alpha=0.05,
    )


@pytest.mark.parametrize("noise", [*NOISES, "left-skewed"])
def test_noise_has_mean_0_and_variance_1(noise: Noise) -> None:
    drawn = standard_noise(noise, (1000, 400), np.random.default_rng(0))
    assert (drawn.mean(), drawn.var()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.03))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("spread", [0.03, 0.08, 0.12])
def test_no_false_alarms_where_nothing_changed(noise: Noise, spread: float) -> None:
    assert rates(noise, 0.0, spread).regression <= 0.001


@pytest.mark.parametrize("noise", NOISES)
def test_a_change_of_exactly_the_margin_is_called_a_regression_in_at_most_5_percent(noise: Noise) -> None:
    """The worst case of "not worse than the margin"; the level is used, not wasted."""
    assert 0.01 < rates(noise, 0.15).regression <= 0.05


@pytest.mark.parametrize("noise", NOISES)
def test_no_change_passes(noise: Noise) -> None:
    found = rates(noise, 0.0)
    assert found.passed >= 0.95
    assert found.seeds < 6.5


@pytest.mark.parametrize("noise", NOISES)
def test_an_increase_of_30_percent_is_found_in_90_of_100(noise: Noise) -> None:
    assert rates(noise, 0.30).regression >= 0.9
    assert rates(noise, 0.20).regression < 0.9


def test_the_gate_of_this_repository_finds_an_increase_of_less_than_30_per_cent() -> None:
    baseline = read_baseline(REPOSITORY / "reports/baselines/baseline.json", "")
    fids = [values["fid"] for values in baseline.variants["base"].seeds.values()]
    spread = stdev(fids) / mean(fids)
    assert len(fids) == LOOKS[-1]
    assert smallest_change(len(fids), LOOKS, spread, Margin.parse("15%"), simulations=4000) <= 0.30
