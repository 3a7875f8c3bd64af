"""A probe for structure of any form in few dimensions: who lives next door."""

import numpy as np
import torch

from harness.criterion.folds import Doubles, Fold, Logits
from harness.criterion.samples import Singles

COMPONENTS = 32
COUNTS = (8, 64)
BLOCK = 1024


def neighbours(fold: Fold) -> list[Logits]:
    """Log odds of real among the k nearest training samples (Fix and Hodges 1951), k = 8 and 64."""
    view = fold.leading(COMPONENTS)
    train, labels = torch.from_numpy(view.train.x), torch.from_numpy(view.train.y)
    counts = [count for count in COUNTS if count <= len(train) // 4] or [1]

    def real_among(x: Singles) -> list[Doubles]:
        blocks = [
            labels[torch.cdist(block, train).topk(counts[-1], largest=False).indices]
            for block in torch.from_numpy(x).split(BLOCK)
        ]
        nearest = torch.cat(blocks)
        return [nearest[:, :count].sum(1).numpy() for count in counts]

    candidates = []
    for count, validation, test in zip(
        counts, real_among(view.validation.x), real_among(view.test.x), strict=True
    ):
        odds = [np.log((real + 0.5) / (count - real + 0.5)) for real in (validation, test)]
        candidates.append(Logits(*odds))
    return candidates
