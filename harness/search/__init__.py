"""Search: which point is tried next, when a trial is given up, and what it is judged by.

samplers     who proposes the points
grid         all points of a space, one by one
suggest      a space as Optuna asks for it
pruners      who stops a trial that promises nothing
presets      spaces that were published
objective    what is optimised, and how a trial is measured
importances  which parameters mattered

Optuna is imported where it is used, so that looking at an experiment does not wait for it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from harness.registry import Registry
from harness.search.presets import compare_gan
from harness.search.pruners import Looks, Pruning, hyperband, median, none, wilcoxon
from harness.search.samplers import Sampling, cma_es, grid, nsga_ii, random, sampler_seed, tpe

__all__ = ["PRUNERS", "SAMPLERS", "SPACES", "Looks", "Pruning", "Sampling", "sampler_seed"]

SAMPLERS: Registry[Callable[..., Sampling]] = Registry(
    "sampler",
    "harness.samplers",
    tpe=tpe,
    random=random,
    grid=grid,
    cma_es=cma_es,
    nsga_ii=nsga_ii,
)

PRUNERS: Registry[Callable[..., Pruning]] = Registry(
    "pruner",
    "harness.pruners",
    median=median,
    hyperband=hyperband,
    wilcoxon=wilcoxon,
    none=none,
)

SPACES: Registry[Callable[..., Mapping[str, Any]]] = Registry(
    "search space",
    "harness.search_spaces",
    compare_gan=compare_gan,
)
