"""Figures of small synthetic results: the right lines under the right words, and never an exception."""

import math
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from matplotlib.axes import Axes
from synthetic import at_distance, curves, trained

from harness.figures import FIGURES, Drawing, NothingToDrawError
from harness.figures.criterion_curve import PERFECT, SATURATED
from harness.figures.style import CYCLE, SMALL, spread, style, words
from harness.options import describe
from harness.runs import Run
from harness.stats import mean_interval

GOOD: dict[str, list[Run]] = {
    "criterion_curve": [trained(seed=0), trained(seed=1, up=0.1)],
    "figure1": [trained()],
    "optimal_discriminator": [trained()],
    "saturation": [at_distance(theta, critic=critic) for theta in (0, 0.5, 2) for critic in (False, True)],
}
every_figure = pytest.mark.parametrize("name", list(FIGURES))


@pytest.fixture(autouse=True)
def in_style() -> Iterator[None]:
    with style():
        yield


def drawn(name: str, runs: list[Run], **options: Any) -> Drawing:
    """The drawing, after it was rendered, coarsely: much can only fail there."""
    drawing = FIGURES[name](**options)(runs)
    drawing.figure.savefig(BytesIO(), dpi=40)
    return drawing


def axes_of(drawing: Drawing) -> list[Axes]:
    parts = drawing.figure.subfigs
    return [axes for part in parts for axes in part.axes] if parts else drawing.figure.axes


def texts(drawing: Drawing) -> list[str]:
    return [text.get_text() for axes in axes_of(drawing) for text in axes.texts]


def lines(axes: Axes, color: str) -> list[list[tuple[float, float]]]:
    """The points of every line of that colour, wide ones first."""
    found = sorted(axes.lines, key=lambda line: -line.get_linewidth())
    return [
        list(zip(line.get_xdata(), line.get_ydata(), strict=True))  # type: ignore[arg-type]
        for line in found
        if line.get_color() == color
    ]


@every_figure
def test_every_figure_says_what_it_is_and_draws(name: str) -> None:
    assert describe(FIGURES[name]).endswith(".")
    assert len(describe(FIGURES[name])) <= 110
    drawing = drawn(name, GOOD[name])
    assert drawing.title
    assert drawing.caption.endswith(".")


@every_figure
def test_no_letter_is_too_small_and_nothing_is_cut(name: str) -> None:
    drawing = drawn(name, GOOD[name])
    page = drawing.figure.bbox
    for axes in axes_of(drawing):
        box = axes.get_tightbbox()
        assert box is not None
        assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1
        assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1
        for text in (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label):
            assert text.get_fontsize() >= SMALL


@every_figure
@pytest.mark.parametrize(
    "runs",
    [
        [],
        [Run("base", 0)],
        [Run("base", 0, results={"theory": {}})],
        [Run("base", 0, evaluations={10: {"eval/fid": 3.0, "eval/criterion": math.nan}})],
        [Run("base", 0, config={"network": {"name": "affine"}}, results={})],
    ],
)
def test_results_without_what_it_shows_are_an_error_of_one_line(name: str, runs: list[Run]) -> None:
    with pytest.raises(NothingToDrawError) as refused:
        FIGURES[name]()(runs)
    assert "\n" not in str(refused.value)


@every_figure
def test_unfinished_and_empty_runs_beside_good_ones_do_no_harm(name: str) -> None:
    drawn(name, [Run("empty", 0), trained("failed", finished=False), *GOOD[name], Run("last", 3)])


@every_figure
def test_the_same_results_give_the_same_bytes(name: str) -> None:
    first, second = BytesIO(), BytesIO()
    for target in (first, second):
        FIGURES[name]()(GOOD[name]).figure.savefig(target, format="svg", metadata={"Date": None})
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize("variant", ["a_b", "$x$", "<script>alert(1)</script>", "x^2_{3}", "100%", "\\frac"])
def test_a_name_is_written_as_it_stands(variant: str) -> None:
    drawing = drawn("criterion_curve", [trained(variant), trained("other", up=0.2)])
    assert words(variant) in texts(drawing)
    encoded = BytesIO()
    drawing.figure.savefig(encoded, format="svg")
    assert b"<script>" not in encoded.getvalue()


def test_criterion_curve_has_means_intervals_and_limits() -> None:
    (axes,) = axes_of(drawn("criterion_curve", GOOD["criterion_curve"]))
    mean, *single = lines(axes, CYCLE[0])
    assert mean == [(step, pytest.approx(-0.95 - step / 1000)) for step in (100, 200, 300)]
    assert len(single) == 2
    band, _ = [part for part in axes.collections if part.get_alpha() == 0.15]  # estimated, exact
    interval = mean_interval([-1.3, -1.2])
    heights = band.get_paths()[0].vertices[:, 1]  # type: ignore[index, call-overload]
    assert min(heights) == pytest.approx(interval.low)
    limits = [line.get_ydata()[0] for line in axes.lines if line.get_xdata()[0] == 0]  # type: ignore[index]
    assert set(limits) == {0.0, PERFECT}
    assert pytest.approx(-0.069315, abs=1e-5) == SATURATED


