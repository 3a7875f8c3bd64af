"""FID, KID, IS and PRDC under Inception: beside the extraction alone, torchmetrics and torch-fidelity.

    python benchmarks/evaluation.py [--images 5000] [--size 32] [--threads 2] [--batch-size 16] [--skip-peers]

All of them read the same file of random weights, as many real images as fake ones, and resize as TensorFlow
did. Speed depends on neither weights nor images; the values are printed to show that all computed the same.

extraction       one pass of the fake images through the network of harness, and nothing else
harness, cached  that pass and the four metrics, the features of the real images being there
harness          the same, and the pass of the real images
torchmetrics     its FID, KID and IS, each with a network of its own, as its documentation has it; no PRDC
torch-fidelity   its calculate_metrics: FID, KID, IS, precision and recall; no density and coverage

Batches of 16 are the fastest here for the peers, which pass a batch on as it is; harness cuts larger ones.
KID: torchmetrics and torch-fidelity take 100 subsets of 1,000 images, harness all pairs.
"""

import argparse
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset
from torch_fidelity import calculate_metrics
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from harness import files
from harness.features import Extractor, extract
from harness.features.inception import inception
from harness.features.inception_network import blank_layers
from harness.metrics.frechet import frechet_distance
from harness.metrics.inception_score import score_from_logits
from harness.metrics.kernel import kernel_distance
from harness.metrics.prdc import manifold_scores

Values = Mapping[str, float]


@dataclass(frozen=True)
class Task:
    """uint8 images (n, 3, size, size) and the file of weights."""

    real: Tensor
    fake: Tensor
    weights: Path
    batch_size: int

    @property
    def subset(self) -> int:
        """Images in a subset of KID."""
        return min(1000, len(self.real))


def random_weights(folder: Path) -> Path:
    torch.manual_seed(0)
    layers = blank_layers()
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    torch.save(layers.state_dict(), folder / "weights.pth")
    return folder / "weights.pth"


def random_images(count: int, size: int, seed: int, contrast: float) -> Tensor:
    """Smooth blobs, so that no two images have the same features."""
    source = torch.Generator().manual_seed(seed)
    colours = torch.rand(count, 3, 1, 1, generator=source)
    blobs = torch.rand(count, 3, 4, 4, generator=source) - 0.5
    smooth = F.interpolate(blobs, (size, size), mode="bicubic", align_corners=False)
    return ((colours + contrast * smooth) * 255).clamp(0, 255).round().to(torch.uint8)


def extraction(extractor: Extractor, task: Task) -> Values:
    extract(extractor, task.fake, task.batch_size, "cpu")
    return {}


def evaluation(extractor: Extractor, task: Task, of_real: Tensor | None = None) -> Values:
    """By harness; `of_real`: features of the real images where they are known. Prints where the time goes."""
    began = perf_counter()
    if of_real is None:
        of_real, _ = extract(extractor, task.real, task.batch_size, "cpu")
    of_fake, logits = extract(extractor, task.fake, task.batch_size, "cpu")
    assert logits is not None
    spent = {"features": perf_counter() - began}

    def timed(name: str, compute: Callable[[], float]) -> float:
        began = perf_counter()
        value = compute()
        spent[name] = perf_counter() - began
        return value

    values = {
        "FID": timed("FID", lambda: frechet_distance(of_real, of_fake)),
        "KID": timed("KID", lambda: kernel_distance(of_real, of_fake).value),
        "IS": timed("IS", lambda: score_from_logits(logits).value),
        "precision": timed("PRDC", lambda: manifold_scores(of_real, of_fake).precision),
    }
    print("    " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in spent.items()))
    return values


def torchmetrics_metrics(task: Task) -> Callable[[], Values]:
    def network(layer: str) -> NoTrainInceptionV3:
        return NoTrainInceptionV3("inception-v3-compat", [layer], str(task.weights), antialias=False)

    with warnings.catch_warnings(action="ignore"):  # that features are kept in memory
        fid = FrechetInceptionDistance(
            feature=2048, feature_extractor_weights_path=str(task.weights), antialias=False
        )
        kid = KernelInceptionDistance(feature=network("2048"), subset_size=task.subset)
        score = InceptionScore(feature=network("logits_unbiased"))

    def compute() -> Values:
        for images, real in ((task.real, True), (task.fake, False)):
            for batch in images.split(task.batch_size):
                fid.update(batch, real=real)
                kid.update(batch, real=real)
        for batch in task.fake.split(task.batch_size):
            score.update(batch)
        return {
            "FID": float(fid.compute()),
            "KID": float(kid.compute()[0]),
            "IS": float(score.compute()[0]),
        }

    return compute


class Images(Dataset[Tensor]):
    """uint8 images as torch-fidelity reads them."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]

    def __len__(self) -> int:
        return len(self.images)


def torch_fidelity_metrics(task: Task) -> Values:
    found = calculate_metrics(
        input1=Images(task.fake),
        input2=Images(task.real),
        fid=True,
        kid=True,
        isc=True,
        prc=True,
        feature_extractor="inception-v3-compat",  # for precision and recall too, which take VGG otherwise
        feature_extractor_weights_path=str(task.weights),
        kid_subset_size=task.subset,
        prc_neighborhood=5,
        batch_size=task.batch_size,
        cuda=False,
        cache=False,
        save_cpu_ram=True,  # no worker processes: the images are in memory
        verbose=False,
    )
    keys = {
        "FID": "frechet_inception_distance",
        "KID": "kernel_inception_distance_mean",
        "IS": "inception_score_mean",
        "precision": "precision",
    }
    return {name: float(found[key]) for name, key in keys.items()}


def report(name: str, compute: Callable[[], Values], images: int) -> float:
    began = perf_counter()
    values = compute()
    seconds = perf_counter() - began
    shown = ", ".join(f"{key} {value:.5g}" for key, value in values.items())
    print(f"{name:16} {seconds:9.2f} s  {images / seconds:7.1f} images/s  {shown}", flush=True)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=5000, help="on either side")
    parser.add_argument("--size", type=int, default=32, help="height and width of the images")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch-size", type=int, default=16, help="of all")
    parser.add_argument("--skip-peers", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    count = arguments.images
    with tempfile.TemporaryDirectory() as folder:
        weights = random_weights(Path(folder))
        real = random_images(count, arguments.size, seed=1, contrast=1.0)
        fake = random_images(count, arguments.size, seed=2, contrast=0.5)
        task = Task(real, fake, weights, arguments.batch_size)
        extractor = inception(
            "random", (3, arguments.size, arguments.size), weights=str(weights), sha256=files.sha256(weights)
        )
        print(
            f"torch {torch.__version__}, CPU, {arguments.threads} threads, {count:,} images a side of "
            f"{arguments.size} pixels, batches of {task.batch_size}"
        )
        of_real, _ = extract(extractor, real, task.batch_size, "cpu")  # which warms up, too
        alone = report("extraction", lambda: extraction(extractor, task), count)
        cached = report("harness, cached", lambda: evaluation(extractor, task, of_real), count)
        whole = report("harness", lambda: evaluation(extractor, task), 2 * count)
        print(f"harness, cached / extraction        {cached / alone:.3f}")
        print(f"harness / two extractions           {whole / (2 * alone):.3f}")
        if not arguments.skip_peers:
            one = report("torchmetrics", torchmetrics_metrics(task), 2 * count)
            other = report("torch-fidelity", lambda: torch_fidelity_metrics(task), 2 * count)
            print(f"torchmetrics / harness              {one / whole:.2f}")
            print(f"torch-fidelity / harness            {other / whole:.2f}")


if __name__ == "__main__":
    main()
