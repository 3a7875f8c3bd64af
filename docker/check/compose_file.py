"""compose.yaml as far as it is needed to run its services without `docker compose`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<rule>:[-?])(?P<word>[^${}]*))?\}")
"""The innermost: a default may name another variable."""


def services(file: Path, settings: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """By name, with `settings` filled in where the file names them."""
    return {
        name: _filled(service, settings)
        for name, service in yaml.safe_load(file.read_text())["services"].items()
    }


def mounts(service: Mapping[str, Any], folder: Path, volumes: Path) -> dict[str, tuple[Path, bool]]:
    """By path in the container: the folder here, and whether it is read-only. `folder`: of the Compose file;
    `volumes`: where those with a name lie."""
    found = {}
    for entry in service.get("volumes", []):
        if isinstance(entry, str):
            name, target = entry.split(":")
            found[target] = (volumes / name, False)
        else:
            found[entry["target"]] = ((folder / entry["source"]).resolve(), entry.get("read_only", False))
    return found


def _filled(value: Any, settings: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, settings) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, settings) for inner in value]
    if not isinstance(value, str):
        return value
    while match := VARIABLE.search(value):
        value = value[: match.start()] + _value(match, settings) + value[match.end() :]
    return value


def _value(match: re.Match[str], settings: Mapping[str, str]) -> str:
    name, rule, word = match["name"], match["rule"], match["word"]
    if value := settings.get(name, ""):
        return value
    if rule == ":?":
        raise SystemExit(f"error: {name} is missing: {word}")
    return word or ""
