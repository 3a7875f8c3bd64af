"""What one value of an evaluation is called, and which way is better."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """One value that a metric gives: its key (`eval/<key>`), its title in tables, and which way is better."""

    key: str
    title: str
    better: Literal["lower", "higher"]

    @property
    def heading(self) -> str:
        """The title with an arrow that says which way is better."""
        return f"{self.title} {'↓' if self.better == 'lower' else '↑'}"
