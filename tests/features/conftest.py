from pathlib import Path

import pytest
import safetensors.torch
import torch

from features.inception_weights import Weights, random_state
from harness import files
from harness.data import Dataset
from harness.data.mnist import mnist


@pytest.fixture(scope="session")
def real_mnist(mnist_root: Path) -> Dataset:
    """MNIST, or a skipped test."""
    return mnist(mnist_root)


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """Random weights of Inception in both formats; the published ones are 90 MB behind a network."""
    folder = tmp_path_factory.mktemp("inception")
    state = random_state(0)
    torch.save(state, folder / "weights.pth")
    safetensors.torch.save_file(state, folder / "weights.safetensors")
    hashes = [files.sha256(folder / f"weights.{kind}") for kind in ("pth", "safetensors")]
    return Weights(folder / "weights.pth", hashes[0], folder / "weights.safetensors", hashes[1])
