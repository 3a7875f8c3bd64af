"""The axis on which a metric stands: linear or logarithmic, how far it reaches, where its ticks are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Literal

from harness.figures import style
from harness.figures.ticks import WIDE, log_ticks, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH = 3.0
"""A floor or ceiling further from the values than this many times their range is named, not drawn: the axis
is for telling variants apart. On a logarithmic one, half as far: ceilings are decades away."""

ROOM = 0.06
"""Of the axis, beside the outermost mark on either side."""


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, in the units of the values."""

    low: float
    high: float
    logarithmic: bool

    def holds(self, value: float | None) -> bool:
        return value is not None and self.low <= value <= self.high

    def called(self, text: str) -> str:
        """The label of the axis, which says so where it is logarithmic."""
        return f"{text}, log scale" if self.logarithmic else text

    def clipped(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    def put(self, axes: "Axes", which: Literal["x", "y"], most: int = 6) -> None:
        """Scale, limits and at most about so many ticks."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

        axis = axes.xaxis if which == "x" else axes.yaxis
        if self.logarithmic:
            axes.set_xscale("log") if which == "x" else axes.set_yscale("log")
            log_ticks(axis, self.low, self.high, most)
        else:
            locator = MaxNLocator(nbins=most, steps=[1, 2, 5, 10])
            ticks = [
                tick for tick in locator.tick_values(self.low, self.high) if self.low <= tick <= self.high
            ]
            step = ticks[1] - ticks[0] if len(ticks) > 1 else self.high - self.low
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_major_formatter(FuncFormatter(lambda value, _: decimal(value, step)))
        axes.set_xlim(self.low, self.high) if which == "x" else axes.set_ylim(self.low, self.high)
        axes.tick_params(which, labelsize=style.NORMAL)


def scale_of(
    values: Sequence[float],
    ends: Iterable[float] = (),
    references: Iterable[float | None] = (),
    *,
    logarithmic: bool = True,
    wide: float = WIDE,
) -> Scale:
    """An axis for `values`, which are all on it.

    ends: of intervals, which stretch it by no more than the values' range on either side; references: are on
    it if within REACH; logarithmic: whether it may be so, where values span more than a factor of `wide`.
    """
    logs = logarithmic and min(values) > 0 and max(values) > wide * min(values)

    def there(value: float) -> float:
        return log10(value) if logs else value

    least, most = there(min(values)), there(max(values))
    reach = REACH / 2 if logs else REACH
    single = most <= least
    span = most - least if not single else 0.2 * abs(least) or 1.0
    low, high = least, most
    for end in ends:
        at = there(end) if end > 0 or not logs else least - span
        low, high = min(low, max(at, least - span)), max(high, min(at, most + span))
    for value in references:
        if value is None or (logs and value <= 0):
            continue
        if single or least - reach * span <= there(value) <= most + reach * span:
            low, high = min(low, there(value)), max(high, there(value))
    room = ROOM * (high - low) or 0.5 * span
    low, high = low - room, high + room
    return Scale(10**low, 10**high, True) if logs else Scale(low, high, False)


def decimal(value: float, step: float) -> str:
    """A tick among others that are `step` apart."""
    decimals = max(0, -floor(log10(step) + 1e-9)) if step > 0 else 3
    if decimals > 5 or abs(value) >= 1e7:
        return short(value)
    return f"{value:,.{decimals}f}".replace("-", "−")


def room_for_ticks(axes: "Axes") -> float:
    """Inches left of the axes that its y ticks take."""
    form = axes.yaxis.get_major_formatter()
    widths = [style.text_width(form(at, None)) for at in axes.yaxis.get_majorticklocs()]
    return max(widths, default=0.0) + 0.14


def beyond(scale: Scale, named: Iterable[tuple[str, float | None]]) -> str:
    """A sentence on the floor and the ceiling where the axis does not reach them."""
    away = [f"{name} {short(value)}" for name, value in named if value is not None and not scale.holds(value)]
    return f" Beyond the axis: {' and '.join(away)}." if away else ""
