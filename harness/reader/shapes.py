"""What the files of a run hold when harness wrote them, and the first thing that is otherwise in others.

A shape takes a value and the key at which it stands, and returns "" where the value is of it, else what is
wrong there. Files may have keys that no shape names: of a later version.
"""

from collections.abc import Callable, Mapping
from typing import Any

Shape = Callable[[Any, str], str]

LARGEST = 1e100
"""No metric of numbers in single precision comes near, and the squares of less are numbers."""

LONGEST = 10**12
"""Steps of a training."""

NOT_FINITE = ("nan", "inf", "-inf")
"""Text that a log has in the place of a number (`harness.nonfinite.encode`)."""


def is_number(value: object) -> bool:
    """Finite, and no truth value."""
    return isinstance(value, float | int) and not isinstance(value, bool) and abs(value) <= LARGEST


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST


def kind(test: Callable[[Any], bool], what: str) -> Shape:
    return lambda value, at: "" if test(value) else f"`{at}` is not {what}"


def each(shape: Shape) -> Shape:
    """A mapping whose every value is of `shape`."""

    def check(value: Any, at: str) -> str:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            return f"`{at}` is not a mapping with text for keys"
        faults = (shape(inner, _below(at, key)) for key, inner in value.items())
        return next(filter(None, faults), "")

    return check


def many(shape: Shape) -> Shape:
    """A list whose every entry is of `shape`."""

    def check(value: Any, at: str) -> str:
        if not isinstance(value, list):
            return f"`{at}` is not a list"
        return next(filter(None, (shape(inner, f"{at}[{place}]") for place, inner in enumerate(value))), "")

    return check


def record(needed: Mapping[str, Shape], other: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping with certain keys. needed: those that must be there; other: those that may be."""
    known = {**needed, **(other or {})}

    def check(value: Any, at: str) -> str:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            return f"`{at}` is not a mapping with text for keys"
        lacking = [_below(at, key) for key in needed if key not in value]
        if lacking:
            return f"`{lacking[0]}` is missing"
        faults = (shape(value[key], _below(at, key)) for key, shape in known.items() if key in value)
        return next(filter(None, faults), "")

    return check


TEXT = kind(lambda value: isinstance(value, str), "text")
NUMBER = kind(is_number, "a finite number")
COUNT = kind(is_count, "a whole number")
SEED = kind(lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number")
LOGGED = kind(lambda value: is_number(value) or value in NOT_FINITE, "a number")
PLAIN = kind(lambda value: value is None or isinstance(value, str | int | float), "a plain value")


def _data(value: Any, at: str) -> str:
    """What JSON can hold too: a date, which YAML knows, is none of it."""
    if isinstance(value, dict):
        return each(_data)(value, at)
    return many(_data)(value, at) if isinstance(value, list) else PLAIN(value, at)


def _entry(value: Any, at: str) -> str:
    """An entry of a table: its name, or a mapping with its name and options."""
    if isinstance(value, str):
        return ""
    return record({"name": TEXT})(value, at) if isinstance(value, dict) else f"`{at}` is not an entry"


def _column(value: Any, at: str) -> str:
    better = kind(lambda word: word in ("lower", "higher"), "`lower` or `higher`")
    known = {"key": TEXT, "title": TEXT, "better": better}
    if fault := record(known)(value, at):
        return fault
    strange = [key for key in value if key not in known]
    return f"`{at}.{strange[0]}` is no key of a column" if strange else ""


_SCORES = record(
    {"values": each(NUMBER), "num_samples": COUNT}, {"notes": many(TEXT), "unreliable": each(TEXT)}
)
_RESULTS = record(
    {
        "steps": COUNT,
        "seconds": NUMBER,
        "columns": many(_column),
        "values": each(NUMBER),
        "num_samples": COUNT,
        "floor": _SCORES,
        "ceiling": _SCORES,
        "protocol": each(PLAIN),
        "fingerprint": kind(lambda value: isinstance(value, str) and value != "", "text"),
    },
    {
        "experiment": TEXT,
        "variant": TEXT,
        "seed": SEED,
        "theory": each(LOGGED),
        "theory_titles": each(TEXT),
        "unreliable": each(TEXT),
        "notes": many(TEXT),
        "identity": each(TEXT),
        "details": each(_data),
        "parameters": COUNT,
    },
)
_MAPPING = kind(lambda value: value is None or isinstance(value, dict), "a mapping")
_ENTRY_OR_NONE: Shape = lambda value, at: "" if value is None else _entry(value, at)  # noqa: E731
_CONFIG = record(
    {},
    {
        **dict.fromkeys(("experiment", "variant"), TEXT),
        "seed": SEED,
        **dict.fromkeys(("training", "evaluation"), _MAPPING),
        **dict.fromkeys(("dataset", "network", "loss"), _ENTRY_OR_NONE),
    },
)
_PROVENANCE = record(
    {},
    {
        **dict.fromkeys(("key", "started", "user", "python", "device", "platform"), TEXT),
        "identity": each(TEXT),
        "packages": each(TEXT),
        "command": many(TEXT),
        "git": each(PLAIN),
        "processors": kind(lambda value: value is None or is_count(value), "a whole number"),
    },
)


def fault_of_results(results: Any) -> str:
    """Why the content of a `results.json` cannot be read; "" where it can."""
    fault = _RESULTS(results, "")
    if fault:
        return fault
    keys = [column["key"] for column in results["columns"]]
    twice = [key for key in keys if keys.count(key) > 1]
    return f"`columns` has `{twice[0]}` twice" if twice else ""


def fault_of_config(config: Any) -> str:
    return _data(config, "") or _CONFIG(config, "")


def fault_of_provenance(provenance: Any) -> str:
    return _PROVENANCE(provenance, "") or _data(provenance, "")


def _below(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
