"""Other estimates of JSD: common classifiers and densities, and the discriminator of a training.

Each gives its error: what it says less what the oracle says of the very samples that it was judged on.
"""

from collections.abc import Callable
from math import log, nan

import numpy as np
import torch
from criterion_cases import Array, Draw, Sides
from scipy.special import logsumexp
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torch.nn.functional import softplus

from harness.divergences import monte_carlo


def jsd_of(logits: Sides) -> float:
    """The JSD that V(D, G) claims, of logits at real and fake samples; it may be negative, or -inf."""
    return log(2) + monte_carlo.value_function(*logits).value / 2


def both(logit: Callable[[Array], Array], sides: Sides) -> Sides:
    return logit(sides[0]), logit(sides[1])


def error(draw: Draw, logits: Sides, *shares: float) -> float:
    """Of logits at the last part of the draw cut into these shares."""
    return jsd_of(logits) - jsd_of(cut(draw.ratio, *shares)[-1])


def cut(sides: Sides, *shares: float) -> list[Sides]:
    """Two arrays (n, ...) shuffled and cut into shares of their rows: the same rows for any two arrays."""
    random = np.random.default_rng(0)
    ends = (np.cumsum(shares)[:-1] * len(sides[0])).round().astype(int)
    return list(zip(*(np.split(side[random.permutation(len(side))], ends) for side in sides), strict=True))


def parts(draw: Draw, *shares: float) -> list[Sides]:
    """The draw so cut, its samples flat (n, width), float32, standardised by the first part."""
    found = cut((draw.real.reshape(len(draw.real), -1), draw.fake.reshape(len(draw.fake), -1)), *shares)
    first = np.concatenate(found[0]).astype(np.float64)
    mean, std = first.mean(0), first.std(0)
    std[std == 0] = 1
    return [(((x - mean) / std).astype(np.float32), ((y - mean) / std).astype(np.float32)) for x, y in found]


def perceptron(train: Sides, stop: Sides | None) -> Callable[[Array], Array]:
    """Logit of an MLP of 2 x 128, at its best epoch on `stop`, or after 30 epochs without one."""
    torch.manual_seed(0)
    layers = [nn.Linear(train[0].shape[1], 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU(), nn.Linear(128, 1)]
    network = nn.Sequential(*layers)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    inputs = torch.from_numpy(np.concatenate(train))
    signs = torch.tensor([-1.0, 1.0]).repeat_interleave(len(train[0]))

    def logit(x: Array) -> Array:
        with torch.no_grad():
            return network(torch.from_numpy(x)).squeeze(1).double().numpy()

    best, kept, waited = nan, network.state_dict(), 0
    for _ in range(30):
        for rows in torch.randperm(len(inputs)).split(256):
            optimizer.zero_grad()
            softplus(signs[rows] * network(inputs[rows]).squeeze(1)).mean().backward()
            optimizer.step()
        if stop and not (found := jsd_of(both(logit, stop))) <= best:
            best, waited = found, 0
            kept = {name: weight.clone() for name, weight in network.state_dict().items()}
        elif stop and (waited := waited + 1) == 5:
            break
    network.load_state_dict(kept)
    return logit


def one_split(draw: Draw) -> float:
    shares = (0.5, 0.2, 0.3)
    train, stop, test = parts(draw, *shares)
    return error(draw, both(perceptron(train, stop), test), *shares)


def own_training_samples(draw: Draw) -> float:
    (train,) = parts(draw, 1)
    return error(draw, both(perceptron(train, None), train), 1)


def another_generator(draw: Draw) -> float:
    return error(draw, draw.stale, 1) if draw.stale else nan


def neighbours(draw: Draw, k: int = 32) -> float:
    """Log ratio of how many of the k nearest of the one half are real, at the other half."""
    shares = (0.5, 0.5)
    fit, test = parts(draw, *shares)
    search = NearestNeighbors(n_neighbors=k).fit(np.concatenate(fit))

    def logit(x: Array) -> Array:
        real = (search.kneighbors(x, return_distance=False) < len(fit[0])).sum(1)
        return np.log((real + 0.5) / (k - real + 0.5))

    return error(draw, both(logit, test), *shares)


def kernel_density(draw: Draw) -> float:
    """Ratio of two Gaussian kernel densities; of six bandwidths the likeliest of samples left out."""
    shares = (0.5, 0.1, 0.4)
    fit, choose, test = parts(draw, *shares)
    width = fit[0].shape[1]

    def log_density(centres: Array, x: Array, h: float) -> Array:
        blocks = np.array_split(x, -(-len(x) // 1000))
        sums = [
            logsumexp(-euclidean_distances(b, centres, squared=True) / (2 * h**2), axis=1) for b in blocks
        ]
        return np.concatenate(sums).astype(np.float64) - width * log(h)

    scott = len(fit[0]) ** (-1 / (width + 4))
    h = max(
        (scott * factor for factor in (0.1, 0.2, 0.4, 0.7, 1, 1.4)),
        key=lambda h: sum(log_density(fit[i], choose[i], h).mean() for i in (0, 1)),
    )
    return error(draw, both(lambda x: log_density(fit[0], x, h) - log_density(fit[1], x, h), test), *shares)


def histogram(draw: Draw) -> float:
    """Plug-in of 64 bins, or 32 x 32, each entropy raised by (occupied bins - 1) / 2n (Miller and Madow)."""
    (pair,) = parts(draw, 1)
    if (width := pair[0].shape[1]) > 2:
        return nan
    edges = np.histogramdd(np.concatenate(pair), bins=64 if width == 1 else 32)[1]
    p, q = (np.histogramdd(side, bins=edges)[0].ravel() for side in pair)

    def entropy(counts: Array) -> float:
        shares = counts[counts > 0] / counts.sum()
        return float(-(shares * np.log(shares)).sum() + (len(shares) - 1) / (2 * counts.sum()))

    return entropy(p + q) - (entropy(p) + entropy(q)) / 2 - jsd_of(draw.ratio)


ALTERNATIVES: dict[str, Callable[[Draw], float]] = {
    "MLP, one split": one_split,
    "kNN": neighbours,
    "kernel density": kernel_density,
    "histogram": histogram,
    "D of another generator": another_generator,
    "D on its own training samples": own_training_samples,
}
