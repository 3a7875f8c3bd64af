"""The shape of an augmentation."""

from collections.abc import Callable

from torch import Tensor

Augmentation = Callable[[Tensor], Tensor]
"""Images (n, channels, height, width) in [-1, 1] -> images of that shape and type, differentiable in them.

Each image gets parameters of its own, from torch's default generator of its device. What comes out may leave
[-1, 1].
"""
