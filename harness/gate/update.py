"""A new baseline from fresh trainings, and what is different from the old one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from harness.columns import Column
from harness.errors import HarnessError
from harness.gate.baseline import Baseline, Measured, Trained
from harness.gate.changes import changed_identity, changed_protocol, changed_settings, changed_versions
from harness.gate.check import commit_of, versions_of
from harness.gate.trainings import Trainings
from harness.stats import Interval, mean_interval


@dataclass(frozen=True)
class Moved:
    """A metric of a variant in the old baseline and in the new; None where one has not measured it."""

    variant: str
    column: Column
    old: Interval | None
    new: Interval | None


@dataclass(frozen=True)
class Update:
    """What a new baseline changes. changed: by variant, a line each; other: of all of it."""

    moved: tuple[Moved, ...]
    changed: Mapping[str, tuple[str, ...]]
    other: tuple[str, ...]


def baseline_of(experiment: str, fresh: Mapping[str, Trainings], command: str, written: date) -> Baseline:
    """HarnessError where a training says nothing, or none of a variant gave a value: what is compared with it
    later would be compared with too little."""
    for name, group in fresh.items():
        if group.set_aside:
            seed, reason = min(group.set_aside.items())
            raise HarnessError(
                f"no baseline was written: {name}/seed{seed} came to no end that says anything ({reason});"
                " the same command goes on"
            )
        if not group.values:
            seed, reason = min(group.failed.items())
            raise HarnessError(
                f"no baseline was written: no training of {name} gave a value (seed {seed}: {reason})"
            )
        if len(group.values) < 2:
            raise HarnessError(
                f"no baseline was written: {name} has one seed with a value, which has no spread: train more"
            )
        if group.mixed:
            raise HarnessError(
                f"no baseline was written: the runs of {name} are not alike in {', '.join(group.mixed)}:"
                " train them anew, or name those that are"
            )
        if len(group.protocols) > 1:
            raise HarnessError(f"no baseline was written: the runs of {name} are of several protocols")
    if not fresh:
        raise HarnessError(f"no baseline was written: there are no runs of {experiment}")
    first = next(iter(fresh.values())).first
    commit, dirty = commit_of(first)
    columns = {column.key: column for group in fresh.values() for column in group.columns}
    return Baseline(
        experiment=experiment,
        written=written.isoformat(),
        commit=commit,
        dirty=dirty,
        command=command,
        device=str(first.provenance.get("device", "")),
        platform=str(first.provenance.get("platform", "")),
        versions=versions_of(first),
        protocols={key: dict(value) for group in fresh.values() for key, value in group.protocols.items()},
        columns=tuple(
            Measured(key=each.key, title=each.title, better=each.better) for each in columns.values()
        ),
        variants={name: _trained(group) for name, group in fresh.items()},
    )


def _trained(group: Trainings) -> Trained:
    labels = ("experiment", "variant", "seed")
    return Trained(
        fingerprint=next(iter(group.protocols)),
        identity=group.identity,
        config={key: value for key, value in group.first.config.items() if key not in labels},
        seeds={seed: dict(values) for seed, values in group.values.items()},
        failed=dict(group.failed),
    )


def difference(old: Baseline, new: Baseline) -> Update:
    """Every metric of every variant that either has, and what else is not as it was."""
    columns = {each.key: each.column for each in (*old.columns, *new.columns)}
    moved = []
    changed = {}
    for name in dict.fromkeys([*old.variants, *new.variants]):
        one, other = old.variants.get(name), new.variants.get(name)
        moved += [Moved(name, column, _mean(one, key), _mean(other, key)) for key, column in columns.items()]
        if one is not None and other is not None:
            protocols = old.protocols[one.fingerprint], new.protocols[other.fingerprint]
            changed[name] = (
                *changed_settings(one.config, other.config),
                *changed_identity(one.identity, other.identity),
                *(f"protocol, {line}" for line in changed_protocol(*protocols)),
                *_failures(one, other),
            )
        else:
            changed[name] = ("is new",) if one is None else ("is gone",)
    return Update(tuple(moved), changed, tuple(changed_versions(old.versions, new.versions)))


def _mean(trained: Trained | None, key: str) -> Interval | None:
    values = [values[key] for values in trained.seeds.values() if key in values] if trained else []
    return mean_interval(values) if values else None


def _failures(one: Trained, other: Trained) -> list[str]:
    counts = [f"{len(each.failed)} of {len(each.failed) + len(each.seeds)}" for each in (one, other)]
    return [f"failed trainings: {counts[0]} → {counts[1]}"] if one.failed or other.failed else []
