"""Differentiable augmentations of what a discriminator sees, and the table that names them."""

from collections.abc import Callable

from harness.augmentations.augmentation import Augmentation
from harness.augmentations.diffaugment import color, cutout, translation
from harness.augmentations.flip import mirrored
from harness.registry import Registry

__all__ = ["AUGMENTATIONS", "Augmentation", "mirrored"]

AUGMENTATIONS: Registry[Callable[..., Augmentation]] = Registry(
    "augmentation",
    "harness.augmentations",
    color=color,
    translation=translation,
    cutout=cutout,
)
