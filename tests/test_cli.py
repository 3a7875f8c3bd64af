"""The command line as people and programs meet it: exit codes, one-line errors, what is on which stream."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from folders import only_run
from jsonschema import Draft202012Validator
from processes import REPOSITORY, Harness, clean_environment

from harness.catalog import TABLES
from harness.cli import main
from harness.commands.look import KINDS, schema_text
from harness.config import load
from harness.config.reading import read
from harness.config.tree import plain

EXPERIMENTS = sorted((REPOSITORY / "experiments").glob("*.yaml"))


def refusal(harness: Harness, *arguments: str, **environment: str) -> str:
    """The one line that a command with a mistake ends with, and nothing else."""
    done = harness(*arguments, **environment)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "batch_size",
            "batch_sise",
            "tiny.yaml:5: unknown key `batch_sise` in training; did you mean `batch_size`?",
        ),
        ("mlp", "mpl", "did you mean `mlp`?"),
        ("non_saturating", "hing", "did you mean `hinge`?"),
        ("dataset: digits", "dataset: digitz", "did you mean `digits`?"),
        ("steps: 60", "steps: -1", "tiny.yaml:5: training.steps must be at least 1"),
        ("name: tiny", "name: !!python/object/apply:os.system [true]", "tiny.yaml:1"),
        ("name: tiny", "name: tiny\nname: tiny", "tiny.yaml:2: duplicate key `name`"),
        (
            "batch_size: 32",
            "batch_size: 5000",
            "batch_size is 5000, but digits has only 1000 training images",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_line_that_says_where_and_what_else(
    old: str, new: str, expected: str, tiny: Path, harness: Harness
) -> None:
    text = tiny.read_text()
    assert old in text
    tiny.write_text(text.replace(old, new, 1))
    assert expected in refusal(harness, "run", str(tiny))


def test_several_mistakes_are_told_at_once(tiny: Path, harness: Harness) -> None:
    tiny.write_text(tiny.read_text().replace("steps", "stepz").replace("non_saturating", "hing"))
    done = harness("run", str(tiny))
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) >= 2
    assert lines[0].startswith("error: ")
    assert all("tiny.yaml:" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "absent.yaml"], "no such experiment file `absent.yaml`"),
        (["run", "tiny.yml"], "did you mean `tiny.yaml`?"),
        (["run", "tiny.yaml", "training.stepz=3"], "did you mean `steps`?"),
        (["run", "tiny.yaml", "--device", "tpu"], "unknown device `tpu`; use auto, cpu, cuda or cuda:N"),
        (["run", "tiny.yaml", "--device", "cuda:99"], "device `cuda:99` is not here; this machine has"),
        (["run", "tiny.yaml", "--runs", "tiny.yaml"], "cannot write to the folder of runs `tiny.yaml`"),
        (["run", "tiny.yaml", "--runs", "/proc/runs"], "cannot write to the folder of runs `/proc/runs`"),
        (["ls", "network"], "unknown kind `network`; did you mean `networks`?"),
        (["sync"], "there is no folder of runs at runs; name it with --runs"),
        (["ui"], "start with `harness run FILE`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_on_the_command_line_is_one_line_too(
    arguments: list[str], expected: str, tiny: Path, harness: Harness
) -> None:
    assert expected in refusal(harness, *arguments)


SPACE = "search_space={training.learning_rate: {log_uniform: [1.0e-4, 1.0e-2]}}"
SECRET = "postgresql://me:t0ps3cret@127.0.0.1:1/studies?connect_timeout=1"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sweep"], "no such experiment file `experiments/baseline.yaml`"),
        (["sweep", "tiny.yaml"], "tiny.yaml: there is no search_space; add one"),
        (["sweep", "tiny.yaml", "search_space={loss: {choise: [hinge]}}"], "did you mean `choice`?"),
        (["sweep", "tiny.yaml", SPACE, "search.sampler=tpa"], "did you mean `tpe`?"),
        (["sweep", "tiny.yaml", SPACE, "search.pruner=medium"], "did you mean `median`?"),
        (["sweep", "tiny.yaml", SPACE, "search.objective=fad"], "did you mean `fid`?"),
        (["sweep", "tiny.yaml", SPACE, "search.sampler=grid"], "needs a choice, or a range with a `step`"),
        (["sweep", "tiny.yaml", SPACE, "training.learning_rate=1e-3"], "is searched, which would undo this"),
        (["sweep", "tiny.yaml", SPACE, "--study", "a b"], "study `a b`: a name has only"),
        (["sweep", "tiny.yaml", SPACE, "--study", "../up"], "study `../up`: a name has only"),
        (["sweep", "tiny.yaml", SPACE, "--device", "tpu"], "unknown device `tpu`"),
        (["sweep", "tiny.yaml", SPACE, "--runs", "/proc/runs"], "cannot write to the folder of runs"),
        (
            ["sweep", "tiny.yaml", SPACE, "--storage", "optuna.db"],
            "a storage is sqlite:///FILE or postgresql",
        ),
        (
            ["sweep", "tiny.yaml", SPACE, "--storage", "mysql://me:t0ps3cret@host/db"],
            "a storage is sqlite:///",
        ),
        (["sweep", "tiny.yaml", SPACE, "--storage", SECRET], "cannot be opened"),
        (["run", "tiny.yaml", "--jobs", "2", "--storage", SECRET], "cannot be opened"),
        (["worker", "--study", "absent", "--wait", "0"], "no study `absent` in sqlite:///"),
        (["worker", "--wait", "0"], "--wait is for a study that is not there yet: name it with --study"),
        (["worker", "--storage", SECRET], "cannot be opened"),
        (["worker", "--study", "absent", "--wait", "0", "--storage", SECRET], "cannot be opened"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_searched_is_refused_before_anything_begins(
    arguments: list[str], expected: str, tiny: Path, harness: Harness, tmp_path: Path
) -> None:
    line = refusal(harness, *arguments)
    assert expected in line
    assert "t0ps3cret" not in line
    assert not list((tmp_path / "runs").glob("*"))


def test_every_end_of_a_range_that_makes_no_configuration_is_a_line(tiny: Path, harness: Harness) -> None:
    done = harness("sweep", str(tiny), "search_space={training.learning_rat: {uniform: [0.1, 1]}}")
    assert (done.returncode, done.stdout) == (2, "")
    for line in done.stderr.splitlines():
        assert "unknown key `learning_rat` in training; did you mean `learning_rate`?" in line


def test_the_password_of_a_storage_in_the_environment_is_not_shown_either(
    tiny: Path, harness: Harness
) -> None:
    line = refusal(harness, "sweep", str(tiny), SPACE, OPTUNA_STORAGE=SECRET)
    assert "me:***@127.0.0.1:1/studies" in line
    assert "t0ps3cret" not in line


def test_the_database_of_mlflow_is_no_storage_of_studies(tiny: Path, harness: Harness, store: str) -> None:
    line = refusal(harness, "sweep", str(tiny), SPACE, "--storage", store)
    assert "holds another program's tables (MLflow's?)" in line


def test_an_interval_that_is_no_number_is_refused_under_its_name(tiny: Path, harness: Harness) -> None:
    name = "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"
    assert name in refusal(harness, "run", str(tiny), **{name: "often"})


def test_mnist_without_files_and_without_network_says_where_to_put_them(
    tiny: Path, harness: Harness, tmp_path: Path
) -> None:
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    line = refusal(harness, "run", str(tiny), "dataset=mnist", "--data", "empty", **nowhere, no_proxy="")
    assert "data set `mnist` is not in empty/MNIST/raw and could not be downloaded" in line
    assert "--data" in line
    assert not (tmp_path / "runs/tiny").exists()


@pytest.mark.parametrize(
    "arguments",
    [["run", "--nonsense"], ["nonsense"], ["run"], ["ls"], ["worker", "--jobs"], ["sweep", "--jobs", "-1"]],
)
def test_a_wrong_usage_is_exit_code_2(arguments: list[str], harness: Harness) -> None:
    done = harness(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(harness: Harness) -> None:
    assert "Traceback" in harness("--debug", "run", "absent.yaml").stderr


HELP = """
import sys
from harness.cli import main
try:
    main()
