"""Probes that learn their features: multilayer perceptrons, and convolutions for images."""

import numpy as np
import torch
from torch import Tensor, nn

from harness.criterion.folds import Fold, Logits
from harness.criterion.probes.fitting import Schedule, network_logits, one_cycle
from harness.seeding import derive

WIDTH = 128
MEMBERS = 2
"""Perceptrons whose logits are averaged: they differ in their initial weights and batches."""

WHITENED = 48
SMALLEST_IMAGE = 8
CHANNELS = (12, 24, 48)
HIDDEN = 64
DROPOUT = 0.3
CONVOLUTIONAL = Schedule(learning_rate=1.2e-2, epochs=12, patience=12, rate=one_cycle)
SHIFT = 1
"""Pixels by which batches of images are moved: what tells two sets of images apart seldom depends on it."""


def perceptron(fold: Fold, seed: int, device: str) -> list[Logits]:
    """Two hidden layers on the standardised samples."""
    return [_averaged(fold.standardised, seed, device)]


def whitened_perceptron(fold: Fold, seed: int, device: str) -> list[Logits]:
    """The same on the leading components, where there are more: fewer weights, less to overfit."""
    if fold.width <= WHITENED:
        return []
    return [_averaged(fold.leading(WHITENED), seed, device)]


def convolutional(fold: Fold, seed: int, device: str) -> list[Logits]:
    """Three strided convolutions with dropout on randomly shifted images."""
    if len(fold.shape) != 3 or min(fold.shape[1:]) < SMALLEST_IMAGE:
        return []
    return [
        network_logits(
            lambda: _convolutions(fold.shape),
            fold,
            fold.shape,
            seed=seed,
            device=device,
            schedule=CONVOLUTIONAL,
            augment=_shifted,
        )
    ]


def _averaged(fold: Fold, seed: int, device: str) -> Logits:
    members = [
        network_logits(
            lambda: _perceptron(fold.width),
            fold,
            (fold.width,),
            seed=derive(seed, "member", member),
            device=device,
            schedule=Schedule(),
        )
        for member in range(MEMBERS)
    ]
    return Logits(
        np.mean([member.validation for member in members], axis=0),
        np.mean([member.test for member in members], axis=0),
    )


def _perceptron(width: int) -> nn.Module:
    return nn.Sequential(
        _weighted(nn.Linear(width, WIDTH)),
        nn.SiLU(),
        _weighted(nn.Linear(WIDTH, WIDTH)),
        nn.SiLU(),
        *_head(WIDTH),
    )


def _convolutions(shape: tuple[int, ...]) -> nn.Module:
    inputs, height, width = shape
    layers: list[nn.Module] = []
    for outputs, kernel in zip(CHANNELS, (5, 3, 3), strict=True):
        layers += [
            _weighted(nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2)),
            nn.SiLU(),
        ]
        inputs, height, width = outputs, (height + 1) // 2, (width + 1) // 2
    flat = inputs * height * width
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Dropout(DROPOUT),
        _weighted(nn.Linear(flat, HIDDEN)),
        nn.SiLU(),
        nn.Dropout(DROPOUT),
        *_head(HIDDEN),
    )


def _weighted(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    assert layer.bias is not None
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def _head(width: int) -> tuple[nn.Module, nn.Module]:
    """A last layer of zeros, so that the untrained network says 1/2 everywhere."""
    layer = nn.Linear(width, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer, nn.Flatten(0)


def _shifted(batch: Tensor) -> Tensor:
    """The batch (n, channels, height, width) moved by up to SHIFT pixels, the edge repeated."""
    height, width = batch.shape[2:]
    padded = nn.functional.pad(batch, [SHIFT] * 4, mode="replicate")
    down, right = torch.randint(0, 2 * SHIFT + 1, (2,)).tolist()
    return padded[:, :, down : down + height, right : right + width]
