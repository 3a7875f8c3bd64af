"""What the classifier extractor takes and what it refuses, each refusal in one line."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import safe_open

from harness.errors import WeightsError
from harness.features.classifier import PINNED, SHIPPED, classifier
from harness.features.weights_file import KEY
from harness.options import describe, keyword_arguments

SHAPE = (1, 8, 8)
FILE = SHIPPED / "digits.safetensors"


def parts() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    with safe_open(FILE, framework="pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return state, json.loads(file.metadata()[KEY])


def write(path: Path, state: dict[str, torch.Tensor], header: object) -> str:
    safetensors.torch.save_file(state, path, metadata={KEY: json.dumps(header)})
    return str(path)


def refusal(dataset: str = "digits", shape: tuple[int, int, int] = SHAPE, **options: str) -> str:
    with pytest.raises(WeightsError) as caught:
        classifier(dataset, shape, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_shipped() -> None:
    extractor = classifier("digits", SHAPE)
    assert (extractor.name, extractor.title) == ("classifier", "digits classifier")
    assert (extractor.width, extractor.num_classes, extractor.digest) == (64, 10, PINNED["digits"])
    assert not extractor.module.training
    assert not any(parameter.requires_grad for parameter in extractor.module.parameters())
    assert 30 < len(describe(classifier)) <= 110


def test_any_file_of_the_same_kind_by_path_and_hash() -> None:
    options = keyword_arguments(classifier, {"weights": str(FILE), "sha256": PINNED["digits"].upper()})
    assert classifier("my_digits", SHAPE, **options).title == "digits classifier"


def test_a_data_set_without_weights_hears_the_way_out() -> None:
    message = refusal("fashion_mnist", (1, 28, 28))
    for part in (
        "fashion_mnist",
        "digits, mnist",
        "harness extractor train fashion_mnist",
        "features: pixels",
    ):
        assert part in message
    assert "`features: {name: classifier, weights: FILE}`" in message


def test_absent_file() -> None:
    assert "no weights at /nowhere/x.safetensors" in refusal(weights="/nowhere/x.safetensors")


def test_other_version_than_pinned() -> None:
    assert "not the pinned version" in refusal(weights=str(FILE), sha256="0" * 64)


def test_tampered_shipped_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(FILE.read_bytes())
    data[-5] ^= 1
    (tmp_path / "digits.safetensors").write_bytes(data)
    monkeypatch.setitem(classifier.__globals__, "SHIPPED", tmp_path)
    assert "not the pinned version" in refusal()


def test_renamed_pickle_runs_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self) -> Any:
            return Path.touch, (canary,)

    path = tmp_path / "weights.safetensors"
    path.write_bytes(pickle.dumps(Payload()))
    assert "as safetensors" in refusal(weights=str(path))
    assert not canary.exists()


@pytest.mark.parametrize("keep", [0, 4, 200, 100_000])
def test_truncated(tmp_path: Path, keep: int) -> None:
    (tmp_path / "w").write_bytes(FILE.read_bytes()[:keep])
    assert "as safetensors" in refusal(weights=str(tmp_path / "w"))


def test_safetensors_of_something_else(tmp_path: Path) -> None:
    safetensors.torch.save_file({"x": torch.zeros(3)}, tmp_path / "w")
    assert "no file of `harness extractor train`" in refusal(weights=str(tmp_path / "w"))


def test_header_that_describes_another_network(tmp_path: Path) -> None:
    state, header = parts()
    header["architecture"]["widths"] = [32, 64, 64]
    assert "its header describes" in refusal(weights=write(tmp_path / "w", state, header))


def test_header_with_huge_sizes_allocates_nothing(tmp_path: Path) -> None:
    state, header = parts()
    header["architecture"] |= {"widths": [4096] * 8, "height": 4096, "width": 4096}
    assert "its header describes" in refusal(weights=write(tmp_path / "w", state, header))


@pytest.mark.parametrize("change", [{"widths": []}, {"height": -8}, {"height": "8"}, {"more": 1}])
def test_header_that_is_no_architecture(tmp_path: Path, change: dict[str, object]) -> None:
    state, header = parts()
    header["architecture"] |= change
    assert "its header describes" in refusal(weights=write(tmp_path / "w", state, header))


def test_missing_and_extra_tensors(tmp_path: Path) -> None:
    state, header = parts()
    bias = state.pop("head.bias")
    assert "head.bias" in refusal(weights=write(tmp_path / "a", state, header))
    extra = {**state, "head.bias": bias, "stowaway": bias.clone()}
    assert "stowaway" in refusal(weights=write(tmp_path / "b", extra, header))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_non_finite_weights(tmp_path: Path, bad: float) -> None:
    state, header = parts()
    state["head.bias"][3] = bad
    assert "not finite" in refusal(weights=write(tmp_path / "w", state, header))


def test_half_precision_weights(tmp_path: Path) -> None:
    state, header = parts()
    state["head.bias"] = state["head.bias"].half()
    assert "float32" in refusal(weights=write(tmp_path / "w", state, header))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 8), (1, 12, 12), (1, 32, 32)])
def test_images_of_another_shape(shape: tuple[int, int, int]) -> None:
    assert str(shape) in refusal(shape=shape)
