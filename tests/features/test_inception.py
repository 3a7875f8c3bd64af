"""Which weights Inception takes, what it says of itself, and each refusal in one line."""

import pickle
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import safetensors.torch
import torch
from torch import Tensor
from torch_fidelity import __version__ as torch_fidelity_version
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

from features.inception_weights import Weights, pictures
from harness import files
from harness.errors import ConfigError, MetricError, WeightsError
from harness.features import extract
from harness.features.inception import PUBLISHED, VARIABLE, inception
from harness.features.resize import Resize
from harness.options import describe, keyword_arguments


@pytest.fixture(autouse=True)
def no_weights_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the variable nor torch.hub's cache of whoever runs the tests."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


def test_what_it_says_of_itself(inception_weights: Weights) -> None:
    made: dict[Resize, Any] = {
        resize: inception("any", (3, 32, 32), resize=resize, **inception_weights.options)
        for resize in ("tensorflow", "clean")
    }
    first = made["tensorflow"]
    assert (first.name, first.width, first.num_classes, first.channels) == ("inception", 2048, 1008, 3)
    assert first.title == "Inception (TensorFlow resize)"
    assert made["clean"].title == "Inception (clean resize)"
    assert first.digest != made["clean"].digest
    for part in (
        inception_weights.pth_sha256,
        "tensorflow resize",
        f"torch-fidelity {torch_fidelity_version}",
    ):
        assert part in first.digest
    assert not first.module.training
    assert not any(parameter.requires_grad for parameter in first.module.parameters())
    assert 30 < len(describe(inception)) <= 110
    assert keyword_arguments(inception, {"resize": "clean"})["resize"] == "clean"


def test_the_pinned_file_is_torch_fidelitys() -> None:
    assert URL_INCEPTION_V3.endswith(f"-{PUBLISHED[:8]}.pth")
    assert len(PUBLISHED) == 64


