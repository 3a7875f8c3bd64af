"""The processor that computes."""

import torch

from harness.errors import ConfigError


def chosen_device(name: str) -> torch.device:
    """The device called `name`: `auto` is a GPU where there is one; ConfigError for one that is not here."""
    torch.backends.cudnn.deterministic = True  # the same seed gives the same bits on a GPU too
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"unknown device `{name}`; use auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(
            f"device `{name}` is not here; this machine has {torch.cuda.device_count()} CUDA GPUs"
        )
    return device
