"""Runs and checkpoints as sources: the images that their own evaluation drew, or a clear error."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from folders import only_run
from processes import TINY
from test_run import Listener
from torch import Tensor

from harness.catalog import TABLES
from harness.config import load
from harness.errors import CheckpointError, DataError, HarnessError
from harness.signals import StopSignal
from harness.sources import Sampler, run_behind
from harness.study import run_study
from harness.workplace import Workplace
from sources.pictures import images_of, opened

OPTIONS = {
    "average": [],
    "plain": ["training.ema=0"],
    "conditioned": ["network.conditioning={method: projection, classes: 10}"],
}


@dataclass(frozen=True)
class Trained:
    """A finished run, and the images that were judged in it, by step."""

    folder: Path
    judged: dict[int, Tensor]


@pytest.fixture(scope="module", params=["average", "plain", "conditioned"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A tiny run, with averaged weights and without, and one that is told classes; it is looked at, and never
    changed."""
    root = tmp_path_factory.mktemp("trained")
    (root / "tiny.yaml").write_text(TINY)
    overrides = ["evaluation.metrics=[fid]", *OPTIONS[request.param]]
    judged: list[Tensor] = []
    draw = Sampler.draw

    def watched(sampler: Sampler, count: int, *, seed: int, purpose: str) -> Tensor:
        images = draw(sampler, count, seed=seed, purpose=purpose)
        if purpose == "eval":
            judged.append(images)
        return images

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sampler, "draw", watched)
        place = Workplace(
            root / "runs", root, torch.device("cpu"), None, Listener(), StopSignal(), system_interval=60
        )
        run_study(load(root / "tiny.yaml", overrides, TABLES), place)
    return Trained(only_run(root), dict(zip((20, 40, 60), judged, strict=True)))


@pytest.fixture
def copied(trained: Trained, tmp_path: Path) -> Path:
    """A run of which the test may break something."""
    return Path(shutil.copytree(trained.folder, tmp_path / trained.folder.name))


def checkpoint(run: Path, step: int) -> Path:
    return run / "checkpoints" / f"step-{step:09d}.safetensors"


def test_a_run_draws_the_images_of_its_own_evaluation(trained: Trained) -> None:
    for named in (trained.folder, str(trained.folder), trained.folder / "generator.safetensors"):
        source = opened(named)
        assert source.title == f"run tiny/base/{trained.folder.name}"
        assert (source.count, source.shape, source.levels) == (200, (1, 8, 8), 17)
        assert torch.equal(images_of(source), trained.judged[60])
        assert torch.equal(images_of(source), trained.judged[60])


def test_a_checkpoint_draws_the_images_of_the_evaluation_at_its_step(trained: Trained) -> None:
    for step in (40, 60):
        source = opened(checkpoint(trained.folder, step))
        assert source.title.endswith(f", step-{step:09d}")
        assert torch.equal(images_of(source), trained.judged[step])
    assert not torch.equal(trained.judged[40], trained.judged[60])


def test_another_number_of_images_can_be_asked_for(trained: Trained) -> None:
    assert len(images_of(opened(trained.folder, num_samples=321))) == 321


def test_opening_a_run_leaves_the_global_random_numbers_alone(trained: Trained) -> None:
    before = torch.get_rng_state()
    images_of(opened(trained.folder))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_cell_behind_a_run_or_a_checkpoint_is_known(trained: Trained) -> None:
    for named in (trained.folder, str(trained.folder), checkpoint(trained.folder, 60)):
        cell = run_behind(named)
        assert cell is not None
        assert (cell.experiment, cell.variant, cell.seed) == ("tiny", "base", 0)
    assert run_behind("digits/test") is run_behind(trained.folder / "samples") is run_behind(len) is None


def test_an_unfinished_run_names_a_checkpoint_instead(copied: Path) -> None:
    (copied / "generator.safetensors").unlink()
    (copied / "status.json").write_text(json.dumps({"status": "stopped", "reason": ""}))
    with pytest.raises(DataError, match=rf"not finished \(status: stopped\): name a checkpoint, .*{60:09d}"):
        opened(copied)
    shutil.rmtree(copied / "checkpoints")
    with pytest.raises(DataError, match=r"not finished .*: it has no checkpoint either"):
        opened(copied)


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def test_a_checkpoint_that_fails_its_manifest_is_refused(copied: Path) -> None:
    flip(checkpoint(copied, 60))
    with pytest.raises(CheckpointError, match="is damaged, by its manifest: name another"):
        opened(checkpoint(copied, 60))
    checkpoint(copied, 60).with_suffix(".json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"step-000000060\.safetensors cannot be read"):
        opened(checkpoint(copied, 60))
    checkpoint(copied, 60).with_suffix(".json").unlink()
    with pytest.raises(CheckpointError, match="was never finished, for it has no manifest: name another"):
        opened(checkpoint(copied, 60))


def test_a_generator_that_is_damaged_or_of_other_networks_is_refused(copied: Path) -> None:
    cut(copied / "generator.safetensors")
    with pytest.raises(DataError, match=r"generator\.safetensors is damaged"):
        opened(copied)
    shutil.copy(checkpoint(copied, 60), copied / "generator.safetensors")
    with pytest.raises(DataError, match=r"its weights do not fit network mlp of .*config\.yaml"):
        opened(copied)


def test_a_configuration_that_is_none_is_a_clear_error(copied: Path) -> None:
    (copied / "config.yaml").write_text("name: [")
    with pytest.raises(HarnessError, match=r"config\.yaml"):
        opened(copied)


def test_values_that_are_not_finite_are_a_failure(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "generator.safetensors")
    save_file(
        {name: torch.full_like(value, torch.nan) for name, value in weights.items()},
        copied / "generator.safetensors",
    )
    with pytest.raises(HarnessError, match="generated images hold values that are not finite"):
        images_of(opened(copied))
