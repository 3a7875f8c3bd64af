"""What people see while runs go on. All of it on stderr; stdout is for programs."""

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from harness.config import Cell
from harness.train import Window

console = Console(stderr=True, highlight=False)


class LiveWatcher:
    """A bar for the cell in progress, with losses, speed and time left; a line for every evaluation.

    Where there is no terminal, only the lines.
    """

    def __init__(self, total_cells: int) -> None:
        self._total = total_cells
        self._number = 0
        self._task: TaskID | None = None
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "LiveWatcher":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, cell: Cell, first_step: int) -> None:
        self._number += 1
        if self._task is not None:
            self._progress.remove_task(self._task)
        name = f"{cell.variant}/seed{cell.seed}"
        if first_step:
            console.print(f"{name}: continues at step {first_step:,}")
        self._task = self._progress.add_task(
            f"{name} ({self._number} of {self._total})",
            total=cell.training.steps,
            completed=first_step,
            losses="",
        )

    def window(self, cell: Cell, window: Window) -> None:
        if self._task is not None:
            losses = (
                f"D {window.means['train/loss_d']:.3f}  G {window.means['train/loss_g']:.3f}  "
                f"{window.images_per_second:,.0f} images/s"
            )
            self._progress.update(self._task, completed=window.step, losses=losses)

    def evaluated(self, cell: Cell, step: int, values: Mapping[str, float]) -> None:
        shown = "  ".join(
            f"{title} {values[key]:.4g}"
            for key, title in (("fid", "FID"), ("inception_score", "IS"), ("criterion", "C(G)"))
            if key in values
        )
        console.print(f"{cell.variant}/seed{cell.seed}  step {step:>7,}  {shown}")

    def finished(self, cell: Cell, seconds: float) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None

    def warned(self, message: str) -> None:
        console.print(f"[yellow]warning:[/] {message}", soft_wrap=True)
