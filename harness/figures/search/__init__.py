"""Figures of a search: trials in, a drawing out.

history     value of every trial, best so far
learning    learning curves
slices      value against each parameter
parallel    all parameters at once
importance  share of each parameter
front       two objectives
budget      expected best value against the number of trials
axes        what they share

Colours mean the same in all of them: blue complete, grey and hollow pruned, red failed or best, green and
dashed the file's own configuration.
"""

from harness.figures.search.budget import Curve, budget_curves, expected_best_figure
from harness.figures.search.front import pareto
from harness.figures.search.history import history
from harness.figures.search.importance import importance
from harness.figures.search.learning import learning_curves
from harness.figures.search.parallel import parallel_coordinates
from harness.figures.search.slices import slices

__all__ = [
    "Curve",
    "budget_curves",
    "expected_best_figure",
    "history",
    "importance",
    "learning_curves",
    "parallel_coordinates",
    "pareto",
    "slices",
]
