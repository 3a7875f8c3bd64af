"""Figures of searches: what is drawn are the numbers given, for few trials and many, and nothing is cut."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from matplotlib.axes import Axes
from searches import FID, PARAMETERS, PRECISION, SECONDS, as_in_file, failed, space, trials

from harness.config import Parameter, Space
from harness.figures import Drawing, NothingToDrawError
from harness.figures.search import (
    budget_curves,
    expected_best_figure,
    history,
    importance,
    learning_curves,
    parallel_coordinates,
    pareto,
    slices,
)
from harness.figures.search.axes import FILE, name, wrapped
from harness.figures.search.parallel import ABSENT
from harness.figures.style import BLACK, BLUE, GREEN, SMALL, VERMILION, style, words
from harness.figures.ticks import short
from harness.stats import expected_best
from harness.trials import TrialRecord, best_so_far, best_trial, complete_trials, pareto_front

Trials = Sequence[TrialRecord]


def shares(searched: Space) -> Mapping[str, float]:
    return {parameter.key: 1 / (1 + rank) ** 2 for rank, parameter in enumerate(searched.parameters)}


EVERY: dict[str, Any] = {
    "history": lambda found, searched: history(found, [FID]),
    "history_of_two": lambda found, searched: history(found, [FID, SECONDS]),
    "learning": lambda found, searched: learning_curves(found, FID),
    "slices": lambda found, searched: slices(found, searched, FID),
    "parallel": lambda found, searched: parallel_coordinates(found, searched, FID),
    "pareto": lambda found, searched: pareto(found, (FID, SECONDS)),
    "budget": lambda found, searched: expected_best_figure({"base": found}, FID),
    "importance": lambda found, searched: importance(shares(searched), FID),
}
every_figure = pytest.mark.parametrize("figure", list(EVERY))


@pytest.fixture(autouse=True)
def in_style() -> Iterator[None]:
    with style():
        yield


def rendered(drawing: Drawing, dpi: float = 40) -> Drawing:
    """After it was rendered, coarsely: much can only fail there, or warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing.figure.savefig(BytesIO(), dpi=dpi)
    return drawing


def one_of(n: int) -> list[TrialRecord]:
    """All failed but number 1, of `n`."""
    good = next(each for each in trials(50, space()) if each.state == "complete")
    return [
        replace(good, number=1) if each.number == 1 else failed(each.number, dict(each.params))
        for each in trials(n, space())
    ]


def line(axes: Axes, color: str, label: str) -> list[tuple[float, float]]:
    (found,) = [each for each in axes.lines if each.get_color() == color and each.get_label() == label]
    return list(zip(found.get_xdata(), found.get_ydata(), strict=True))  # type: ignore[arg-type]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


@every_figure
@pytest.mark.parametrize(("n", "parameters"), [(3, 1), (3, 12), (50, 2), (50, 8), (300, 12)])
def test_every_search_is_drawn_whole_and_legibly(figure: str, n: int, parameters: int) -> None:
    searched = space(parameters)
    drawing = rendered(EVERY[figure](trials(n, searched, seed=n), searched), dpi=100)
    assert drawing.title
    assert drawing.caption.endswith(".")
    page = drawing.figure.bbox
    for axes in drawing.figure.axes:
        box = axes.get_tightbbox()
        assert box is not None
        assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1
        assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1
        for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label):
            assert text.get_fontsize() >= SMALL


@every_figure
def test_one_trial_that_came_through_is_enough(figure: str) -> None:
    rendered(EVERY[figure](one_of(12), space()))
    rendered(EVERY[figure](one_of(2)[1:], space()))


@every_figure
@pytest.mark.parametrize(
    "found",
    [
        [],
        [failed(0, {"loss": "hinge"})],
        [TrialRecord(0, "complete", {"loss": "hinge"}, (math.nan,), {1: math.nan}, 1, "")],
    ],
)
def test_a_search_without_a_result_is_an_error_of_one_line(figure: str, found: Trials) -> None:
    with pytest.raises(NothingToDrawError, match=r"^[^\n]+$"):
        EVERY[figure](found, space(0))


