"""Gradients of the generator under a given D, against what is known in closed form."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_landscape import Logit, moment_of
from torch import nn

from harness.data.toy import gaussian_1d
from harness.diagnostics.generator_gradient import generator_gradient
from harness.losses import LOSSES
from harness.networks import NETWORKS, Latent

DATA = gaussian_1d(Path(), num_train=10)


def linear(slope: float, offset: float = 0.0) -> Logit:
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, slope)
    nn.init.constant_(layer.bias, offset)
    return Logit(nn.Sequential(layer, nn.Flatten(0)))


def observed(discriminator: nn.Module, loss: str = "non_saturating", shift: float = 0.0) -> dict[str, float]:
    pair = NETWORKS["affine"](DATA.shape, latent=Latent(size=1), matrix=((1.0,),), offset=(shift,))
    moment = replace(moment_of(DATA, pair, discriminator), loss=LOSSES[loss]())
    return dict(generator_gradient().observe(moment).values)


def test_with_d_at_one_half_both_losses_give_the_same_gradient() -> None:
    found = observed(linear(0.0))
    assert found == {"gradient_minimax": 0.0, "gradient_non_saturating": 0.0}
    found = observed(linear(1e-6))
    assert found["gradient_minimax"] == pytest.approx(0.5e-6, rel=0.05)
    assert found["gradient_non_saturating"] == pytest.approx(found["gradient_minimax"], rel=0.05)


@pytest.mark.parametrize("confidence", [10.0, 20.0, 40.0])
def test_the_minimax_gradient_vanishes_as_d_becomes_sure_and_the_other_does_not(confidence: float) -> None:
    found = observed(linear(0.01, -confidence))
    assert found["gradient_minimax"] == pytest.approx(0.01 * float(torch.tensor(-confidence).exp()), rel=0.05)
    assert found["gradient_non_saturating"] == pytest.approx(0.01, rel=0.05)


def test_a_critic_of_slope_one_measures_how_far_apart_the_means_are() -> None:
    found = observed(linear(-1.0), "wasserstein", shift=2.0)
    assert found["wasserstein"] == pytest.approx(2.0, abs=0.05)
    assert found["gradient_wasserstein"] == pytest.approx(1.0, abs=0.05)