finally:
    heavy = {"torch", "mlflow", "numpy", "harness.config", "yaml", "sklearn", "scipy", "optuna", "pandas"}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], *([name, "--help"] for name in ("run", "sweep", "worker", "extractor"))]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP, *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    assert done.stderr.strip() == "[]"
    assert "Usage: harness" in done.stdout


def test_the_installed_command_and_the_module_are_the_same(tmp_path: Path) -> None:
    command = Path(sys.executable).parent / "harness"
    shown = [
        subprocess.run(
            [*way, "--help"], capture_output=True, text=True, env=clean_environment(), check=True
        ).stdout
        for way in ([str(command)], [sys.executable, "-m", "harness"])
    ]
    assert shown[0] == shown[1] != ""


def test_a_dry_run_prints_what_would_run_as_yaml_and_touches_nothing(
    tiny: Path, harness: Harness, tmp_path: Path
) -> None:
    before = {file for file in tmp_path.rglob("*") if not file.name.startswith(".output")}
    done = harness("run", str(tiny), "--dry-run", "seeds=0,1", "training.learning_rate=1e-3")
    assert done.returncode == 0
    assert "2 cells, none started" in done.stderr
    assert {file for file in tmp_path.rglob("*") if not file.name.startswith(".output")} == before
    printed = tmp_path / "printed.yaml"
    printed.write_text(done.stdout)
    assert yaml.safe_load(done.stdout)["seeds"] == [0, 1]
    overrides = ["seeds=0,1", "training.learning_rate=1e-3"]
    assert load(printed, [], TABLES).cells == load(tiny, overrides, TABLES).cells
    as_json = json.loads(harness("run", str(printed), "--dry-run", "--json").stdout)
    assert [cell["seed"] for cell in as_json["cells"]] == [0, 1]


