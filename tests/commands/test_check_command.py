"""`harness check`, as people and programs meet it: from baseline to verdict and exit code."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import gated
import pytest
import torch
from gated import OLD, WAY_OUT
from leftovers import leave
from processes import TINY
from test_run import Listener

from harness.cli.gating import check_command
from harness.commands import fresh
from harness.commands.suite import Setting
from harness.config import Loaded
from harness.errors import ConfigError, HarnessError, InconclusiveError, RegressionError
from harness.gate.baseline import write_baseline
from harness.gate.trainings import Trainings, trainings
from harness.gate.update import baseline_of
from harness.outcomes import Study
from harness.signals import StopSignal
from harness.study import run_study
from harness.workplace import Workplace

CPU = torch.device("cpu")
FILE = Path("tiny.yaml")
BASELINE = Path("reports/baselines/tiny.json")
WORSE = tuple(1.5 * value for value in OLD)
NEAR = (11.2, 12.4, 10.3, 11.9, 11.6, 11.0, 11.1, 10.6, 9.9, 10.0, 10.1, 9.9)
"""A mean of 5 seeds near the margin, of 8 not yet away from it, of 12 within."""
DOUBTFUL = (11.2, 12.4, 10.3, 11.9, 11.6, 11.3, 12.3, 10.4, 11.8, 11.5, 11.4, 11.5)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """Folders of runs as `--from` takes them: four seeds each."""
    root = tmp_path_factory.mktemp("left")
    for seed in range(4):
        leave(root / "old", seed=seed, experiment="tiny", curve={60: OLD[seed]})
        leave(root / "worse", seed=seed, experiment="tiny", curve={60: WORSE[seed]}, training={"flip": True})
        leave(root / "other", seed=seed, experiment="tiny", curve={60: WORSE[seed]}, fingerprint="0" * 64)
    return {name: [str(root / name / "tiny")] for name in ("old", "worse", "other")}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current one, with an experiment."""
    (tmp_path / FILE).write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


