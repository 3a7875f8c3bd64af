"""Which figures a report has, and what becomes of those that cannot be drawn."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from measured import DIGITS, seeds

from harness.figures import Drawing, NothingToDrawError
from harness.figures.style import new_figure
from harness.pages import Illustration
from harness.report import drawings as module
from harness.report.comparison import compared
from harness.report.drawings import drawings

STANDARD = ("intervals", "samples", "learning_curves", "cost")


def fake(error: Exception | None = None) -> Callable[..., Drawing]:
    def draw(*_: object) -> Drawing:
        if error:
            raise error
        return Drawing(new_figure(1.0, 1.0), "A figure", "words")

    return draw


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in STANDARD:
        monkeypatch.setattr(module, name, fake())


def shown(folder: Path, *args: object) -> list[Illustration]:
    heading, *figures = drawings(folder, *args)  # type: ignore[arg-type]
    assert heading == "## Figures"
    return [figure for figure in figures if isinstance(figure, Illustration)]


def stems(figures: list[Illustration]) -> list[str]:
    return [figure.files[0].removeprefix("figures/").removesuffix(".png") for figure in figures]


def test_what_would_show_nothing_is_left_out_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = [*seeds("base", [1.0, 2.0]), *seeds("b", [1.0, 2.0])]
    assert stems(shown(tmp_path, compared(two), {})) == list(STANDARD)
    assert stems(shown(tmp_path, compared(two[:2]), {})) == ["intervals", "samples", "learning_curves"]
    monkeypatch.setattr(module, "samples", fake(NothingToDrawError("no pictures")))
    one = shown(tmp_path, compared(two[:1]), {})
    assert stems(one) == ["learning_curves"]
    assert list(drawings(tmp_path, compared([]), {})) == []


def test_what_fails_or_was_asked_for_is_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "samples", fake(OSError("cannot identify image file")))
    asked = {"mine": fake(NothingToDrawError("nothing of it"))}
    figures = shown(tmp_path, compared(seeds("base", [1.0])), asked)
    assert [figure.warning for figure in figures] == [
        "figure `samples`: OSError: cannot identify image file",
        "",
        "figure `mine`: nothing of it",
    ]


def test_protocols_have_figures_of_their_own(tmp_path: Path) -> None:
    other = replace(DIGITS, num_samples=5000)
    runs = [*seeds("base", [1.0, 2.0]), *seeds("b", [1.0, 2.0], protocol=other)]
    figures = shown(tmp_path, compared(runs), {})
    assert stems(figures) == [f"{name}.{index}" for index in (1, 2) for name in STANDARD[:3]]
    assert "### A figure \\[2\\]\n" in figures[-1].section
