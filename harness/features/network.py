"""The small convolutional classifier whose penultimate layer gives features, and its description as data."""

from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from harness.errors import MetricError

Size = Annotated[int, Field(ge=1, le=4096)]


class Architecture(BaseModel):
    """All that shapes a classifier; stored in the weights file, so that one loader reads any."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    channels: Size
    height: Size
    width: Size
    widths: Annotated[tuple[Size, ...], Field(min_length=1, max_length=8)]
    """Channels of each 3×3 convolution. The first keeps the resolution, every further one halves it."""
    feature_width: Size
    num_classes: Size


class Classifier(nn.Module):
    """uint8 (n, channels, height, width) -> float32 features (n, feature_width) and logits (n, num_classes).

    3×3 convolutions, GELU, one dense layer, GELU: these are the features, and a linear head reads them. GELU
    because features are compared as Gaussians, and a rectifier would pile half of their mass on one value.
    Batch normalisation exists during training alone (`folded`): a frozen network has none to get wrong.
    """

    def __init__(self, architecture: Architecture, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.architecture = architecture
        blocks: list[nn.Module] = []
        channels, height, width = architecture.channels, architecture.height, architecture.width
        for index, out in enumerate(architecture.widths):
            stride = 2 if index else 1
            blocks += [
                nn.Conv2d(channels, out, 3, stride, padding=1, bias=not batch_norm),
                nn.BatchNorm2d(out) if batch_norm else nn.Identity(),
                nn.GELU(),
            ]
            channels, height, width = out, -(-height // stride), -(-width // stride)
        self.blocks = nn.Sequential(*blocks)
        self.embed = nn.Linear(channels * height * width, architecture.feature_width)
        self.head = nn.Linear(architecture.feature_width, architecture.num_classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        shape = (self.architecture.channels, self.architecture.height, self.architecture.width)
        if tuple(images.shape[1:]) != shape:
            raise MetricError(f"the classifier reads images of shape {shape}, not {tuple(images.shape[1:])}")
        pixels = images.to(torch.float32) / 127.5 - 1
        features = nn.functional.gelu(self.embed(self.blocks(pixels).flatten(1)))
        return features, self.head(features)


class CentreCrop(nn.Module):
    """Cuts a margin of equal width off all sides, for data sets that were padded, then applies `module`."""

    def __init__(self, module: nn.Module, margin: int) -> None:
        super().__init__()
        self.module = module
        self.margin = margin

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        cut = slice(self.margin, -self.margin)
        features, logits = self.module(images[..., cut, cut])
        return features, logits


@torch.no_grad()
def folded(trained: Classifier) -> Classifier:
    """The same function in evaluation mode, each batch normalisation multiplied into its convolution."""
    state: dict[str, Tensor] = {}
    for index, module in enumerate(trained.blocks):
        if isinstance(module, nn.Conv2d):
            norm = trained.blocks[index + 1]
            assert isinstance(norm, nn.BatchNorm2d)
            fused = nn.utils.fuse_conv_bn_eval(module.eval(), norm.eval())
            state |= {f"blocks.{index}.{key}": tensor for key, tensor in fused.state_dict().items()}
    state |= {f"embed.{key}": tensor for key, tensor in trained.embed.state_dict().items()}
    state |= {f"head.{key}": tensor for key, tensor in trained.head.state_dict().items()}
    return with_state(trained.architecture, state)


def with_state(architecture: Architecture, state: dict[str, Tensor]) -> Classifier:
    """A frozen classifier that holds `state`; raises RuntimeError where names or shapes do not fit.

    Made on the meta device: the architecture's sizes cost no memory before the tensors have confirmed them,
    and no random number is drawn.
    """
    with torch.device("meta"):
        network = Classifier(architecture)
    # Strides choose the kernel, which chooses the last digits: the same for a new and for a loaded network.
    plain = {key: tensor.clone(memory_format=torch.contiguous_format) for key, tensor in state.items()}
    network.load_state_dict(plain, assign=True)
    network.to(memory_format=torch.channels_last)  # half the time on the CPU
    return network.eval().requires_grad_(False)
