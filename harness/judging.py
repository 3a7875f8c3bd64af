"""How the two networks of a pair are asked: with a class or without, about single images or packs of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from harness.augmentations import Augmentation
from harness.losses.loss import Judge
from harness.networks import Conditioning


class Verdict(NamedTuple):
    """logits (batch,), float32, and the weighed classification loss: 0 where D does not classify."""

    logits: Tensor
    classification: Tensor


def told(z: Tensor, labels: Tensor, conditioning: Conditioning | None) -> Tensor:
    """The generator's input: the noise (batch, size), followed by the one-hot class where it is told one."""
    if conditioning is None:
        return z
    return torch.cat((z, one_hot(labels, conditioning.classes).to(z.dtype)), 1)


@dataclass(frozen=True)
class Critic:
    """The discriminator behind all that happens to images, real or generated, before it judges them."""

    discriminator: nn.Module
    conditioning: Conditioning | None = None
    rowwise: bool = False
    augmentations: Sequence[Augmentation] = ()
    packing: int = 1

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No gradient for its weights in the block; those that never get one are left alone."""
        learning = [weight for weight in self.discriminator.parameters() if weight.requires_grad]
        for weight in learning:
            weight.requires_grad_(False)
        yield
        for weight in learning:
            weight.requires_grad_(True)

    def seen(self, images: Tensor) -> Tensor:
        """What it sees of images (batch, channels, height, width): augmented, then `packing` neighbours in
        the batch as one image with so many times the channels (Lin et al. 2018, section 2)."""
        for augment in self.augmentations:
            images = augment(images)
        if self.packing == 1:
            return images
        packs, channels = len(images) // self.packing, self.packing * images.shape[1]
        return images.reshape(packs, channels, *images.shape[2:])

    def scores(self, seen: Tensor, labels: Tensor) -> Tensor:
        """What the discriminator itself gives, as `Pair` says; only under projection it is told classes."""
        if self.conditioning is not None and self.conditioning.method == "projection":
            return self.discriminator(seen, labels)  # type: ignore[no-any-return]
        return self.discriminator(seen)  # type: ignore[no-any-return]

    def judge(self, seen: Tensor, labels: Tensor) -> Verdict:
        """Of what is seen, and of the classes of the images, int64 (batch,)."""
        scores = self.scores(seen, labels).float()
        if self.conditioning is not None and self.conditioning.method == "auxiliary":
            mistakes = cross_entropy(scores[:, 1:], labels)  # Odena et al. 2017, eq. 3
            return Verdict(scores[:, 0], self.conditioning.weight * mistakes)
        return Verdict(scores, scores.new_zeros(()))

    def judge_both(self, real: Tensor, fake: Tensor, labels: Tensor) -> tuple[Verdict, Verdict]:
        """Of both batches: in one pass, which is faster, unless batch statistics would mix them."""
        if not self.rowwise:
            return self.judge(real, labels), self.judge(fake, labels)
        both = self.judge(torch.cat((real, fake.float())), labels.repeat(2))
        real_logits, fake_logits = both.logits.split(len(real))
        # The mean over both batches is half the sum of their means.
        return Verdict(real_logits, both.classification), Verdict(fake_logits, both.classification)

    def of(self, labels: Tensor) -> Judge:
        """Logits of what is seen, for a penalty that knows no classes."""
        return lambda seen: self.judge(seen, labels).logits
