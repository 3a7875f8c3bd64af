"""`harness ls runs`: everything that is there, the newest last, at any width."""

import io
import json
import os
import shutil
from pathlib import Path

import pytest
from leftovers import leave, leave_study
from rich.console import Console

from harness.commands.runs import list_runs, rows_of, show
from harness.errors import ConfigError, UnknownNameError
from harness.files import write_json
from harness.rundir import RunDir


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A study of two runs, one of which failed, a search with two trials, and a run of an older version."""
    runs = tmp_path / "runs"
    done, failed = leave(runs, "base", 0), leave(runs, "wide", 1, status="failed", reason="it broke")
    old = leave(runs, "base", 2)
    record = json.loads((old / "results.json").read_text())
    del record["columns"]
    write_json(old / "results.json", record)
    study = leave_study(runs, ["base", "wide"], [done], {f"wide/{failed.name}": "it broke"})
    search = runs / "ring/.sweeps/hunt"
    for folder in (search, search / "trial0000", search / "trial0001"):
        folder.mkdir() if folder.parent.exists() else folder.mkdir(parents=True)
        RunDir(folder).set_status("finished")
    shutil.copytree(done, search / "trial0000" / done.name)
    for age, folder in enumerate((search, failed, old, done, study)):
        os.utime(folder / "status.json", (1_000_000 - age, 1_000_000 - age))
    return runs


def printed(runs: Path, width: int) -> list[str]:
    terminal = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    show(sorted(rows_of(runs / "ring"), key=lambda row: row.when), terminal)
    assert isinstance(terminal.file, io.StringIO)
    return terminal.file.getvalue().splitlines()


def test_every_run_study_and_search_is_one_line_the_newest_last(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_runs(runs, None, as_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [(row["kind"], row["name"], row["status"]) for row in rows] == [
        ("study", "ring: study 0123abcd", "finished"),
        ("run", "ring/base/seed0", "finished"),
        ("run", "ring/base/seed2", "unreadable"),
        ("run", "ring/wide/seed1", "failed"),
        ("search", "ring: search hunt", "finished"),
    ]
    study, done, old, failed, search = rows
    assert (done["steps"], done["metric"], done["seconds"]) == (200, ["FID", 5.0], 60.0)
    assert (study["held"], search["held"]) == (2, 2)
    assert (failed["reason"], failed["metric"]) == ("it broke", None)
    assert "older version" in old["reason"]
    assert Path(done["folder"]).is_dir()


def test_no_event_log_is_opened(runs: Path) -> None:
    for log in runs.rglob("events.jsonl"):
        log.unlink()
    assert len(list(rows_of(runs / "ring"))) == 5


def test_a_narrow_terminal_loses_the_folders_first_and_never_a_part_of_a_number(runs: Path) -> None:
    whole = printed(runs, 200)
    assert whole[0].split() == ["run", "status", "when", "steps", "FID", "seconds", "folder"]
    assert str(runs / "ring/base") in whole[2]
    for width in (100, 80, 60, 40, 30):
        lines = printed(runs, width)
        assert all(len(line.rstrip()) <= width for line in lines)
        assert "folder" not in lines[0]
        assert "finished" in lines[2]
        assert "5.000" in lines[2].split()
    assert "seconds" in printed(runs, 100)[0]
    assert "…" not in "".join(printed(runs, 60))


def test_one_experiment_can_be_asked_for(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(runs, experiment="grid")
    list_runs(runs, "grid", as_json=False)
    assert "ring" not in capsys.readouterr().out.replace(str(runs), "")
    with pytest.raises(UnknownNameError, match="did you mean `ring`"):
        list_runs(runs, "rign", as_json=False)
    with pytest.raises(ConfigError, match="--runs"):
        list_runs(runs / "none", None, as_json=False)
    (runs.parent / "empty").mkdir()
    list_runs(runs.parent / "empty", None, as_json=False)
    assert "harness run FILE" in capsys.readouterr().out


def test_titles_are_no_markup(tmp_path: Path) -> None:
    folder = leave(tmp_path)
    results = json.loads((folder / "results.json").read_text())
    results["columns"][0]["title"] = "KID [/x][k=5]\x1b"
    write_json(folder / "results.json", results)
    assert "KID [/x][k=5]\ufffd" in printed(tmp_path, 200)[0]
