"""Images from a function of the user's own: all at once, or batch after batch."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from torch import Tensor

from harness.config import Evaluation
from harness.errors import ConfigError, DataError, HarnessError, RunFailedError
from harness.registry import Registry
from harness.sources.memory import arranged, shape_of, tensor_source
from harness.sources.source import Chunk, Source, per_chunk

COUNT_NAMES = ("num_samples", "count", "n")


def imported(path: str) -> Callable[..., object]:
    """The callable `module:name`; ConfigError where there is none, or importing it fails."""
    found = Registry[object]("source of images", "").resolve(path)
    if not callable(found):
        raise ConfigError(f"`{path}` is a {type(found).__name__}: a source is a function that returns images")
    return found


def callable_source(
    function: Callable[..., object], title: str, *, num_samples: int | None, seed: int
) -> Source:
    """The first `num_samples` images that `function` returns, 10,000 unless told.

    Its parameters `num_samples`, `count` or `n`, and `seed`, are given where it has them. It returns images,
    uint8 in a layout of `layout_of`, as a tensor, an array, or an iterable of such batches. It is called at
    once, for the shape of its first batch; and anew for every reading but the first, if it gave batches.
    What it raises is a RunFailedError; ConfigError where it needs other arguments.
    """
    count = Evaluation().num_samples if num_samples is None else num_samples
    call = _Call(function, title, _arguments(function, title, count, seed))
    returned = call()
    if isinstance(returned, Tensor | np.ndarray):
        images = arranged(returned, title)
        fewer = f"{title}: {len(images):,} images, where {count:,} were asked for"
        notes = (fewer,) if len(images) < count else ()
        return replace(tensor_source(images[:count], title), content=None, notes=notes)

    batches = call.batches(returned)
    first = next(batches, None)
    if first is None:
        raise RunFailedError(f"{title} gave no images")
    shape = shape_of(first)
    begun = [chain([first], batches)]

    def read() -> Iterator[Chunk]:
        missing = count
        at_once = per_chunk(shape)
        for images in begun.pop() if begun else call.batches(call()):
            if images.shape[1:] != shape or images.dtype != first.dtype:
                raise DataError(f"{title} gave images of {tuple(images.shape[1:])} after some of {shape}")
            for part in images[:missing].split(at_once):
                yield Chunk(part)
            missing -= min(missing, len(images))
            if not missing:
                return
        # Only now can it be known: a note would have to stand before the first reading.
        line = f"{title} ended after {count - missing:,} of {count:,} images"
        yield Chunk(first[:0], skipped=(line,))

    return Source(title, count, shape, read, levels=None if first.is_floating_point() else 256)


@dataclass(frozen=True)
class _Call:
    """A function and its arguments; whatever it raises becomes one line."""

    function: Callable[..., object]
    title: str
    arguments: inspect.BoundArguments

    def __call__(self) -> object:
        with self._named():
            return self.function(*self.arguments.args, **self.arguments.kwargs)

    def batches(self, returned: object) -> Iterator[Tensor]:
        """What it returned as images of one layout, batch after batch."""
        if not isinstance(returned, Iterable) or isinstance(returned, str | bytes | dict):
            kind = type(returned).__name__
            raise DataError(
                f"{self.title} returned a {kind}: images are a tensor, an array, or batches of them"
            )
        with self._named():
            batches = iter(returned)
        end = object()
        while True:
            with self._named():
                batch = next(batches, end)
            if batch is end:
                return
            yield arranged(batch, self.title)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except HarnessError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split())
            raise RunFailedError(f"{self.title} failed: {type(error).__name__}: {reason}") from error


def _arguments(function: Callable[..., object], title: str, count: int, seed: int) -> inspect.BoundArguments:
    """What of count and seed the function takes, under the names it has for them."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return inspect.Signature().bind()
    given = {**dict.fromkeys(COUNT_NAMES, count), "seed": seed}
    bound = signature.bind_partial()
    for name, parameter in signature.parameters.items():
        variadic = parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        if name in given and not variadic:
            bound.arguments[name] = given[name]
        elif parameter.default is parameter.empty and not variadic:
            known = ", ".join((*COUNT_NAMES, "seed"))
            raise ConfigError(
                f"{title} needs `{name}`, which nobody gives it: a source is given {known} at most"
            )
    return bound
