"""Data sets: functions from a data root and options to a `Dataset` in memory."""

from harness.data.cifar10 import cifar10
from harness.data.dataset import Dataset, Split, quantise, to_float
from harness.data.density import Density
from harness.data.digits import digits
from harness.data.image_folder import image_folder
from harness.data.mnist import fashion_mnist, mnist
from harness.data.stacked_mnist import stacked_mnist
from harness.data.toy import gaussian_1d, grid, mixture, ring, two_lines
from harness.registry import Registry

__all__ = ["DATASETS", "Dataset", "Density", "Split", "quantise", "to_float"]

DATASETS = Registry(
    "data set",
    "harness.datasets",
    digits=digits,
    mnist=mnist,
    fashion_mnist=fashion_mnist,
    stacked_mnist=stacked_mnist,
    cifar10=cifar10,
    image_folder=image_folder,
    gaussian_1d=gaussian_1d,
    ring=ring,
    grid=grid,
    two_lines=two_lines,
    mixture=mixture,
)
