"""The table of a study: metrics down, variants across, floor and ceiling beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from harness.columns import Column
from harness.notes import foreign, number, plain
from harness.outcomes import Study
from harness.protocol import Protocol

FIRST, EACH = 14, 19
"""Characters of the column of titles, at least, and of every other one."""


@dataclass(frozen=True)
class Stand:
    """One column of the table: who stands there, how many seeds and samples, a text for every metric."""

    title: str
    seeds: str
    images: str
    texts: Mapping[str, str]
    style: str = ""


def study_tables(study: Study, width: int) -> list[Table]:
    """One table, or as many as it takes to show every variant within `width` characters, floor and ceiling
    repeated in each."""
    variants = [_variant(study, name) for name in study.variants]
    references = _references(study)
    titles = max([FIRST, *[len(column.heading) + 2 for column in study.columns]])
    room = max(1, (width - titles) // EACH - len(references))
    groups = [variants[first : first + room] for first in range(0, len(variants), room)]
    results = [each for name in study.variants for each in study.results(name)]
    things = " or ".join(sorted({Protocol(**each["protocol"]).things for each in results})) or "images"
    return [_table(study.columns, [*group, *references], things) for group in groups]


def _table(columns: Sequence[Column], stands: Sequence[Stand], things: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for stand in stands:
        table.add_column(
            foreign(stand.title), justify="right", style=stand.style, no_wrap=True, overflow="ellipsis"
        )
    table.add_row("seeds", *[stand.seeds for stand in stands], style="dim")
    table.add_row(things, *[stand.images for stand in stands], style="dim", end_section=True)
    for column in columns:
        table.add_row(foreign(column.heading), *[stand.texts.get(column.key, "") for stand in stands])
    return table


def _variant(study: Study, name: str) -> Stand:
    results = study.results(name)
    intervals = study.intervals(name)
    failed = len(study.outcomes_of(name)) - len(results)
    seeds = f"{len(results)}, {failed} failed" if failed else str(len(results))
    if not results:
        return Stand(name, seeds, "", {}, "red")
    doubtful = {key for each in results for key in each["unreliable"]}
    texts = {key: number(interval) + (" ?" if key in doubtful else "") for key, interval in intervals.items()}
    mark = marks(study).get(results[0]["fingerprint"], "")
    return Stand(f"{name}{mark}", seeds, f"{results[0]['num_samples']:,}", texts)


def marks(study: Study) -> dict[str, str]:
    """` [1]`, ` [2]`, ... by fingerprint, where a study has several: values of different ones do not
    compare."""
    found = dict.fromkeys(each["fingerprint"] for name in study.variants for each in study.results(name))
    return {key: f" [{index}]" for index, key in enumerate(found, 1)} if len(found) > 1 else {}


def _references(study: Study) -> list[Stand]:
    """Floor and ceiling, once for every protocol in the study."""
    stands: dict[tuple[str, str], Stand] = {}
    for variant in study.variants:
        control = study.outcomes_of(variant)[0].prepared.cell.evaluation.control
        for results in study.results(variant):
            for kind, name in (("floor", f"floor: {control} set"), ("ceiling", "ceiling: noise")):
                scores = results[kind]
                texts = {key: plain(value) for key, value in scores["values"].items()}
                mark = marks(study).get(results["fingerprint"], "")
                stand = Stand(f"{name}{mark}", "", f"{scores['num_samples']:,}", texts, "dim")
                stands.setdefault((results["fingerprint"], kind), stand)
    return list(stands.values())
