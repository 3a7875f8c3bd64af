"""Numbers on axes: short ones, and ticks of logarithmic axes."""

from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

WIDE = 10.0
"""A range of values over more than this factor is drawn logarithmically."""


def short(value: float) -> str:
    """Three digits, as people write them: `0.0003` is 3e-4."""
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:,.0f}"


def log_ticks(axis: "Axis", low: float, high: float, most: int = 7) -> None:
    """At 1, 2 and 5 of each power of ten, or at the powers, or at every so many of them; at most `most`."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    first, last = floor(log10(low)), ceil(log10(high))
    ticks: list[float] = []
    for mantissas, every in (
        ((1, 2, 5), 1),
        ((1, 3), 1),
        *(((1,), gap) for gap in range(1, last - first + 2)),
    ):
        powers = range(first, last + 1, every)
        ticks = [m * 10.0**power for power in powers for m in mantissas if low <= m * 10.0**power <= high]
        if len(ticks) <= most:
            break
    axis.set_major_locator(FixedLocator(ticks) if len(ticks) > 1 else FixedLocator([low, high]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axis.set_minor_locator(NullLocator())
