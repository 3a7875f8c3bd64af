"""Checkpoints killed, cut, flipped, out of space, hostile: what loads is what was saved, to the bit."""

import hashlib
import os
import pickle
import random
import resource
import struct
import sys
import time
from collections.abc import Iterator
from errno import EFBIG
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
import torch
from processes import forked, wait_until
from torch import Tensor

from harness.checkpoint import KEPT, Checkpoint, newest_good, save_checkpoint
from harness.config import Training
from harness.data import DATASETS, Split
from harness.errors import CheckpointError
from harness.files import write_json
from harness.losses import LOSSES
from harness.networks import NETWORKS, Pair
from harness.seeding import initial_weights
from harness.state import State
from harness.train import fit

SIZE = 200_000
"""Numbers in the checkpoints of the killed process: large enough for a kill to fall inside a write."""


def filled(step: int, size: int = 20) -> Checkpoint:
    return Checkpoint({"a": torch.full((size,), float(step)), "b": torch.arange(3)}, step, step / 3)


def no_warning(message: str) -> None:
    raise AssertionError(message)


def equal(one: Checkpoint | None, other: Checkpoint) -> bool:
    assert one is not None
    return (one.step, one.seconds, one.tensors.keys()) == (
        other.step,
        other.seconds,
        other.tensors.keys(),
    ) and all(torch.equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items())


def save_for_ever(folder: Path, first: int) -> None:
    for step in range(first, first + 100_000):
        save_checkpoint(folder, filled(step, SIZE))


def test_after_a_kill_at_any_instant_the_newest_checkpoint_is_whole(tmp_path: Path) -> None:
    delays = random.Random(0)
    step = 0
    for _ in range(20):
        first = tmp_path / f"step-{step + 1:09d}.json"
        process = forked(save_for_ever, tmp_path, step + 1)
        wait_until(first.exists)
        time.sleep(delays.uniform(0, 0.02))
        assert process.pid
        os.kill(process.pid, SIGKILL)
        process.join()
        found = newest_good(tmp_path, no_warning)
        assert found
        assert found.step > step
        assert equal(found, filled(found.step, SIZE))
        step = found.step
    save_checkpoint(tmp_path, filled(step + 1, SIZE))
    assert len(list(tmp_path.iterdir())) == 2 * KEPT  # the leavings of twenty killed processes are gone


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder of two good checkpoints, of steps 1 and 2."""
    for step in (1, 2):
        save_checkpoint(tmp_path, filled(step))
    return tmp_path


def damages(data: bytes) -> Iterator[bytes]:
    """`data` with one byte flipped, and cut short, at a hundred places each."""
    places = random.Random(1)
    for place in sorted(places.sample(range(len(data)), min(100, len(data)))):
        flipped = bytearray(data)
        flipped[place] ^= 1 << places.randrange(8)
        yield bytes(flipped)
        yield data[:place]


@pytest.mark.parametrize("name", ["step-000000002.safetensors", "step-000000002.json"])
def test_a_flipped_or_lost_byte_is_noticed_and_the_older_checkpoint_taken(two: Path, name: str) -> None:
    whole = (two / name).read_bytes()
    refused = 0
    for damaged in damages(whole):
        (two / name).write_bytes(damaged)
        warnings: list[str] = []
        found = newest_good(two, warnings.append)
        if warnings:
            refused += 1
            assert warnings == ["checkpoint step-000000002 is damaged and was passed over"]
            assert equal(found, filled(1))
        else:  # white space in the manifest, or the case of a letter in its hash that is none
            assert name.endswith(".json")
            assert equal(found, filled(2))
    assert refused >= (200 if name.endswith("safetensors") else 150)
    (two / name).write_bytes(whole)
    assert equal(newest_good(two, no_warning), filled(2))


def test_weights_under_the_name_of_another_step_do_not_change_the_step(two: Path) -> None:
    for suffix in (".json", ".safetensors"):
        (two / f"step-000000001{suffix}").rename(two / f"step-000000009{suffix}")
    warnings: list[str] = []
    assert equal(newest_good(two, warnings.append), filled(2))
    assert warnings == ["checkpoint step-000000009 is damaged and was passed over"]


def test_missing_weights_are_damage_and_a_missing_manifest_is_no_checkpoint(two: Path) -> None:
    (two / "step-000000002.safetensors").unlink()
    warnings: list[str] = []
    assert equal(newest_good(two, warnings.append), filled(1))
    assert len(warnings) == 1
    (two / "step-000000002.json").unlink()
    assert equal(newest_good(two, no_warning), filled(1))


def test_when_all_are_damaged_nothing_starts_again_in_silence(two: Path) -> None:
    for file in two.glob("*.safetensors"):
        file.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"all 2 checkpoints in .* are damaged; remove it"):
        newest_good(two, lambda _: None)


def test_without_any_checkpoint_there_is_none(tmp_path: Path) -> None:
    assert newest_good(tmp_path / "absent", no_warning) is None


def fill_the_disk(folder: Path) -> None:
    """Save where files may not grow beyond 4 kB, as on a full disk; ends with the number of the error."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        save_checkpoint(folder, filled(3, SIZE))
    except OSError as error:
        sys.exit(error.errno)


