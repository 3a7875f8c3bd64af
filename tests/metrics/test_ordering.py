"""Draws that depend on rows and seed alone."""

import torch

from harness.metrics.ordering import in_order_of_content, shuffled


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_one_order_for_every_permutation() -> None:
    rows = torch.randn(50, 3, generator=generator(0)).relu()  # with ties in columns
    rows[7] = rows[20]  # and a row twice
    moved = rows[torch.randperm(50, generator=generator(1))]
    assert torch.equal(in_order_of_content(rows), in_order_of_content(moved))
    assert torch.equal(shuffled(rows, generator(2)), shuffled(moved, generator(2)))
    assert not torch.equal(shuffled(rows, generator(2)), shuffled(rows, generator(3)))


def test_keeps_every_row_as_often() -> None:
    rows = torch.tensor([[2.0], [1.0], [2.0], [-1.0]])
    for found in (in_order_of_content(rows), shuffled(rows, generator(0))):
        assert sorted(found.flatten().tolist()) == [-1, 1, 2, 2]
