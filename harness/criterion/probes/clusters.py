"""A probe for many modes: which are there, how often, and how wide each is. Networks miss the last."""

import warnings

import numpy as np
from numpy.typing import NDArray

from harness.criterion.folds import Doubles, Fold, Logits
from harness.criterion.probes.quadratic import Gaussian, gaussian_pairs
from harness.criterion.samples import Singles

CLUSTERS = 10
COMPONENTS = (16, 32)
SHRINKAGES = (0.0, 0.3, 0.7, 0.95)


def clusters(fold: Fold, seed: int) -> list[Logits]:
    """k-means on 16 components; in every cluster the odds of the sides and a Gaussian of each."""
    base = fold.leading(COMPONENTS[0])
    centres = _centres(base.train.x, seed)
    labels = [_nearest(part.x, centres) for part in (base.train, base.validation, base.test)]
    candidates = []
    for count in sorted({min(count, fold.components.width) for count in COMPONENTS}):
        view = fold.leading(count)
        models = [_models(view, labels[0] == cluster) for cluster in range(len(centres))]
        for index in range(len(SHRINKAGES)):
            chosen = [options[index] for options in models]
            candidates.append(
                Logits(_logit(view.validation.x, labels[1], chosen), _logit(view.test.x, labels[2], chosen))
            )
    return candidates


Model = tuple[float, tuple[Gaussian, Gaussian] | None]


def _models(view: Fold, inside: NDArray[np.bool_]) -> list[Model]:
    """log odds and Gaussians of one cluster for every shrinkage; no Gaussians where a side is too small."""
    x, y = view.train.x[inside].astype(np.float64), view.train.y[inside]
    real, fake = x[y == 1], x[y == 0]
    odds = float(np.log((len(real) + 0.5) / (len(fake) + 0.5)))
    if min(len(real), len(fake)) < 2 * view.width + 10:
        return [(odds, None)] * len(SHRINKAGES)
    return [(odds, pair) for pair in gaussian_pairs(real, fake, SHRINKAGES)]


def _logit(x: Singles, labels: NDArray[np.int32], models: list[Model]) -> Doubles:
    logit = np.empty(len(x))
    for cluster, (odds, pair) in enumerate(models):
        rows = labels == cluster
        logit[rows] = odds
        if pair is not None:
            logit[rows] += pair[0].log_density(x[rows]) - pair[1].log_density(x[rows])
    return logit


def _centres(x: Singles, seed: int) -> Singles:
    """scipy's k-means: it runs on one thread, so that its sums do not depend on how many there are."""
    from scipy.cluster.vq import kmeans2

    count = min(CLUSTERS, len(x) // 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty cluster does no harm here
        centres, _ = kmeans2(x, count, iter=25, minit="++", rng=np.random.default_rng(seed))
    return np.asarray(centres, dtype=np.float32)


def _nearest(x: Singles, centres: Singles) -> NDArray[np.int32]:
    from scipy.cluster.vq import vq

    labels: NDArray[np.int32] = vq(x, centres)[0]
    return labels
