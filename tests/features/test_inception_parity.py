"""Resizes, features and values are torch-fidelity's, clean-fid's and torchmetrics', at the sizes of GANs.

torchmetrics' own tests compare 299×299 images, where every resize is the identity.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_fidelity import FeatureExtractorInceptionV3, calculate_metrics
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from features.inception_weights import Weights, pictures
from harness.features import extract
from harness.features.inception import inception
from harness.features.resize import clean, tensorflow
from harness.metrics.frechet import frechet_distance
from harness.metrics.inception_score import KEY, score_from_logits
from harness.metrics.kernel import kernel_distance
from harness.seeding import generator

Shape = tuple[int, int, int]

SIZES = [(8, 8), (28, 28), (32, 32), (64, 64), (299, 299), (200, 128), (512, 512)]
SHAPES = [(1, 28, 28), (3, 28, 28), (1, 32, 32), (3, 32, 32), (1, 64, 64), (3, 64, 64)]


@pytest.fixture(scope="module")
def theirs(inception_weights: Weights) -> FeatureExtractorInceptionV3:
    """torch-fidelity's own network, which loads the same file by itself."""
    path = str(inception_weights.pth)
    return FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], path)


IMAGES = 8
"""A side, for each of the shapes: equality does not need many."""


def real_and_fake(count: int, shape: Shape) -> tuple[Tensor, Tensor]:
    """Pictures, and dark ones: so far apart that KID is no small difference of large sums."""
    return pictures(count, shape, seed=1), pictures(count, shape, seed=2) // 4


def clean_fid(images: Tensor) -> Tensor:
    """uint8 (n, 3, h, w) -> float32 (n, 3, 299, 299) by clean-fid 0.1.35, after its source: each channel is
    resized as a float image and clipped, as `make_resizer("PIL", False, "bicubic", (299, 299))` does it."""

    def resize_single_channel(x_np: Any) -> Any:
        img = Image.fromarray(x_np.astype(np.float32))
        assert img.mode == "F"
        img = img.resize((299, 299), resample=Image.Resampling.BICUBIC)
        return np.asarray(img).clip(0, 255).reshape(299, 299, 1)

    def resize(x: Any) -> Any:
        return np.concatenate([resize_single_channel(x[:, :, idx]) for idx in range(3)], axis=2)

    resized = [resize(image.numpy().transpose(1, 2, 0)) for image in images]
    return torch.from_numpy(np.stack(resized).transpose(0, 3, 1, 2).copy())


def noise(size: tuple[int, int], levels: int) -> Tensor:
    return torch.randint(levels, (2, 3, *size), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_tensorflow_resize_is_torch_fidelitys_to_the_bit(size: tuple[int, int]) -> None:
    images = noise(size, 256)
    expected = interpolate_bilinear_2d_like_tensorflow1x(images.float(), (299, 299), align_corners=False)
    assert torch.equal(tensorflow(images), expected)


@pytest.mark.parametrize("size", SIZES)
def test_clean_resize_is_clean_fids(size: tuple[int, int]) -> None:
    # Black and white: the steepest edges there are, where bicubic overshoots and has to be clipped.
    images = noise(size, 2) * 255
    expected = clean_fid(images)
    torch.testing.assert_close(clean(images), expected, rtol=0, atol=3e-5)
    assert (expected.min(), expected.max()) == (0, 255)


@dataclass(frozen=True)
class Sides:
    """Features and logits of the same real and fake images, by harness and by torch-fidelity."""

    ours: tuple[Tensor, Tensor, Tensor, Tensor]
    theirs: tuple[Tensor, Tensor, Tensor, Tensor]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def sides(
    request: pytest.FixtureRequest, inception_weights: Weights, theirs: FeatureExtractorInceptionV3
) -> Sides:
    shape: Shape = request.param
    extractor = inception("any", shape, **inception_weights.options)
    ours, other = [], []
    for images in real_and_fake(IMAGES, shape):
        ours += extract(extractor, images, IMAGES, "cpu")
        other += theirs(images.expand(-1, 3, -1, -1))
    return Sides(cast(Any, tuple(ours)), cast(Any, tuple(other)))


def test_features_and_logits(sides: Sides) -> None:
    # Neither constant nor dead, as those of random weights easily are.
    assert 0.05 < float(sides.theirs[0].std(0).median()) < float(sides.theirs[0].mean()) < 2
    for found, expected in zip(sides.ours, sides.theirs, strict=True):
        # The rounding of either in float32 is 4e-6 of the largest value, seen from float64.
        assert float((found - expected).abs().max() / expected.abs().max()) < 1e-5


@pytest.mark.parametrize("width", [6, 192])
def test_fid(sides: Sides, width: int) -> None:
    """In 6 dimensions, where covariances of 8 images have full rank, and in 192, where they have not."""
    real, fake = (fid_features_to_statistics(sides.theirs[side][:, :width]) for side in (0, 2))
    expected = fid_statistics_to_metric(real, fake, verbose=False)["frechet_inception_distance"]
    found = frechet_distance(sides.ours[0][:, :width], sides.ours[2][:, :width])
    assert found == pytest.approx(expected, rel=1e-4)


def test_kid(sides: Sides) -> None:
    # In float32 its sums of kernels lose up to four digits to cancellation.
    real, fake = sides.theirs[0].double(), sides.theirs[2].double()
    expected = kid_features_to_metric(real, fake, kid_subsets=1, kid_subset_size=IMAGES, verbose=False)
    found = kernel_distance(sides.ours[0], sides.ours[2]).value
    assert found == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-4)


