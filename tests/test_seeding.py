"""Randomness is a function of (seed, purpose, step)."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from harness.seeding import BatchOrder, LatentStream, derive, generator, initial_weights, latents, reseed

CPU = torch.device("cpu")


def test_derive_is_pinned() -> None:
    # A changed value would change every result ever made.
    assert derive(0, "data", 0) == 2426026589738108710


@given(
    st.tuples(st.integers(0, 5), st.sampled_from(["data", "latent", "init"]), st.integers(0, 5)), st.data()
)
def test_different_arguments_give_different_seeds(key: tuple[int, str, int], data: st.DataObject) -> None:
    other = data.draw(
        st.tuples(st.integers(0, 5), st.sampled_from(["data", "latent", "init"]), st.integers(0, 5))
    )
    assert (derive(*key) == derive(*other)) == (key == other)
    assert 0 <= derive(*key) < 2**63


@given(st.integers(2, 50), st.integers(1, 10), st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_batches_do_not_depend_on_the_order_they_are_asked_for(n: int, batch: int, asked: list[int]) -> None:
    batch = min(batch, n)
    in_turn = BatchOrder(3, n, batch, CPU)
    every = [in_turn[i].tolist() for i in range(max(asked) + 1)]
    jumping = BatchOrder(3, n, batch, CPU)
    assert [jumping[i].tolist() for i in asked] == [every[i] for i in asked]


def test_an_epoch_shows_every_image_at_most_once() -> None:
    order = BatchOrder(0, 103, 10, CPU)
    epochs = [torch.cat([order[e * 10 + i] for i in range(10)]) for e in range(3)]
    assert all(len(epoch.unique()) == 100 for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])


def test_latents_do_not_depend_on_where_a_run_was_resumed() -> None:
    whole = LatentStream(1, "latent", "normal", 512, 512, CPU)
    assert whole.per_block == 4
    every = [whole[i].clone() for i in range(10)]
    resumed = LatentStream(1, "latent", "normal", 512, 512, CPU)
    assert all(torch.equal(resumed[i], every[i]) for i in range(6, 10))


def test_latents_have_their_distribution() -> None:
    normal = latents("normal", (200_000,), generator(0, "test"))
    uniform = latents("uniform", (200_000,), generator(0, "test"))
    assert abs(float(normal.mean())) < 0.01
    assert abs(float(normal.std()) - 1) < 0.01
    assert float(uniform.min()) >= -1
    assert float(uniform.max()) < 1
    assert abs(float(uniform.var()) - 1 / 3) < 0.005


def test_reseed_fixes_what_the_default_generator_gives() -> None:
    with torch.random.fork_rng():
        reseed(0, "step", 7)
        first = torch.rand(3)
        reseed(0, "step", 8)
        other = torch.rand(3)
        reseed(0, "step", 7)
        assert torch.equal(torch.rand(3), first)
        assert not torch.equal(other, first)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.randn(3, 2),
        lambda: torch.normal(0.0, 1.0, (3, 2)),
        lambda: torch.randint(0, 50, (3, 2)),
        lambda: torch.randperm(20),
        lambda: torch.empty(3, 2).bernoulli_(0.5),
        lambda: torch.nn.init.orthogonal_(torch.empty(3, 2)),
        lambda: torch.nn.init.trunc_normal_(torch.empty(3, 2)),
    ],
)
def test_initial_weights_depend_on_the_seed_alone_however_they_are_drawn(draw: Callable[[], Tensor]) -> None:
    def drawn(seed: int) -> list[Tensor]:
        torch.rand(3)
        with initial_weights(seed):
            return [draw() for _ in range(4)]

    first, again, other = drawn(0), drawn(0), drawn(1)
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert any(not torch.equal(one, two) for one, two in zip(first, other, strict=True))
    assert any(not torch.equal(first[0], later) for later in first[1:])  # no two layers are the same
