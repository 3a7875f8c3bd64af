"""The report of a study: what was run, the table, the figures, and where all of it comes from, as Markdown.

Everything is read from the run folders, so a report can be written again at any time.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from math import nan
from pathlib import Path
from typing import Any

from harness.catalog import build_figures, titles_of_diagnostics
from harness.config import Cell, Experiment, load_cell
from harness.events import read_events
from harness.files import read_json, write_atomic
from harness.nonfinite import read_record
from harness.notes import markdown_table, number
from harness.pages import FILE, Report, illustrated, plain_text
from harness.rundir import RunDir, short_hash
from harness.runs import Run, by_variant
from harness.stats import Interval, mean_interval


def write_report(
    folder: Path, experiment: Experiment, runs: Sequence[tuple[str, int, RunDir]], note: str
) -> Report:
    """Draw the experiment's figures and write `report.md` into the study's `folder`.

    `runs`: variant, seed and folder of every cell; `note`: the tables, as Markdown. A figure that cannot be
    drawn is a warning: the results stand without it.
    """
    found = [read_run(variant, seed, run) for variant, seed, run in runs]
    figures = build_figures(experiment) if any(run.evaluations for run in found) else {}
    shown = [illustrated(folder, name, partial(draw, found)) for name, draw in figures.items()]
    theory = theory_table(found, [load_cell(run.config) for *_, run in runs if run.config.exists()])
    origin = "## Where this comes from\n\n" + "\n".join(origin_of([run for *_, run in runs]))
    head = f"# {experiment.name}\n\n{plain_text(experiment.description)}".rstrip()
    sections = [figure.section for figure in shown]
    write_atomic(folder / FILE, "\n\n".join([head, note.strip(), *theory, *sections, origin]) + "\n")
    files = [file for figure in shown for file in figure.files]
    return Report((FILE, *files), tuple(figure.warning for figure in shown if figure.warning))


def theory_table(runs: Iterable[Run], cells: Iterable[Cell]) -> list[str]:
    """What the diagnostics saw at the end of every variant, as one Markdown table; none without diagnostics.

    A value that was not finite in any seed is left out: it is no number to average.
    """
    titles: dict[str, str] = {}
    for cell in cells:
        titles |= titles_of_diagnostics(cell)
    rows: dict[str, list[str]] = {}
    for variant, group in by_variant(run for run in runs if run.results).items():
        seen = [run.results.get("theory", {}) for run in group if run.results]
        rows[variant] = []
        for key in titles:
            values = [values.get(key) for values in seen]
            numbers = [value for value in values if isinstance(value, float | int)]
            complete = len(numbers) == len(values)
            rows[variant].append(_shown(mean_interval(numbers)) if complete else "")
    if not titles or not rows:
        return []
    table = markdown_table(list(titles.values()), list(rows), list(rows.values()))
    return [f"## Diagnostics at the last step\n\n{table}"]


def report_key(experiment: Experiment) -> str:
    """Changes with everything but the results that a report depends on: then it is written again."""
    asked = experiment.model_dump(mode="json", include={"name", "description", "figures"})
    return short_hash([asked, _drawing_code()])


def read_run(variant: str, seed: int, run: RunDir) -> Run:
    """What figures see of a run. Text in the place of a number is one that was not finite."""
    evaluations: dict[int, dict[str, float]] = {}
    for _, event in read_events(run.path):
        if event.get("stream") in {"eval", "theory"} and event["kind"] == "metrics":
            values = {key: nan if isinstance(value, str) else value for key, value in event["values"].items()}
            evaluations.setdefault(event["step"], {}).update(values)
    records: dict[str, dict[int, Any]] = {}
    for name, step, file in run.diagnostic_files():
        records.setdefault(name, {})[step] = read_record(file)
    config = load_cell(run.config).model_dump(mode="json") if run.config.exists() else {}
    return Run(variant, seed, config, run.finished(), evaluations, records)


def _shown(interval: Interval) -> str:
    """Gradients vanish over many powers of ten, which need an exponent."""
    return number(interval) if interval.mean == 0 or abs(interval.mean) >= 1e-3 else f"{interval.mean:.2e}"


def origin_of(runs: Sequence[RunDir]) -> Iterable[str]:
    """Commit, versions, machine, command and seeds of the runs; where they differ, each value there is."""
    records = [read_json(run.provenance) for run in runs if run.provenance.exists()]
    cells = [load_cell(run.config) for run in runs if run.config.exists()]
    rows = {
        "commit": [_commit(record["git"]) for record in records],
        "command": [f"`{' '.join(record['command'])}`" for record in records],
        "seeds": [", ".join(dict.fromkeys(str(cell.seed) for cell in cells))],
        "versions": [
            ", ".join(
                f"{name} {number}"
                for name, number in {"python": record["python"], **record["packages"]}.items()
            )
            for record in records
        ],
        "machine": [
            f"{record['device']}, {record['processors']} processors, {record['platform']}"
            for record in records
        ],
    }
    for title, values in rows.items():
        if any(values):
            yield f"- {title}: {'; '.join(dict.fromkeys(plain_text(value) for value in values))}"


def _commit(git: Mapping[str, Any]) -> str:
    if not git:
        return "outside a repository"
    return f"{git['commit']}{' with changes' if git['dirty'] else ''}"


@cache
def _drawing_code() -> str:
    sha = hashlib.sha256()
    here = Path(__file__).parent
    for file in sorted([Path(__file__), here / "pages.py", *(here / "figures").rglob("*.py")]):
        sha.update(file.read_bytes())
    return sha.hexdigest()
