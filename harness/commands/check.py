"""`harness check`: has an experiment become worse than its baseline? Without torch where runs are given."""

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from harness.config import Loaded, load
from harness.errors import ConfigError, HarnessError, InconclusiveError, RegressionError
from harness.files import write_atomic
from harness.gate.baseline import BASELINES, Baseline, baseline_file, read_baseline, write_baseline
from harness.gate.check import CheckResult, check, gated_column
from harness.gate.document import check_document, update_document
from harness.gate.junit import junit
from harness.gate.markdown import address_of_job, markdown
from harness.gate.shown import headline
from harness.gate.terminal import check_text, update_text
from harness.gate.trainings import Trainings, trainings
from harness.gate.update import Update, baseline_of, difference
from harness.reader import read_runs

console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Request:
    """What is asked on the command line. existing: names of runs that are judged in place of fresh ones."""

    file: Path
    overrides: tuple[str, ...]
    baselines: Path
    existing: tuple[str, ...]
    device: str
    data: Path
    runs: Path
    tracking_uri: str | None
    jobs: int
    storage: str | None

    @property
    def command(self) -> str:
        """That asks the same again."""
        words = ["harness", "check", str(self.file), *self.overrides]
        words += [word for name in self.existing for word in ("--from", name)]
        paths = (("baselines", self.baselines, BASELINES), ("runs", self.runs, Path("runs")))
        for name, path, usual in (*paths, ("data", self.data, Path("data"))):
            words += [f"--{name}", str(path)] if path != usual else []
        words += ["--device", self.device] if self.device != "auto" else []
        return shlex.join(words)

    @property
    def updating(self) -> str:
        """That writes a new baseline."""
        return f"{self.command} --update"


@dataclass(frozen=True)
class Outputs:
    """Where the answer goes beside the terminal."""

    markdown: Path | None
    junit: Path | None
    as_json: bool


def check_experiment(request: Request, outputs: Outputs) -> None:
    """The verdict; RegressionError or InconclusiveError after it was shown, if it is none that passes."""
    loaded = _load(request)
    file = baseline_file(request.baselines, loaded.experiment.name)
    baseline = read_baseline(file, request.updating)
    if baseline.experiment != loaded.experiment.name:
        raise ConfigError(f"{file} is the baseline of {baseline.experiment}, not of {loaded.experiment.name}")
    if request.existing:
        fresh = _existing(request, loaded.experiment.name)
        result = check(baseline, fresh, loaded.experiment.gate, request.updating)
    else:
        result = _look_by_look(loaded, baseline, request)
    _put_out(result, file, request, outputs)
    variants = [each.variant for each in result.variants if each.verdict.outcome == result.outcome]
    message = f"{headline(result)} ({', '.join(variants)})"
    if result.outcome == "REGRESSION":
        raise RegressionError(message)
    if result.outcome == "INCONCLUSIVE":
        raise InconclusiveError(message)


def update_baseline(request: Request, outputs: Outputs) -> None:
    """Train what the gate looks at last, show what is different from the old baseline, and replace it."""
    loaded = _load(request)
    name, gate = loaded.experiment.name, loaded.experiment.gate
    file = baseline_file(request.baselines, name)
    _refuse_unwritable(file)
    if request.existing:
        fresh = _existing(request, name)
    else:
        from harness.commands.fresh import trained

        fresh = trained(loaded, dict.fromkeys(loaded.variants, gate.looks[-1]), _setting(request))
    new = baseline_of(name, fresh, request.updating, date.today())
    gated_column(gate, [each.column for each in new.columns])
    update = _difference(file, new, request)
    if update is not None:
        console.print(update_text(update))
    write_baseline(file, new)
    console.print(f"baseline written: {file}", soft_wrap=True)
    if new.dirty:
        console.print("it is of code that no commit has: commit both together", style="yellow")
    if outputs.as_json:
        _print(update_document(update, str(file)))


