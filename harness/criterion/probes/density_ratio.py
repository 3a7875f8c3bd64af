"""A probe that fits 2 D* directly, in closed form, by kernels."""

import numpy as np
import torch
from torch import Tensor

from harness.criterion.folds import Fold, Logits

COMPONENTS = 16
CENTRES = 300
WIDTHS = (0.02, 0.1, 0.4, 1.0)
"""Squared kernel widths in units of the median squared distance."""

RIDGES = (1e-4, 1e-2)
EDGE = 0.01
"""A least-squares D leaves [0, 1]; it is cut here, and calibrated afterwards."""


def density_ratio(fold: Fold, seed: int) -> list[Logits]:
    """RuLSIF with alpha = 1/2: p / (p/2 + q/2) = 2 D*, bounded by 2 (Yamada et al. 2013)."""
    view = fold.leading(COMPONENTS)
    drawn = np.random.default_rng(seed).permutation(len(view.train))[:CENTRES]
    centres = torch.from_numpy(view.train.x[np.sort(drawn)])
    squared = [
        torch.cdist(torch.from_numpy(part.x), centres).square().double()
        for part in (view.train, view.validation, view.test)
    ]
    median = max(float(squared[0].median()), 1e-12)
    real = torch.from_numpy(view.train.y == 1)
    candidates = []
    for width in WIDTHS:
        train, validation, test = (torch.exp(distance / (-2 * width * median)) for distance in squared)
        mean = train[real].mean(0)
        second = (_second_moment(train[real]) + _second_moment(train[~real])) / 2
        for ridge in RIDGES:
            weights = torch.linalg.solve(second + ridge * torch.eye(len(mean), dtype=mean.dtype), mean)
            at = [
                (kernels @ weights / 2).clamp(EDGE, 1 - EDGE).logit().numpy()
                for kernels in (validation, test)
            ]
            candidates.append(Logits(*at))
    return candidates


def _second_moment(kernels: Tensor) -> Tensor:
    return kernels.T @ kernels / len(kernels)