def test_safetensors_and_the_variable(inception_weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(2, (3, 32, 32), seed=1)
    monkeypatch.setenv(VARIABLE, str(inception_weights.safetensors))
    other = inception("any", (3, 32, 32), sha256=inception_weights.safetensors_sha256.upper())
    expected, _ = extract(inception("any", (3, 32, 32), **inception_weights.options), images, 2, "cpu")
    assert torch.equal(extract(other, images, 2, "cpu")[0], expected)


def test_the_file_format_of_2020(inception_weights: Weights, tmp_path: Path) -> None:
    """What PyTorch wrote when the published file was made, without the counts that later versions store."""
    state = safetensors.torch.load_file(inception_weights.safetensors)
    old = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    assert len(old) < len(state)
    torch.save(old, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert inception("any", (3, 32, 32), **named(tmp_path / "w.pth")).width == 2048


def test_grey_images_are_tiled(inception_weights: Weights) -> None:
    extractor = inception("any", (1, 28, 28), **inception_weights.options)
    grey = pictures(2, (1, 28, 28), seed=1)
    features, _ = extract(extractor, grey, 2, "cpu")
    assert torch.equal(features, extract(extractor, grey.expand(-1, 3, -1, -1), 2, "cpu")[0])


@pytest.mark.parametrize("shape", [(2, 8, 8), (4, 32, 32)])
def test_images_of_other_channels_are_refused(
    inception_weights: Weights, shape: tuple[int, int, int]
) -> None:
    with pytest.raises(ConfigError, match=f"any have {shape[0]}: use evaluation.features: pixels"):
        inception("any", shape, **inception_weights.options)
    extractor = inception("any", (3, 8, 8), **inception_weights.options)
    with pytest.raises(MetricError, match="1 or 3 channels, not of shape"):
        extract(extractor, torch.zeros(2, *shape, dtype=torch.uint8), 2, "cpu")


def refusal(**options: str) -> str:
    with pytest.raises(WeightsError) as caught:
        inception("any", (3, 32, 32), **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700
    return str(caught.value)


def test_other_weights_are_refused_until_their_hash_is_named(inception_weights: Weights) -> None:
    path, digest = str(inception_weights.pth), inception_weights.pth_sha256
    message = refusal(weights=path)
    for part in (path, digest, PUBLISHED, f"set `sha256: {digest}`"):
        assert part in message
    assert "name the file that was meant" in refusal(weights=path, sha256="0" * 64)
    assert inception("any", (3, 32, 32), weights=path, sha256=digest).digest.startswith(digest)


def test_the_hash_is_checked_before_the_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.pth").write_bytes(b"anything")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("was read"))
    assert "has SHA-256" in refusal(weights=str(tmp_path / "w.pth"))


def test_absent_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no Inception weights at /nowhere/w.pth, which `weights` names" in refusal(
        weights="/nowhere/w.pth"
    )
    monkeypatch.setenv(VARIABLE, "/nowhere/v.pth")
    assert f"/nowhere/v.pth, which {VARIABLE} names" in refusal()


def test_offline_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", offline)
    message = refusal()
    for part in ("no route to host", URL_INCEPTION_V3, "`weights`", VARIABLE):
        assert part in message


def test_a_download_of_something_else_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "served").write_bytes(b"a login page")
    served = (tmp_path / "served").as_uri()
    monkeypatch.setattr("torch_fidelity.feature_extractor_inceptionv3.URL_INCEPTION_V3", served)
    assert PUBLISHED in refusal()
    assert not list((tmp_path / "hub" / "checkpoints").iterdir())


def test_a_download_is_found_again_and_checked_again(
    inception_weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "torch_fidelity.feature_extractor_inceptionv3.URL_INCEPTION_V3", inception_weights.pth.as_uri()
    )
    monkeypatch.setitem(inception.__globals__, "PUBLISHED", inception_weights.pth_sha256)
    assert inception("any", (3, 32, 32)).digest.startswith(inception_weights.pth_sha256)
    cached = tmp_path / "hub" / "checkpoints" / "weights.pth"
    assert files.sha256(cached) == inception_weights.pth_sha256
    monkeypatch.setattr("torch.hub.urlopen", lambda *_: pytest.fail("downloads again"))
    inception("any", (3, 32, 32))
    cached.write_bytes(b"broken since")
    assert "delete it, and it is downloaded again" in refusal()


def test_weights_that_cannot_be_downloaded() -> None:
    assert f"name your file in `weights` or in {VARIABLE}" in refusal(sha256="0" * 64)


def named(path: Path) -> dict[str, str]:
    return {"weights": str(path), "sha256": files.sha256(path)}


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("keep", [0, 4, 200, 1_000_000])
def test_truncated(inception_weights: Weights, tmp_path: Path, name: str, keep: int) -> None:
    whole = inception_weights.pth if name == "w.pth" else inception_weights.safetensors
    (tmp_path / name).write_bytes(whole.read_bytes()[:keep])
    assert "cannot read" in refusal(**named(tmp_path / name))


def test_a_pickle_runs_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self) -> Any:
            return Path.touch, (canary,)

    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Payload()))
    torch.save({"fc.bias": Payload()}, tmp_path / "zip.pth")
    for name in ("plain.pth", "zip.pth"):
        message = refusal(**named(tmp_path / name))
        assert "UnpicklingError" in message
        assert "weights_only" not in message
    assert not canary.exists()


@pytest.mark.parametrize("content", [[torch.zeros(3)], torch.zeros(3), {"fc.bias": 3}, {3: torch.zeros(3)}])
def test_no_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pth")
    assert "holds no state dict" in refusal(**named(tmp_path / "w.pth"))


def test_another_network(tmp_path: Path) -> None:
    safetensors.torch.save_file({"x": torch.zeros(3)}, tmp_path / "w.safetensors")
    assert "does not hold torch-fidelity's Inception" in refusal(**named(tmp_path / "w.safetensors"))


@pytest.mark.parametrize("change", ["missing", "shape", "nan", "half"])
def test_one_tensor_amiss(inception_weights: Weights, tmp_path: Path, change: str) -> None:
    state = safetensors.torch.load_file(inception_weights.safetensors)
    name = "Mixed_7c.branch_pool.bn.running_var"
    changed = {"shape": state[name][1:], "nan": state[name] * float("nan"), "half": state[name].half()}
    if change == "missing":
        del state[name]
    else:
        state[name] = changed[change]
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    assert name in refusal(**named(tmp_path / "w.safetensors"))


def test_the_two_resizes_give_different_features(inception_weights: Weights) -> None:
    images = pictures(2, (1, 28, 28), seed=1)

    def features(resize: Resize) -> Tensor:
        extractor = inception("any", (1, 28, 28), resize=resize, **inception_weights.options)
        return extract(extractor, images, 2, "cpu")[0]

    one, other = features("tensorflow"), features("clean")
    assert float((one - other).abs().max() / one.abs().max()) > 0.01