def test_criterion_curve_of_one_seed_has_no_band_and_says_so() -> None:
    drawing = drawn("criterion_curve", [trained()])
    (axes,) = axes_of(drawing)
    assert not [part for part in axes.collections if part.get_alpha() == 0.15]
    assert "One seed" in drawing.caption


def test_criterion_curve_names_variants_or_for_one_variant_the_estimates() -> None:
    several = drawn("criterion_curve", [trained("one"), trained("two"), trained("gone", finished=False)])
    assert {"one", "two", "gone (failed)"} <= set(texts(several))
    known = {
        step: {**values, "eval/criterion_density": values["eval/criterion"] + 0.01}
        for step, values in trained().evaluations.items()
    }
    single = drawn("criterion_curve", [Run("base", 0, {}, {}, known)])
    assert {"from samples", "p_data known"} <= set(texts(single))


def test_figure1_tells_the_story_from_the_first_evaluation_after_the_start() -> None:
    drawing = drawn("figure1", [trained()])
    upper = axes_of(drawing)[::2]
    assert [axes.get_title(loc="left")[:13] for axes in upper] == [
        "(a) step 100:",
        "(b) D is trai",
        "(c) G follows",
        "(d) step 300:",
    ]
    arrows = axes_of(drawing)[1::2]
    assert [len(axes.texts) for axes in arrows] == [3, 3, 3, 3]
    assert "step 0:" in axes_of(drawn("figure1", [trained()], early=0))[0].get_title(loc="left")


def test_figure1_shows_a_finished_run_of_the_variant_asked_for() -> None:
    runs = [trained("a", 0, finished=False), trained("a", 1), trained("b", 2)]
    assert "(a, seed 1)" in drawn("figure1", runs).caption
    assert "(b, seed 2)" in drawn("figure1", runs, variant="b").caption
    with pytest.raises(NothingToDrawError):
        drawn("figure1", runs, variant="c")


def test_figure1_without_one_dimensional_latents_has_no_arrows() -> None:
    run = trained()
    for record in run.records["figure1"].values():
        for stage in record.values():
            stage.pop("z"), stage.pop("g")
    assert [len(axes.texts) for axes in axes_of(drawn("figure1", [run]))[1::2]] == [0, 0, 0, 0]


def test_optimal_discriminator_has_v_below_c_and_d_at_some_steps() -> None:
    left, right = axes_of(drawn("optimal_discriminator", [trained()]))
    assert {"C(G) = −1.3000", "V(D, G) = −1.3500"} <= {text.get_text() for text in left.texts}
    assert [text.get_text() for text in right.texts] == ["step 0", "step 100", "step 200", "step 300", "D*"]
    assert right.lines[1].get_ydata()[0] == 0.5  # type: ignore[index]


def test_optimal_discriminator_in_the_plane_shows_the_error_instead() -> None:
    run = trained()
    records = {300: {**curves(1.0), "y": [0.0]}}
    plane = Run("base", 0, {}, {}, run.evaluations, {"optimal_discriminator": records})
    _, right = axes_of(drawn("optimal_discriminator", [plane]))
    assert list(right.lines[0].get_ydata()) == pytest.approx([0.2, 0.1, 0.0])  # type: ignore[arg-type]


def test_saturation_reads_the_distance_from_the_configuration() -> None:
    seeds = [
        at_distance(1.0, seed, critic=critic, up=seed / 100) for seed in (0, 1) for critic in (False, True)
    ]
    jsd, gradients, critic = axes_of(drawn("saturation", [*GOOD["saturation"], *seeds]))
    estimated = {
        float(line.get_xdata()[0]): float(line.get_ydata()[0])  # type: ignore[index]
        for line in jsd.lines
        if line.get_marker() == "D"
    }
    assert estimated == pytest.approx(
        {0.0: 0.0, 0.5: math.log(2), 1.0: math.log(2) - 0.005, 2.0: math.log(2)}
    )
    assert gradients.get_yscale() == "log"
    assert [len(line.get_xdata()) for line in gradients.lines] == [4, 4]  # type: ignore[arg-type]
    (dots,) = [line for line in critic.lines if line.get_marker() == "D"]
    assert list(dots.get_ydata()) == pytest.approx([0.0, 0.5, 1.005, 2.0])  # type: ignore[arg-type]


def test_labels_move_apart_as_little_as_need_be() -> None:
    assert spread([0.0, 0.5, 1.0], 0.1) == [0.0, 0.5, 1.0]
    assert spread([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    assert spread([0.9, 0.1, 0.88, 0.87], 0.1) == pytest.approx([0.983, 0.1, 0.883, 0.783], abs=1e-3)
    crowded = sorted(spread([0.5] * 9, 0.1))
    assert all(b - a == pytest.approx(0.1) for a, b in pairwise(crowded))
    assert spread([], 0.1) == []


def test_importing_figures_imports_neither_torch_nor_matplotlib() -> None:
    code = "import sys, harness.figures; print({'torch', 'matplotlib', 'mlflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
