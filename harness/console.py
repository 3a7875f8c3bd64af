"""What people see while runs go on. All of it on stderr; stdout is for programs."""

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from harness.config import Cell
from harness.queue.slots import Tally
from harness.sweep.standing import Standing
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


class QueueLine:
    """One line that says how a queue of trials or cells stands; without a terminal, what its workers say.

    As a watcher it hears only warnings: the trainings are other processes'.
    """

    def __init__(self) -> None:
        self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> "QueueLine":
        if console.is_terminal:
            self._live.start()
            self._show(Text("starting"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def said(self, line: str) -> None:
        """What a worker says: of trials only where nothing shows them."""
        if line.startswith("warning:"):
            self.warned(line.removeprefix("warning:").strip())
        elif not console.is_terminal:
            console.print(line, soft_wrap=True, markup=False)

    def search(self, standing: Standing) -> None:
        text = _counts(standing.counted)
        if standing.seconds_left is not None and standing.counted.waiting + standing.counted.running:
            text.append(f" · {_duration(standing.seconds_left)} left", style="cyan")
        if standing.best is not None:
            value = f"{standing.objective.title} {standing.best.values[0]:.4g}"
            text.append(f"  best {value}", style="bold")
            point = ", ".join(f"{_known(key)} {shown(value)}" for key, value in standing.best.params.items())
            of = f"{standing.variant} " if standing.variant != "base" else ""
            text.append(f" {of}trial {standing.best.number} ({point or 'as in the file'})", style="dim")
        self._show(text)

    def final(self, counted: Tally) -> None:
        self._show(Text("winner and file on the test split: ").append(_counts(counted)))

    def cells(self, counted: Tally) -> None:
        self._show(_counts(counted))

    def _show(self, text: Text) -> None:
        if console.is_terminal:
            text.truncate(console.width - 1, overflow="ellipsis")
            self._live.update(text, refresh=True)

    def started(self, cell: Cell, first_step: int) -> None: ...
    def window(self, cell: Cell, window: Window) -> None: ...
    def evaluated(self, cell: Cell, step: int, values: Mapping[str, float]) -> None: ...
    def finished(self, cell: Cell, seconds: float) -> None: ...

    def warned(self, message: str) -> None:
        console.print(f"[yellow]warning:[/] {message}", soft_wrap=True)


def _counts(counted: Tally) -> Text:
    if not counted.finished and not counted.running:
        return Text(f"{counted.total} to do, none begun")
    text = Text(f"{counted.finished}/{counted.total} done", style="bold")
    for count, what in ((counted.pruned, "pruned"), (counted.failed, "failed"), (counted.running, "running")):
        if count:
            text.append(f" · {count} {what}", style="red" if what == "failed" else "default")
    return text


def _known(key: str) -> str:
    """Enough of a key to know it by: `learning_rate`, `latent.size`."""
    return key.removeprefix("training.").removeprefix("network.")


def shown(value: object) -> str:
    """A value of a configuration on one line, a number to three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {seconds:02d} s"
