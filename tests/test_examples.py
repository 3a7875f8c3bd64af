"""Parts of the user's own, end to end: the example, the README's loss, a package with an entry point."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import only_run, run_folders
from processes import REPOSITORY, Command, Harness, clean_environment

SHORT = ("training.steps=20", "evaluation.num_samples=200", "evaluation.metrics=[fid]", "seeds=[0]")
EXAMPLE = Path("examples", "own_network")

Run = Callable[..., str]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example, at its place below the folder in which commands are given."""
    shutil.copytree(REPOSITORY / EXAMPLE, tmp_path / EXAMPLE, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / EXAMPLE


@pytest.fixture
def run(tmp_path: Path, store: str) -> Run:
    """Give a command, in a folder; what it said, once it has ended well. All share one folder of runs."""

    def call(*arguments: str, folder: Path = tmp_path) -> str:
        environment = {"HARNESS_RUNS": str(tmp_path / "runs"), "MLFLOW_TRACKING_URI": store}
        command = Command(arguments, folder, clean_environment() | environment)
        try:
            done = command.wait()
        finally:
            command.end()
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    return call


def commands_of(readme: Path) -> list[list[str]]:
    """The arguments of every command that a README gives in a block of its own."""
    lines = re.findall(r"^harness (.*)$", readme.read_text(), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_example_runs_as_its_readme_says_from_either_folder(example: Path, run: Run) -> None:
    dry, from_above, from_inside = commands_of(example / "README.md")
    assert "my_networks:fourier" in run(*dry)
    said = run(*from_above, *SHORT)
    assert "fourier" in said
    assert "finished already" not in said
    assert "2 of 2 cells were finished already" in run(*from_inside, *SHORT, folder=example)


def test_a_changed_source_is_trained_anew_and_all_else_is_not(
    example: Path, run: Run, tmp_path: Path
) -> None:
    command = ("run", str(EXAMPLE / "experiment.yaml"), *SHORT)
    run(*command)
    change(example / "my_penalties.py", "weight * judge(real)", "2 * weight * judge(real)")
    assert "1 of 2 cells were finished already" in run(*command)  # mlp has no part of the user's
    assert len(run_folders(tmp_path / "runs")) == 3
    change(example / "my_penalties.py", "2 * weight * judge(real)", "weight * judge(real)")
    (example / "another.py").write_text("")
    assert "2 of 2 cells were finished already" in run(*command)


def test_a_run_is_judged_where_its_module_is_found_and_refused_elsewhere(
    example: Path, run: Run, harness: Harness, tmp_path: Path
) -> None:
    run("run", str(EXAMPLE / "experiment.yaml"), *SHORT)
    fourier = only_run(tmp_path / "runs" / "own_network" / "fourier")
    judging = ("evaluate", "--fake", str(fourier), "--real", "digits/test", "--metrics", "fid")
    assert "FID" in run(*judging, "--protocol", "digits", folder=example)
    refused = harness(*judging, "--protocol", "digits")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith("error: cannot import network `my_networks:fourier`: there is no module")


def test_a_mistyped_option_is_refused_with_its_line(example: Path, harness: Harness) -> None:
    change(example / "experiment.yaml", "frequencies: 3", "frequencys: 3")
    refused = harness("run", str(EXAMPLE / "experiment.yaml"))
    assert refused.returncode == 2
    place = r"experiment\.yaml:\d+: unknown key `frequencys` in .*; did you mean `frequencies`\?"
    assert re.search(place, refused.stderr)


def test_a_module_in_the_folder_of_the_command_cannot_hide_an_installed_one(
    example: Path, run: Run, tmp_path: Path
) -> None:
    for name in ("yaml", "torch", "statistics"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hidden')")
    assert "my_networks:fourier" in run("run", str(EXAMPLE / "experiment.yaml"), "--dry-run")


def test_the_loss_of_the_readme_is_one(tiny: Path, harness: Harness, tmp_path: Path, store: str) -> None:
    readme = (REPOSITORY / "README.md").read_text()
    (block,) = re.findall(r"```python\n(# my_parts\.py; .*?)```", readme, re.DOTALL)
    (tmp_path / "my_parts.py").write_text(block)
    (named,) = re.findall(r"in the YAML: loss: (\{.*\})", block)
    done = harness("run", str(tiny), *SHORT, f"loss={named}")
    assert done.returncode == 0, done.stderr
    assert "temperature: 2.0" in (only_run(tmp_path / "runs") / "config.yaml").read_text()


THIRD_PARTY = """\
from harness.networks import NETWORKS, Pair

class Narrow(Pair):
    def __init__(self, shape, *, width: int = 16):
        made = NETWORKS["mlp"](shape, generator_widths=(width,), discriminator_widths=(width,))
        super().__init__(**vars(made))
"""


def test_an_installed_package_offers_a_part_by_an_entry_point(tiny: Path, tmp_path: Path, store: str) -> None:
    site = tmp_path / "installed"
    package, metadata = site / "third_party", site / "third_party-1.0.dist-info"
    for folder in (package, metadata):
        folder.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "networks.py").write_text(THIRD_PARTY)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[harness.networks]\nnarrow = third_party.networks:Narrow\n")
    script = Path(sys.executable).with_name("harness")
    done = subprocess.run(
        [script, "run", tiny, *SHORT, "network={name: narrow, width: 24}"],
        cwd=tmp_path,
        env=clean_environment() | {"PYTHONPATH": os.fspath(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run = only_run(tmp_path / "runs")
    assert "network:\n  name: narrow\n  width: 24\n" in (run / "config.yaml").read_text()
    assert "source of narrow" in (run / "provenance.json").read_text()
