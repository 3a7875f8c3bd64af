"""From both networks to what theory says of them: every diagnostic of a run, logged and recorded."""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import torch

from harness.catalog import build_diagnostics, build_loss, build_penalties
from harness.config import Cell
from harness.data import Dataset
from harness.diagnostics import Moment
from harness.files import read_json, write_json
from harness.rundir import RunDir
from harness.state import State
from harness.tracking import Events


class Observer:
    """The diagnostics of one run, ready to look at it whenever it is evaluated."""

    def __init__(
        self, cell: Cell, dataset: Dataset, device: torch.device, folder: RunDir, events: Events
    ) -> None:
        self._cell = cell
        self._dataset = dataset
        self._device = device
        self._folder = folder
        self._events = events
        self._diagnostics = build_diagnostics(cell, dataset)

    def look(self, state: State) -> dict[str, float]:
        """Every value at this step, by key; what is recorded beside them goes to the run's folder."""
        if not self._diagnostics:
            return {}
        moment = Moment(
            step=state.step,
            generator=state.generator,
            discriminator=state.discriminator,
            latent=state.latent,
            loss=build_loss(self._cell),
            penalties=build_penalties(self._cell),
            training=self._cell.training,
            dataset=self._dataset,
            seed=self._cell.seed,
            device=self._device,
        )
        values: dict[str, float] = {}
        for name, diagnostic in self._diagnostics.items():
            found = diagnostic.observe(moment)
            values |= found.values
            if found.record:
                write_json(self._folder.diagnostic_file(name, state.step), writable(found.record))
        self._events.metrics("theory", state.step, {f"theory/{key}": value for key, value in values.items()})
        return values


def read_record(file: Path) -> Any:
    """What a diagnostic recorded in `file`, with its numbers that are not finite."""
    return _readable(read_json(file))


def writable(value: Any) -> Any:
    """`value` as JSON takes it: a number that is not finite becomes text, as in the event log."""
    if isinstance(value, Mapping):
        return {key: writable(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [writable(child) for child in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_readable(child) for child in value]
    return float(value) if value in ("nan", "inf", "-inf") else value
