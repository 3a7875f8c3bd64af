"""Randomness as a function of (seed, purpose, step) and of nothing else.

So a checkpoint is tensors and integers, a resumed run is bit-equal to one never stopped, and drawing more
numbers for one purpose (evaluation) never changes another (training). After EDM2's per-step reseeding
(Karras et al. 2024), with SHA-256 in place of Python's salted hash.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

BLOCK_NUMBERS = 1 << 20
"""Numbers drawn at once: one reseed serves many short steps."""


def derive(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit integer that depends on all three arguments."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{step}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator(seed: int, purpose: str, step: int = 0, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh torch generator for (seed, purpose, step)."""
    return torch.Generator(device).manual_seed(derive(seed, purpose, step))


def reseed(seed: int, purpose: str, step: int = 0) -> None:
    """Seed torch's default generators, which dropout and penalties draw from."""
    value = derive(seed, purpose, step)
    torch.default_generator.manual_seed(value)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(value)


@contextmanager
def initial_weights(seed: int) -> Iterator[None]:
    """Networks built inside, on the CPU, start from weights that depend on the seed, their shape, and how
    many tensors of that shape were drawn before, and on nothing else; torch's default generator stays as it
    was.

    So two variants that differ in one layer start alike in the others, and their difference is paired: but
    for later layers of the same shape as one that only one of the two has.
    """
    with torch.random.fork_rng(devices=[]), _SeededByShape(seed):
        yield


class _SeededByShape(TorchDispatchMode):
    """Seeds torch's default generators anew before every operation that draws from them."""

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seed = seed
        self.seen: Counter[tuple[int, ...]] = Counter()

    def __torch_dispatch__(
        self,
        operation: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if torch.Tag.nondeterministic_seeded in operation.tags:  # type: ignore[attr-defined]
            shape = _drawn_shape(args)
            torch.default_generator.manual_seed(derive(self.seed, f"init/{shape}", self.seen[shape]))
            self.seen[shape] += 1
        return operation(*args, **(kwargs or {}))


def _drawn_shape(args: Sequence[Any]) -> tuple[int, ...]:
    """The shape of what an operation draws: of its tensor, else its size, else its length."""
    for argument in args:
        if isinstance(argument, Tensor | list | tuple):
            return tuple(argument.shape if isinstance(argument, Tensor) else argument)
    return tuple(argument for argument in args if isinstance(argument, int))[-1:]


class LatentStream:
    """Latent batch number i of a training, shape (batch_size, size), drawn in blocks of many batches."""

    def __init__(
        self, seed: int, purpose: str, distribution: str, batch_size: int, size: int, device: torch.device
    ) -> None:
        self.key = (seed, purpose)
        self.shape = (batch_size, size)
        self.distribution = distribution
        self.device = device
        self.per_block = max(1, BLOCK_NUMBERS // (batch_size * size))
        self._number = -1
        self._block = torch.empty(0)

    def __getitem__(self, index: int) -> Tensor:
        number, row = divmod(index, self.per_block)
        if number != self._number:
            source = generator(*self.key, number, self.device)
            self._block = latents(self.distribution, (self.per_block, *self.shape), source)
            self._number = number
        return self._block[row]


class BatchOrder:
    """Indices of training batch number i: each epoch its own permutation, the last partial batch dropped."""

    def __init__(self, seed: int, num_samples: int, batch_size: int, device: torch.device) -> None:
        self.seed = seed
        self.num_samples = num_samples
        self.batch_size = batch_size
        self.device = device
        self.per_epoch = num_samples // batch_size
        self._epoch = -1
        self._order = torch.empty(0)

    def __getitem__(self, index: int) -> Tensor:
        epoch, row = divmod(index, self.per_epoch)
        if epoch != self._epoch:
            source = generator(self.seed, "data", epoch)
            self._order = torch.randperm(self.num_samples, generator=source).to(self.device)
            self._epoch = epoch
        return self._order[row * self.batch_size : (row + 1) * self.batch_size]


def latents(distribution: str, shape: tuple[int, ...], source: torch.Generator) -> Tensor:
    """Latents of any shape: `normal` is N(0, 1), `uniform` is U[-1, 1)."""
    if distribution == "uniform":
        return torch.rand(shape, generator=source, device=source.device).mul_(2).sub_(1)
    return torch.randn(shape, generator=source, device=source.device)
