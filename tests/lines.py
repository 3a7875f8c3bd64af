"""A study of points on a line that takes a second, in this process and without MLflow."""

from collections.abc import Callable
from pathlib import Path

import torch
from test_run import Listener

from harness.catalog import TABLES
from harness.config import load
from harness.outcomes import Study
from harness.signals import StopSignal
from harness.study import run_study
from harness.workplace import Workplace

LINE = """\
name: line
dataset: {name: gaussian_1d, num_train: 400}
network: {name: mlp, latent: {size: 1}, generator_widths: [8], discriminator_widths: [8], output: linear}
loss: non_saturating
training: {steps: 20, batch_size: 32, log_every: 10, checkpoint_every: 10}
evaluation:
  features: coordinates
  metrics: [fid]
  num_samples: 200
  every: 10
  diagnostics: []
seeds: [0]
"""
ALL = (
    "evaluation.diagnostics=[optimal_discriminator, generator_gradient, "
    "{name: figure1, discriminator_steps: 3, generator_steps: 2, batch_size: 16}]"
)

Train = Callable[..., tuple[Study, Listener]]


def trainer(folder: Path) -> Train:
    """A function that runs an experiment with overrides, in `folder / into`."""

    def train(*overrides: str, into: str = "runs", text: str = LINE) -> tuple[Study, Listener]:
        file, listener = folder / "experiment.yaml", Listener()
        file.write_text(text)
        place = Workplace(
            folder / into, folder, torch.device("cpu"), None, listener, StopSignal(), system_interval=60
        )
        return run_study(load(file, overrides, TABLES), place), listener

    return train
