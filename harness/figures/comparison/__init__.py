"""Figures of a comparison: runs and a column in, a drawing out.

intervals   the last values: every seed, the mean and its interval, a row a variant
learning    the metric through the training
cost        the metric against seconds and images, and the best for the cost
samples     the last pictures of every variant from the same seed

outcomes    what the seeds of a variant gave, and which of them count
curves      means and bands over seeds; many of them as small panels
scale       the axis of values, and what is within its reach

Values are drawn beside one another only where they have one fingerprint.
"""

from harness.figures.comparison.cost import cost
from harness.figures.comparison.intervals import intervals
from harness.figures.comparison.learning import learning_curves
from harness.figures.comparison.samples import samples

__all__ = ["cost", "intervals", "learning_curves", "samples"]
