"""A penalty that harness does not have."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from harness.losses import Judge, Penalty


def drift(*, weight: Annotated[float, Field(gt=0)] = 1e-3) -> Penalty:
    """weight * E D(x)^2 on real images, lest logits wander off (Karras et al. 2018, appendix A.1)."""

    def term(judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        return weight * judge(real).square().mean()

    return Penalty(term)
