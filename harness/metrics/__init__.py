"""Metrics: reference, held-out and fake samples in, named values out. `METRICS` lists them."""

from collections.abc import Callable

from harness.metrics import (
    class_balance,
    criterion,
    density_criterion,
    fid_bootstrap,
    fid_infinity,
    frechet,
    inception_score,
    kernel,
    memorization,
    modes,
    parzen,
    per_class,
    prdc,
)
from harness.metrics.inputs import Metric
from harness.registry import Registry

# Members are named through their modules: `harness.metrics.prdc` stays the module, with all that is in it.
METRICS: Registry[Callable[..., Metric]] = Registry(
    "metric",
    "harness.metrics",
    fid=frechet.fid,
    fid_infinity=fid_infinity.fid_infinity,
    fid_bootstrap=fid_bootstrap.fid_bootstrap,
    kid=kernel.kid,
    inception_score=inception_score.inception_score,
    prdc=prdc.prdc,
    per_class=per_class.per_class,
    class_balance=class_balance.class_balance,
    modes=modes.modes,
    memorization=memorization.memorization,
    parzen=parzen.parzen,
    criterion=criterion.criterion,
    criterion_features=criterion.criterion_features,
    density_criterion=density_criterion.density_criterion,
)

__all__ = ["METRICS"]
