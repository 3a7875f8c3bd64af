"""One thread: these are many small computations, and the machine's other cores are others'."""

import torch

torch.set_num_threads(1)
