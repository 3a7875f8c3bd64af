"""What the regression gate of an experiment asks: the section `gate` of a file."""

import re
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from harness.config.parts import STRICT

SHARE = r"^\d+(\.\d+)?%$"


def _margin(value: Any) -> Any:
    number = not isinstance(value, bool) and isinstance(value, int | float) and value > 0
    if not number and not (isinstance(value, str) and re.match(SHARE, value) and float(value[:-1]) > 0):
        raise PydanticCustomError(
            "gate", 'must be a share above 0 such as "15%", or a number above 0 in the metric\'s unit'
        )
    return value


def _rising(looks: tuple[int, ...]) -> tuple[int, ...]:
    for index, (earlier, later) in enumerate(pairwise(looks), 1):
        if later <= earlier:
            raise PydanticCustomError("gate", "must be above the look before it", {"path": (index,)})
    return looks


class Gate(BaseModel):
    """When `harness check` calls a change a regression."""

    model_config = STRICT

    metric: str = Field(
        default="fid", min_length=1, description="The value that decides; all others are shown beside it."
    )
    margin: Annotated[
        Annotated[float, Field(gt=0)] | Annotated[str, Field(pattern=SHARE)], BeforeValidator(_margin)
    ] = Field(
        default="15%",
        description="How much worse the mean over seeds may become: a share of the baseline's mean "
        '("15%"), or a number in the metric\'s unit.',
    )
    looks: Annotated[
        tuple[Annotated[int, Field(ge=2)], ...],
        AfterValidator(_rising),
        Field(min_length=1),  # of a list whose items are right
    ] = Field(
        default=(5, 8, 12),
        description="Seeds of each variant after which it is decided; more are trained only while it is "
        "not. A baseline has as many as the last.",
    )
