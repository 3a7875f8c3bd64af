"""What turns images into features: one pass, from which every metric is computed."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import ConfigError, MetricError


@dataclass(frozen=True)
class Extractor:
    """A frozen feature map.

    `module` takes uint8 images (n, channels, height, width) and returns features float32 (n, width) and
    logits float32 (n, num_classes), or None in place of logits where it does not classify. `title` names it
    in tables, as in "FID (digits classifier)"; `digest` is all that its features depend on, the SHA-256 of
    its weights first, and a part of every protocol. What `reads` float32 in place of uint8 takes points
    (n, 1, 1, dim). `channels`: how many an image file is to be opened with for it, 1 for grey, 3 for colour,
    None for as many as the file has; `any_size`: whether it resizes images itself.
    """

    name: str
    title: str
    digest: str
    width: int
    num_classes: int | None
    module: nn.Module
    reads: torch.dtype = torch.uint8
    channels: int | None = None
    any_size: bool = False


def of_points(shape: tuple[int, int, int]) -> bool:
    """Whether samples of `shape` are points: images of one channel and one row."""
    return shape[:2] == (1, 1)


def refuse_points(dataset: str, shape: tuple[int, int, int]) -> None:
    """ConfigError where an extractor of images is asked to read a data set of points."""
    if of_points(shape):
        raise ConfigError(
            f"data set {dataset} has points, not images: use evaluation.features: coordinates, and"
            " evaluation.metrics without inception_score"
        )


@torch.no_grad()
def extract(
    extractor: Extractor, images: Tensor, batch_size: int, device: torch.device | str
) -> tuple[Tensor, Tensor | None]:
    """Features (n, width) and logits (n, num_classes) or None, on the CPU, of uint8 images or of points.

    Full float32 whatever surrounds the call, so that the numbers are those of the protocol and not those of
    the training's precision. Equal within 1e-5 for every `batch_size`.
    """
    if images.dtype != extractor.reads:
        if extractor.reads != torch.uint8:
            raise MetricError(f"{extractor.name} reads {extractor.reads} points, not {images.dtype} images")
        raise MetricError(
            f"{extractor.name} reads uint8 images, not {images.dtype}: quantise images first; points have"
            " evaluation.features: coordinates"
        )
    device = torch.device(device)
    module = extractor.module.to(device).eval()
    features, logits = [], []
    with torch.autocast(device.type, enabled=False), _full_precision():
        for batch in torch.split(images, batch_size):
            batch_features, batch_logits = module(batch.to(device))
            features.append(batch_features.cpu())
            if batch_logits is not None:
                logits.append(batch_logits.cpu())
    return torch.cat(features), torch.cat(logits) if logits else None


@contextlib.contextmanager
def _full_precision() -> Iterator[None]:
    """Convolutions and products without TensorFloat-32 or bfloat16, which a training may have allowed."""
    backends: Any = torch.backends
    knobs = (backends.cudnn.conv, backends.cuda.matmul, backends.mkldnn.conv, backends.mkldnn.matmul)
    before = [knob.fp32_precision for knob in knobs]
    try:
        for knob in knobs:
            knob.fp32_precision = "ieee"
        yield
    finally:
        for knob, precision in zip(knobs, before, strict=True):
            knob.fp32_precision = precision
