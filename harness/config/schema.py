"""JSON Schema of the experiment file, from the models and the tables: editors complete and check with it."""

import copy
from importlib.metadata import entry_points
from typing import Any

from harness.config.complete import PLACES, PROTOCOL, SPACES, Tables
from harness.config.models import OF_THE_EXPERIMENT, ExperimentFile
from harness.config.parts import MAX_VARIANT_NAME, SAFE_NAME
from harness.config.space_schema import space_definitions, space_schema
from harness.options import describe, options_model
from harness.registry import Registry

Schema = dict[str, Any]
_REF = "#/$defs/"


def experiment_schema(tables: Tables) -> Schema:
    """Draft 2020-12. Places without a table take any name with any options."""
    schema = ExperimentFile.model_json_schema()
    defs: Schema = schema["$defs"]
    defs["Part"] = _any_part()
    for place in PLACES:
        section, _, key = place.rpartition(".")
        owner = defs[section.capitalize()] if section else schema
        defs[place] = _place(place, tables[place], defs) if place in tables else {"$ref": f"{_REF}Part"}
        _use(owner["properties"][key], place)
    if PROTOCOL in tables:  # any text, but editors propose these
        defs["Evaluation"]["properties"]["protocol"]["examples"] = list(tables[PROTOCOL])
    schema["properties"]["variants"] = _variants(schema, defs)
    axes = _axes(defs)
    schema["properties"]["matrix"] = _matrix(schema, axes)
    defs |= space_definitions()
    description = schema["properties"][SPACES]["description"]
    schema["properties"][SPACES] = space_schema(description, axes, _deeper(), list(tables.get(SPACES, ())))
    first = {key: schema["properties"][key] for key in ("name", "description")}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "harness experiment"}
    without_null = {"properties": {"variants": {"additionalProperties": {"type": "object"}}}}
    null = {"if": {"required": ["matrix"]}, "else": without_null}  # null leaves out a combination
    return {**schema, **head, **null, "properties": {**first, **schema["properties"]}}


def _use(field: Schema, place: str) -> None:
    """Points a property, the items of a list, or what may be null at the definition of its place."""
    target = field["items"] if field.get("type") == "array" else field.get("anyOf", [field])[0]
    target["$ref"] = f"{_REF}{place}"


def _any_part() -> Schema:
    mapping = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return {"title": "Part", "anyOf": [{"type": "string", "minLength": 1}, mapping]}


def _place(place: str, table: Registry[Any], defs: Schema) -> Schema:
    """A bare name, a mapping with one entry's options, or something of the user's own with any options."""
    bare: list[str] = []
    mappings: list[Schema] = []
    for name, entry in table.items():
        options = options_model(entry).model_json_schema()
        prefix = f"{place}.{name}."
        for inner, definition in options.pop("$defs", {}).items():
            defs[prefix + inner] = _renamed(definition, prefix)
        options = _renamed(options, prefix)
        if not options.get("required"):
            bare.append(name)
        mappings.append(
            {
                "title": name,
                "description": describe(entry),
                "type": "object",
                "properties": {"name": {"const": name}, **options.get("properties", {})},
                "required": ["name", *options.get("required", [])],
                "additionalProperties": False,
            }
        )
    installed = sorted({point.name for point in entry_points(group=table.group)} - set(table))
    own: Schema = {"title": "package.module:Name", "type": "string", "anyOf": [{"pattern": "^[^:]+:[^:]+$"}]}
    if installed:
        own["anyOf"].append({"enum": installed})
    own_mapping = {"type": "object", "properties": {"name": own}, "required": ["name"]}
    names = {"title": f"name of a {table.kind}", "enum": bare}
    return {"title": table.kind, "anyOf": [*([names] if bare else []), *mappings, own, own_mapping]}


def _renamed(schema: Any, prefix: str) -> Any:
    """References into an entry's own definitions, led to where those stand in the whole schema."""
    if isinstance(schema, dict):
        return {key: _renamed(child, prefix) for key, child in schema.items()}
    if isinstance(schema, str) and schema.startswith(_REF):
        return f"{_REF}{prefix}{schema.removeprefix(_REF)}"
    return [_renamed(item, prefix) for item in schema] if isinstance(schema, list) else schema


def _variants(schema: Schema, defs: Schema) -> Schema:
    """Best effort: known keys with all of them optional; what a dotted key means is left to `load`."""
    for section in ("Training", "Evaluation"):
        defs[f"changes.{section}"] = _optional(defs[section])
    changes = _optional(schema)
    for key in OF_THE_EXPERIMENT:
        del changes["properties"][key]
    for key, section in (("training", "Training"), ("evaluation", "Evaluation")):
        changes["properties"][key]["$ref"] = f"{_REF}changes.{section}"
    for owner in (changes, defs["changes.Evaluation"]):
        for key, field in owner["properties"].items():
            place = field.get("$ref", "").removeprefix(_REF)
            if place in PLACES:
                unnamed = {"type": "object", "not": {"required": ["name"]}, "description": "Changed options."}
                owner["properties"][key] = {"anyOf": [{"$ref": f"{_REF}{place}"}, unnamed]}
    defs["changes"] = {"title": "changes", "description": "What a variant changes of the base.", **changes}
    return {
        "title": "Variants",
        "description": schema["properties"]["variants"]["description"],
        "type": "object",
        "propertyNames": {"pattern": SAFE_NAME, "maxLength": MAX_VARIANT_NAME},
        "additionalProperties": {"anyOf": [{"$ref": f"{_REF}changes"}, {"type": "null"}]},
    }


def _axes(defs: Schema) -> dict[str, Schema]:
    """The keys that a variant may change and editors propose, dotted where they are of a section."""
    axes = dict(defs["changes"]["properties"])
    for section, definition in (("training", "changes.Training"), ("evaluation", "changes.Evaluation")):
        axes |= {f"{section}.{key}": field for key, field in defs[definition]["properties"].items()}
    return axes


def _deeper() -> str:
    """All other keys that may be changed. Inside a part anything may be; those of a section are all known."""
    return rf"^(?!({'|'.join(sorted(OF_THE_EXPERIMENT))})\.)(?!(training|evaluation)\.[^.]*$).*\."


def _matrix(schema: Schema, axes: dict[str, Schema]) -> Schema:
    """Best effort: an axis is a key that a variant may change, and its values are what may stand there."""
    return {
        "title": "Matrix",
        "description": schema["properties"]["matrix"]["description"],
        "type": "object",
        "minProperties": 1,
        "properties": {key: _axis(field) for key, field in axes.items()},
        "patternProperties": {_deeper(): _axis({})},
        "additionalProperties": False,
    }


def _axis(field: Schema) -> Schema:
    """A list of values, or a mapping from label to value; a mapping with a `name` is one value."""
    value = {key: content for key, content in field.items() if key not in ("title", "description")}
    labels = {"pattern": SAFE_NAME, "maxLength": MAX_VARIANT_NAME, "not": {"const": "name"}}
    named = {"type": "object", "minProperties": 1, "propertyNames": labels, "additionalProperties": value}
    described = {key: field[key] for key in ("description",) if key in field}
    return {**described, "anyOf": [{"type": "array", "minItems": 1, "items": value}, named]}


def _optional(schema: Schema) -> Schema:
    """All keys optional, none with a default, dotted ones allowed."""
    properties = copy.deepcopy(schema["properties"])
    for field in properties.values():
        field.pop("default", None)
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {r"\.": {}},
        "additionalProperties": False,
    }
