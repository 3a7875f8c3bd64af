"""Inception v3 of 2015 as TensorFlow ran it, built of torch-fidelity's blocks, fast and frozen."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import MetricError

WIDTH, NUM_CLASSES = 2048, 1008

PIECE = {"cpu": 16}
"""Images in one pass: a core is a third slower with 64 than with 16, whose activations its caches hold."""

PIECE_ELSEWHERE = 64
"""Torch-fidelity's own; a batch of 500 images would need some 10 GB for its activations."""


class Inception(nn.Module):
    """uint8 (n, 1 or 3, height, width) -> float32 features (n, 2048), pool3, and logits (n, 1008).

    The logits are torch-fidelity's `logits_unbiased`, without the last layer's bias, as the inception score
    has been computed since Salimans et al. 2016. Grey images are tiled to three channels.
    """

    def __init__(self, layers: nn.Sequential, resize: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.trunk = layers[:-1]
        self.head = layers.get_submodule("fc").get_parameter("weight")
        self.resize = resize

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            shape = tuple(images.shape[1:])
            raise MetricError(f"inception reads images of 1 or 3 channels, not of shape {shape}")
        pieces = images.split(PIECE.get(images.device.type, PIECE_ELSEWHERE))
        features = torch.cat([self._features(piece) for piece in pieces])
        return features, F.linear(features, self.head)

    def _features(self, images: Tensor) -> Tensor:
        pixels = (self.resize(images) - 128) / 128
        features: Tensor = self.trunk(pixels.expand(-1, 3, -1, -1)).flatten(1)
        return features


def with_state(state: Mapping[str, Tensor], resize: Callable[[Tensor], Tensor]) -> Inception:
    """A frozen network that holds `state`; raises RuntimeError where names or shapes do not fit.

    Batch normalisation is folded into the convolutions and memory is channels-last: together 1.8 times
    torch-fidelity's speed on the CPU, features equal within 1e-6 of the largest. No random number is drawn.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import BasicConv2d

    with torch.device("meta"):
        layers = blank_layers()
    layers.load_state_dict(dict(state), assign=True)
    layers.eval().requires_grad_(False)
    for block in layers.modules():
        if isinstance(block, BasicConv2d):
            block.conv = nn.utils.fuse_conv_bn_eval(block.conv, block.bn)
            block.bn = nn.Identity()
    layers.to(memory_format=torch.channels_last)
    return Inception(layers, resize).eval()


def blank_layers() -> nn.Sequential:
    """The layers of `FeatureExtractorInceptionV3` under its names, in the order that its forward runs them.

    Not an instance of that class: its constructor downloads weights, or runs whatever code a file holds.
    """
    from torch_fidelity import feature_extractor_inceptionv3 as blocks

    return nn.Sequential(
        OrderedDict[str, nn.Module](
            Conv2d_1a_3x3=blocks.BasicConv2d(3, 32, kernel_size=3, stride=2),
            Conv2d_2a_3x3=blocks.BasicConv2d(32, 32, kernel_size=3),
            Conv2d_2b_3x3=blocks.BasicConv2d(32, 64, kernel_size=3, padding=1),
            MaxPool_1=nn.MaxPool2d(kernel_size=3, stride=2),
            Conv2d_3b_1x1=blocks.BasicConv2d(64, 80, kernel_size=1),
            Conv2d_4a_3x3=blocks.BasicConv2d(80, 192, kernel_size=3),
            MaxPool_2=nn.MaxPool2d(kernel_size=3, stride=2),
            Mixed_5b=blocks.InceptionA(192, pool_features=32),
            Mixed_5c=blocks.InceptionA(256, pool_features=64),
            Mixed_5d=blocks.InceptionA(288, pool_features=64),
            Mixed_6a=blocks.InceptionB(288),
            Mixed_6b=blocks.InceptionC(768, channels_7x7=128),
            Mixed_6c=blocks.InceptionC(768, channels_7x7=160),
            Mixed_6d=blocks.InceptionC(768, channels_7x7=160),
            Mixed_6e=blocks.InceptionC(768, channels_7x7=192),
            Mixed_7a=blocks.InceptionD(768),
            Mixed_7b=blocks.InceptionE_1(1280),
            Mixed_7c=blocks.InceptionE_2(2048),
            AvgPool=nn.AdaptiveAvgPool2d(1),
            fc=nn.Linear(WIDTH, NUM_CLASSES),
        )
    )
