"""Fresh trainings of an experiment for its gate: trained now, or used again where nothing changed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.catalog import TABLES, build_metrics
from harness.columns import Column
from harness.commands.suite import Setting, train_suite
from harness.config import Cell, Loaded, load
from harness.gate.trainings import Trainings, trainings
from harness.metrics.inputs import columns_of

__all__ = ["Setting", "columns_measured", "load_whole", "trained"]


def load_whole(file: Path, overrides: list[str]) -> Loaded:
    """With every name looked up: what cannot be trained is refused."""
    return load(file, overrides, TABLES)


def columns_measured(loaded: Loaded) -> list[Column]:
    """What the evaluations of any variant give."""
    first = {cell.variant: cell for cell in loaded.cells}
    return list(columns_of(metric for cell in first.values() for metric in build_metrics(cell).values()))


def trained(loaded: Loaded, counts: Mapping[str, int], setting: Setting) -> dict[str, Trainings]:
    """Of every variant the first `counts` of the gate's seeds."""
    experiment, seeds = loaded.experiment, loaded.experiment.gate_seeds
    cells = tuple(
        Cell.of(variant.setup, experiment=experiment.name, variant=name, seed=seed)
        for name, variant in loaded.variants.items()
        for seed in seeds[: counts[name]]
    )
    experiment = experiment.model_copy(update={"seeds": seeds[: max(counts.values())]})
    study = train_suite(replace(loaded, experiment=experiment, cells=cells), setting)
    return trainings(outcome.left_behind() for outcome in study.outcomes)
