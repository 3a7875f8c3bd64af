"""Seconds of the Fréchet distance beside torchmetrics and the matrix square root of scipy, all in one run.

    python benchmarks/frechet.py [--dims 2048] [--counts 10000 1000] [--rounds 3] [--threads 2]

Features are rectified Gaussians, float32, correlated, the same for all. Two spans are timed:

whole     from features to the distance: both covariances and what follows
compute   from the covariances to the distance; where samples are fewer than features there is no such part
          here, for no covariance is formed

sqrtm         NumPy's mean and covariance, scipy.linalg.sqrtm of their product, as pytorch-fid does
torchmetrics  FrechetInceptionDistance, its update with all features at once (whole) and its compute
harness       harness.metrics.frechet, whole also with the standard error (fid + fid_se, what `fid` costs)

They take turns, so that a busy machine slows all of them; a time is the least over the rounds.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from time import perf_counter

import numpy as np
import scipy.linalg
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from harness.metrics.covariance import moments
from harness.metrics.frechet import fid, frechet_distance, frechet_distance_from_moments
from harness.metrics.inputs import MetricInputs, Sample

Moments = tuple[Tensor, Tensor, Tensor, Tensor]


class Identity(nn.Module):
    """Features in, features out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, x: Tensor) -> Tensor:
        return x


def draw(count: int, width: int) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(0)
    mixing = torch.randn(width, width, generator=source) / width**0.5
    one, two = (torch.randn(count, width, generator=source) @ mixing for _ in range(2))
    return one.relu(), (1.1 * two + 0.1).relu()


def sqrtm_from_moments(mu_a: np.ndarray, cov_a: np.ndarray, mu_b: np.ndarray, cov_b: np.ndarray) -> float:
    root = scipy.linalg.sqrtm(cov_a.dot(cov_b))
    if not np.isfinite(root).all():
        offset = np.eye(len(cov_a)) * 1e-6
        root = scipy.linalg.sqrtm((cov_a + offset).dot(cov_b + offset))
    shift = mu_a - mu_b
    return float(shift.dot(shift) + np.trace(cov_a) + np.trace(cov_b) - 2 * np.trace(root.real))


def sqrtm(a: np.ndarray, b: np.ndarray) -> float:
    mu_a, mu_b = (x.mean(0) for x in (a, b))
    return sqrtm_from_moments(mu_a, np.cov(a, rowvar=False), mu_b, np.cov(b, rowvar=False))


def torchmetrics_filled(a: Tensor, b: Tensor) -> FrechetInceptionDistance:
    peer = FrechetInceptionDistance(feature=Identity(a.shape[1]))
    peer.update(a, real=True)
    peer.update(b, real=False)
    return peer


def torchmetrics_compute(peer: FrechetInceptionDistance) -> float:
    peer._computed = None  # or the second call would answer from memory
    return float(peer.compute())


def contenders(a: Tensor, b: Tensor) -> dict[tuple[str, str], Callable[[], float]]:
    x, y = (side.double().numpy() for side in (a, b))  # pytorch-fid keeps its features in float64
    inputs = MetricInputs(Sample(None, a, None), Sample(None, a, None), Sample(None, b, None))
    peer = torchmetrics_filled(a, b)
    found: dict[tuple[str, str], Callable[[], float]] = {
        ("whole", "sqrtm"): lambda: sqrtm(x, y),
        ("whole", "torchmetrics"): lambda: float(torchmetrics_filled(a, b).compute()),
        ("whole", "harness"): lambda: frechet_distance(a, b),
        ("whole", "harness with s.e."): lambda: fid().compute(inputs).values["fid"],
        ("compute", "torchmetrics"): lambda: torchmetrics_compute(peer),
    }
    if len(a) >= a.shape[1]:
        both: Moments = (*moments(a), *moments(b))
        plain = [part.numpy() for part in both]
        found["compute", "sqrtm"] = lambda: sqrtm_from_moments(*plain)
        found["compute", "harness"] = lambda: frechet_distance_from_moments(*both)
    return found


def measure(count: int, width: int, rounds: int) -> None:
    tried = contenders(*draw(count, width))
    seconds: dict[tuple[str, str], float] = defaultdict(lambda: float("inf"))
    values = {}
    for _ in range(rounds):
        for key, run in tried.items():
            began = perf_counter()
            values[key] = run()
            seconds[key] = min(seconds[key], perf_counter() - began)
    print(f"\n{count:,} x {width:,} features a side")
    for span, name in sorted(tried):
        print(f"{span:8} {name:18} {seconds[span, name]:8.3f} s   FID {values[span, name]:.6f}")
    ours = seconds["whole", "harness"]
    print(f"whole:   sqrtm / harness                {seconds['whole', 'sqrtm'] / ours:6.1f}")
    print(f"whole:   torchmetrics / harness         {seconds['whole', 'torchmetrics'] / ours:6.1f}")
    ours = seconds.get(("compute", "harness"), ours)
    if ("compute", "sqrtm") in tried:
        print(f"compute: sqrtm / harness                {seconds['compute', 'sqrtm'] / ours:6.1f}")
        print(f"compute: torchmetrics / harness         {seconds['compute', 'torchmetrics'] / ours:6.1f}")
    else:
        print(f"torchmetrics' compute / whole harness   {seconds['compute', 'torchmetrics'] / ours:6.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dims", type=int, default=2048)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 1_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, scipy {scipy.__version__}, cpu, {torch.get_num_threads()} threads of"
          f" torch, least of {arguments.rounds} rounds")  # fmt: skip
    for count in arguments.counts:
        measure(count, arguments.dims, arguments.rounds)


if __name__ == "__main__":
    main()
