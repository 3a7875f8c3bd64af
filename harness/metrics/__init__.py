"""Metrics: reference, held-out and fake samples in, named values out. `METRICS` lists them."""

from collections.abc import Callable

from harness.metrics import criterion, density_criterion, frechet, inception_score, kernel, parzen, prdc
from harness.metrics.inputs import Metric
from harness.registry import Registry

# Members are named through their modules: `harness.metrics.prdc` stays the module, with all that is in it.
METRICS: Registry[Callable[..., Metric]] = Registry(
    "metric",
    "harness.metrics",
    fid=frechet.fid,
    kid=kernel.kid,
    inception_score=inception_score.inception_score,
    prdc=prdc.prdc,
    parzen=parzen.parzen,
    criterion=criterion.criterion,
    criterion_features=criterion.criterion_features,
    density_criterion=density_criterion.density_criterion,
)

__all__ = ["METRICS"]
