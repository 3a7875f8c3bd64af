"""A space as Optuna asks for it."""

from typing import TYPE_CHECKING

from harness.config import Parameter, Point, Space, Value
from harness.search.grid import highest

if TYPE_CHECKING:
    from optuna.trial import BaseTrial


def suggest(trial: "BaseTrial", space: Space) -> Point:
    """The trial's value of every parameter that is active, conditions before what depends on them."""
    point: dict[str, Value] = {}
    for parameter in space.parameters:
        if space.active(parameter, point):
            point[parameter.key] = _value(trial, parameter)
    return point


def _value(trial: "BaseTrial", parameter: Parameter) -> Value:
    if parameter.kind == "choice":
        label: str = trial.suggest_categorical(parameter.key, list(parameter.choices))
        return label
    # Optuna would lower a `high` that the steps do not reach by itself, but with a warning at every trial.
    if parameter.kind == "int":
        return trial.suggest_int(
            parameter.key,
            int(parameter.low),
            int(highest(parameter)),
            step=int(parameter.step or 1),
            log=parameter.log,
        )
    return trial.suggest_float(
        parameter.key, parameter.low, highest(parameter), step=parameter.step, log=parameter.log
    )
