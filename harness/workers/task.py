"""What a worker hands to the process that trains, and what the two say to each other."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from optuna.trial import TrialState

from harness.config import Cell

LOST = 75
"""Exit code of a process whose worker fell silent. Nothing is lost: checkpoints stay."""


@dataclass(frozen=True)
class Site:
    """Where the processes of a worker find everything, and what they compute with.

    `silence`: seconds without a word from the worker after which a process gives its run up, so that another
    worker may take it.
    """

    runs: Path
    data_root: Path
    device: str
    threads: int
    silence: float


@dataclass(frozen=True)
class Task:
    """Cells to train one after the other in one process.

    `folders`: where the runs of each cell lie, None for the usual place; `parent`: the folder of their study;
    `asks`: whether the process waits for an answer after every evaluation and every result.
    """

    cells: tuple[Cell, ...]
    folders: tuple[Path | None, ...]
    parent: Path
    asks: bool
    exports: bool
    system_interval: float | None


Kind = Literal[
    "opened",
    "started",
    "window",
    "evaluated",
    "result",
    "warned",
    "done",
    "pruned",
    "failed",
    "stopped",
    "vanished",
]


@dataclass(frozen=True)
class Message:
    """What the process says of the cell number `index` of its task.

    opened: its folder is `text`; started: at `step`; window: means of losses up to `step`; evaluated: the
    metrics there; result: all that results.json holds; warned: `text`. The last message is one of the others,
    with the reason in `text`; of a process that vanished its worker says it.
    """

    kind: Kind
    index: int = 0
    step: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    @property
    def is_last(self) -> bool:
        return self.kind in ("done", "pruned", "failed", "stopped", "vanished")

    @property
    def is_question(self) -> bool:
        """Whether a process whose task `asks` waits for an answer."""
        return self.kind in ("evaluated", "result")


@dataclass(frozen=True)
class Ending:
    """What the study is told of a trial: values of a complete one, the reason of any other; and what people
    are told of it, where that is more than the reason."""

    state: TrialState
    values: list[float] | None = None
    reason: str = ""
    said: str = ""


Word = Literal["beat", "go on", "prune", "stop"]
"""What the worker says."""