def test_what_is_written_passes_and_what_is_worse_fails_with_every_output(
    left: Mapping[str, list[str]],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_command(FILE, existing=left["old"], update=True)
    check_command(FILE, existing=left["old"])
    capsys.readouterr()
    summary = folder / "summary.md"
    summary.write_text("what earlier steps wrote\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    comment, junit = Path("out/comment.md"), Path("out/junit.xml")
    with pytest.raises(RegressionError, match=r"^FID gate of tiny: REGRESSION \(base\)$") as error:
        check_command(FILE, existing=left["worse"], markdown=comment, junit=junit, as_json=True)
    assert error.value.exit_code == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["outcome"] == "REGRESSION"
    assert "base  REGRESSION" in printed.err
    assert "training.flip: none → True" in printed.err
    assert f"harness check tiny.yaml --from {left['worse'][0]}" in comment.read_text()
    assert summary.read_text() == f"what earlier steps wrote\n{comment.read_text()}"
    assert "<failure" in junit.read_text()


def test_another_protocol_ends_with_the_code_of_no_verdict(
    left: Mapping[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    check_command(FILE, existing=left["old"], update=True)
    with pytest.raises(InconclusiveError, match=r"^FID gate of tiny: INCONCLUSIVE \(base\)$") as error:
        check_command(FILE, existing=left["other"])
    assert error.value.exit_code == 4
    assert "not measured under the baseline's protocol" in " ".join(capsys.readouterr().err.split())


def test_an_update_shows_what_moved_and_heals_a_damaged_baseline(
    left: Mapping[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    check_command(FILE, existing=left["old"], update=True)
    capsys.readouterr()
    check_command(FILE, existing=left["worse"], update=True)
    assert "+5.02" in capsys.readouterr().err
    BASELINE.write_text(BASELINE.read_text()[:200])
    with pytest.raises(HarnessError, match=r"is damaged .*--update`$"):
        check_command(FILE, existing=left["worse"])
    check_command(FILE, existing=left["worse"], update=True)
    assert "is damaged" in " ".join(capsys.readouterr().err.split())
    check_command(FILE, existing=left["worse"])


def test_an_output_that_cannot_be_written_does_not_hide_the_verdict(
    left: Mapping[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    check_command(FILE, existing=left["old"], update=True)
    check_command(FILE, existing=left["old"], markdown=FILE / "comment.md")
    assert "tiny.yaml/comment.md was not written" in " ".join(capsys.readouterr().err.split())


def test_without_a_baseline_or_with_another_metric_nothing_is_trained(folder: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"write one with `harness check tiny\.yaml training\.steps=9 --update`"
    ):
        check_command(FILE, ["training.steps=9"])
    with pytest.raises(ConfigError, match=r"how many are looked at is gate\.looks"):
        check_command(FILE, ["seeds=[1]"])
    with pytest.raises(ConfigError, match="did you mean `fid`"):
        check_command(FILE, ["gate.metric=fit"])
    write_baseline(BASELINE, gated.baseline().model_copy(update={"experiment": "other"}))
    with pytest.raises(ConfigError, match="is the baseline of other, not of tiny"):
        check_command(FILE)
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("fids", "looks", "outcome"),
    [
        (OLD, [5], None),
        (WORSE, [5], RegressionError),
        (NEAR, [5, 8, 12], None),
        (DOUBTFUL, [5, 8, 12], InconclusiveError),
    ],
)
def test_more_seeds_are_trained_only_while_it_is_undecided(
    fids: Sequence[float],
    looks: list[int],
    outcome: type[HarnessError] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two variants, one of which is never in doubt and is trained no more."""
    FILE.write_text(TINY + "variants: {base: {}, sure: {}}\n")
    sure = gated.runs(OLD, variant="sure")
    old = trainings([*gated.runs(OLD), *sure])
    write_baseline(BASELINE, baseline_of("tiny", old, WAY_OUT, date(2026, 1, 2)))
    looked: list[Mapping[str, int]] = []

    def stand_in(loaded: Loaded, counts: Mapping[str, int], setting: object) -> dict[str, Trainings]:
        looked.append(dict(counts))
        return trainings([*gated.runs(fids)[: counts["base"]], *sure[: counts["sure"]]])

    monkeypatch.setattr(fresh, "trained", stand_in)
    monkeypatch.setattr(fresh, "incomparable", lambda *_: {})  # the baseline's protocol is made up, too
    if outcome is None:
        check_command(FILE)
    else:
        with pytest.raises(outcome):
            check_command(FILE)
    assert looked == [{"base": count, "sure": 5} for count in looks]


def test_runs_that_are_there_are_judged_without_torch(left: Mapping[str, list[str]]) -> None:
    check_command(FILE, existing=left["old"], update=True)
    script = (
        "import sys; from harness.cli.main import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({'torch', 'mlflow', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, "check", str(FILE), "--from", *left["old"]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "base  PASS" in done.stderr
    assert done.stdout == "[]\n"


def test_a_baseline_is_trained_and_the_same_code_passes_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file has one seed, the gate looks at two."""
    FILE.write_text(TINY.replace("steps: 60", "steps: 2") + "gate: {looks: [2]}\n")
    heard = Listener()

    def without_mlflow(loaded: Loaded, setting: Setting) -> Study:
        place = Workplace(
            setting.runs, setting.data, CPU, None, heard, StopSignal(), system_interval=None, exports=False
        )
        return run_study(loaded, place)

    monkeypatch.setattr(fresh, "train_suite", without_mlflow)
    change = ["evaluation.metrics=[fid,kid]"]
    check_command(FILE, change, update=True)
    assert heard.trained == ["base/0", "base/1"]
    capsys.readouterr()
    check_command(FILE, change, as_json=True)
    assert heard.trained == ["base/0", "base/1"]
    base = json.loads(capsys.readouterr().out)["variants"]["base"]
    assert (base["outcome"], base["changed"], base["seeds"]) == ("PASS", [], [0, 1])
    with pytest.raises(InconclusiveError):
        check_command(FILE, [*change, "evaluation.num_samples=77"])
    assert heard.trained == ["base/0", "base/1"]  # another protocol: nothing is trained in vain
    assert "num_samples: " in capsys.readouterr().err


def test_runs_of_another_experiment_are_not_judged_nor_made_a_baseline(left: Mapping[str, list[str]]) -> None:
    check_command(FILE, existing=left["old"], update=True)
    FILE.write_text(TINY.replace("name: tiny", "name: large"))
    BASELINE.rename(BASELINE.with_name("large.json"))
    for update in (True, False):
        with pytest.raises(ConfigError, match="not of large"):
            check_command(FILE, existing=left["old"], update=update)
    with pytest.raises(ConfigError, match="changes nothing of runs that stand"):
        check_command(FILE, ["training.steps=9"], existing=left["old"])
