"""What a figure is drawn from, and what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class NothingToDrawError(HarnessError):
    """The results hold nothing of what a figure shows; says what was missing."""


@dataclass(frozen=True)
class Drawing:
    """A figure with its title and with the words that stand below it."""

    figure: "Figure"
    title: str
    caption: str


Draw = Callable[[Sequence[Run]], Drawing]
"""What a table's entry returns. Raises NothingToDrawError where the runs hold nothing of it."""
