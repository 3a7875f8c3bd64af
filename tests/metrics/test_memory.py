"""Peak memory of metrics of pairwise distances, in a process of their own: never a whole distance matrix."""

import os
import subprocess
import sys

import pytest

PEAK = """
import sys
import torch
from harness.metrics.memorization import copying
from harness.metrics.prdc import coverage, manifold_scores

def peak():
    status = open("/proc/self/status").read()  # not ru_maxrss: a child inherits that of its parent
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

torch.set_num_threads(1)
real, fake, other = (
    torch.randn(10_000, 16, generator=torch.Generator().manual_seed(seed)) for seed in range(3)
)
measured = {
    "prdc": lambda n: manifold_scores(real[:n], fake[:n]),
    "coverage": lambda n: coverage("coverage", real[:n], fake[:n]),
    "memorization": lambda n: copying(real[:n], other[: n // 2], fake[:n]),
}[sys.argv[1]]
measured(3_000)
before = peak()
measured(10_000)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", ["prdc", "coverage", "memorization"])
def test_memory_does_not_grow_with_the_distance_matrix(name: str) -> None:
    """10,000 x 10,000 distances are 763 MiB, as bits of one byte 95; the tiles, all there at 3,000, stay."""
    # What glibc keeps of freed blocks differs by tens of MiB from run to run: these go back at once.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", PEAK, name]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert float(ran.stdout) < 40