@every_figure
def test_the_same_trials_give_the_same_bytes(figure: str) -> None:
    first, second = BytesIO(), BytesIO()
    for target in (first, second):
        drawing = EVERY[figure](trials(20, space(4)), space(4))
        drawing.figure.savefig(target, format="svg", metadata={"Date": None})
    assert first.getvalue() == second.getvalue()


def test_history_draws_the_values_and_the_best_of_them_so_far() -> None:
    found = trials(50, space(8), seed=3)
    (axes,) = rendered(history(found, [FID])).figure.axes
    complete = [(each.number, each.values[0]) for each in complete_trials(found)]
    assert line(axes, BLUE, "complete") == complete
    best = best_trial(found, FID)
    assert best is not None
    assert line(axes, BLACK, "best so far") == [*best_so_far(found, FID), (49, best.values[0])]
    ticks = [x for x, _ in line(axes, VERMILION, "failed")]
    assert ticks == [each.number for each in found if each.state == "failed"]
    assert f"trial {best.number}: {short(best.values[0])}" in texts(axes)


def test_history_has_the_file_as_a_line_across_all_trials() -> None:
    found = [as_in_file(0, 6.0, seconds=30.0), *trials(40, space(8), seed=3)[1:]]
    panels = rendered(history(found, [FID, SECONDS])).figure.axes
    for axes, value in zip(panels, (6.0, 30.0), strict=True):
        assert line(axes, GREEN, FILE) == [(0, value), (1, value)]  # of the axes' width
        assert f"file: {short(value)}" in texts(axes)
    (axes,) = rendered(history([as_in_file(0, 0.5), *found[1:]], [FID])).figure.axes
    assert texts(axes) == ["trial 0 (file): 0.5"]
    for file in (replace(found[0], state="pruned"), failed(0, {})):
        (axes,) = rendered(history([file, *found[1:]], [FID])).figure.axes
        assert not [each for each in axes.lines if each.get_color() == GREEN]


@pytest.mark.parametrize("state", ["complete", "pruned", "failed"])
def test_the_file_has_a_learning_curve_of_its_own_look(state: Any) -> None:
    file = replace(as_in_file(0, 6.0), state=state)
    (axes,) = rendered(learning_curves([file, *trials(40, space(8), seed=3)[1:]], FID)).figure.axes
    assert line(axes, GREEN, FILE) == list(file.curve.items())
    assert ("file: 6" in texts(axes)) == (state == "complete")


@pytest.mark.parametrize("file", [as_in_file(40, 0.001), as_in_file(40, 9e5), failed(40, {})])
def test_the_file_is_at_no_point_of_the_space_and_in_no_figure_of_one(file: TrialRecord) -> None:
    found = trials(40, space(8), seed=3)
    for draw in (slices, parallel_coordinates):
        with_file, without = BytesIO(), BytesIO()
        draw([file, *found], space(8), FID).figure.savefig(with_file, format="svg", metadata={"Date": None})
        draw(found, space(8), FID).figure.savefig(without, format="svg", metadata={"Date": None})
        assert with_file.getvalue() == without.getvalue()
        with pytest.raises(NothingToDrawError, match="of the search space"):
            draw([file, failed(1, {"loss": "hinge"})], space(8), FID)


def test_failed_trials_stand_on_the_edge_of_the_bad_values() -> None:
    found = one_of(4)
    for objective, edge in ((FID, 1.0), (PRECISION, 0.0)):
        (axes,) = history(found, [objective]).figure.axes
        assert {y for _, y in line(axes, VERMILION, "failed")} == {edge}


