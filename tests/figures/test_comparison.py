"""Figures of a comparison: the numbers given, legible for one run and for a hundred, and nothing is cut."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from synthetic import NAMES, compared, measured

from harness.columns import Column
from harness.figures import Drawing, NothingToDrawError
from harness.figures.comparison import cost, intervals, learning_curves, samples
from harness.figures.comparison.scale import decimal, scale_of
from harness.figures.criterion_curve import criterion_curve
from harness.figures.style import (
    BLACK,
    BLUE,
    COLUMN,
    CYCLE,
    FAINT,
    GREY,
    NORMAL,
    fitted,
    style,
    text_width,
    words,
)
from harness.runs import Run
from harness.stats import mean_interval

FID = Column("fid", "FID", "lower")
IS = Column("fid", "Inception Score", "higher")
Figures = dict[str, Callable[[Sequence[Run]], Drawing]]

EVERY: Figures = {
    "intervals": lambda runs: intervals(runs, FID),
    "learning": lambda runs: learning_curves(runs, FID),
    "cost": lambda runs: cost(runs, FID),
    "criterion": criterion_curve(),
}
every_figure = pytest.mark.parametrize("figure", list(EVERY))


@pytest.fixture(autouse=True)
def in_style() -> Iterator[None]:
    with style():
        yield


def words_of(figure: Figure) -> list[Text]:
    """Every text that is seen."""
    seen = [text for text in figure.texts if text.get_text().strip()]
    for axes in figure.axes:
        seen += [text for text in (*axes.texts, axes._left_title) if text.get_text().strip()]  # type: ignore[attr-defined]
        for axis in (axes.xaxis, axes.yaxis):
            if axes.axison and axis.get_visible():
                low, high = sorted(map(float, axis.get_view_interval()))
                at = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
                seen += [label for place, label in at if low <= place <= high and label.get_text()]
                seen += [axis.label] if axis.label.get_text() else []
    return seen


def check_legible(drawing: Drawing) -> None:
    """Rendered, every text is large enough, on the page, and on no other text."""
    figure = drawing.figure
    figure.set_dpi(100)
    figure.savefig(BytesIO(), dpi=100)
    assert figure.get_size_inches()[0] <= COLUMN + 1e-9
    page = figure.bbox
    boxes = {}
    for text in words_of(figure):
        assert float(text.get_fontsize()) >= NORMAL, text
        box = Text.get_window_extent(text)  # of the words, without a line that leads to them
        assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1, text
        assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1, text
        boxes[text] = box
    for (one, box), (other, beside) in combinations(boxes.items(), 2):
        assert not box.padded(-1).overlaps(beside.padded(-1)), (one, other)


def points(line: Any) -> list[tuple[float, float]]:
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


def lines(axes: Axes, color: str, marker: str = "o") -> list[list[tuple[float, float]]]:
    return [points(each) for each in axes.lines if each.get_color() == color and each.get_marker() == marker]


def texts(drawing: Drawing) -> list[str]:
    return [each.get_text() for each in words_of(drawing.figure)]


@every_figure
@pytest.mark.parametrize(("variants", "seeds", "failures"), [(1, 1, False), (6, 2, True), (20, 3, True)])
def test_few_and_many_variants_are_legible_and_whole(
    figure: str, variants: int, seeds: int, failures: bool
) -> None:
    drawing = EVERY[figure](compared(variants, seeds, failures=failures))
    check_legible(drawing)
    assert drawing.caption.endswith(".")


@every_figure
@pytest.mark.parametrize(
    "runs",
    [
        [],
        [Run("base", 0)],
        [measured(curve={100: math.nan})],
        [measured(status="failed", curve={})],
        [Run("base", 0, results={"values": {}})],
    ],
)
def test_runs_without_a_value_are_an_error_of_one_line(figure: str, runs: list[Run]) -> None:
    with pytest.raises(NothingToDrawError, match=r"^[^\n]+$"):
        EVERY[figure](runs)


@pytest.mark.parametrize("figure", ["intervals", "learning", "cost"])
def test_values_of_two_protocols_are_not_drawn_beside_each_other(figure: str) -> None:
    with pytest.raises(NothingToDrawError, match="different protocols"):
        EVERY[figure]([measured("a"), measured("b", fingerprint="g")])


@every_figure
def test_the_same_runs_give_the_same_bytes(figure: str) -> None:
    first, second = BytesIO(), BytesIO()
    for target in (first, second):
        EVERY[figure](compared(3, 2)).figure.savefig(target, format="svg", metadata={"Date": None})
    assert first.getvalue() == second.getvalue()


def test_intervals_are_in_order_of_their_means_with_their_ends_and_seeds() -> None:
    values = {"worse": [3.0, 3.5, 3.1], "better": [2.0, 2.2, 2.1], "single": [2.5]}
    runs = [
        measured(name, seed, {9: value}) for name, group in values.items() for seed, value in enumerate(group)
    ]
    (axes,) = intervals(runs, FID).figure.axes
    means = lines(axes, BLUE)
    assert [line[0][0] for line in means] == pytest.approx([2.1, 2.5, 3.2])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # so the first is at the top
    heights = [line[0][1] for line in means]
    assert heights == sorted(heights)
    found = mean_interval(values["better"])
    bars = lines(axes, BLUE, "None")
    assert [x for x, _ in bars[0]] == pytest.approx([found.low, found.high])
    assert len(bars) == 2  # the single seed has none
    assert [[x for x, _ in line] for line in lines(axes, GREY)] == [values["better"], values["worse"]]
    (upward,) = intervals(runs, IS).figure.axes
    assert [line[0][0] for line in lines(upward, BLUE)] == pytest.approx([3.2, 2.5, 2.1])


def test_failed_seeds_are_counted_beside_the_name_and_in_no_mean() -> None:
    runs = [measured("a", seed, {9: 2.0 + seed}) for seed in range(3)]
    runs += [measured("a", 3, {9: math.nan}), measured("a", 4, {9: 900.0}, status="failed")]
    runs += [measured("gone", seed, {9: 1.0}, status="failed") for seed in range(2)]
    runs += [measured("later", 0, {}, status="running")]
    drawing = intervals(runs, FID)
    assert {"2 of 5 failed", "2 of 2 failed", "1 of 1 unfinished"} <= set(texts(drawing))
    ((mean,),) = lines(drawing.figure.axes[0], BLUE)
    assert mean[0] == 3.0


@pytest.mark.parametrize(("values", "drawn"), [([1.0, 1.4, 1.2], True), ([50.0, 52.0, 51.0], False)])
def test_the_floor_is_a_line_where_it_is_within_reach_and_else_in_the_caption(
    values: list[float], drawn: bool
) -> None:
    drawing = intervals([measured("a", seed, {9: value}) for seed, value in enumerate(values)], FID)
    (axes,) = drawing.figure.axes
    floors = [line for line in axes.lines if points(line) == [(0.5, 0), (0.5, 1)]]
    assert len(floors) == drawn
    assert ("floor 0.5" in texts(drawing)) == drawn
    assert ("floor 0.5" in drawing.caption) != drawn
    assert "ceiling 70" in drawing.caption


def test_an_interval_beyond_the_axis_ends_in_an_arrow() -> None:
    """Two seeds: t is 12.7, so the interval is 9 of their distances to either side."""
    drawing = intervals([measured("a", 0, {9: 10.0}), measured("a", 1, {9: 11.0})], FID)
    (axes,) = drawing.figure.axes
    low, high = axes.get_xlim()
    assert [line[0][0] for marker in "<>" for line in lines(axes, BLUE, marker)] == [low, high]
    assert "arrow" in drawing.caption


def test_a_scale_is_logarithmic_over_more_than_a_decade_and_holds_every_value() -> None:
    assert not scale_of([1.0, 10.0]).logarithmic
    assert scale_of([1.0, 10.1]).logarithmic
    assert not scale_of([0.0, 10.1]).logarithmic
    assert not scale_of([1.0, 10.1], logarithmic=False).logarithmic


numbers = st.floats(-1e6, 1e6, allow_subnormal=False)


@settings(max_examples=40)
@given(
    st.lists(numbers, min_size=1, max_size=5), st.lists(numbers, max_size=4), st.one_of(st.none(), numbers)
)
def test_values_are_on_their_axis_and_have_room_on_it(
    values: list[float], ends: list[float], reference: float | None
) -> None:
    scale = scale_of(values, ends, [reference])
    assert scale.low < scale.high
    assert all(scale.holds(value) for value in values)
    if not scale.logarithmic and max(values) - min(values) > 1e-3:
        assert scale.high - scale.low <= 10 * (max(values) - min(values))


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(1.5, 0.5, "1.5"), (2.0, 0.5, "2.0"), (-0.05, 0.05, "−0.05"), (250_000, 50_000, "250,000"), (3, 1, "3")],
)
def test_ticks_have_the_decimals_of_their_distance(value: float, step: float, text: str) -> None:
    assert decimal(value, step) == text


def test_learning_curves_are_means_at_the_steps_that_all_seeds_have() -> None:
    runs = [measured("a", 0, {100: 8.0, 200: 4.0, 300: 2.0}), measured("a", 1, {100: 6.0, 300: 3.0})]
    runs += [measured("a", 2, {100: 90.0, 200: 95.0}, status="failed")]
    drawing = learning_curves(runs, FID)
    (axes,) = drawing.figure.axes
    assert lines(axes, BLUE) == [[(100, 7.0), (300, 2.5)]]
    assert lines(axes, BLUE, "None") == [[(100, 90.0), (200, 95.0)]]  # failed: thin, to its cross
    assert lines(axes, BLUE, "x") == [[(200, 95.0)]]
    (band,) = axes.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}  # type: ignore[union-attr]
    assert {(100.0, 6.0), (100.0, 8.0), (300.0, 2.0), (300.0, 3.0)} <= corners
    assert axes.get_yscale() == "log"
    assert "64 images" in drawing.caption


def test_a_band_of_three_seeds_is_the_interval_of_the_mean() -> None:
    seeds = [8.0, 6.0, 7.5]
    runs = [measured("a", seed, {100: value, 200: value / 2}) for seed, value in enumerate(seeds)]
    (axes,) = learning_curves(runs, FID).figure.axes
    (band,) = axes.collections
    found = mean_interval(seeds)
    heights = [y for x, y in band.get_paths()[0].vertices.tolist() if x == 100]  # type: ignore[union-attr]
    assert (min(heights), max(heights)) == pytest.approx((found.low, found.high))


def test_more_than_six_variants_have_a_panel_each_best_first() -> None:
    runs = [measured(f"v{number}", 0, {100: 9.0, 200: 9.0 - number}) for number in range(7)]
    panels = learning_curves(runs, FID).figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == [f"v{number}" for number in reversed(range(7))]
    assert [lines(axes, BLUE) for axes in panels] == [
        [[(100, 9.0), (200, 9.0 - number)]] for number in reversed(range(7))
    ]
    (one,) = learning_curves(runs[:6], FID).figure.axes
    assert len({line.get_color() for line in one.lines if line.get_marker() == "o"}) == 6


def test_one_evaluation_is_no_learning_curve_but_has_a_cost() -> None:
    runs = [measured("a", seed, {100: 2.0 + seed}) for seed in range(2)]
    with pytest.raises(NothingToDrawError, match=r"evaluation\.every"):
        learning_curves(runs, FID)
    seconds, images = cost(runs, FID).figure.axes
    assert lines(seconds, BLUE, "None") == [[(10.0, 2.5)]]
    assert lines(images, BLUE, "None") == [[(6400.0, 2.5)]]
    assert [dots.get_offsets().tolist() for axes in (seconds, images) for dots in axes.collections[1:]] == [  # type: ignore[union-attr]
        [[10.0, 2.5]],
        [[6400.0, 2.5]],
    ]


line_of_costs = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4, unique_by=lambda point: point[0]
)


@settings(max_examples=40)
@given(st.lists(line_of_costs, min_size=1, max_size=4), st.booleans())
def test_the_front_are_the_points_that_no_other_one_equals_or_beats(
    variants: list[list[tuple[int, int]]], up: bool
) -> None:
    from harness.figures.comparison.cost import _front

    drawn = [[(float(x), float(y)) for x, y in line] for line in variants]
    front = _front(drawn, IS if up else FID)
    everything = {point for line in drawn for point in line}

    def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
        as_good = one[1] >= other[1] if up else one[1] <= other[1]
        return one != other and one[0] <= other[0] and as_good

    assert front == sorted(
        point for point in everything if not any(beats(other, point) for other in everything)
    )


def test_cost_names_those_on_the_front_and_leaves_the_rest_faint() -> None:
    runs = [
        measured("cheap", 0, {10: 5.0}, seconds={10: 1.0}),
        measured("good", 0, {20: 2.0}, seconds={20: 9.0}),
        measured("beaten", 0, {20: 6.0}, seconds={20: 9.5}),
    ]
    drawing = cost(runs, FID)
    seconds, _ = drawing.figure.axes
    assert {"cheap", "good"} <= set(texts(drawing))
    assert "beaten" not in texts(drawing)
    (steps,) = [points(line) for line in seconds.lines if line.get_drawstyle() == "steps-post"]
    assert steps == [(1.0, 5.0), (9.0, 2.0), (seconds.get_xlim()[1], 2.0)]
    assert "machine: cpu, 2 processors, Linux" in drawing.caption


def test_cost_without_seconds_has_images_alone_and_other_machines_do_not_compare() -> None:
    bare = cost([measured("a", 0, seconds={})], FID)
    assert [axes.get_xlabel() for axes in bare.figure.axes] == ["images seen"]
    assert "No run says how many seconds" in bare.caption
    here, there = measured("a"), measured("b")
    other = Run(**{**there.__dict__, "provenance": {"device": "cuda"}})
    assert "do not compare" in cost([here, other], FID).caption


def drawn_by(folder: Path, count: int, side: int, channels: int = 1) -> list[Run]:
    """A run each, with a grid of 64 images of noise, which no format makes small, as trainings leave it."""
    import torch

    from harness.pictures import image_grid

    runs = []
    for number, name in enumerate(NAMES[:count]):
        noise = np.random.default_rng(number).integers(0, 255, (64, channels, side, side), dtype=np.uint8)
        path = folder / f"{number}.png"
        path.write_bytes(image_grid(torch.from_numpy(noise)))
        runs.append(measured(name, 0, {9: 1.0 + number}, pictures={0: folder / "none.png", 9: path}))
    return runs


def shown(drawing: Drawing) -> list[Any]:
    return [np.asarray(axes.images[0].get_array()) for axes in drawing.figure.axes]


def test_few_pictures_are_whole_and_many_their_corner_pixel_by_pixel(tmp_path: Path) -> None:
    runs = drawn_by(tmp_path, 7, 8)
    for chosen, across in ((runs[:6], 73), (runs, 4 * 9 + 1)):
        drawing = samples(chosen)
        for picture, run in zip(shown(drawing), chosen, strict=True):
            assert picture.shape == (across, across)
            original = np.asarray(Image.open(run.pictures[9]))[::8, ::8]
            assert np.array_equal(picture, original[:across, :across])
        assert all(axes.images[0].get_interpolation() == "none" for axes in drawing.figure.axes)
        check_legible(drawing)
    assert "FID 3" in texts(drawing)


def test_sixteen_pictures_at_most_and_their_file_is_small(tmp_path: Path) -> None:
    drawing = samples(drawn_by(tmp_path, 20, 8))
    assert len(drawing.figure.axes) == 16
    assert "Not shown" in drawing.caption
    assert NAMES[16] in drawing.caption
    check_legible(drawing)
    for ending in ("png", "svg"):
        file = BytesIO()
        drawing.figure.savefig(file, format=ending)
        assert len(file.getvalue()) < 200_000


def test_large_images_are_fewer(tmp_path: Path) -> None:
    """14 × (2 · 33 + 1)² × 3 bytes."""
    (path,) = (run.pictures[9] for run in drawn_by(tmp_path, 1, 32, 3))
    runs = [measured(name, pictures={9: path}) for name in NAMES[:14]]
    assert {picture.shape for picture in shown(samples(runs))} == {(67, 67, 3)}


def test_pictures_of_points_are_never_cut(tmp_path: Path) -> None:
    runs = drawn_by(tmp_path, 7, 8)
    for run in runs:
        assert run.results is not None
        run.results["protocol"]["levels"] = None
    assert {picture.shape for picture in shown(samples(runs))} == {(292, 292)}
    assert {picture.shape for picture in shown(samples(runs[:2]))} == {(584, 584)}


def test_pictures_are_of_the_lowest_seed_that_most_variants_have(tmp_path: Path) -> None:
    (path,) = (run.pictures[9] for run in drawn_by(tmp_path, 1, 8))
    have = {"a": [0, 1, 2], "b": [1, 2], "c": [2, 1], "d": [0]}
    runs = [measured(name, seed, pictures={9: path}) for name, seeds in have.items() for seed in seeds]
    drawing = samples(runs)
    assert "seed 1" in drawing.caption
    assert "Without a picture of this seed: d." in drawing.caption
    assert {"a", "b", "c"} <= set(texts(drawing))
    with pytest.raises(NothingToDrawError):
        samples([measured("a"), measured("b", status="failed", pictures={9: path})])


def test_values_of_two_protocols_do_not_stand_below_pictures(tmp_path: Path) -> None:
    (path,) = (run.pictures[9] for run in drawn_by(tmp_path, 1, 8))
    runs = [measured(name, 0, fingerprint=name, pictures={9: path}) for name in "ab"]
    assert texts(samples(runs)) == ["a", "b"]


def test_criterion_of_many_variants_has_a_panel_each_with_both_limits() -> None:
    panels = criterion_curve()(compared(8, 2)).figure.axes
    assert len(panels) == 8
    for axes in panels:
        heights = {line.get_ydata()[0] for line in axes.lines if line.get_color() == GREY}  # type: ignore[index]
        assert heights == {0.0, -math.log(4)}


@settings(max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=70), min_size=1, max_size=4), st.floats(0.4, 3))
def test_names_fit_and_stay_as_they_are_where_they_do(names: list[str], inches: float) -> None:
    for name, short in zip(names, fitted(names, inches), strict=True):
        assert text_width(short) <= inches or len(short) <= 2
        if name.isascii() and name.isprintable() and text_width(name) <= inches:
            assert short == name


def test_names_that_differ_stay_different() -> None:
    start, middle, end = "x" * 40 + "{}", "{}" + "x" * 40, "x" * 12 + "{}" + "x" * 28
    for template in (start, middle, end):
        names = [template.format(letter) for letter in "abc"]
        assert len(set(fitted(names, 1.5))) == 3
    assert fitted(["变"], 1) == ["□"]


@every_figure
def test_names_stand_as_they_are(figure: str) -> None:
    name = "$x^2$_<b>"
    drawing = EVERY[figure]([measured(name), measured("other")])
    if figure != "cost":  # there only one of two equals is on the front
        assert words(name) in texts(drawing)
    encoded = BytesIO()
    drawing.figure.savefig(encoded, format="svg")
    assert b"<b>" not in encoded.getvalue()


@every_figure
def test_colours_are_those_that_a_page_knows(figure: str) -> None:
    """The page gives each of them its colour in the dark; black words have none in the file."""
    known = {BLACK, GREY, FAINT, "#ffffff", *CYCLE}
    for runs in (compared(2, 2), compared(7, 2)):
        encoded = BytesIO()
        EVERY[figure](runs).figure.savefig(encoded, format="svg")
        colours = set(re.findall(r"(?:fill|stroke): *(#\w+)", encoded.getvalue().decode()))
        assert colours <= {colour.lower() for colour in known}


def test_labels_at_the_ends_stay_beside_the_axes() -> None:
    from harness.figures.style import _kept

    assert _kept([-0.2, -0.1, 0.5], 0.1) == pytest.approx([0.0, 0.1, 0.5])
    assert _kept([1.2, 0.5], 0.1) == pytest.approx([1.0, 0.5])
    assert _kept([0.3, 0.9], 2) == [0.3, 0.9]  # no room: as they are
    crowded = sorted(_kept([0.8 + 0.1 * rank for rank in range(10)], 0.1))
    assert all(b - a >= 0.1 - 1e-9 for a, b in pairwise(crowded))


def test_what_is_no_letter_is_in_no_figure() -> None:
    assert words("a\x1b[31m\u202eb $c$ é\n2") == "a\ufffd[31m\ufffdb \\$c\\$ é\n2"
