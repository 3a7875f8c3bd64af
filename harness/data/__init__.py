"""Data sets: functions from a data root and options to a `Dataset` in memory."""

from harness.data.dataset import Dataset, Split, quantise, to_float
from harness.data.digits import digits
from harness.data.mnist import fashion_mnist, mnist
from harness.registry import Registry

__all__ = ["DATASETS", "Dataset", "Split", "quantise", "to_float"]

DATASETS = Registry(
    "data set",
    "harness.datasets",
    digits=digits,
    mnist=mnist,
    fashion_mnist=fashion_mnist,
)