def test_one_diverged_trial_does_not_flatten_the_others() -> None:
    good = [replace(each, number=number) for number, each in enumerate(complete_trials(trials(40, space(1))))]
    diverged = replace(good[0], values=(50_000.0, 1.0))
    (axes,) = history([diverged, *good[1:]], [FID]).figure.axes
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < min(each.values[0] for each in good) < 50_000 < high
    # As a pruned one it is drawn at the edge, and the complete ones have the axis.
    (axes,) = history([replace(diverged, state="pruned"), *good[1:]], [FID]).figure.axes
    assert axes.get_ylim()[1] < 1000
    (axes,) = history(
        [replace(diverged, values=(0.001,)), replace(good[1], values=(0.9,))], [PRECISION]
    ).figure.axes
    assert axes.get_yscale() == "linear"


def test_learning_curves_are_those_of_the_trials() -> None:
    found = trials(50, space(8), seed=3)
    (axes,) = rendered(learning_curves(found, FID)).figure.axes
    best = best_trial(found, FID)
    assert best is not None
    assert line(axes, BLACK, "best trial") == list(best.curve.items())
    drawn = {
        tuple(each.get_ydata())  # type: ignore[arg-type]
        for each in axes.lines
        if each.get_color() == BLUE and len(each.get_xdata()) > 0  # type: ignore[arg-type]
    }
    assert drawn == {tuple(each.curve.values()) for each in complete_trials(found)}


def test_slices_have_a_panel_a_parameter_with_its_scale() -> None:
    found = trials(50, space(), seed=3)
    panels = rendered(slices(found, space(), FID)).figure.axes
    for axes, parameter in zip(panels, PARAMETERS, strict=True):
        assert axes.get_xlabel().replace("\n", "") == name(parameter.key)
        assert axes.get_xscale() == ("log" if parameter.log else "linear")
        (points,) = axes.collections
        shown = [each for each in complete_trials(found) if parameter.key in each.params]
        offsets = points.get_offsets()
        assert [y for _, y in offsets] == [each.values[0] for each in shown]  # type: ignore[union-attr]
        where = [x for x, _ in offsets]  # type: ignore[union-attr]
        if parameter.kind == "choice":
            labels = list(parameter.choices)
            assert [round(x) for x in where] == [
                labels.index(str(each.params[parameter.key])) for each in shown
            ]
            assert [text.get_text() for text in axes.get_xticklabels()] == [words(label) for label in labels]
        else:
            assert where == [each.params[parameter.key] for each in shown]


def test_a_panel_that_no_trial_has_is_left_out() -> None:
    found = [replace(each, params={"training.betas.0": 0.5}) for each in complete_trials(trials(9, space(1)))]
    (axes,) = rendered(slices(found, space(), FID)).figure.axes
    assert axes.get_xlabel() == "betas.0"


def test_parallel_coordinates_put_every_value_on_its_row() -> None:
    parameters = (
        Parameter("training.learning_rate", "float", 1e-4, 1e-2, log=True),
        Parameter("loss", "choice", choices={"hinge": "hinge", "wasserstein": "wasserstein"}),
        Parameter("weight", "float", 0.0, 4.0, when={"loss": ("wasserstein",)}),
    )
    records = [
        TrialRecord(0, "complete", {"training.learning_rate": 1e-3, "loss": "hinge"}, (2.0,), {}, 1, ""),
        TrialRecord(
            1,
            "complete",
            {"training.learning_rate": 1e-2, "loss": "wasserstein", "weight": 1.0},
            (4.0,),
            {},
            1,
            "",
        ),
        TrialRecord(2, "pruned", {"training.learning_rate": 1e-2, "loss": "hinge"}, (9.0,), {}, 1, ""),
    ]
    (axes,) = rendered(parallel_coordinates(records, Space(parameters), FID)).figure.axes
    whole = [each for each in axes.lines if len(each.get_xdata()) == 4]  # type: ignore[arg-type]
    places = {tuple(round(float(x), 1) for x in each.get_xdata()) for each in whole}  # type: ignore[union-attr]
    assert places == {(0.5, 0.0, round(ABSENT, 1), 0.0), (1.0, 1.0, 0.2, 1.0)}
    (best,) = [each for each in whole if each.get_color() == VERMILION]
    assert float(best.get_xdata()[2]) == ABSENT  # type: ignore[index]
    assert {"hinge", "wasserstein", "n/a", "1e−4", "0.001", "0.01", "2", "4"} <= set(texts(axes))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["learning_rate", "loss", "weight", "FID"]


