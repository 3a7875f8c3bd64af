"""Search spaces that were published, as a file would write them under `search_space`.

An entry takes the configuration that is searched and returns a mapping from keys to ranges, without those
that this configuration has no use for.
"""

from collections.abc import Mapping
from typing import Any

from harness.config import Setup
from harness.networks import NETWORKS
from harness.options import keyword_arguments

GRADIENT_PENALTIES = frozenset({"gradient_penalty", "dragan"})


def compare_gan(setup: Setup) -> Mapping[str, Any]:
    """The wide ranges of "Are GANs Created Equal?" (Lucic et al. 2018), for what the configuration has.

    From `ParamRanges`, range type wide, in compare_gan/src/params.py of google/compare_gan, as its first
    version was released: learning rate 10^U(-5, -2); beta1 U(0, 1), of Adam only, here to 0.999, for with 1
    nothing moves; 1 or 5 discriminator updates, and nothing in between; batch normalisation in the
    discriminator or none, where the network has that option and does not normalise otherwise; the weight of
    gradient_penalty and dragan 10^U(-1, 2); the bound of weight_clipping 10^U(-3, 0).

    Not carried over: lambda and gamma of BEGAN, and the VAE, which are not here; the narrow ranges of their
    second phase, which depend on the loss; r1, r2 and consistency, which they did not study. A
    `discriminator_learning_rate` of its own stays as it is: theirs was one for both.
    """
    space: dict[str, Any] = {
        "training.learning_rate": {"log_uniform": [1e-5, 1e-2]},
        "training.discriminator_steps": {"choice": [1, 5]},
    }
    if setup.training.optimizer == "adam":
        space["training.betas.0"] = {"uniform": [0.0, 0.999]}
    options = keyword_arguments(NETWORKS.resolve(setup.network.name), setup.network.options)
    if options.get("discriminator_normalization") in ("batch", "none"):
        space["network.discriminator_normalization"] = {"choice": ["batch", "none"]}
    for index, penalty in enumerate(setup.penalties):
        if penalty.name in GRADIENT_PENALTIES:
            space[f"penalties.{index}.weight"] = {"log_uniform": [0.1, 100.0]}
        elif penalty.name == "weight_clipping":
            space[f"penalties.{index}.bound"] = {"log_uniform": [1e-3, 1.0]}
    return space
