"""Imported by the process that `processes` forks from: everything that is slow the first time."""

import tempfile
from pathlib import Path

import pytest  # noqa: F401
import torch
from torch import nn

import harness.commands.look
import harness.commands.run
import harness.commands.store
import harness.commands.sweep
import harness.commands.worker  # noqa: F401
from harness.data import DATASETS
from harness.tracking.library import import_mlflow
from harness.tracking.model import export_generator

import_mlflow()
DATASETS["digits"](Path())
with tempfile.TemporaryDirectory() as folder:
    network = nn.Sequential(nn.Linear(8, 4), nn.Unflatten(1, (1, 2, 2)))
    export_generator(network, torch.zeros(2, 8), Path(folder, "model"))