@pytest.mark.parametrize("splits", [1, 4])
def test_inception_score(sides: Sides, splits: int) -> None:
    # torch-fidelity splits the rows as they come, harness splits a permutation.
    order = torch.randperm(IMAGES, generator=generator(3, KEY))
    expected = isc_features_to_metric(sides.theirs[1][order], splits, shuffle=False)
    found = score_from_logits(sides.ours[1], splits=splits, seed=3)
    assert found.value > 1.1
    assert found.value == pytest.approx(expected["inception_score_mean"], rel=1e-4)
    if found.standard_error is not None:
        population = found.standard_error * (splits - 1) ** 0.5
        assert population == pytest.approx(expected["inception_score_std"], rel=1e-4)


class Images(Dataset[Tensor]):
    """uint8 images as torch-fidelity reads them."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Measured:
    """What harness makes of 20 images a side; the logits are those of the real ones."""

    real: Tensor
    fake: Tensor
    fid: float
    kid: float
    logits: Tensor


@pytest.fixture(scope="module")
def measured(inception_weights: Weights) -> Measured:
    real, fake = real_and_fake(20, (3, 32, 32))
    extractor = inception("any", (3, 32, 32), **inception_weights.options)
    (of_real, logits), (of_fake, _) = (extract(extractor, images, 20, "cpu") for images in (real, fake))
    assert logits is not None
    return Measured(
        real, fake, frechet_distance(of_real, of_fake), kernel_distance(of_real, of_fake).value, logits
    )


def test_torch_fidelitys_own_run(inception_weights: Weights, measured: Measured) -> None:
    """All 2,048 features from images to values, by `calculate_metrics`."""
    expected = calculate_metrics(
        input1=Images(measured.real),  # of which it computes the inception score
        input2=Images(measured.fake),
        fid=True,
        kid=True,
        isc=True,
        kid_subsets=1,
        kid_subset_size=20,
        isc_splits=10,
        samples_shuffle=False,
        feature_extractor_weights_path=str(inception_weights.pth),
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    assert measured.fid == pytest.approx(expected["frechet_inception_distance"], rel=1e-4)
    assert measured.kid == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-4)
    parts = [score_from_logits(part, splits=1).value for part in measured.logits.chunk(10)]
    assert np.mean(parts) == pytest.approx(expected["inception_score_mean"], rel=1e-4)


class Layer(nn.Module):
    """One layer of torch-fidelity's network; the images of all metrics pass it once."""

    def __init__(self, network: FeatureExtractorInceptionV3, layer: int, seen: dict[bytes, Any]) -> None:
        super().__init__()
        self.network, self.layer, self.seen = network, layer, seen
        self.num_features = (2048, 1008)[layer]

    def forward(self, images: Tensor) -> Tensor:
        key = images.numpy().tobytes()
        if key not in self.seen:
            self.seen[key] = self.network(images)
        found: Tensor = self.seen[key][self.layer]
        return found


@pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features in buffer")
def test_torchmetrics(theirs: FeatureExtractorInceptionV3, measured: Measured) -> None:
    seen: dict[bytes, Any] = {}
    pool, logits = Layer(theirs, 0, seen), Layer(theirs, 1, seen)
    fid = FrechetInceptionDistance(feature=pool)
    kid = KernelInceptionDistance(feature=pool, subsets=1, subset_size=20)
    score = InceptionScore(feature=logits, splits=10)
    for metric in (fid, kid):
        metric.update(measured.real, real=True)
        metric.update(measured.fake, real=False)
    score.update(measured.real)
    assert measured.fid == pytest.approx(float(fid.compute()), rel=1e-4)
    assert measured.kid == pytest.approx(float(kid.compute()[0]), rel=1e-4)
    # Its permutation comes from the global generator; the same rows go into the same splits here.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        order = torch.randperm(20)
        torch.manual_seed(5)
        expected = float(score.compute()[0])
    parts = [score_from_logits(part, splits=1).value for part in measured.logits[order].chunk(10)]
    assert np.mean(parts) == pytest.approx(expected, rel=1e-4)
