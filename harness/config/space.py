"""A search space: which keys of a configuration are searched, between what, and under which conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import ConfigError
from harness.registry import did_you_mean

Value = str | int | float  # a choice is its label
Point = Mapping[str, Value]


@dataclass(frozen=True)
class Parameter:
    """One key that is searched: a number from `low` to `high`, both included, or one of `choices`.

    `choices` maps labels to plain values and is empty unless `kind` is choice. The parameter exists only
    where each choice in `when` was made with one of the labels there.
    """

    key: str
    kind: Literal["float", "int", "choice"]
    low: float | int = 0
    high: float | int = 0
    log: bool = False
    step: float | int | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ends(self) -> tuple[Value, ...]:
        """Both ends of a range, or every label."""
        return (*self.choices,) if self.kind == "choice" else (self.low, self.high)

    def written(self) -> dict[str, Any]:
        """As it stands in a file, choices by their labels."""
        if self.kind == "choice":
            distribution: dict[str, Any] = {"choice": dict(self.choices)}
        else:
            name = ("log_" if self.log else "") + ("int_" if self.kind == "int" else "") + "uniform"
            distribution = {name: [self.low, self.high]}
        step = {} if self.step is None else {"step": self.step}
        when = {"when": {key: list(labels) for key, labels in self.when.items()}} if self.when else {}
        return {**distribution, **step, **when}


@dataclass(frozen=True)
class Space:
    """Parameters in such an order that the choices of a condition come before what depends on them."""

    parameters: tuple[Parameter, ...]

    def active(self, parameter: Parameter, point: Point) -> bool:
        """Whether `parameter` exists at `point`: not where a choice was not made that it depends on."""
        return all(point.get(key) in labels for key, labels in parameter.when.items())

    def changes(self, point: Point) -> dict[str, Any]:
        """What to lay over a configuration: by key, a number, or the value that a label stands for.

        Values of parameters that do not exist at `point` are left out. Raises ConfigError for a key or a
        label that is not of this space.
        """
        parameters = {parameter.key: parameter for parameter in self.parameters}
        for key in point:
            if key not in parameters:
                raise ConfigError(f"`{key}` is not in the search space{did_you_mean(key, parameters)}")
        found: dict[str, Any] = {}
        for key, parameter in parameters.items():
            if key not in point or not self.active(parameter, point):
                continue
            value = point[key]
            if parameter.kind == "choice":
                if value not in parameter.choices:
                    near = did_you_mean(str(value), parameter.choices)
                    raise ConfigError(f"search_space.{key} has no choice `{value}`{near}")
                found[key] = parameter.choices[str(value)]
            else:
                found[key] = value
        return found

    def described(self) -> dict[str, Any]:
        """JSON-able, and equal for two spaces that are searched alike, whatever the order of their keys.

        The order of choices counts, as it does for a sampler: they are a list, of one label and value each.
        """
        return {parameter.key: _described(parameter) for parameter in sorted(self.parameters, key=_key)}


def _key(parameter: Parameter) -> str:
    return parameter.key


def _described(parameter: Parameter) -> dict[str, Any]:
    entry = parameter.written()
    if parameter.kind == "choice":
        entry["choice"] = [{label: value} for label, value in parameter.choices.items()]
    if parameter.when:
        entry["when"] = {key: sorted(labels) for key, labels in sorted(parameter.when.items())}
    return entry
