"""Features of the Inception network that published FIDs, KIDs and inception scores were measured with."""

import os
import sys
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from harness import files
from harness.errors import ConfigError, WeightsError
from harness.features.extractor import Extractor, refuse_points
from harness.features.inception_network import NUM_CLASSES, WIDTH, with_state
from harness.features.resize import RESIZERS, Resize

PUBLISHED = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""SHA-256 of the weights that torch-fidelity publishes, converted from TensorFlow's of 2015-12-05."""

VARIABLE = "HARNESS_INCEPTION_WEIGHTS"

TITLES: Mapping[Resize, str] = {
    "tensorflow": "Inception (TensorFlow resize)",
    "clean": "Inception (clean resize)",
}


def inception(
    dataset: str,
    shape: tuple[int, int, int],
    *,
    resize: Resize = "tensorflow",
    weights: str | None = None,
    sha256: str | None = None,
) -> Extractor:
    """Inception v3 of TensorFlow, as in published FIDs (Heusel et al. 2017), by torch-fidelity.

    shape: (1 or 3, height, width) of the images. `resize`: `tensorflow` for the protocol of the FID paper,
    `clean` for that of clean-fid. The weights are the file `weights`, or the one that the environment's
    HARNESS_INCEPTION_WEIGHTS names, or torch-fidelity's download: a state dict in .pth or .safetensors. They
    have to be the published ones, or those whose SHA-256 is `sha256`; WeightsError otherwise. No code in a
    file is run.
    """
    refuse_points(dataset, shape)
    if shape[0] not in (1, 3):
        raise ConfigError(
            f"inception reads images of 1 or 3 channels, and those of {dataset} have {shape[0]}: use"
            " evaluation.features: pixels"
        )
    from torch_fidelity import __version__

    expected = (sha256 or PUBLISHED).lower()
    path = _located(weights, expected)
    _check(path, expected)
    return Extractor(
        name="inception",
        title=TITLES[resize],
        digest=f"{expected}, {resize} resize, torch-fidelity {__version__}",
        width=WIDTH,
        num_classes=NUM_CLASSES,
        module=_network(path, resize),
        channels=3,
        any_size=True,
    )


def _located(weights: str | None, expected: str) -> Path:
    """The file to use, fetched first where none is named."""
    if named := weights or os.environ.get(VARIABLE):
        path = Path(named).expanduser()
        if not path.is_file():
            raise WeightsError(
                f"no Inception weights at {path}, which {'`weights`' if weights else VARIABLE} names: put the"
                " file there, or leave it out to download the published one"
            )
        return path
    if expected != PUBLISHED:
        raise WeightsError(
            f"Inception weights with SHA-256 {expected} are asked for, and those that can be downloaded have"
            f" {PUBLISHED}: name your file in `weights` or in {VARIABLE}"
        )
    return _fetched()


def _cached() -> tuple[Path, str]:
    """Where torch.hub keeps torch-fidelity's file, and its address: torch-fidelity itself looks there too."""
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    url: str = URL_INCEPTION_V3
    return Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2]), url


def _fetched() -> Path:
    path, url = _cached()
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Moved to its place when whole and with the right hash, never before.
        torch.hub.download_url_to_file(url, str(path), PUBLISHED, progress=sys.stderr.isatty())
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"cannot download Inception's weights ({error}): fetch {url} elsewhere and name the file in"
            f" `weights` or in {VARIABLE}, or put it at {path}"
        ) from error
    return path


def _check(path: Path, expected: str) -> None:
    try:
        found = files.sha256(path)
    except OSError as error:
        raise WeightsError(f"cannot read Inception's weights: {error}") from error
    if found == expected:
        return
    if expected != PUBLISHED:
        way = "name the file that was meant, or change `sha256`"
    elif path == _cached()[0]:
        way = "delete it, and it is downloaded again"
    else:
        way = f"name the published file, or set `sha256: {found}` if other weights are meant"
    raise WeightsError(f"{path} has SHA-256 {found}, not {expected}: {way}")


def _network(path: Path, resize: Resize) -> torch.nn.Module:
    try:
        return with_state(_state(path), RESIZERS[resize])
    except RuntimeError as error:
        reason = textwrap.shorten(str(error), 240, placeholder=" ...")
        raise WeightsError(
            f"{path} does not hold torch-fidelity's Inception; without `sha256` only the published file is"
            f" taken: {reason}"
        ) from error


def _state(path: Path) -> dict[str, Tensor]:
    """Names and tensors of a state dict; WeightsError for anything else."""
    try:
        if path.suffix == ".safetensors":
            found: Any = safetensors.torch.load_file(path)
        else:
            with warnings.catch_warnings(action="ignore"):  # of what is about to fail anyway
                found = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise WeightsError(f"cannot read {path} as safetensors: {error}") from error
    except Exception as error:  # torch.load says no in many ways; the advice some of them give is bad
        raise WeightsError(
            f"cannot read {path} as weights of PyTorch ({type(error).__name__}): it must be a state dict, in"
            " .pth or .safetensors"
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in found.items()
    ):
        raise WeightsError(f"{path} holds no state dict, which is names and tensors: name another file")
    for name, tensor in found.items():
        counts = name.endswith("num_batches_tracked")
        if not counts and (tensor.dtype != torch.float32 or not tensor.isfinite().all()):
            raise WeightsError(f"{path} holds weights that are not finite float32 numbers, {name} first")
    return found
