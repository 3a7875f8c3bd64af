"""What a fresh run is compared with: the values of every seed, and all that they depend on, in one JSON file
that is committed beside the code and read in its diffs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from harness.columns import Column
from harness.config.parts import STRICT, Name, PlainData, VariantName
from harness.errors import ConfigError, HarnessError
from harness.files import write_atomic

FORMAT = 1
BASELINES = Path("reports/baselines")

Text = Annotated[str, Field(min_length=1)]
Values = dict[str, float]


class Measured(BaseModel):
    """A column of a baseline, as `harness.columns.Column`."""

    model_config = STRICT

    key: Text
    title: str
    better: Literal["lower", "higher"]

    @property
    def column(self) -> Column:
        return Column(self.key, self.title, self.better)


class Trained(BaseModel):
    """The trainings of one variant.

    seeds: the value of every column by seed; failed: why, of those that gave none; identity: what the
    harness reuses results by; fingerprint: of a protocol of the baseline, empty where no seed gave a value.
    """

    model_config = STRICT

    fingerprint: Text
    identity: dict[str, str]
    config: PlainData
    seeds: dict[Annotated[int, Field(ge=0)], Values] = Field(min_length=1)
    failed: dict[Annotated[int, Field(ge=0)], str] = {}


class Baseline(BaseModel):
    """All variants of an experiment, and where their values come from. protocols: by fingerprint."""

    model_config = STRICT

    format: Literal[1] = 1
    experiment: Name
    written: Text
    commit: str
    dirty: bool
    command: str
    device: str
    platform: str
    versions: dict[str, str]
    protocols: dict[str, PlainData]
    columns: tuple[Measured, ...] = Field(min_length=1)
    variants: dict[VariantName, Trained] = Field(min_length=1)


def baseline_file(folder: Path, experiment: str) -> Path:
    return folder / f"{experiment}.json"


def read_baseline(file: Path, way_out: str) -> Baseline:
    """The baseline in `file`; `way_out`: the command that writes one.

    ConfigError where there is none; HarnessError where it is damaged, of something else, or of a newer
    format.
    """
    try:
        text = file.read_text()
    except FileNotFoundError:
        raise ConfigError(f"there is no baseline {file}: write one with `{way_out}`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessError(f"the baseline {file} cannot be read ({' '.join(str(error).split())})") from error

    def damaged(what: str) -> HarnessError:
        return HarnessError(
            f"the baseline {file} is damaged ({what}): take it from version control, or write one with"
            f" `{way_out}`"
        )

    try:
        written = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise damaged(f"no JSON: {error}") from error
    if not isinstance(written, Mapping) or not isinstance(written.get("format"), int):
        raise HarnessError(f"{file} is no baseline of the gate: write one with `{way_out}`")
    if written["format"] > FORMAT:
        raise HarnessError(
            f"the baseline {file} is of format {written['format']}, which a newer harness wrote: use that,"
            f" or write it with `{way_out}`"
        )
    try:
        baseline = Baseline.model_validate_json(text)
    except ValidationError as error:
        raise damaged(_first(error)) from error
    for name, trained in baseline.variants.items():
        if both := trained.seeds.keys() & trained.failed.keys():
            raise damaged(f"seed {min(both)} of {name} has values and failed")
        if len(trained.seeds) < len(written["variants"][name]["seeds"]):
            raise damaged(f"a seed of {name} is there twice")
        if trained.fingerprint not in baseline.protocols:
            raise damaged(f"the protocol of {name} is missing")
    return baseline


def write_baseline(file: Path, baseline: Baseline) -> None:
    """Atomic, in an order that does not depend on that of the runs; NaN is refused, for it is no JSON."""
    data = baseline.model_dump(mode="json")
    for trained in data["variants"].values():
        trained["seeds"] = {seed: _Line(trained["seeds"][seed]) for seed in sorted(trained["seeds"], key=int)}
        trained["failed"] = {seed: trained["failed"][seed] for seed in sorted(trained["failed"], key=int)}
    data["columns"] = [_Line(column) for column in data["columns"]]
    for key in ("versions", "protocols"):
        data[key] = _sorted(data[key])
    write_atomic(file, _text(data, "") + "\n")


class _Line(dict[str, Any]):
    """A mapping that is written on one line."""


def _text(value: Any, indent: str) -> str:
    """JSON with a line a key; a seed, a column and a list of scalars are one line each."""
    deeper = indent + "  "
    if isinstance(value, dict) and value and not isinstance(value, _Line):
        rows = [f"{json.dumps(key)}: {_text(child, deeper)}" for key, child in value.items()]
    elif isinstance(value, list) and any(isinstance(child, dict | list) for child in value):
        rows = [_text(child, deeper) for child in value]
    else:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(deeper + row for row in rows) + f"\n{indent}{closing}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping whose keys are there once: two merged changes of a file can leave a seed twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"`{next(key for key in keys if keys.count(key) > 1)}` is there twice")
    return found


def _sorted(value: Any) -> Any:
    """Every mapping in the order of its keys."""
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    detail = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, detail["loc"]))
    return f"{where}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"
