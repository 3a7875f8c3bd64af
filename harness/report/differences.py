"""What differs between the variants of a report: the keys of their configurations that are not all alike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.pages import plain_text
from harness.protocol import Protocol, differences
from harness.runs import Record, Run

NOT_SETTINGS = ("experiment", "variant", "seed")
"""Keys of a configuration that say which run it is, not how it was made."""

Flat = dict[str, str]


def differing(variants: Mapping[str, list[Run]]) -> dict[str, Flat]:
    """By variant, those keys that not all variants have alike, as text; a key that one lacks is absent there.

    Of each variant its first run speaks: `unlike` says where that would be wrong.
    """
    flat = {name: flattened(runs[0].config) for name, runs in variants.items() if runs[0].config}
    keys = dict.fromkeys(key for settings in flat.values() for key in settings)
    unequal = [key for key in keys if len({settings.get(key) for settings in flat.values()}) > 1]
    return {
        name: {key: settings[key] for key in unequal if key in settings} for name, settings in flat.items()
    }


def unlike(runs: list[Run]) -> dict[str, list[str]]:
    """Keys in which runs of one variant differ beside the seed, with their values: no repetitions, then."""
    flat = [flattened(run.config) for run in runs if run.config]
    keys = dict.fromkeys(key for settings in flat for key in settings)
    values = {key: list(dict.fromkeys(settings.get(key, "none") for settings in flat)) for key in keys}
    return {key: found for key, found in values.items() if len(found) > 1}


def flattened(config: Record) -> Flat:
    """A configuration by dotted key: `training.steps`. An entry of a table stands under its own key with its
    name, its options below; a list is one text."""
    pairs = (pair for key, value in config.items() if key not in NOT_SETTINGS for pair in _flat(key, value))
    return dict(pairs)


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield key, shown(value)
        return
    for name, inner in value.items():
        yield from _flat(key if name == "name" else f"{key}.{name}", inner)


def shown(value: Any) -> str:
    """`r1 (weight 0.5)` for an entry of a table, JSON's way of writing anything else, text without quotes."""
    if isinstance(value, str):
        return value
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        if any(isinstance(each, Mapping) for each in value):
            return " + ".join(map(shown, value))
        return f"[{', '.join(map(shown, value))}]" if value else "none"
    if isinstance(value, Mapping):
        options = ", ".join(f"{key} {shown(each)}" for key, each in value.items() if key != "name")
        name = str(value.get("name", ""))
        return f"{name} ({options})" if name and options else name or f"({options})"
    return json.dumps(value)


def protocol_differences(results: Sequence[Record]) -> Iterator[str]:
    """What keeps values under each further protocol from being compared with those under the first, a line
    each. results: of one run under each."""
    for index, other in enumerate(results[1:], 2):
        try:
            found = differences(Protocol(**results[0]["protocol"]), Protocol(**other["protocol"]))
        except (KeyError, TypeError):  # of another version of the protocol
            continue
        texts = [f"{key}: {_short(a)} and {_short(b)}" for key, (a, b) in found.items()]
        yield f"[1] and [{index}] differ in {plain_text('; '.join(texts))}."


def _short(value: object) -> str:
    text = str(value) if value not in ("", None) else "none"
    return text if len(text) <= 60 else f"{text[:8]}…"
