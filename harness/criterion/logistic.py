"""Logistic regression with a ridge around any centre, by Newton's method."""

import numpy as np

from harness.criterion.folds import Doubles


def log_losses(logits: Doubles, y: Doubles) -> Doubles:
    """-log of the probability that each logit (n,) gives to its label, 1 or 0, in nats; never overflows."""
    losses: Doubles = np.logaddexp(0, np.where(y == 1, -logits, logits))
    return losses


def fitted_weights(
    features: Doubles, y: Doubles, *, ridge: float, centre: Doubles, steps: int = 30
) -> Doubles:
    """Weights (k,) of least summed log loss of `features` (n, k), plus ridge/2 |weights - centre|²."""

    def objective(weights: Doubles) -> float:
        away = weights - centre
        return float(log_losses(features @ weights, y).sum() + 0.5 * ridge * (away @ away))

    weights = centre.astype(np.float64)
    value = objective(weights)
    for _ in range(steps):
        probability = 0.5 * (1 + np.tanh(0.5 * (features @ weights)))
        gradient = features.T @ (probability - y) + ridge * (weights - centre)
        curvature = (features.T * (probability * (1 - probability))) @ features
        step = np.linalg.solve(curvature + ridge * np.eye(len(weights)), gradient)
        length = 1.0
        while (found := objective(weights - length * step)) > value and length > 1e-6:
            length /= 2
        if found > value:
            break
        weights, before, value = weights - length * step, value, found
        if before - value < 1e-9 * max(1.0, value):
            break
    return weights
