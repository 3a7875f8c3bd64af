"""The branch of figure 1: D alone, then G alone, from copies."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_landscape import moment_of

from harness.data.toy import gaussian_1d, ring
from harness.diagnostics.figure1 import ARROWS, figure1
from harness.errors import ConfigError
from harness.losses import LOSSES
from harness.networks import NETWORKS, Latent

DATA = gaussian_1d(Path(), num_train=10)
STAGES = ["as_it_is", "discriminator_trained", "generator_trained"]


def pair_with(latent: int):  # type: ignore[no-untyped-def]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NETWORKS["mlp"](
            DATA.shape,
            latent=Latent(size=latent),
            output="linear",
            generator_widths=(16, 16),
            discriminator_widths=(16, 16),
            activation="tanh",
        )


def test_d_comes_to_d_star_and_then_a_step_of_g_lowers_the_criterion() -> None:
    diagnostic = figure1(discriminator_steps=600, generator_steps=10, batch_size=256)
    found = diagnostic.observe(moment_of(DATA, pair_with(2)))
    assert found.values["figure1_d_error"] < 0.05
    assert found.values["figure1_after"] < found.values["figure1_before"]
    first, second, third = (found.record[stage] for stage in STAGES)
    assert first["p_g"] == second["p_g"] != third["p_g"]
    assert first["d"] != second["d"] == third["d"]
    assert "z" not in first


def test_without_steps_the_three_stages_are_one() -> None:
    found = figure1(discriminator_steps=0, generator_steps=0).observe(moment_of(DATA, pair_with(1)))
    first, second, third = (found.record[stage] for stage in STAGES)
    assert first == second == third
    assert len(first["z"]) == len(first["g"]) == ARROWS
    assert first["z"] == sorted(first["z"])


@pytest.mark.parametrize(
    ("dataset", "loss", "problem"),
    [
        (ring(Path(), num_train=10), "non_saturating", "known density in 1"),
        (replace(DATA, density=None), "non_saturating", "known density in 1"),
        (DATA, "wasserstein", "D\\(x\\) is a probability"),
    ],
    ids=["plane", "unknown", "critic"],
)
def test_what_it_cannot_look_at_is_refused_beforehand(dataset, loss: str, problem: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=problem):
        figure1().check(dataset, LOSSES[loss]())
