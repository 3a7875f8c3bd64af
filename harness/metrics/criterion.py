"""The GAN criterion C(G) as a metric: in the images themselves, and in the extractor's features."""

from torch import Tensor

from harness.columns import Column
from harness.criterion import FEWEST, RESOLUTION, CriterionEstimate, estimate_criterion
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values


def criterion() -> Metric:
    """GAN criterion C(G) = 2 JSD - log 4 of images, bounded from below (Goodfellow et al. 2014)."""
    columns = (
        Column("criterion", "C(G)", "lower"),
        Column("jsd", "JSD", "lower"),
        Column("jsd_extrapolated", "JSD extrap.", "lower"),
    )

    def compute(inputs: MetricInputs) -> Values:
        found = _estimate("criterion", inputs.held_out.images, inputs.fake.images, inputs)
        values = _values(found, "") | {"jsd_extrapolated": found.extrapolated}
        return Values(values, _notes(found, "C(G)"))

    return Metric(columns, compute, needs=frozenset({"images"}))


def criterion_features() -> Metric:
    """C(G) of features in the place of images: no more than that of images, by data processing."""
    columns = (
        Column("criterion_features", "C(G) features", "lower"),
        Column("jsd_features", "JSD features", "lower"),
    )

    def compute(inputs: MetricInputs) -> Values:
        real, fake = inputs.held_out.features, inputs.fake.features
        found = _estimate("criterion_features", real, fake, inputs)
        return Values(_values(found, "_features"), _notes(found, "C(G) of features"))

    return Metric(columns, compute)


def _estimate(name: str, real: Tensor, fake: Tensor, inputs: MetricInputs) -> CriterionEstimate:
    for side, values in (("real", real), ("fake", fake)):
        checks.matrix(name, side, values.flatten(1), at_least=FEWEST)
    return estimate_criterion(real, fake, seed=inputs.seed, device=inputs.device)


def _values(found: CriterionEstimate, ending: str) -> dict[str, float]:
    return {
        f"criterion{ending}": found.value,
        f"criterion{ending}_low": found.low,
        f"criterion{ending}_high": found.high,
        f"jsd{ending}": found.jsd,
        f"jsd{ending}_low": found.jsd_low,
        f"jsd{ending}_high": found.jsd_high,
    }


def _notes(found: CriterionEstimate, name: str) -> tuple[str, ...]:
    """What a reader must know: that it is a bound is in the README, when it says nothing is said here."""
    if found.saturated:
        return (
            f"{name}: saturated, JSD is above .95 log 2: real and fake hardly overlap, and the value no"
            f" longer says how far apart they are; {100 * found.error_rate:.2g} % of held-out samples"
            f" misjudged prove JSD >= {found.certified:.4f} at 95 %",
        )
    if not found.beats_chance:
        return (
            f"{name}: no discriminator reliably beat chance on held-out samples: the bound cannot tell this"
            f" from a perfect generator; {found.num_real:,} samples show a JSD down to about"
            f" {RESOLUTION / found.num_real:.2g}",
        )
    return ()
