"""A classifier of grey images on every colour channel, which makes one class of what it finds on each."""

from dataclasses import replace

from torch import Tensor, nn

from harness.features.classifier import classifier
from harness.features.extractor import Extractor


class PerChannel(nn.Module):
    """uint8 (n, c, height, width) -> features (n, c * width), logits (n, k**c), by a `module` of one channel.

    Logits are the logarithms of probabilities: of independent digits, the sum of the digits' own. The first
    channel is the most significant: class 100 a + 10 b + c of three digits.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        count, channels = images.shape[:2]
        features, logits = self.module(images.flatten(0, 1).unsqueeze(1))
        digits = logits.log_softmax(1).unflatten(0, (count, channels)).unbind(1)
        joint = digits[0]
        for digit in digits[1:]:
            joint = (joint.unsqueeze(2) + digit.unsqueeze(1)).flatten(1)
        return features.unflatten(0, (count, channels)).flatten(1), joint


def stacked_classifier(
    dataset: str,
    shape: tuple[int, int, int],
    *,
    domain: str = "mnist",
    weights: str | None = None,
    sha256: str | None = None,
) -> Extractor:
    """`classifier` on each colour channel, for stacked_mnist: one class a combination of digits.

    As VEEGAN and PacGAN count modes: the class of an image is made of the most probable digit of each channel
    (Srivastava et al. 2017, Lin et al. 2018). 1,000 logits are 4 kB an image, 512 MB for all 128,000.
    The options are those of `classifier`.
    """
    channels, height, width = shape
    grey = classifier(dataset, (1, height, width), domain=domain, weights=weights, sha256=sha256)
    assert grey.num_classes is not None
    return replace(
        grey,
        name="stacked_classifier",
        title=f"{grey.title} of each channel",
        digest=f"{grey.digest}, on each of {channels} channels",
        width=grey.width * channels,
        num_classes=grey.num_classes**channels,
        module=PerChannel(grey.module),
        channels=channels,
    )
