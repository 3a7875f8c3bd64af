"""How much each parameter mattered."""

from collections.abc import Mapping

from harness.figures import style
from harness.figures.drawing import Drawing, NothingToDrawError
from harness.figures.search.axes import name
from harness.trials import Objective


def importance(importances: Mapping[str, float], objective: Objective) -> Drawing:
    """A bar a parameter, the largest on top, with its number. NothingToDrawError for no parameter."""
    if not importances:
        raise NothingToDrawError("too few complete trials to tell which parameter mattered")
    bars = sorted(importances.items(), key=lambda item: item[1])
    figure = style.new_figure(0.75 + 0.29 * len(bars))
    axes = figure.add_subplot()
    shares = [share for _, share in bars]
    axes.barh(range(len(bars)), shares, color=style.BLUE, height=0.62)
    axes.set_yticks(range(len(bars)), [style.words(name(key)) for key, _ in bars])
    axes.tick_params("y", length=0)
    for row, share in enumerate(shares):
        axes.annotate(
            f"{share:.2f}",
            (share, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
        )
    axes.set(xlim=(0, 1.12 * max(*shares, 1e-9)), ylim=(-0.6, len(bars) - 0.4))
    axes.set_xlabel(style.words(f"share in what sets the best {objective.title} apart (PED-ANOVA)"))
    return Drawing(figure, "Which parameters mattered", CAPTION)


CAPTION = (
    "PED-ANOVA (Watanabe et al. 2023) over the complete trials: how differently a parameter is distributed"
    " among the best tenth of them and among all. It sees one parameter at a time, and only inside the ranges"
    " searched."
)
