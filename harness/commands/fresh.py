"""Fresh trainings of an experiment for its gate: trained now, or used again where nothing changed."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from harness.catalog import TABLES, build_extractor, build_metrics, load_dataset
from harness.columns import Column
from harness.commands.suite import Setting, train_suite
from harness.config import Cell, Loaded, load
from harness.devices import chosen_device
from harness.evaluation import Evaluator
from harness.gate.baseline import Baseline
from harness.gate.changes import changed_versions
from harness.gate.check import versions_of
from harness.gate.trainings import Trainings, trainings
from harness.metrics.inputs import columns_of
from harness.outcomes import Study
from harness.protocol import Protocol
from harness.provenance import PACKAGES, git_state, installed
from harness.runs import Run

__all__ = ["Setting", "columns_measured", "load_whole", "trained"]


def load_whole(file: Path, overrides: list[str]) -> Loaded:
    """With every name looked up: what cannot be trained is refused."""
    return load(file, overrides, TABLES)


def columns_measured(loaded: Loaded) -> list[Column]:
    """What the evaluations of any variant give."""
    first = {cell.variant: cell for cell in loaded.cells}
    return list(columns_of(metric for cell in first.values() for metric in build_metrics(cell).values()))


def incomparable(loaded: Loaded, baseline: Baseline, setting: Setting) -> dict[str, Trainings]:
    """Variants that would be measured under another protocol than the baseline's: known from data, extractor
    and metrics, before anything is trained in vain."""
    found = {}
    known: dict[tuple[str, str], Protocol] = {}  # most variants are measured alike, on the same images
    for cell in {cell.variant: cell for cell in loaded.cells}.values():
        old = baseline.variants.get(cell.variant)
        key = (cell.dataset.model_dump_json(), cell.evaluation.model_dump_json())
        protocol = known[key] = known.get(key) or _protocol(cell, setting)
        if old is not None and protocol.fingerprint != old.fingerprint:
            results = {"protocol": asdict(protocol), "fingerprint": protocol.fingerprint}
            config = cell.model_dump(mode="json")
            run = Run(cell.variant, cell.seed, config, results, provenance={"git": git_state()})
            found[cell.variant] = Trainings({}, {}, {}, [run])
    return found


def _protocol(cell: Cell, setting: Setting) -> Protocol:
    dataset = load_dataset(cell, setting.data)
    extractor = build_extractor(cell, dataset.shape)
    device = chosen_device(setting.device)
    return Evaluator(dataset, extractor, build_metrics(cell), cell.evaluation, device).protocol


def trained(loaded: Loaded, counts: Mapping[str, int], setting: Setting) -> dict[str, Trainings]:
    """Of every variant in `counts` so many of the gate's seeds."""
    experiment, seeds = loaded.experiment, loaded.experiment.gate_seeds
    cells = tuple(
        Cell.of(variant.setup, experiment=experiment.name, variant=name, seed=seed)
        for name, variant in loaded.variants.items()
        if name in counts
        for seed in seeds[: counts[name]]
    )
    experiment = experiment.model_copy(update={"seeds": seeds[: max(counts.values())]})
    study = train_suite(replace(loaded, experiment=experiment, cells=cells), setting)
    found = trainings(outcome.left_behind() for outcome in study.outcomes)
    return {name: _with_history(group, study) for name, group in found.items()}


def _with_history(group: Trainings, study: Study) -> Trainings:
    """Marked with what was trained before, and with versions of then that are not those of now."""
    before = {(each.prepared.cell.variant, each.prepared.cell.seed) for each in study.outcomes if each.reused}
    old = [run for run in group.runs if (run.variant, run.seed) in before]
    now = {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}}
    stale = dict.fromkeys(line for run in old for line in changed_versions(versions_of(run), now))
    return replace(group, reused=frozenset(run.seed for run in old), stale=tuple(stale))
