"""Tiny tables, and an experiment file of one key a line, so that line numbers are easy to name."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.config import Loaded
from harness.registry import Registry


class Latent(BaseModel):
    """The noise."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    size: Annotated[int, Field(ge=1)] = 32
    distribution: Literal["normal", "uniform"] = "normal"


def digits() -> None:
    """1797 digits."""


def folder(*, root: str, resolution: int | None = None) -> None:
    """A folder of images."""


def mlp(*, latent: Latent = Latent(), widths: tuple[int, ...] = (256, 256)) -> None:  # noqa: B008
    """A multilayer perceptron."""


def maxout(*, latent: Latent = Latent(size=100), pieces: int = 5, scale: float | str = 1.0) -> None:  # noqa: B008
    """Maxout layers."""


def hinge() -> None:
    """The hinge loss."""


def least_squares(*, real: float = 1.0, flip: bool = False) -> None:
    """Least squares."""


def r1(*, weight: Annotated[float, Field(gt=0)] = 10.0) -> None:
    """Gradient at real images."""


def centred(*, target: float, anything: Any = None) -> None:
    """Needs a target."""


def plain_entry() -> None:
    """No options."""


_METRICS = ("fid", "kid", "inception_score", "prdc", "criterion", "criterion_features")
TABLES: Mapping[str, Registry[Any]] = {
    "dataset": Registry("data set", "harness.datasets", digits=digits, folder=folder),
    "network": Registry("network", "harness.networks", mlp=mlp, maxout=maxout),
    "loss": Registry("loss", "harness.losses", hinge=hinge, least_squares=least_squares),
    "penalties": Registry("penalty", "harness.penalties", r1=r1, centred=centred),
    "evaluation.features": Registry("extractor", "harness.extractors", classifier=plain_entry),
    "evaluation.metrics": Registry("metric", "harness.metrics", **dict.fromkeys(_METRICS, plain_entry)),
}

GOOD = """\
name: baseline
dataset: digits
network: mlp
loss: hinge
penalties: [r1]
training:
  steps: 6000
  learning_rate: 2e-4
seeds: [0, 1]
"""

Load = Callable[..., Loaded]
