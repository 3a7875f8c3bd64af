"""Discriminators of different kinds, and the table that names them.

A probe fits on the training part of a fold and returns its logits at the samples it did not fit, for every
setting it was tried with; which setting is used, and how far it is trusted, validation decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.criterion.folds import Fold, Logits
from harness.criterion.probes.clusters import clusters
from harness.criterion.probes.density_ratio import density_ratio
from harness.criterion.probes.linear import discriminant, size
from harness.criterion.probes.neighbours import neighbours
from harness.criterion.probes.networks import convolutional, perceptron, whitened_perceptron
from harness.criterion.probes.quadratic import gaussians, independent, squares
from harness.criterion.probes.trees import boosting


@dataclass(frozen=True)
class Task:
    """What a probe gets: the fold, a seed of its own, and the device that networks are fitted on."""

    fold: Fold
    seed: int
    device: str


Probe = Callable[[Task], list[Logits]]

PROBES: Mapping[str, Probe] = {
    "discriminant": lambda task: discriminant(task.fold),
    "size": lambda task: size(task.fold),
    "independent": lambda task: independent(task.fold),
    "gaussians": lambda task: gaussians(task.fold),
    "squares": lambda task: squares(task.fold),
    "clusters": lambda task: clusters(task.fold, task.seed),
    "boosting": lambda task: boosting(task.fold, task.seed),
    "neighbours": lambda task: neighbours(task.fold),
    "density_ratio": lambda task: density_ratio(task.fold, task.seed),
    "perceptron": lambda task: perceptron(task.fold, task.seed, task.device),
    "whitened_perceptron": lambda task: whitened_perceptron(task.fold, task.seed, task.device),
    "convolutional": lambda task: convolutional(task.fold, task.seed, task.device),
}
"""A probe that has nothing to add for samples of this shape returns no logits."""
