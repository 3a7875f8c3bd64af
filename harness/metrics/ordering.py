"""Random draws from rows that depend on what the rows are and on a seed, not on where the rows stood."""

import torch
from torch import Tensor


def in_order_of_content(rows: Tensor) -> Tensor:
    """Rows (n, width) sorted by their bytes: one order for every permutation of them, otherwise arbitrary."""
    contents = [row.tobytes() for row in rows.cpu().contiguous().numpy()]
    order = sorted(range(len(contents)), key=contents.__getitem__)
    return rows[torch.tensor(order, dtype=torch.int64, device=rows.device)]


def shuffled(rows: Tensor, source: torch.Generator) -> Tensor:
    """Rows (n, width) in an order that depends on their content and on `source`, a generator of the CPU."""
    order = torch.randperm(len(rows), generator=source)
    return in_order_of_content(rows)[order.to(rows.device)]
