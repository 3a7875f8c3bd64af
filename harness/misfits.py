"""Parts that do not fit each other, or the data, are refused before anything is trained."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from harness.catalog import (
    build_augmentations,
    build_diagnostics,
    build_extractor,
    build_loss,
    build_metrics,
    build_pair,
    build_penalties,
    offered_by,
    refuse_needs,
)
from harness.config import Setup
from harness.data import Dataset, to_float
from harness.errors import ConfigError, one_line
from harness.judging import Critic, told
from harness.networks import NETWORKS, Pair


def refuse_misfits(setup: Setup, dataset: Dataset) -> None:
    """ConfigError where the parts do not fit each other or this data set, before anything is trained."""
    pair = build_pair(setup, dataset.shape)
    _refuse_unfit_networks(setup, dataset, pair)
    _refuse_unfit_images(setup, dataset)
    try_out(setup, dataset, pair)
    build_loss(setup)
    extractor = build_extractor(setup, dataset.shape)
    offered = offered_by(dataset.density, extractor)
    offered.add("held_out")
    if setup.evaluation.reference == "train":
        offered.add("train")
    for name, metric in build_metrics(setup).items():
        # Generated images have no labels of their own: their class is the one that is predicted.
        with_classes = (
            metric if "labels" not in metric.needs else replace(metric, needs=metric.needs | {"logits"})
        )
        refuse_needs(name, with_classes, offered, f"data set {dataset.name}", extractor.name)
    build_diagnostics(setup, dataset)


def _refuse_unfit_networks(setup: Setup, dataset: Dataset, pair: Pair) -> None:
    points = dataset.train.images.is_floating_point()
    if pair.bounded and points and (reach := float(dataset.train.images.abs().max())) > 1:
        raise ConfigError(
            f"network {setup.network.name} stays within [-1, 1], but the points of {dataset.name} reach"
            f" {reach:.3g}: use network: {{name: mlp, output: linear}}"
        )
    if not pair.rowwise and setup.training.batch_size // setup.training.packing < 2:
        raise ConfigError("training.batch_size must hold two packs, for D normalises over a batch of them")
    if setup.training.packing > 1 and setup.evaluation.diagnostics:
        raise ConfigError("evaluation.diagnostics look at D of single images, not at packs: leave one out")
    if pair.conditioning is None:
        return
    if pair.conditioning.classes != len(dataset.classes):
        raise ConfigError(
            f"network.conditioning.classes is {pair.conditioning.classes}, but {dataset.name} has"
            f" {len(dataset.classes)} classes"
        )
    if setup.training.packing > 1:
        raise ConfigError(
            "training.packing: a pack of images has no one class: leave out network.conditioning"
        )
    if setup.evaluation.diagnostics:
        raise ConfigError("evaluation.diagnostics look at D without a class: leave out network.conditioning")


def _refuse_unfit_images(setup: Setup, dataset: Dataset) -> None:
    if setup.training.flip and not dataset.mirrors:
        raise ConfigError(f"training.flip: a mirrored image of {dataset.name} is not one of its kind")
    images_only = [f"augmentations: {part.name}" for part in setup.augmentations]
    penalties = zip(setup.penalties, build_penalties(setup), strict=True)
    images_only += [f"penalties: {part.name}" for part, penalty in penalties if penalty.images_only]
    if dataset.train.images.is_floating_point() and images_only:
        raise ConfigError(f"{images_only[0]} is for images, and {dataset.name} has points")


def try_out(setup: Setup, dataset: Dataset, pair: Pair) -> None:
    """One pass of two images, or packs, through networks that are not needed any more: ConfigError where
    something comes out in another shape than it should."""
    packing, name = setup.training.packing, setup.network.name
    rows = torch.arange(2 * packing) % len(dataset.train)
    labels = dataset.train.labels[rows]
    z = told(torch.ones(len(rows), pair.latent.size), labels, pair.conditioning)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        images = _passed(f"generator of network `{name}`", name in NETWORKS, pair.generator, z)
        _expect(f"generator of network `{name}`", images, (len(rows), *dataset.shape), z)
        seen = to_float(dataset.train.images[rows])
        for part, augment in zip(setup.augmentations, build_augmentations(setup), strict=True):
            _expect(f"augmentation `{part.name}`", augment(seen), tuple(seen.shape), seen)
        critic = Critic(pair.discriminator, pair.conditioning, packing=packing)
        seen = critic.seen(seen)
        how = pair.conditioning
        wanted = (2, 1 + how.classes) if how and how.method == "auxiliary" else (2,)
        logits = _passed(f"discriminator of network `{name}`", name in NETWORKS, critic.scores, seen, labels)
        _expect(f"discriminator of network `{name}`", logits, wanted, seen)


def _passed(what: str, is_own: bool, network: Callable[..., object], *inputs: Tensor) -> object:
    try:
        return network(*inputs)
    except Exception as error:
        if is_own:  # harness's own mistake, which deserves its traceback
            raise
        reason = one_line(error)
        raise ConfigError(f"{what} fails on {tuple(inputs[0].shape)}: {reason}") from error


def _expect(what: str, found: object, shape: tuple[int, ...], given: Tensor) -> None:
    if not isinstance(found, Tensor) or found.shape != shape:
        got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ConfigError(f"{what} made {got} of {tuple(given.shape)}, and should make {shape}")
