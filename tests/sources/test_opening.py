"""From words to sources: what each reads like, and what is said of what reads like nothing."""

from pathlib import Path

import pytest
import torch

from harness.data import Dataset
from harness.errors import ConfigError, DataError
from sources.pictures import fill, images_of, opened


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("digits", "train"),
        ("digits/train", "train"),
        ("digits/test", "test"),
        ("digits/validation", "validation"),
    ],
)
def test_a_data_set_is_named_with_its_split(text: str, split: str, real_digits: Dataset) -> None:
    source = opened(text)
    assert source.title == f"digits, {split} split"
    assert torch.equal(images_of(source), getattr(real_digits, split).images)


def test_a_folder_called_like_a_data_set_is_written_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "digits", 2)
    monkeypatch.chdir(tmp_path)
    assert opened("digits").title == "digits, train split"
    assert opened("./digits").title == opened(Path("digits")).title == "folder digits"


def test_the_folder_one_is_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "faces", 2)
    monkeypatch.chdir(tmp_path / "faces")
    assert opened(".").title == "folder faces"


def test_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "faces", 2)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert opened("~/faces").count == 2


KINDS = (
    r"a source of images is a folder of images, an \.safetensors/\.npz/\.npy file, a run, a checkpoint, "
    "a data set such as mnist/test, or module:callable"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("digts", f"there is no digts; did you mean `digits`; {KINDS}"),
        ("mnst/test", f"there is no mnst/test; did you mean `mnist`; {KINDS}"),
        ("nowhere/at/all", f"there is no nowhere/at/all; {KINDS}"),
        ("images.npz", rf"there is no images\.npz; {KINDS}"),
        ("x" * 5000, f"there is no x+; {KINDS}"),
        ("a\0b", f"there is no .*; {KINDS}"),
        ("https://example.org/a.zip", "there is no .*; a source"),
    ],
    ids=["near", "near_split", "path", "file", "long", "null", "url"],
)
def test_what_does_not_exist_is_said_with_what_a_source_is(text: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        opened(text)


def test_a_split_that_there_is_not_is_said_with_those_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"digits has no split `tset`; did you mean `test`\?; a path is written"
    ):
        opened("digits/tset")
    with pytest.raises(ConfigError, match="no split `x`; known: test, train, validation"):
        opened("digits/x")


def test_a_file_of_an_unknown_kind_is_said(tmp_path: Path) -> None:
    (tmp_path / "images.pt").write_bytes(b"")
    with pytest.raises(DataError, match=rf"images\.pt is a file of an unknown kind; {KINDS}"):
        opened(tmp_path / "images.pt")


def test_an_empty_text_names_nothing() -> None:
    with pytest.raises(ConfigError, match="not an empty text"):
        opened("")
