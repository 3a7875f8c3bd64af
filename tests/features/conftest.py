import os
from pathlib import Path

import pytest

from harness.data import Dataset
from harness.data.digits import digits
from harness.data.mnist import mnist

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def real_digits() -> Dataset:
    return digits(Path("unused"))


@pytest.fixture(scope="session")
def real_mnist() -> Dataset:
    """MNIST, or a skipped test."""
    root = Path(os.environ.get("HARNESS_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").is_file():
        pytest.skip(f"MNIST is not in {root} (set HARNESS_DATA)")
    return mnist(root)