def test_json_is_one_document_on_stdout_and_nothing_else(
    tiny: Path, harness: Harness, tmp_path: Path, store: str
) -> None:
    first, second = (harness("run", str(tiny), "evaluation.metrics=[fid]", "--json") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    documents = [json.loads(done.stdout) for done in (first, second)]
    (run,) = documents[0]["runs"]
    assert Path(run["path"]) == only_run(tmp_path / "runs").relative_to(tmp_path)
    assert documents[0]["variants"]["base"]["fid"]["mean"] == run["results"]["values"]["fid"]
    assert [document["runs"][0].pop("reused") for document in documents] == [False, True]
    assert documents[0] == documents[1]
    assert "FID" in first.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_lists_its_entries(kind: str, harness: Harness) -> None:
    done = harness("ls", kind)
    assert (done.returncode, done.stderr) == (0, "")
    listed: Mapping[str, Mapping[str, str]] = json.loads(harness("ls", kind, "--json").stdout)
    assert list(listed) == list(TABLES[KINDS[kind]])
    for name, entry in listed.items():
        assert entry["summary"]
        assert name in done.stdout


def test_the_committed_schema_is_the_current_one(harness: Harness) -> None:
    committed = (REPOSITORY / "experiments/schema.json").read_text()
    assert committed == schema_text(), "run `harness schema > experiments/schema.json`"
    assert harness("schema").stdout == committed


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: file.stem)
def test_every_committed_experiment_loads_and_is_checked_by_editors(file: Path) -> None:
    assert file.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    Draft202012Validator(json.loads(schema_text())).validate(plain(read(file)))
    assert load(file, [], TABLES).cells


def test_there_are_experiments() -> None:
    assert "baseline" in {file.stem for file in EXPERIMENTS}
    assert os.access(REPOSITORY / "experiments/schema.json", os.R_OK)


def test_a_mistake_of_its_own_never_ends_under_the_code_of_a_regression(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise OverflowError("1e200")

    monkeypatch.setattr(import_module("harness.cli.main"), "app", broken)
    monkeypatch.setattr(sys, "argv", ["harness", "check", "my.yaml"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("Traceback")
    assert told[-1] == "error: this should not have happened: OverflowError: 1e200"
