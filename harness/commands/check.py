"""`harness check`: has an experiment become worse than its baseline? Without torch where runs are given."""

import json
import os
import shlex
import sys
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
        words += ["--baselines", str(self.baselines)] if self.baselines != BASELINES else []
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
        result = check(baseline, _existing(request), loaded.experiment.gate, request.updating)
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
    if request.existing:
        fresh = _existing(request)
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


def _load(request: Request) -> Loaded:
    """What is to be trained is looked up, and refused where it cannot be gated."""
    if request.existing:
        return load(request.file, request.overrides)
    from harness.commands.fresh import columns_measured, load_whole

    loaded = load_whole(request.file, list(request.overrides))
    gated_column(loaded.experiment.gate, columns_measured(loaded))
    return loaded


def _setting(request: Request) -> Any:
    from harness.commands.suite import Setting

    return Setting(
        request.device, request.data, request.runs, request.tracking_uri, request.jobs, request.storage
    )


def _existing(request: Request) -> dict[str, Trainings]:
    """The runs that were named, under the names that their variants have in their experiment."""
    found = read_runs(request.existing, request.runs, request.tracking_uri)
    return trainings(replace(run, variant=run.config.get("variant") or run.variant) for run in found.runs)


def _look_by_look(loaded: Loaded, baseline: Baseline, request: Request) -> CheckResult:
    """Trains as many seeds as a look has, and more of those variants alone that they do not decide."""
    from harness.commands.fresh import trained

    gate = loaded.experiment.gate
    counts = dict.fromkeys(loaded.variants, gate.looks[0])
    for look, following in zip(gate.looks, [*gate.looks[1:], None], strict=True):
        result = check(baseline, trained(loaded, counts, _setting(request)), gate, request.updating)
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
