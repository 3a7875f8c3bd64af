"""An entry's keyword-only parameters are its options: checked, completed, and described from the signature.

A loss, network, penalty, data set, extractor or metric is a plain function; what a person may write beside
its name in the YAML is read from `def r1(*, weight: Positive = 10.0)`. Nothing is declared twice. An entry of
the user's own may as well be a class, a callable object or a partial of any of these.
"""

import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model


@cache
def options_model(entry: Callable[..., object]) -> type[BaseModel]:
    """A frozen, strict pydantic model with one field for each keyword-only parameter of `entry`."""
    parameters = inspect.signature(entry).parameters
    hints = get_type_hints(_annotated(entry), include_extras=True)
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    name = getattr(entry, "__name__", type(entry).__name__)
    return create_model(f"{name}_options", __config__=config, **fields)


def _annotated(entry: Callable[..., object]) -> object:
    """What carries the annotations of a call of `entry`, which those of a class itself are not."""
    if isinstance(entry, partial):
        return _annotated(entry.func)
    if inspect.isclass(entry):
        return entry.__new__ if entry.__init__ is object.__init__ else entry.__init__
    return entry if inspect.isroutine(entry) else type(entry).__call__


def keyword_arguments(entry: Callable[..., object], options: dict[str, Any]) -> dict[str, Any]:
    """`options` as read from YAML, turned into the typed keyword arguments of `entry`, defaults filled in."""
    model = options_model(entry)
    checked = model.model_validate_json(_json(options))
    return {name: getattr(checked, name) for name in model.model_fields}


def changed_options(entry: Callable[..., object], options: dict[str, Any]) -> dict[str, Any]:
    """Those of `options` that are not at their defaults, as plain data."""
    model = options_model(entry)
    given = model.model_validate_json(_json(options)).model_dump(mode="json")
    optional = {name: field.default for name, field in model.model_fields.items() if not field.is_required()}
    defaults = model.model_construct(**optional).model_dump(mode="json", include=set(optional))
    return {name: value for name, value in given.items() if name not in defaults or value != defaults[name]}


def describe(entry: object) -> str:
    """First sentence of the docstring, for `harness ls`."""
    return (inspect.getdoc(entry) or "").partition("\n")[0]


def _json(value: object) -> str:
    # Validated as JSON because strict JSON accepts a list where a tuple is meant, as YAML writers expect.
    import json

    return json.dumps(value)
