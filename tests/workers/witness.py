"""A network that writes down in which process it is built."""

import json
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from harness.networks import NETWORKS, Latent, Pair, Shape
from harness.workers.child import carry_out
from harness.workers.task import Site, Task


def witness(shape: Shape, *, file: str) -> Pair:
    """The `mlp` of every day."""
    seen = {
        "process": os.getpid(),
        "parent": os.getppid(),
        "name": multiprocessing.current_process().name,
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.is_initialized(),
    }
    Path(file).write_text(json.dumps(seen))
    return NETWORKS["mlp"](shape, latent=Latent(size=8), generator_widths=(32,), discriminator_widths=(32,))


def unbound(task: Task, site: Site, pipe: Connection) -> None:
    """Carry out a task where no variable says how many threads to take."""
    os.environ.pop("OMP_NUM_THREADS", None)
    carry_out(task, site, pipe)
