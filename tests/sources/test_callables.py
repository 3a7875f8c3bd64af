"""Callables as sources: what they are given, what they may return, and how they fail."""

from pathlib import Path
from typing import Any

import pytest
import torch

from harness.errors import ConfigError, DataError, HarnessError, RunFailedError
from harness.sources import Opening, Source, open_source
from sources import samplers
from sources.pictures import images_of, opened, skipped_of


def called(what: Any, num_samples: int | None = 30, seed: int = 5) -> Source:
    return open_source(what, Opening(Path("unused"), num_samples=num_samples, seed=seed))


@pytest.mark.parametrize("name", ["told", "positional", "batches"])
def test_count_and_seed_are_given_under_the_names_it_has_for_them(name: str) -> None:
    source = called(f"sources.samplers:{name}")
    assert (source.title, source.count, source.shape) == (f"sources.samplers:{name}", 30, (1, 6, 5))
    assert (source.content, source.notes, source.levels) == (None, (), 256)
    assert torch.equal(images_of(source), samplers.told(30, seed=5))
    assert torch.equal(images_of(source), samplers.told(30, seed=5))  # once more, from the start


def test_the_callable_itself_is_a_source_too() -> None:
    source = called(samplers.told)
    assert source.title == "sources.samplers:told"
    assert torch.equal(images_of(source), samplers.told(30, seed=5))
    assert called(lambda: samplers.IMAGES).count == 30


def test_of_too_many_images_the_first_are_taken() -> None:
    expected = torch.from_numpy(samplers.IMAGES).movedim(-1, 1)
    assert torch.equal(images_of(called("sources.samplers:plain", 30)), expected[:30])
    endless = called("sources.samplers:endless", 30)
    assert len(images_of(endless)) == endless.count == 30
    assert torch.equal(images_of(endless)[16:], samplers.told(16, seed=5)[:14])


def test_too_few_images_are_said() -> None:
    source = called("sources.samplers:plain", 50)
    assert source.count == 40
    assert source.notes == ("sources.samplers:plain: 40 images, where 50 were asked for",)
    source = called("sources.samplers:short", 50)
    assert len(images_of(source)) == 30
    assert skipped_of(source) == ["sources.samplers:short ended after 30 of 50 images"]


def test_10_000_images_are_drawn_unless_told() -> None:
    assert called("sources.samplers:told", None).count == 10_000


def test_points_are_points() -> None:
    source = called("sources.samplers:points")
    assert (source.levels, source.shape, images_of(source).dtype) == (None, (1, 1, 2), torch.float32)


FAILURES: dict[str, tuple[type[HarnessError], str]] = {
    "failing": (RunFailedError, r"sources\.samplers:failing failed: ValueError: no weights$"),
    "failing_later": (RunFailedError, r"failing_later failed: ZeroDivisionError: division by zero"),
    "nothing": (RunFailedError, "sources.samplers:nothing gave no images"),
    "floats": (DataError, r"holds float32, whose range nobody can tell: make it uint8, from \[-1, 1\] by"),
    "float_batches": (DataError, "holds float32, whose range nobody can tell"),
    "needs_more": (ConfigError, "needs `checkpoint`, which nobody gives it: a source is given num_samples"),
    "changing": (DataError, r"gave images of \(1, 7, 7\) after some of \(1, 6, 5\)"),
    "pairs": (DataError, "a tuple holds no images, which are a torch tensor or a numpy array"),
    "text": (DataError, "returned a str: images are a tensor, an array, or batches of them"),
    "NUMBER": (ConfigError, "`sources.samplers:NUMBER` is a int: a source is a function that returns images"),
    "missing": (ConfigError, "cannot import source of images `sources.samplers:missing`"),
}


@pytest.mark.parametrize(("name", "error", "expected"), [(k, *v) for k, v in FAILURES.items()], ids=FAILURES)
def test_a_callable_that_fails_is_one_clear_line(name: str, error: type[HarnessError], expected: str) -> None:
    with pytest.raises(error, match=expected) as caught:
        images_of(called(f"sources.samplers:{name}"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import nothing_of_that_name", "No module named"),
        ("1 / 0", "ZeroDivisionError"),
        ("(", "SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_a_config_error(
    code: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_sampler.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=f"cannot import .*`broken_sampler:draw`.*{expected}"):
        opened("broken_sampler:draw")
