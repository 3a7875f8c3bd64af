"""Statistics over training seeds, and over the trials of a search.

interval     mean, standard deviation, Student's t interval
budget       the best value that k trials of a search are expected to hold
robust       the interquartile mean
paired       tests of two variants over the seeds both have
two_samples  tests of two groups that share no seeds, of values and of failures
improvement  how probably one variant is better than another
multiple     p-values of several comparisons at once
best         which variant of several stands out

All of it is for few values: exact tests and Student's t, no bootstrap of the mean. numpy and scipy are
imported where they are used.
"""

from harness.stats.best import LEVEL, Standing, stands_out
from harness.stats.budget import expected_best, expected_best_intervals
from harness.stats.improvement import probability_of_improvement
from harness.stats.interval import Interval, mean_interval
from harness.stats.multiple import holm
from harness.stats.paired import paired_t, sign_flip
from harness.stats.robust import iqm
from harness.stats.two_samples import fisher, permutation, welch

__all__ = [
    "LEVEL",
    "Interval",
    "Standing",
    "expected_best",
    "expected_best_intervals",
    "fisher",
    "holm",
    "iqm",
    "mean_interval",
    "paired_t",
    "permutation",
    "probability_of_improvement",
    "sign_flip",
    "stands_out",
    "welch",
]
