"""A resolved configuration as YAML that a person reads and `load` reads back equal."""

from typing import Any

import yaml

from harness.config.evaluation import PROTOCOL_FIXES
from harness.config.models import Cell, Experiment
from harness.config.reading import add_core_schema

_FIRST = ("name", "description", "experiment", "variant", "seed", "seeds")
_AS_WRITTEN = ("search_space", "variants")  # `{name: mlp}` changes options of an mlp, `mlp` is a new one
_INLINE = 12  # items of a list of scalars that still read well on one line


def to_yaml(config: Experiment | Cell) -> str:
    """`config` in block style with short lists inline, a part without options as its bare name."""
    data = config.model_dump(mode="json")
    if isinstance(config, Experiment) and config.evaluation.protocol:
        for key in PROTOCOL_FIXES:  # read again they would contradict the protocol
            del data["evaluation"][key]
    first = {key: data.pop(key) for key in _FIRST if key in data}
    as_written = {key: data.pop(key) for key in _AS_WRITTEN if key in data}
    data = {**first, **_with_bare_names(data), **as_written}
    return plain_yaml(data)


def plain_yaml(value: Any) -> str:
    """`value` of plain data as YAML in the same style, with nothing left out or shortened."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _with_bare_names(value: Any) -> Any:
    if isinstance(value, dict):
        bare = value.keys() == {"name"} and isinstance(value["name"], str)
        return value["name"] if bare else {key: _with_bare_names(child) for key, child in value.items()}
    return [_with_bare_names(item) for item in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """Quotes all that this package or a reader of YAML 1.1 would not take for text: `no`, `1e-4`, dates."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _list(dumper: _Dumper, data: list[Any]) -> yaml.Node:
    inline = len(data) <= _INLINE and not any(isinstance(item, dict | list) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=inline)


def _text(dumper: _Dumper, data: str) -> yaml.Node:
    # Exotic line breaks do not survive unquoted.
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=None if data.isprintable() else '"')


_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)
add_core_schema(_Dumper)