def test_a_full_disk_costs_the_new_checkpoint_and_nothing_else(two: Path) -> None:
    before = {file.name: file.read_bytes() for file in two.iterdir()}
    process = forked(fill_the_disk, two)
    process.join(60)
    assert process.exitcode == EFBIG
    assert {file.name: file.read_bytes() for file in two.iterdir()} == before
    assert equal(newest_good(two, no_warning), filled(2))


class Payload:
    """Unpickling this would leave a file behind."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.canary,)


@pytest.mark.parametrize("make", ["pickle", "torch", "huge_header"])
def test_a_hostile_file_with_a_valid_manifest_runs_nothing_and_is_refused(two: Path, make: str) -> None:
    canary, weights = two / "canary", two / "step-000000002.safetensors"
    match make:
        case "pickle":
            weights.write_bytes(pickle.dumps(Payload(canary)))
        case "torch":
            torch.save({"a": Payload(canary)}, weights)
        case "huge_header":
            weights.write_bytes(struct.pack("<Q", 2**40) + b"{}")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    write_json(two / "step-000000002.json", {"sha256": digest})
    warnings: list[str] = []
    assert equal(newest_good(two, warnings.append), filled(1))
    assert len(warnings) == 1
    assert not canary.exists()


# Resuming: N + M steps are N steps, a checkpoint, and M steps.


def pair(normalization: str) -> Pair:
    return NETWORKS["mlp"](
        (1, 8, 8),
        generator_widths=(16, 16),
        discriminator_widths=(16,),
        generator_normalization=normalization,
    )


def state_of(config: Training, seed: int, normalization: str) -> State:
    with initial_weights(seed):
        return State(pair(normalization), config, torch.device("cpu"))


def train(state: State, config: Training, until: int) -> None:
    config = config.model_copy(update={"steps": until})
    train = DATASETS["digits"](Path()).train
    data = Split(train.images[:200], train.labels[:200])
    for _ in fit(state, loss=LOSSES["non_saturating"](), penalties=(), data=data, config=config, seed=3):
        pass


@pytest.mark.parametrize("normalization", ["none", "batch"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
@pytest.mark.parametrize(
    "optimizer",
    [
        {"optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "sgd", "final_momentum": 0.7, "momentum_steps": 9, "learning_rate_decay": 0.9},
        {"optimizer": "rmsprop", "momentum": 0.5},
    ],
    ids=["adam", "sgd", "sgd_on_schedules", "rmsprop"],
)
def test_saving_and_loading_between_two_steps_changes_no_bit(
    optimizer: dict[str, Any], ema: float, normalization: str, tmp_path: Path
) -> None:
    config = Training(steps=12, batch_size=16, learning_rate=1e-2, ema=ema, **optimizer)

    def fresh() -> State:
        return state_of(config, 3, normalization)

    straight = fresh()
    train(straight, config, 12)
    first = fresh()
    train(first, config, 7)
    save_checkpoint(tmp_path, Checkpoint(first.tensors(), first.step, 0.1))
    train(first, config, 9)  # what happens after it was saved must not reach the file
    saved = newest_good(tmp_path, no_warning)
    assert saved
    second = fresh()
    second.load(saved.tensors, saved.step)
    train(second, config, 12)
    assert same(straight.tensors(), second.tensors())
    assert any("optimizer_g/" in name for name in second.tensors()) or optimizer.get("momentum") == 0
    assert ("ema/" in "".join(second.tensors())) == bool(ema)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        tensor.dtype == other[name].dtype and torch.equal(tensor, other[name]) for name, tensor in one.items()
    )


def test_a_state_of_other_networks_is_refused(tmp_path: Path) -> None:
    config = Training(steps=1)
    wide = state_of(config, 0, "batch")
    narrow = state_of(config, 0, "none")
    with pytest.raises(RuntimeError, match="state_dict"):
        narrow.load(wide.tensors(), 1)
