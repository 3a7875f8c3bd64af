"""Others' values stand beside ours under the same protocol and never under another."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from measured import DIGITS, FID, seeds, text_of

from harness.columns import Column
from harness.protocol import Protocol
from harness.report import write_report
from harness.report.comparison import compared
from harness.report.published import INCEPTION, TABLE, published_for
from harness.runs import Run

LUCIC = replace(
    DIGITS,
    extractor="inception",
    extractor_title="Inception (TensorFlow resize)",
    extractor_digest=f"{INCEPTION}, tensorflow resize, torch-fidelity 0.4.0",
    data="mnist, test split",
    num_reference=10_000,
    num_samples=10_000,
)


def on(dataset: object, protocol: Protocol, column: Column = FID) -> list[Run]:
    runs = seeds("base", [6.0, 7.0], protocol=protocol, columns=(column,))
    return [
        replace(
            run,
            config={**run.config, "dataset": dataset},
            results={**(run.results or {}), "values": {column.key: 6.0 + run.seed}},
        )
        for run in runs
    ]


def shown(runs: list[Run]) -> tuple[list[str], list[str]]:
    (group,) = compared(runs).groups
    shelf = published_for(group)
    return [each.source for each in shelf.comparable], [each.source for each in shelf.others]


SOURCE = "Lucic et al. 2018, table 2"


@pytest.mark.parametrize("dataset", ["mnist", {"name": "mnist"}])
def test_the_same_protocol_compares(dataset: object) -> None:
    assert shown(on(dataset, LUCIC)) == ([SOURCE], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"num_samples": 50_000},
        {"num_reference": 5_000},
        {"data": "mnist, train split"},
        {"extractor_digest": f"{INCEPTION}, clean resize, torch-fidelity 0.4.0"},
        {"extractor_digest": "1b00b778"},
        {"metric_options": '{"fid": {"ridge": 1}}'},
    ],
)
def test_any_other_protocol_does_not(changed: Mapping[str, Any]) -> None:
    assert shown(on("mnist", replace(LUCIC, **changed))) == ([], [SOURCE])


def test_another_data_set_or_metric_has_nothing() -> None:
    assert shown(on("digits", LUCIC)) == ([], [])
    assert shown(on("mnist", LUCIC, Column("kid", "KID", "lower"))) == ([], [])
    assert shown([*on("mnist", LUCIC), *on("digits", LUCIC)[1:]]) == ([], [])


def test_modes_compare_only_on_the_authors_own_ring() -> None:
    modes, points = Column("modes", "Modes", "higher"), replace(DIGITS, levels=None, num_samples=2_500)
    ring = {"name": "ring", "modes": 8, "radius": 1.0, "sigma": 0.01, "num_train": 100_000}
    assert shown(on(ring, points, modes)) == (["PacGAN (Lin et al. 2018)"], [])
    assert shown(on({**ring, "sigma": 0.1}, points, modes)) == ([], [])
    assert shown(on(ring, replace(points, metric_options='{"modes": {"sigmas": 4.0}}'), modes))[0] == []


def test_the_page_gives_numbers_only_where_they_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.report.page.drawings", lambda *_: [])
    write_report(tmp_path, on("mnist", LUCIC), name="mnist")
    text = text_of(tmp_path).partition("## Published values")[2]
    assert f"| WGAN-GP | 20.3 ± 5 | {SOURCE} |" in text
    assert "| base | 6.5 ± 6.4 | here |" in text
    assert "Read second-hand" in text
    write_report(tmp_path, on("mnist", replace(LUCIC, num_samples=5000)), name="mnist")
    text = text_of(tmp_path).partition("## Published values")[2]
    assert "they do not compare" in text
    assert "20.3" not in text


def test_the_pinned_weights_are_the_extractors_own() -> None:
    source = (Path(__file__).parents[2] / "harness/features/inception.py").read_text()
    assert f'PUBLISHED = "{INCEPTION}"' in source
    assert len({(entry.source, str(entry.dataset), entry.key) for entry in TABLE}) == len(TABLE)
