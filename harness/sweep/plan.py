"""What is searched, as studies: one of a configuration, or one for each variant with the same budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.catalog import build_metrics, build_pruner, build_sampler, load_dataset
from harness.config import Loaded, Space, check_space
from harness.config.models import flat
from harness.errors import ConfigError
from harness.misfits import refuse_misfits
from harness.provenance import made_with
from harness.queue.definition import check_name
from harness.search.grid import grid_points
from harness.search.objective import looks, objectives, searching
from harness.trials import Objective


@dataclass(frozen=True)
class Searched:
    """One variant of the experiment, and the study in which its configuration is searched."""

    variant: str
    study: str
    space: Space
    objectives: tuple[Objective, ...]
    definition: Mapping[str, Any]
    points: tuple[Mapping[str, Any], ...] | None
    """All there are, where the sampler enumerates them."""

    @property
    def directions(self) -> list[Literal["minimize", "maximize"]]:
        return ["maximize" if each.higher_is_better else "minimize" for each in self.objectives]


@dataclass(frozen=True)
class Plan:
    """`name`: of the search; `folder`: within the folder of runs."""

    name: str
    loaded: Loaded
    searched: tuple[Searched, ...]

    @property
    def folder(self) -> Path:
        return Path(self.loaded.experiment.name, ".sweeps", self.name)


def plan(loaded: Loaded, name: str, *, per_variant: bool, data_root: Path) -> Plan:
    """Whatever a search could be refused for is found here, before the first trial."""
    check_name(name)
    variants = list(loaded.variants)
    if len(variants) > 1 and not per_variant:
        raise ConfigError(
            f"{loaded.path} has {len(variants)} variants: search each of them with --per-variant"
        )
    return Plan(
        name,
        loaded,
        tuple(
            _searched(loaded, each, name if len(variants) == 1 else f"{name}/{each}", data_root)
            for each in variants
        ),
    )


def _searched(loaded: Loaded, variant: str, study: str, data_root: Path) -> Searched:
    _refuse_unlike(loaded, variant)
    check_space(loaded, variant)
    experiment, search = loaded.experiment, loaded.experiment.search
    space, base = loaded.space(variant), loaded.changed(variant, {})
    metrics = build_metrics(base)
    build_pruner(experiment, base)
    enumerated = build_sampler(experiment, 0).enumerated
    seen = looks(base, search, len(experiment.trial_seeds))
    measured = searching(base, search, seen, metrics)
    refuse_misfits(measured, load_dataset(measured, data_root))
    configuration = dict(flat(measured.model_dump(mode="json")))
    del configuration["evaluation.every"]  # `every` says it, where the file does
    definition = {
        "kind": "sweep",
        "experiment": experiment.name,
        "made with": made_with(),
        "search_space": space.described(),
        "search": search.model_dump(mode="json", include={"objective", "every", "sampler", "pruner"}),
        "seeds": list(experiment.trial_seeds),
        "configuration": configuration,
    }
    points = tuple(grid_points(space)) if enumerated else None
    return Searched(variant, study, space, objectives(search.objective, metrics), definition, points)


def _refuse_unlike(loaded: Loaded, variant: str) -> None:
    """ConfigError where trials would not be measured alike, so that none of them could be the best."""
    for parameter in loaded.space(variant).parameters:
        if (first := parameter.key.partition(".")[0]) in ("dataset", "evaluation"):
            raise ConfigError(
                f"search_space.{parameter.key}: trials that differ in their {first} do not compare"
            )
