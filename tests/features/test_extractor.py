"""One pass through any extractor: types, precision, independence of the batch."""

from pathlib import Path

import pytest
import torch

from features.inception_weights import Weights
from harness.errors import ConfigError, MetricError
from harness.features import EXTRACTORS, extract
from harness.features.classifier import classifier
from harness.features.coordinates import coordinates
from harness.features.pixels import pixels

SHAPE, POINT = (1, 8, 8), (1, 1, 2)
IMAGES = torch.randint(0, 256, (50, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
POINTS = torch.randn(50, *POINT, generator=torch.Generator().manual_seed(0)) * 5


@pytest.mark.parametrize("name", sorted(EXTRACTORS))
def test_every_extractor_keeps_the_contract(name: str, inception_weights: Weights) -> None:
    of_points = name == "coordinates"
    options = {"inception": inception_weights.options, "stacked_classifier": {"domain": "digits"}}.get(
        name, {}
    )
    extractor = EXTRACTORS[name](*(("ring", POINT) if of_points else ("digits", SHAPE)), **options)
    images = POINTS if of_points else IMAGES
    assert extractor.name == name
    assert extractor.reads == images.dtype
    assert extractor.channels in (1, 3, None)
    features, logits = extract(extractor, images, 16, "cpu")
    assert features.shape == (50, extractor.width)
    assert features.dtype == torch.float32
    assert not features.requires_grad
    assert features.isfinite().all()
    assert (logits is None) == (extractor.num_classes is None)
    if logits is not None:
        assert logits.shape == (50, extractor.num_classes)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(1))
    shuffled, _ = extract(extractor, images[order], 7, "cpu")
    torch.testing.assert_close(shuffled, features[order], rtol=0, atol=1e-5)
    empty, _ = extract(extractor, images[:0], 16, "cpu")
    assert empty.shape == (0, extractor.width)


def test_pixels_are_the_pixels() -> None:
    features, logits = extract(pixels("any", SHAPE), IMAGES, 20, "cpu")
    assert torch.equal(features, IMAGES.flatten(1) / 255)
    assert logits is None


def test_coordinates_are_the_points() -> None:
    features, logits = extract(coordinates("any", POINT), POINTS, 20, "cpu")
    assert torch.equal(features, POINTS.flatten(1))
    assert logits is None


@pytest.mark.parametrize("name", sorted(set(EXTRACTORS) - {"coordinates"}))
def test_extractors_of_images_refuse_points_and_name_the_way_out(name: str) -> None:
    expected = "^data set ring has points, not images: use evaluation.features: coordinates"
    with pytest.raises(ConfigError, match=expected) as caught:
        EXTRACTORS[name]("ring", POINT)
    assert "\n" not in str(caught.value)


def test_coordinates_refuse_images() -> None:
    with pytest.raises(ConfigError, match=r"digits has images, not points: use evaluation.features: pixels"):
        coordinates("digits", SHAPE)
    with pytest.raises(MetricError, match=r"coordinates reads torch.float32 points, not torch.uint8 images"):
        extract(coordinates("ring", POINT), IMAGES, 16, "cpu")


def test_surrounding_precision_changes_nothing() -> None:
    extractor = classifier("digits", SHAPE)
    expected, _ = extract(extractor, IMAGES, 50, "cpu")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside, _ = extract(extractor, IMAGES, 50, "cpu")
    assert torch.equal(inside, expected)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        knob = torch.backends.mkldnn.matmul.fp32_precision  # type: ignore[attr-defined]
        reduced, _ = extract(extractor, IMAGES, 50, "cpu")
        assert torch.backends.mkldnn.matmul.fp32_precision == knob  # type: ignore[attr-defined]
    finally:
        torch.set_float32_matmul_precision(before)
    torch.testing.assert_close(reduced, expected, rtol=0, atol=1e-5)


def test_float_images_are_refused() -> None:
    with pytest.raises(MetricError, match="quantise"):
        extract(pixels("digits", SHAPE), IMAGES / 255, 16, "cpu")


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(MetricError, match=r"\(1, 8, 8\), not \(1, 28, 28\)"):
        extract(classifier("digits", SHAPE), torch.zeros(2, 1, 28, 28, dtype=torch.uint8), 16, "cpu")


def test_nothing_unpickles() -> None:
    folder = Path(__file__).parents[2] / "harness" / "features"
    for path in folder.glob("*.py"):
        source = path.read_text()
        assert source.count("torch.load(") == source.count("weights_only=True"), path
        assert "pickle" not in source, path
