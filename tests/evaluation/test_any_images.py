"""`harness.evaluate`: the same numbers for the same images, wherever and however they are read."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import harness
from harness.data import Dataset
from harness.errors import ConfigError, DataError, HarnessError, MetricError, RunFailedError
from harness.evaluation import measuring
from harness.evaluation.result import Evaluation
from harness.protocol import PROTOCOLS

NAMES = ["fid", "kid", "inception_score", "prdc"]


def write(folder: Path, images: Tensor, *, start: int = 0, mode: str | None = None) -> Path:
    """Images (n, 1, h, w) as PNG files whose names are numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images[:, 0].numpy(), start):
        picture = Image.fromarray(image)
        (picture if mode is None else picture.convert(mode)).save(folder / f"{index:06d}.png")
    return folder


def of_digits(real: object, fake: object, **options: object) -> Evaluation:
    return harness.evaluate(real, fake, protocol="digits", **options)  # type: ignore[arg-type]


def assert_close(one: Mapping[str, float], other: Mapping[str, float], relative: float) -> None:
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert other[key] == pytest.approx(value, rel=relative, abs=0), key


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, real_digits: Dataset) -> tuple[Path, Path]:
    """Train and test digits as PNG."""
    root = tmp_path_factory.mktemp("digits")
    return write(root / "train", real_digits.train.images), write(root / "test", real_digits.test.images)


def test_a_folder_gives_the_values_of_the_data_set_to_the_last_digit(folders: tuple[Path, Path]) -> None:
    by_name, by_folder = of_digits("digits/train", "digits/test"), of_digits("digits/train", folders[1])
    assert by_folder.values == by_name.values
    assert by_folder.fingerprint == by_name.fingerprint
    assert of_digits(*folders).values == by_name.values
    assert 0 < by_name["fid"] < 1


def test_2000_mnist_images_in_a_folder_are_2000_mnist_images(tmp_path: Path, mnist_root: Path) -> None:
    from harness.data.mnist import mnist

    images = mnist(mnist_root).test.images[:2000]
    folder = write(tmp_path / "mnist", images)
    found = [
        harness.evaluate("mnist/train", fake, protocol="mnist", data=mnist_root, cache=tmp_path / "cache")
        for fake in (folder, images)
    ]
    assert found[0].values == found[1].values
    assert found[0].fingerprint == found[1].fingerprint


def test_neither_names_nor_workers_nor_formats_of_files_change_a_digit(
    folders: tuple[Path, Path], tmp_path: Path, real_digits: Dataset
) -> None:
    expected = of_digits(*folders)
    images = real_digits.test.images
    shuffled = write(tmp_path / "shuffled", images[torch.randperm(len(images))], start=7)
    np.save(tmp_path / "images.npy", images[:, 0].numpy())
    in_colour = write(tmp_path / "colour", images, mode="RGB")
    for fake in (shuffled, tmp_path / "images.npy", in_colour, images, images.numpy()):
        assert of_digits(folders[0], fake, workers=1).values == expected.values
    assert "grey images saved in colour" in " ".join(of_digits(folders[0], in_colour).scores.notes)


@pytest.mark.parametrize("batch_size", [7, 64, 1000])
def test_the_batch_size_changes_nothing_that_counts(folders: tuple[Path, Path], batch_size: int) -> None:
    named = PROTOCOLS["digits"]()
    other = named.model_copy(update={"batch_size": batch_size})
    expected, found = (
        harness.evaluate(*folders, protocol=protocol, metrics=NAMES) for protocol in (named, other)
    )
    assert_close(found.values, expected.values, 1e-6)
    assert found.fingerprint != expected.fingerprint