def _refuse_unwritable(file: Path) -> None:
    """Before anything is trained for it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise ConfigError(
            f"no baseline can be written to {file.parent} ({error.strerror}); name another with --baselines"
        ) from error
    if file.is_dir():
        raise ConfigError(f"{file} is a folder, where the baseline should be written")


def _load(request: Request) -> Loaded:
    """What is to be trained is looked up, and refused where it cannot be gated."""
    if request.existing:
        if vain := [text for text in request.overrides if not text.startswith("gate.")]:
            raise ConfigError(f"`{vain[0]}` changes nothing of runs that stand: leave it out, or --from")
        return load(request.file, request.overrides)
    from harness.commands.fresh import columns_measured, load_whole

    if any(text.startswith("seeds=") for text in request.overrides):
        raise ConfigError("seeds: how many are looked at is gate.looks, as in gate.looks=[3,6]")
    loaded = load_whole(request.file, list(request.overrides))
    gated_column(loaded.experiment.gate, columns_measured(loaded))
    return loaded


def _setting(request: Request) -> Any:
    from harness.commands.suite import Setting

    return Setting(
        request.device, request.data, request.runs, request.tracking_uri, request.jobs, request.storage
    )


def _existing(request: Request, experiment: str) -> dict[str, Trainings]:
    """The runs that were named, under the names that their variants have in their experiment; ConfigError
    where one is of another."""
    found = read_runs(request.existing, request.runs, request.tracking_uri)
    for run in found.runs:
        if run.experiment != experiment:
            raise ConfigError(
                f"{run.place} is a run of the experiment {run.experiment or '(unknown)'}, not of {experiment}"
            )
    return trainings(replace(run, variant=run.config.get("variant") or run.variant) for run in found.runs)


def _look_by_look(loaded: Loaded, baseline: Baseline, request: Request) -> CheckResult:
    """Trains as many seeds as a look has, and more of those variants alone that they do not decide."""
    from harness.commands.fresh import incomparable, trained

    gate, setting = loaded.experiment.gate, _setting(request)
    in_vain = incomparable(loaded, baseline, setting)
    counts = {name: gate.looks[0] for name in loaded.variants if name not in in_vain}
    for look, following in zip(gate.looks, [*gate.looks[1:], None], strict=True):
        fresh = in_vain | (trained(loaded, counts, setting) if counts else {})
        result = check(baseline, fresh, gate, request.updating)
        undecided = [variant for variant in result.undecided if variant in counts]
        if not undecided or following is None:
            break
        said = f"{look} seeds do not decide {', '.join(undecided)}: {following} are looked at"
        console.print(said, soft_wrap=True, markup=False)
        counts |= dict.fromkeys(undecided, following)
    return result


def _difference(file: Path, new: Baseline, request: Request) -> Update | None:
    """From the old baseline; None where there is none that can be read."""
    if not file.exists():
        return None
    try:
        return difference(read_baseline(file, request.updating), new)
    except HarnessError as error:
        console.print(f"[yellow]warning:[/] {error}", soft_wrap=True)
        return None


def _put_out(result: CheckResult, file: Path, request: Request, outputs: Outputs) -> None:
    console.print()
    console.print(check_text(result))
    text = markdown(result, request.command, address_of_job(os.environ))
    if outputs.markdown:
        _write(outputs.markdown, text)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), text)
    if outputs.junit:
        _write(outputs.junit, junit(result))
    if outputs.as_json:
        _print(check_document(result, str(file), request.command))


def _write(path: Path, text: str) -> None:
    try:
        write_atomic(path, text)
    except OSError as error:  # the verdict matters more
        console.print(f"[yellow]warning:[/] {path} was not written ({error.strerror})", soft_wrap=True)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as summary:
            summary.write(text)
    except OSError as error:
        console.print(f"[yellow]warning:[/] {path} was not written ({error.strerror})", soft_wrap=True)


def _print(document: Mapping[str, Any] | Sequence[Any]) -> None:
    json.dump(document, sys.stdout, indent=2, allow_nan=False)
    print()
