"""The JSON Schema of `search_space`: what may be searched, and how it is written."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.config.space_entry import PRESET, RANGES

Schema = dict[str, Any]

_WHEN = "search.when"
_RANGE = "search.range"


def space_definitions() -> dict[str, Schema]:
    """What all entries share, for the `$defs` of the schema."""
    scalar = {"type": ["string", "number", "boolean", "null"]}
    labels = {"anyOf": [scalar, {"type": "array", "minItems": 1, "items": scalar}]}
    return {
        _WHEN: {
            "description": "Searched only where these choices were made: another key, and labels of it.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": labels,
        },
        _RANGE: {"anyOf": [_range(kind) for kind in RANGES]},
    }


def space_schema(description: str, axes: Mapping[str, Schema], deeper: str, presets: Sequence[str]) -> Schema:
    """`axes` are the keys that editors propose, with what may stand there; `deeper` matches all others.

    Best effort, as everywhere: that a learning rate is no choice between losses is left to `load`.
    """
    preset: Schema = {"type": "string", "minLength": 1, "examples": list(presets)}
    return {
        "title": "Search space",
        "description": description,
        "anyOf": [preset, {"type": "object"}],
        "properties": {PRESET: preset, **{key: _entry(field) for key, field in axes.items()}},
        "patternProperties": {deeper: _entry({})},
        "additionalProperties": False,
        "if": {"required": [PRESET]},  # null leaves out an entry of the preset
        "else": {"additionalProperties": {"type": "object"}},
    }


def _entry(field: Schema) -> Schema:
    value = {key: content for key, content in field.items() if key not in ("title", "description")}
    listed = {"type": "array", "minItems": 2, "items": value}
    not_a_part = {"not": {"const": "name"}}
    named = {"type": "object", "minProperties": 2, "propertyNames": not_a_part, "additionalProperties": value}
    choice = {"choice": {"anyOf": [listed, named]}}
    described = {key: field[key] for key in ("description",) if key in field}
    return {**described, "anyOf": [{"$ref": f"#/$defs/{_RANGE}"}, _mapping(choice), {"type": "null"}]}


def _range(kind: str) -> Schema:
    number: Schema = {"type": "integer" if "int" in kind else "number"}
    if kind.startswith("log"):
        number["exclusiveMinimum"] = 0
    properties: Schema = {kind: {"type": "array", "minItems": 2, "maxItems": 2, "items": number}}
    if not kind.startswith("log"):
        properties["step"] = {"type": number["type"], "exclusiveMinimum": 0}
    return _mapping(properties)


def _mapping(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**properties, "when": {"$ref": f"#/$defs/{_WHEN}"}},
        "required": list(properties)[:1],
        "additionalProperties": False,
    }