def test_real_features_are_extracted_once_and_a_changed_image_is_noticed(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    extract = measuring.extract

    def counting(extractor: object, images: Tensor, *arguments: object) -> object:
        read.append(len(images))
        return extract(extractor, images, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(measuring, "extract", counting)
    real, cache = tmp_path / "real", tmp_path / "cache"
    shutil.copytree(folders[0], real)
    first = of_digits(real, folders[1], cache=cache)
    assert (sum(read), first.real.recalled) == (1500, False)
    read.clear()
    for file in sorted(real.iterdir())[:50]:
        file.rename(real / f"renamed-{file.name}")
    again = of_digits(real, folders[1], cache=cache)
    assert (sum(read), again.real.recalled) == (500, True)
    assert (again.values, again.fingerprint) == (first.values, first.fingerprint)

    read.clear()
    one = sorted(real.iterdir())[3]
    pixels = np.array(Image.open(one))
    pixels[4, 4] ^= 1
    Image.fromarray(pixels).save(one)
    changed = of_digits(real, folders[1], cache=cache)
    assert (sum(read), changed.real.recalled) == (1500, False)
    assert changed.values != first.values
    assert changed.fingerprint != first.fingerprint


def test_a_broken_cache_is_made_anew(folders: tuple[Path, Path], tmp_path: Path) -> None:
    first = of_digits(*folders, cache=tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    again = of_digits(*folders, cache=tmp_path)
    assert (again.real.recalled, again.values) == (False, first.values)
    assert of_digits(*folders, cache=tmp_path).real.recalled


def test_floor_and_ceiling_are_of_held_out_images_and_of_noise() -> None:
    found = of_digits("digits/train", "digits/validation", held_out=["digits/test"], controls=True)
    assert found.floor is not None
    assert found.ceiling is not None
    assert found.floor.values["fid"] < 2 < 20 < found.ceiling.values["fid"]
    assert (found.floor.num_samples, found.ceiling.num_samples) == (297, 297)
    without = of_digits("digits/train", "digits/validation", controls=True)
    assert without.floor is None
    assert without.ceiling is not None


def test_a_callable_is_asked_for_as_many_images_as_it_takes(real_digits: Dataset) -> None:
    def sampler(count: int, seed: int) -> Tensor:
        return real_digits.test.images[
            torch.randperm(500, generator=torch.Generator().manual_seed(seed))[:count]
        ]

    found = of_digits("digits/train", sampler, num_samples=300, seed=3)
    assert found.fake.count == 300
    assert found["fid"] == of_digits("digits/train", sampler(300, 3))["fid"]


def test_bad_files_are_refused_or_skipped_and_counted(tmp_path: Path, real_digits: Dataset) -> None:
    fake = write(tmp_path / "fake", real_digits.test.images[:100])
    (fake / "notes.png").write_text("not an image")
    whole = (fake / "000003.png").read_bytes()
    (fake / "broken.png").write_bytes(whole[:-30])
    Image.new("L", (9, 9)).save(fake / "odd.png")
    with pytest.raises(DataError, match="--skip-bad"):
        of_digits("digits/train", fake)
    found = of_digits("digits/train", fake, skip_bad=True)
    assert (found.fake.count, len(found.fake.skipped)) == (100, 3)
    assert found["fid"] == of_digits("digits/train", real_digits.test.images[:100])["fid"]


def test_ten_samples_for_64_features_are_marked_unreliable(real_digits: Dataset) -> None:
    found = of_digits("digits/train", real_digits.test.images[:10])
    assert "64" in found.scores.unreliable["fid"]
    assert "10" in found.scores.unreliable["fid"]
    assert found.document()["unreliable"].keys() >= {"fid"}


@pytest.mark.parametrize(
    ("real", "fake", "options", "error", "message"),
    [
        ("digits/train", torch.zeros(1, 1, 8, 8, dtype=torch.uint8), {}, MetricError, "too few"),
        ("digits/train", torch.zeros(9, 1, 8, 8, dtype=torch.uint8), {}, RunFailedError, "collapsed"),
        ("digits/train", torch.zeros(90, 1, 9, 9, dtype=torch.uint8), {}, DataError, "9×9"),
        ("digits/train", torch.zeros(9, 8, 8), {}, DataError, "uint8"),
        ("digitz/train", "digits/test", {}, DataError, "did you mean"),
        ("digits/trian", "digits/test", {}, ConfigError, "train"),
        ("digits/train", "digits/test", {"metrics": ["fidd"]}, ConfigError, "did you mean `fid`"),
        ("digits/train", "digits/test", {"metrics": ["memorization"]}, ConfigError, "--held-out"),
        (
            "digits/train",
            "digits/test",
            {"metrics": [{"name": "prdc", "neighbours": 0}]},
            ConfigError,
            "prdc",
        ),
        ("digits/train", "digits/test", {"weights": "nowhere"}, HarnessError, "nowhere"),
        ("digits/train", "digits/test", {"device": "cuda:9"}, ConfigError, "cuda"),
        (None, "digits/test", {}, ConfigError, "protocol"),
    ],
)
def test_what_cannot_be_a_number_is_one_line(
    real: str, fake: object, options: dict[str, object], error: type[Exception], message: str
) -> None:
    protocol = {} if real is None else {"protocol": "digits"}
    with pytest.raises(error) as caught:
        harness.evaluate(real, fake, **protocol, **options)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
