from pathlib import Path

import pytest

from harness.data import Dataset
from harness.data.mnist import mnist


@pytest.fixture(scope="session")
def real_mnist(mnist_root: Path) -> Dataset:
    """MNIST, or a skipped test."""
    return mnist(mnist_root)
