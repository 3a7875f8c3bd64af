"""How a data set's classifier is trained: on its training split alone, and the same on every run."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from harness import seeding
from harness.features.augment import random_affine
from harness.features.network import Architecture, Classifier, folded
from harness.features.weights_file import Provenance, Trained, save

__all__ = ["RECIPES", "Recipe", "Trained", "recipe_for", "save", "train_classifier"]


@dataclass(frozen=True)
class Recipe:
    """AdamW under one cycle of the learning rate: linear warm-up, then a cosine to zero.

    widths: channels of the convolutions; warmup: fraction of all steps; shift: pixels; degrees: of rotation;
    scale and shear: see `augment.random_affine`. Chosen on the validation splits.
    """

    widths: tuple[int, ...]
    feature_width: int
    epochs: int
    batch_size: int
    shift: float
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    warmup: float = 0.15
    label_smoothing: float = 0.05
    degrees: float = 15.0
    scale: float = 0.15
    shear: float = 0.2


RECIPES = {
    "digits": Recipe(widths=(32, 64, 96), feature_width=64, epochs=60, batch_size=50, shift=0.7),
    "mnist": Recipe(
        widths=(16, 32, 64, 64),
        feature_width=128,
        epochs=10,
        batch_size=128,
        shift=1.5,
        degrees=10.0,
        scale=0.1,
        shear=0.15,
    ),
}


def recipe_for(name: str, shape: tuple[int, int, int]) -> Recipe:
    """The data set's own recipe, or MNIST's with halvings until 4×4 or less is left for the dense layer."""
    if name in RECIPES:
        return RECIPES[name]
    halvings = max(0, math.ceil(math.log2(max(shape[1:]) / 4)))
    return replace(RECIPES["mnist"], widths=(16, 32, *[64] * 8)[: halvings + 1])


def train_classifier(
    name: str,
    images: Tensor,
    labels: Tensor,
    test_images: Tensor,
    test_labels: Tensor,
    *,
    seed: int = 0,
    epochs: int | None = None,
    device: torch.device | str = "cpu",
    progress: Callable[[int, int, float], None] | None = None,
) -> Trained:
    """Train a classifier for data set `name` on (images, labels); the test split is read once, at the end.

    images: uint8 (n, channels, height, width); labels: int64 (n,). `epochs` overrides the recipe's.
    `progress(epoch, epochs, loss)` is called after each epoch. A function of its arguments: on one machine,
    thread count and torch version, equal arguments give equal weights. `save` writes the result.
    """
    channels, height, width = images.shape[1:]
    recipe = recipe_for(name, (channels, height, width))
    recipe = recipe if epochs is None else replace(recipe, epochs=epochs)
    architecture = Architecture(
        channels=channels,
        height=height,
        width=width,
        widths=recipe.widths,
        feature_width=recipe.feature_width,
        num_classes=int(labels.max()) + 1,
    )
    network = folded(_fit(architecture, recipe, images, labels, seed, torch.device(device), progress))
    provenance = Provenance(
        dataset=name,
        architecture=architecture,
        recipe={key: list(value) if key == "widths" else value for key, value in asdict(recipe).items()},
        seed=seed,
        train_digest=hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes()).hexdigest(),
        test_accuracy=accuracy(network, test_images, test_labels),
        test_size=len(test_labels),
        torch=torch.__version__,
    )
    return Trained(network.cpu(), provenance)


def _fit(
    architecture: Architecture,
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    seed: int,
    device: torch.device,
    progress: Callable[[int, int, float], None] | None,
) -> Classifier:
    with torch.random.fork_rng(devices=[]):  # the caller's generators stay as they are
        torch.default_generator.manual_seed(seeding.derive(seed, "classifier/init"))
        network = Classifier(architecture, batch_norm=True).train()
    network = network.to(device).to(memory_format=torch.channels_last)  # a third less time on the CPU
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    images, labels = images.to(device), labels.to(device)
    order = seeding.BatchOrder(seed, len(images), min(recipe.batch_size, len(images)), device)
    steps = recipe.epochs * order.per_epoch
    for step in range(steps):
        batch = order[step]
        pixels = random_affine(
            images[batch],
            seeding.generator(seed, "classifier/augment", step),
            shift=recipe.shift,
            degrees=recipe.degrees,
            scale=recipe.scale,
            shear=recipe.shear,
        )
        _, logits = network(pixels.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits, labels[batch], label_smoothing=recipe.label_smoothing)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * one_cycle((step + 1) / steps, recipe.warmup)
        optimizer.step()
        if progress is not None and (step + 1) % order.per_epoch == 0:
            progress((step + 1) // order.per_epoch, recipe.epochs, loss.item())
    return network


def one_cycle(fraction: float, warmup: float) -> float:
    """Factor of the learning rate after `fraction` of the training: up to 1 linearly, to 0 by a cosine."""
    if fraction < warmup:
        return fraction / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (fraction - warmup) / (1 - warmup))


@torch.no_grad()
def accuracy(network: Classifier, images: Tensor, labels: Tensor) -> float:
    """Fraction of uint8 images (n, channels, height, width) whose largest logit is at their label."""
    device = network.head.weight.device
    batches = torch.split(images, 1000)
    predicted = torch.cat([network(batch.to(device))[1].argmax(1).cpu() for batch in batches])
    return int((predicted == labels).sum()) / len(labels)
