"""Fresh trainings against a baseline: one verdict for each variant, and all that was measured beside it.

Only the gated metric decides. Values are compared under equal fingerprints alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.columns import Column
from harness.config import Gate
from harness.errors import ConfigError
from harness.gate.baseline import Baseline, Trained
from harness.gate.changes import changed_identity, changed_protocol, changed_settings, changed_versions
from harness.gate.contrast import difference_interval, moments
from harness.gate.rule import decide, identical, look_level
from harness.gate.trainings import Trainings
from harness.gate.verdict import Margin, Outcome, Side, Verdict
from harness.registry import did_you_mean
from harness.runs import Run
from harness.stats import Interval, mean_interval


@dataclass(frozen=True)
class Beside:
    """A metric that decides nothing: both means, and the change in the metric's unit with its interval, whose
    level is that of the gated metric's; None where a side has too few values, or nothing moved."""

    column: Column
    baseline: Interval | None
    fresh: Interval | None
    change: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Checked:
    """A variant. changed: what is not as it was for the baseline, a line each; seeds: those that count,
    `failed` of which gave no value; set_aside: why others do not; more_decide: whether further seeds may;
    reused: seeds that were trained before this command."""

    variant: str
    verdict: Verdict
    beside: tuple[Beside, ...] = ()
    changed: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    failed: int = 0
    set_aside: Mapping[int, str] = field(default_factory=dict)
    more_decide: bool = False
    reused: tuple[int, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """All variants. alpha: the level of every single test; commit, dirty: of the fresh side, and place: of a
    run of it."""

    experiment: str
    column: Column
    margin: Margin
    alpha: float
    variants: tuple[Checked, ...]
    baseline: Baseline
    commit: str
    dirty: bool
    place: str

    @property
    def outcome(self) -> Outcome:
        """The worst of all variants'."""
        found = {each.verdict.outcome for each in self.variants}
        for outcome in ("REGRESSION", "INCONCLUSIVE"):
            if outcome in found:
                return outcome
        return "PASS"

    @property
    def undecided(self) -> list[str]:
        """Variants of which more seeds may decide."""
        return [each.variant for each in self.variants if each.more_decide]

    @property
    def level(self) -> float:
        """Of the intervals of a change, two-sided: 1 - 2 alpha."""
        return 1 - 2 * self.alpha


def gated_column(gate: Gate, columns: Sequence[Column]) -> Column:
    """The column that decides; ConfigError where none of `columns` is called so, or none of its falls is as
    large as the margin."""
    by_key = {column.key: column for column in columns}
    if gate.metric not in by_key:
        raise ConfigError(
            f"gate.metric: `{gate.metric}` is given by none of evaluation.metrics"
            f"{did_you_mean(gate.metric, list(by_key))}"
        )
    margin, column = Margin.parse(gate.margin), by_key[gate.metric]
    if column.better == "higher" and margin.relative and margin.value >= 1:
        raise ConfigError(f"gate.margin: {column.title} cannot fall by {margin}: take less than 100%")
    return column


def check(baseline: Baseline, fresh: Mapping[str, Trainings], gate: Gate, way_out: str) -> CheckResult:
    """The verdict on every variant that either side has. way_out: the command that writes a new baseline.

    ConfigError where neither side knows the gated metric.
    """
    measured = [column for group in fresh.values() for column in group.columns]
    # The baseline comes last: it says which way is better.
    column = gated_column(gate, [*measured, *(each.column for each in baseline.columns)])
    names = list(dict.fromkeys([*baseline.variants, *fresh]))
    alpha = look_level(looks=len(gate.looks), variants=len(names))
    margin = Margin.parse(gate.margin)
    checked = tuple(
        _checked(name, baseline, fresh.get(name), column, margin, alpha, way_out) for name in names
    )
    first = next((group.first for group in fresh.values()), None)
    commit, dirty = commit_of(first) if first else ("", False)
    place = first.place if first else ""
    return CheckResult(baseline.experiment, column, margin, alpha, checked, baseline, commit, dirty, place)


def _checked(
    name: str,
    baseline: Baseline,
    fresh: Trainings | None,
    column: Column,
    margin: Margin,
    alpha: float,
    way_out: str,
) -> Checked:
    old = baseline.variants.get(name)
    if old is None:
        return Checked(name, _inconclusive(f"the baseline has no {name}: write a new one with `{way_out}`"))
    if fresh is None:
        return Checked(name, _inconclusive(f"there are no fresh runs of {name}, which the baseline has"))
    changed = (
        *changed_settings(old.config, fresh.first.config),
        *changed_identity(old.identity, fresh.identity),
        *changed_versions(baseline.versions, versions_of(fresh.first)),
        *(f"{key}: not the same for all fresh runs" for key in fresh.mixed),
        *(f"since the training that is used again, {line}" for line in fresh.stale),
    )
    seeds = tuple(sorted([*fresh.values, *fresh.failed]))
    if problem := _incomparable(baseline, old, fresh, column):
        verdict = _inconclusive(f"{problem}, or write a new baseline with `{way_out}`")
        return Checked(name, verdict, (), changed, seeds, len(fresh.failed), fresh.set_aside)
    before, now = Side(_of(column, old.seeds), old.failed), Side(_of(column, fresh.values), fresh.failed)
    higher = column.better == "higher"
    verdict = (
        identical(before, now)
        if _unchanged(old, fresh)
        else decide(before, now, margin=margin, higher_is_better=higher, alpha=alpha)
    )
    doubts = fresh.unreliable(column)
    if fresh.set_aside and verdict.outcome != "REGRESSION":
        verdict = replace(verdict, outcome="INCONCLUSIVE", reason=_unsaid(fresh.set_aside))
    elif doubts and verdict.outcome != "INCONCLUSIVE":
        verdict = replace(verdict, outcome="INCONCLUSIVE", reason=_doubtful(column, doubts), settled=True)
    known = {each.key: each.column for each in baseline.columns} | {each.key: each for each in fresh.columns}
    others = [each for each in known.values() if each.key != column.key]
    return Checked(
        name,
        verdict,
        tuple(_beside(each, _of(each, old.seeds), _of(each, fresh.values), alpha) for each in others),
        changed,
        seeds,
        len(fresh.failed),
        fresh.set_aside,
        more_decide=verdict.outcome == "INCONCLUSIVE" and not (fresh.set_aside or verdict.settled),
        reused=tuple(sorted(fresh.reused)),
    )


def _incomparable(baseline: Baseline, old: Trained, fresh: Trainings, column: Column) -> str:
    """Why no value of one side compares with the other's, and a way out; empty where they do."""
    for fingerprint, protocol in fresh.protocols.items():
        if fingerprint != old.fingerprint:
            fields = "; ".join(changed_protocol(baseline.protocols[old.fingerprint], protocol))
            return f"not measured under the baseline's protocol ({fields}): measure as it was"
    if any(each.key == column.key and each.better != column.better for each in fresh.columns):
        return f"baseline and fresh runs differ in which way {column.title} is better: mend that"
    if len(_of(column, old.seeds)) < len(old.seeds):
        return f"the baseline has no {column.title}: gate another metric"
    if len(_of(column, fresh.values)) < len(fresh.values):
        return f"the fresh runs have no {column.title}: add it to evaluation.metrics"
    return ""


def _unchanged(old: Trained, fresh: Trainings) -> bool:
    """Whether every fresh training gave what the baseline has at its seed, bit for bit in every one of
    several metrics, and no two seeds the same, as counts of modes would."""
    rows = [tuple(values.values()) for values in fresh.values.values()]
    same = all(dict(values) == old.seeds.get(seed) for seed, values in fresh.values.items())
    several = len(fresh.columns) > 1 and len(rows) > 1
    return same and several and len(set(rows)) == len(rows) and not fresh.failed


def _of(column: Column, seeds: Mapping[int, Mapping[str, float]]) -> dict[int, float]:
    return {seed: values[column.key] for seed, values in seeds.items() if column.key in values}


def _inconclusive(reason: str) -> Verdict:
    return Verdict("INCONCLUSIVE", reason, None, None, None, None, None, None)


def _unsaid(set_aside: Mapping[int, str]) -> str:
    seed, reason = min(set_aside.items())
    count = f"{len(set_aside)} training{'s' if len(set_aside) > 1 else ''}"
    return f"{count} came to no end that says anything (seed {seed}: {reason}): the same command goes on"


def _doubtful(column: Column, reasons: Mapping[int, str]) -> str:
    seed, reason = min(reasons.items())
    return f"{column.title} is not to be trusted at {len(reasons)} seeds (seed {seed}: {reason})"


def _beside(column: Column, old: Mapping[int, float], new: Mapping[int, float], alpha: float) -> Beside:
    one, other = list(new.values()), list(old.values())
    baseline, fresh = (mean_interval(values) if values else None for values in (other, one))
    if baseline is None or fresh is None:
        return Beside(column, baseline, fresh)
    if all(old.get(seed) == value for seed, value in new.items()):
        return Beside(column, baseline, fresh, 0.0)  # whatever the seeds beyond them gave
    change = fresh.mean - baseline.mean
    if min(baseline.n, fresh.n) < 2:
        return Beside(column, baseline, fresh, change)
    return Beside(column, baseline, fresh, change, *difference_interval(moments(one), moments(other), alpha))


def versions_of(run: Run) -> dict[str, str]:
    """Of Python and of every package that a result may depend on."""
    python = run.provenance.get("python")
    return {**({"python": python} if python else {}), **run.provenance.get("packages", {})}


def commit_of(run: Run) -> tuple[str, bool]:
    """The commit that a run was made at, empty where none is known, and whether there were changes."""
    git = run.provenance.get("git") or {}
    return str(git.get("commit", "")), bool(git.get("dirty", False))
