"""A check as a person in a terminal reads it: 80 columns are enough."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.gate import shown
from harness.gate.check import Checked, CheckResult
from harness.gate.update import Update
from harness.pages.text import CONTROLS

STYLES = {"PASS": "bold green", "REGRESSION": "bold red", "INCONCLUSIVE": "bold yellow"}


def check_text(result: CheckResult) -> Group:
    """The verdict of every variant over its metrics, the gated one first; then what changed."""
    return Group(*_parts(result))


def update_text(update: Update) -> Group:
    """Every metric in the old baseline and in the new one; then what else changed."""
    parts: list[RenderableType] = []
    for variant, lines in update.changed.items():
        table = _table("old baseline", "new baseline", "change")
        for moved in update.moved:
            if moved.variant == variant and (moved.old or moved.new):
                texts = shown.mean(moved.old), shown.mean(moved.new), shown.moved_change(moved)
                table.add_row(_plain(moved.column.heading), *texts)
        parts += [Text(variant, "bold"), table, *_lines(lines), Text()]
    parts += _lines(update.other)
    return Group(*parts)


def _parts(result: CheckResult) -> Iterator[RenderableType]:
    what, _, outcome = shown.headline(result).rpartition(" ")
    yield Text.assemble(what, " ", (outcome, STYLES[outcome]), f", where {shown.allowed(result)} is allowed")
    yield Text()
    for checked in result.variants:
        outcome = checked.verdict.outcome
        yield Text.assemble((checked.variant, "bold"), "  ", (outcome, STYLES[outcome]))
        if checked.verdict.baseline or checked.verdict.fresh:
            yield _metrics(checked, result)
        yield _indented(checked.verdict.reason)
        if said := shown.reused(checked):
            yield _indented(said)
        yield from _lines(f"not counted: seed {seed}, {why}" for seed, why in checked.set_aside.items())
        yield Text()
    changed = shown.shared([(each.variant, each.changed) for each in result.variants])
    if changed:
        yield Text("changed since the baseline:")
        yield from _lines(f"{variants}: {line}" if variants else line for variants, line in changed)
    yield Text(shown.came_from(result), "dim")


def _metrics(checked: Checked, result: CheckResult) -> Table:
    verdict = checked.verdict
    table = _table("baseline", "now", f"change ({shown.interval_title(result)})")
    failed = shown.failures(result, checked.variant)
    sides = zip((verdict.baseline, verdict.fresh), failed, strict=True)
    table.add_row("", *(shown.seeds(side, count) for side, count in sides), "", style="dim")
    texts = shown.mean(verdict.baseline), shown.mean(verdict.fresh), shown.gated_change(checked, result)
    table.add_row(_plain(result.column.heading), *texts, style="bold")
    for beside in checked.beside:
        texts = shown.mean(beside.baseline), shown.mean(beside.fresh), shown.change(beside)
        table.add_row(_plain(beside.column.heading), *texts, style="dim")
    return table


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True, overflow="ellipsis")
    for head in heads:
        # Numbers are whole in any terminal: the interval of a change takes a second line in a narrow one.
        table.add_column(head, justify="right", no_wrap=not head.startswith("change"))
    return table


def _lines(lines: Iterable[str]) -> Iterator[RenderableType]:
    for line in lines:
        yield _indented(line)


def _indented(text: str) -> RenderableType:
    return Padding(_plain(text), (0, 0, 0, 2), expand=False)


def _plain(text: str) -> Text:
    """As it stands: neither markup nor a command to the terminal."""
    return Text(CONTROLS.sub("\ufffd", text))
