"""What people see while runs go on, and the table at the end. All of it on stderr; stdout is for programs."""

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from harness.config import Cell
from harness.stats import Interval
from harness.study import Study
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


def study_table(study: Study) -> Group:
    """Variants by metrics, mean and half-width of the 95 % interval over seeds, with floor and ceiling."""
    table = Table(header_style="bold", pad_edge=False, show_edge=False)
    table.add_column("")
    table.add_column("seeds", justify="right")
    table.add_column("images", justify="right")
    for column in study.columns:
        arrow = "↓" if column.better == "lower" else "↑"
        table.add_column(f"{column.title} {arrow}", justify="right")
    references: dict[str, list[tuple[str, int, Mapping[str, float]]]] = {}
    for variant in study.variants:
        results = [
            outcome.results
            for outcome in study.outcomes
            if outcome.results and outcome.prepared.cell.variant == variant
        ]
        if not results:
            table.add_row(variant, "0", "", *["failed"] * len(study.columns), style="red")
            continue
        intervals = study.intervals(variant)
        table.add_row(
            variant,
            str(len(results)),
            f"{results[0]['num_samples']:,}",
            *[_cell(intervals.get(column.key)) for column in study.columns],
        )
        references.setdefault(
            results[0]["fingerprint"],
            [
                (
                    "floor: real test images",
                    results[0]["floor"]["num_samples"],
                    results[0]["floor"]["values"],
                ),
                ("ceiling: noise", results[0]["ceiling"]["num_samples"], results[0]["ceiling"]["values"]),
            ],
        )
    table.add_section()
    for rows in references.values():
        for name, count, values in rows:
            numbers = [f"{values[c.key]:.4g}" if c.key in values else "" for c in study.columns]
            table.add_row(name, "", f"{count:,}", *numbers, style="dim")
    return Group(table)


def _cell(interval: Interval | None) -> str:
    if interval is None:
        return "not finite"
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.4g}"
    return f"{interval.mean:.4g} ± {interval.high - interval.mean:.2g}"
