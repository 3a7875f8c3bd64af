"""Every number of a sweep's report as JSON, from which it can be written again, and its trials as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.files import write_atomic, write_json
from harness.nonfinite import read_record, writable
from harness.sweep_report.searched import Final, Searched

CSV, JSON = "report.csv", "report.json"
FIXED = ("variant", "trial", "state", "seconds", "reason")


@dataclass(frozen=True)
class SweepRecord:
    """All that a report is written from. origin: where it comes from, as Markdown."""

    name: str
    description: str
    searched: tuple[Searched, ...]
    final: Final | None
    origin: str


def write_data(folder: Path, record: SweepRecord) -> tuple[str, str]:
    """Both files; a number that is not finite is text in the one, and in the other."""
    write_json(folder / JSON, writable(asdict(record)))
    text = io.StringIO(newline="")
    columns = list(dict.fromkeys(name for study in record.searched for name in _columns(study)))
    writer = csv.DictWriter(text, [*FIXED, *columns], restval="", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    for study in record.searched:
        writer.writerows(_rows(study))
    write_atomic(folder / CSV, text.getvalue())
    return JSON, CSV


def read_data(folder: Path) -> SweepRecord:
    """What `write_data` left in the folder of a sweep. HarnessError where it is absent or damaged."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(SweepRecord).validate_python(read_record(folder / JSON))
    except FileNotFoundError:
        way_out = "the same `harness sweep` again writes it"
        raise HarnessError(f"{folder} has no {JSON}, from which a report is written: {way_out}") from None
    except (OSError, ValueError, ValidationError) as error:
        raise HarnessError(f"{folder / JSON} is damaged; the same `harness sweep` again writes it") from error


def _columns(study: Searched) -> Sequence[str]:
    return [
        *(parameter.key for parameter in study.space.parameters),
        *(key for trial in study.trials for key in trial.params),
        *(objective.key for objective in study.objectives),
    ]


def _rows(study: Searched) -> Iterator[dict[str, object]]:
    keys = [objective.key for objective in study.objectives]
    for trial in study.trials:
        fixed = (study.variant, trial.number, trial.state, trial.seconds, trial.reason)
        values = dict(zip(keys, trial.values, strict=False))
        yield {**dict(zip(FIXED, fixed, strict=True)), **trial.params, **values}
