"""A probe for edges and corners: gradient boosting on the leading components."""

import numpy as np

from harness.criterion.folds import Fold, Logits
from harness.criterion.logistic import log_losses

COMPONENTS = 24
TREES = 120
LEARNING_RATE = 0.1
LEAVES = 15


def boosting(fold: Fold, seed: int) -> list[Logits]:
    """Histogram gradient boosting (Ke et al. 2017), stopped where validation is best."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    view = fold.leading(COMPONENTS)
    model = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        early_stopping=False,
        random_state=seed % 2**32,
    ).fit(view.train.x, view.train.y)
    losses = [
        log_losses(logits.ravel(), view.validation.y).mean()
        for logits in model.staged_decision_function(view.validation.x)
    ]
    stop = int(np.argmin(losses))

    def at_stop(x: np.ndarray) -> np.ndarray:
        stages = enumerate(model.staged_decision_function(x))
        return next(logits.ravel() for stage, logits in stages if stage == stop)

    return [view.at(at_stop)]
