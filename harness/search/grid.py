"""All points of a space, one by one."""

from decimal import Decimal

from harness.config import Parameter, Point, Space, Value
from harness.errors import ConfigError

MOST_POINTS = 10_000
"""Far more than anyone trains, few enough to hold."""


def grid_points(space: Space) -> list[Point]:
    """Every combination of the parameters' values, each once, the last parameter changing fastest.

    Conditional parameters vary only where they are active.

    A parameter takes each of its choices, or the values `low`, `low + step` and so on up to `high`; integers
    without a step take every one. Raises ConfigError, with a line for each, for ranges that have no step, and
    for more than MOST_POINTS points.
    """
    endless = [parameter.key for parameter in space.parameters if not _is_finite(parameter)]
    if endless:
        raise ConfigError(
            "\n".join(
                f"search_space.{key}: sampler grid needs a choice, or a range with a `step`"
                for key in endless
            )
        )
    points: list[Point] = [{}]
    for parameter in space.parameters:
        values = _values(parameter)
        points = [
            grown
            for point in points
            for grown in (
                [{**point, parameter.key: value} for value in values]
                if space.active(parameter, point)
                else [point]
            )
        ]
        if len(points) > MOST_POINTS:
            raise ConfigError(
                f"search_space: the grid has more than {MOST_POINTS:,} points: take larger steps, or the"
                " sampler random"
            )
    return points


def highest(parameter: Parameter) -> float | int:
    """The last value of a range that its steps reach, which is `high` where there are none."""
    if parameter.step is None:
        return parameter.high
    low, step = Decimal(str(parameter.low)), Decimal(str(parameter.step))
    last = low + (Decimal(str(parameter.high)) - low) // step * step
    return int(last) if parameter.kind == "int" else float(last)


def _is_finite(parameter: Parameter) -> bool:
    return (
        parameter.kind == "choice"
        or parameter.step is not None
        or (parameter.kind == "int" and not parameter.log)
    )


def _values(parameter: Parameter) -> list[Value]:
    if parameter.kind == "choice":
        return list(parameter.choices)
    low, step = Decimal(str(parameter.low)), Decimal(str(parameter.step or 1))
    # One more than may be had is enough to find out that there are too many.
    count = min(int((Decimal(str(parameter.high)) - low) // step), MOST_POINTS) + 1
    number = int if parameter.kind == "int" else float
    return [number(low + index * step) for index in range(count)]
