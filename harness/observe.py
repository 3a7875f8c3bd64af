"""From both networks to what theory says of them: every diagnostic of a run, logged and recorded."""

import torch

from harness.catalog import build_diagnostics, build_loss, build_penalties
from harness.config import Cell
from harness.data import Dataset
from harness.diagnostics import Moment
from harness.events import Events
from harness.files import write_json
from harness.nonfinite import writable
from harness.rundir import RunDir
from harness.state import State


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