def test_importances_are_bars_in_order_with_their_numbers() -> None:
    (axes,) = rendered(importance({"loss": 0.2, "training.ema": 0.7, "x": 0.1}, FID)).figure.axes
    bars: Any = axes.patches
    assert [bar.get_width() for bar in bars] == [0.1, 0.2, 0.7]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["x", "loss", "ema"]
    assert texts(axes) == ["0.10", "0.20", "0.70"]


@pytest.mark.parametrize("second", [SECONDS, replace(PRECISION, key="seconds")])
def test_the_front_is_the_pareto_front(second: Any) -> None:
    found = trials(80, space(6), seed=2)
    (axes,) = rendered(pareto(found, (FID, second))).figure.axes
    expected = {each.values for each in pareto_front(found, (FID, second))}
    assert set(line(axes, VERMILION, "Pareto front")) == expected
    others = {each.values for each in complete_trials(found, 2)} - expected
    assert set(line(axes, BLUE, "complete")) == others


def test_budget_curves_count_failed_and_pruned_trials_as_spent() -> None:
    records = [
        TrialRecord(0, "complete", {"loss": "hinge"}, (2.0,), {100: 30.0, 200: 2.0}, 1, ""),
        TrialRecord(1, "pruned", {"loss": "hinge"}, (9.0,), {100: 9.0}, 1, ""),
        failed(2, {"loss": "hinge"}),
    ]
    curves = budget_curves({"base": records, "nothing": [failed(0, {"loss": "hinge"})]}, FID)
    assert list(curves) == ["base"]
    assert curves["base"].values == expected_best([2.0, 9.0, 30.0], [1, 2, 3])
    assert curves["base"].at(3) == (2.0, *curves["base"].intervals[2])
    assert curves["base"].at(4) is None


def test_budget_curves_leave_out_the_file_which_is_no_draw_of_the_search() -> None:
    found = trials(30, space(8), seed=3)
    for file in (as_in_file(30, 0.01), failed(30, {}), replace(as_in_file(30, 900.0), state="pruned")):
        assert budget_curves({"base": [file, *found]}, FID) == budget_curves({"base": found}, FID)
    assert budget_curves({"base": [as_in_file(0, 1.0), failed(1, {"loss": "hinge"})]}, FID) == {}


def test_the_expected_best_is_drawn_for_every_variant_up_to_its_trials() -> None:
    variants = {"hinge": trials(300, space(8), 1), "$x$": trials(40, space(8), 2)}
    curves = budget_curves(variants, FID)
    (axes,) = rendered(expected_best_figure(variants, FID)).figure.axes
    assert axes.get_xscale() == "log"
    for curve, drawn in zip(curves.values(), axes.lines, strict=True):
        assert list(drawn.get_ydata()) == curve.values  # type: ignore[arg-type]
        assert all(
            low <= value <= high for value, (low, high) in zip(curve.values, curve.intervals, strict=True)
        )
    assert curves["hinge"].budgets[-1] == 300
    assert {1, 2, 5, 10, 20, 50, 100, 200} <= set(curves["hinge"].budgets)
    assert all(a < b for a, b in pairwise(curves["hinge"].budgets))
    assert texts(axes) == ["hinge", r"\$x\$"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0003, "3e−4"),
        (1e-5, "1e−5"),
        (0.125, "0.125"),
        (-2.5, "−2.5"),
        (64, "64"),
        (1000, "1,000"),
        (99_999, "99,999"),
        (1e6, "1e6"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_long_keys_are_broken_where_words_end() -> None:
    assert wrapped("discriminator_learning_rate", 20) == "discriminator_\nlearning_rate"
    assert wrapped("loss", 20) == "loss"
    assert wrapped("one_word_$x$", 5) == "one_\nword_\n\\$x\\$"
