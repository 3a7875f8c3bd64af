"""The Parzen-window table of 2014, with controls, and the time and accuracy of computing it.

    python benchmarks/parzen.py [--data ROOT] [--run DIR ...] [--rounds 10] [--out TABLE.md]

Ten thousand centres each, on MNIST's 10,000 test images, sigma chosen on the first 1,000 of validation: real
train images, centroids of k-means on the 50,000 train images, and the generators of the run folders given
(their last weights, or those of their newest checkpoint). Beside them stand the numbers that were published,
which were not computed here.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from math import log, pi
from pathlib import Path
from time import perf_counter, process_time

import torch
from torch import Tensor

from harness.data import Dataset
from harness.data.mnist import mnist
from harness.metrics.controls import kmeans_centres
from harness.metrics.parzen import log_likelihoods, parzen_score, pixels
from harness.sources import Opening, open_source

COUNT, SELECTION = 10_000, 1_000
SIGMAS = [0.1 * 10 ** (index / 9) for index in range(10)]

PUBLISHED = [
    ("DBN", "138 ± 2", "Goodfellow et al. 2014"),
    ("stacked CAE", "121 ± 1.6", "Goodfellow et al. 2014"),
    ("deep GSN", "214 ± 1.1", "Goodfellow et al. 2014"),
    ("GAN", "225 ± 2", "Goodfellow et al. 2014"),
    ("train images", "243", "Theis et al. 2016"),
    ("k-means", "313", "Theis et al. 2016"),
]


@dataclass(frozen=True)
class Row:
    title: str
    score: str
    sigma: str
    source: str


def measured(title: str, centres: Tensor, dataset: Dataset) -> Row:
    chooser = pixels("validation", dataset.validation.images[:SELECTION])
    found = parzen_score(centres, chooser, pixels("real", dataset.test.images), SIGMAS)
    edge = " (edge)" if found.sigma in (SIGMAS[0], SIGMAS[-1]) else ""
    score = f"{found.mean:.1f} ± {found.standard_error:.1f}"
    return Row(title, score, f"{found.sigma:.4f}{edge}", f"here, {len(centres):,} centres")


def generator_of(folder: Path, data_root: Path) -> tuple[str, Tensor]:
    """The title of a run, finished or not, and the images that its own evaluation draws."""
    named = folder
    if not (folder / "generator.safetensors").exists():
        checkpoints = sorted(folder.glob("checkpoints/step-*.safetensors"))
        if not checkpoints:
            raise SystemExit(f"{folder} has neither generator.safetensors nor a checkpoint")
        named = checkpoints[-1]
    source = open_source(named, Opening(data_root, num_samples=COUNT))
    return source.title, torch.cat([chunk.images for chunk in source.read()])


def table(rows: list[Row]) -> Iterator[str]:
    yield "| centres | Parzen LL, nats | sigma | from |"
    yield "|---|---:|---:|---|"
    for row in rows:
        yield f"| {row.title} | {row.score} | {row.sigma} | {row.source} |"


def speed_and_accuracy(centres: Tensor, points: Tensor) -> str:
    """The time of one sigma, and how far a few points are from the formula as it is written."""
    began, used = perf_counter(), process_time()
    found = log_likelihoods(centres, points, [0.2])[0]
    seconds, used = perf_counter() - began, process_time() - used
    few = torch.arange(0, len(points), len(points) // 50)
    direct = torch.stack([written_out(centres, points[index], 0.2) for index in few])
    error = float(((found[few] - direct) / direct).abs().max())
    sizes = f"{len(centres):,} centres x {len(points):,} points x {centres.shape[1]}"
    return (
        f"{sizes}: {seconds:.1f} s on {torch.get_num_threads()} threads, {used:.1f} s of processor time; "
        f"largest relative difference from the direct formula, {len(few)} points: {error:.1e}"
    )


def written_out(centres: Tensor, point: Tensor, sigma: float) -> Tensor:
    squared = (point - centres).square().sum(1)
    normalisation = 0.5 * centres.shape[1] * log(2 * pi * sigma**2)
    return (-squared / (2 * sigma**2)).logsumexp(0) - log(len(centres)) - normalisation


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("HARNESS_DATA", "data")))
    parser.add_argument("--run", type=Path, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=10, help="of k-means; 0 leaves it out")
    parser.add_argument("--out", type=Path, help="also write the table here")
    arguments = parser.parse_args()

    dataset = mnist(arguments.data)
    train = pixels("train", dataset.train.images)
    real = train[:COUNT]
    lines = [speed_and_accuracy(real, pixels("real", dataset.test.images)), ""]
    rows = [Row(title, score, "", f"published, {source}") for title, score, source in PUBLISHED]
    rows.append(measured("train images, the first 10,000", real, dataset))
    if arguments.rounds:
        began = perf_counter()
        centroids = kmeans_centres(train, COUNT, rounds=arguments.rounds)
        title = f"k-means, {arguments.rounds} rounds"
        rows.append(measured(title, centroids, dataset))
        lines[1:1] = [f"k-means: {perf_counter() - began:.0f} s"]
    for folder in arguments.run:
        title, images = generator_of(folder, arguments.data)
        rows.append(measured(title, pixels("fake", images), dataset))
    text = "\n".join([*lines, *table(rows)])
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
