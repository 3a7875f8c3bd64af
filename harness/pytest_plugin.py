"""A pytest fixture that fails a test where a metric regressed, by the statistics of the gate.

    def test_fid(gan_gate):
        fids = {seed: fid_of(train(seed)) for seed in range(5)}
        gan_gate.assert_no_regression(fids, "reports/baselines/baseline.json", metric="fid", margin="15%")

This module is loaded into every pytest session where harness is installed, so it imports nothing but pytest.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.gate.verdict import Side, Verdict

LOWER = ("fid", "kid")
"""Metrics of which everybody knows which way is better."""


class GanGate:
    """What the fixture `gan_gate` gives."""

    def assert_no_regression(
        self,
        fresh: Mapping[int, float] | Sequence[float],
        baseline: Mapping[int, float] | Path | str,
        metric: str = "fid",
        margin: str | float = "15%",
        *,
        higher_is_better: bool | None = None,
        variant: str | None = None,
        fingerprint: str | None = None,
        alpha: float = 0.05,
    ) -> "Verdict":
        """Returns the verdict on PASS, fails the test on REGRESSION, skips it on INCONCLUSIVE; says why.

        fresh: values by seed, or of the seeds 0, 1, ...; NaN for a training that failed. baseline: the same,
        or the file that `harness check --update` wrote, of which `metric` is a column and `variant` one of
        its variants (not needed where it has one). margin: "15%" of the baseline's mean, or a number in the
        metric's unit. higher_is_better: as the file says, or not for FID and KID; must be given for other
        values without a file. fingerprint: of the protocol of the fresh values; another than the file's is
        INCONCLUSIVE.
        alpha: chance of an error in each direction; divide it if you look again with more seeds.

        ConfigError for a baseline that is absent or has no such metric or variant, for a direction that is
        not the file's, and for a bad margin or alpha.
        """
        __tracebackhide__ = True
        from harness.errors import ConfigError
        from harness.gate.rule import decide
        from harness.gate.verdict import Margin, Side

        if not 0 < alpha < 0.5:
            raise ConfigError(f"alpha is {alpha}; it should be a chance between 0 and 0.5, such as 0.05")
        if isinstance(baseline, Mapping):
            old, measured_under = Side(baseline), None
            higher = _direction(metric, higher_is_better)
        else:
            old, measured_under, by_file = _of_file(Path(baseline), metric, variant)
            higher = by_file
            if higher_is_better not in (None, by_file):
                raise ConfigError(
                    f"{baseline} says of {metric} that {'higher' if by_file else 'lower'} is better"
                )
        if fingerprint and measured_under and fingerprint != measured_under:
            pytest.skip(f"INCONCLUSIVE: {metric}: measured under another protocol than the baseline")
        new = Side(fresh if isinstance(fresh, Mapping) else dict(enumerate(fresh)))
        verdict = decide(old, new, margin=Margin.parse(margin), higher_is_better=higher, alpha=alpha)
        sentence = f"{verdict.outcome}: {metric}: {verdict.reason}"
        if verdict.outcome == "REGRESSION":
            pytest.fail(sentence, pytrace=False)
        if verdict.outcome == "INCONCLUSIVE":
            pytest.skip(sentence)
        return verdict


@pytest.fixture(scope="session")
def gan_gate() -> GanGate:
    """Asserts on a metric of trainings, with the statistics of `harness check`."""
    return GanGate()


def _direction(metric: str, higher_is_better: bool | None) -> bool:
    from harness.errors import ConfigError

    if higher_is_better is None and metric not in LOWER:
        raise ConfigError(f"{metric}: say which way is better, higher_is_better=True or False")
    return bool(higher_is_better)


def _of_file(file: Path, metric: str, variant: str | None) -> tuple["Side", str, bool]:
    """The trainings of a baseline, the fingerprint of their protocol, and whether higher is better."""
    from harness.errors import ConfigError
    from harness.gate.baseline import read_baseline
    from harness.gate.verdict import Side

    written = read_baseline(file, "harness check FILE --update")
    columns = {column.key: column for column in written.columns}
    if metric not in columns:
        raise ConfigError(f"{file} has no {metric}: it has {', '.join(columns)}")
    if variant is None and len(written.variants) > 1:
        raise ConfigError(f"{file} has several variants: give variant=, one of {', '.join(written.variants)}")
    name = next(iter(written.variants)) if variant is None else variant
    if name not in written.variants:
        raise ConfigError(f"{file} has no variant {name}: it has {', '.join(written.variants)}")
    trained = written.variants[name]
    values = {seed: of_seed[metric] for seed, of_seed in trained.seeds.items() if metric in of_seed}
    return Side(values, trained.failed), trained.fingerprint, columns[metric].better == "higher"
