"""Files of YAML and JSON as plain data, whatever stands in them."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Eight times as fast where libyaml is there, and a hundred runs are a hundred files."""
LONG = 4_000
"""Characters from which YAML is read in Python: libyaml ends the process where lists lie ten thousand deep in
one another, Python raises RecursionError."""


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping in YAML as plain data; empty where there is none."""
    with suppress(OSError, ValueError):
        return yaml_of(path.read_text())
    return {}


def yaml_of(text: str) -> dict[str, Any]:
    """As `read_yaml`, of what stands in a file."""
    with suppress(ValueError, RecursionError, yaml.YAMLError):  # a date that there is not is a ValueError
        value = load_yaml(text)
        return value if isinstance(value, dict) else {}
    return {}


def load_yaml(text: str) -> Any:
    """As plain data. yaml.YAMLError, ValueError (a date that there is not) or RecursionError for what is
    none."""
    loader = LOADER if len(text) < LONG else yaml.SafeLoader
    return yaml.load(text, loader)  # noqa: S506 - safe, both of them


def mapping_in(file: Path) -> dict[str, Any]:
    """A mapping in JSON; empty where there is none."""
    with suppress(OSError, ValueError):
        return json_of(file.read_text())
    return {}


def json_of(text: str) -> dict[str, Any]:
    """As `mapping_in`, of what stands in a file."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        return value if isinstance(value, dict) else {}
    return {}
