"""All that a training is at one step: networks, their average, optimisers, the step."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer, RMSprop

from harness.config import Training
from harness.networks import Pair

Parameters = Iterable[nn.Parameter]


def build_optimizer(config: Training, parameters: Parameters, learning_rate: float) -> Optimizer:
    """The configured optimiser, in the fused form where PyTorch has one (one kernel for all parameters)."""
    match config.optimizer:
        case "adam":
            return Adam(parameters, learning_rate, betas=config.betas, fused=True)
        case "sgd":
            return SGD(parameters, learning_rate, momentum=config.momentum, fused=True)
        case "rmsprop":
            return RMSprop(parameters, learning_rate, momentum=config.momentum, foreach=True)


def learning_rate_at(config: Training, initial: float, step: int) -> float:
    """The rate of the update after `step` steps: shrunk by the same factor after each, down to a lowest."""
    # A rate that starts below the lowest stays: the lowest is where a decay ends, it raises nothing.
    return max(initial * config.learning_rate_decay**step, min(initial, config.lowest_learning_rate))


def momentum_at(config: Training, step: int) -> float:
    """The momentum of the update after `step` steps: linear from first to final, then constant."""
    if config.final_momentum is None or config.momentum_steps is None:
        return config.momentum
    way = min(1.0, step / config.momentum_steps)
    return (1 - way) * config.momentum + way * config.final_momentum


class State:
    """A training in progress; `tensors` and `load` turn it into named tensors and back, exactly."""

    def __init__(self, pair: Pair, config: Training, device: torch.device) -> None:
        self.generator = pair.generator.to(device)
        self.discriminator = pair.discriminator.to(device)
        self.ema = deepcopy(self.generator).eval().requires_grad_(False) if config.ema else self.generator
        rate = config.learning_rate
        self.optimizer_g = build_optimizer(config, _learning(self.generator), rate)
        self.optimizer_d = build_optimizer(
            config, _learning(self.discriminator), config.discriminator_learning_rate or rate
        )
        self._rates = tuple(optimizer.param_groups[0]["lr"] for optimizer in self._optimizers().values())
        self.latent = pair.latent
        self.conditioning = pair.conditioning
        self.rowwise = pair.rowwise
        self.step = 0
        self._averages: tuple[list[Tensor], list[Tensor]] = (
            [*self.ema.parameters()],
            [*self.generator.parameters()],
        )
        self._buffers = (list(self.ema.buffers()), list(self.generator.buffers()))

    def follow(self, config: Training) -> None:
        """Give both optimisers the learning rate and momentum of the step at hand, functions of it alone."""
        for optimizer, initial in zip(self._optimizers().values(), self._rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate_at(config, initial, self.step)
                if "momentum" in group:
                    group["momentum"] = momentum_at(config, self.step)

    @torch.no_grad()
    def average(self, decay: float) -> None:
        """ema <- decay * ema + (1 - decay) * generator; batch-norm statistics are copied, being averages."""
        if self.ema is self.generator:
            return
        torch._foreach_lerp_(*self._averages, 1 - decay)
        for average, current in zip(*self._buffers, strict=True):
            average.copy_(current)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the state under a name, ready for safetensors."""
        named: dict[str, Tensor] = {}
        for prefix, module in self._modules().items():
            named |= {f"{prefix}/{name}": tensor for name, tensor in module.state_dict().items()}
        for prefix, optimizer in self._optimizers().items():
            for index, slots in optimizer.state_dict()["state"].items():
                named |= {f"{prefix}/{index}/{slot}": tensor for slot, tensor in slots.items()}
        return apart(named)

    def load(self, named: dict[str, Tensor], step: int) -> None:
        """Restore what `tensors` gave. Shapes and names must be exactly those of this state."""
        for prefix, module in self._modules().items():
            module.load_state_dict(_under(prefix, named), strict=True)
        for prefix, optimizer in self._optimizers().items():
            slots: dict[int, dict[str, Any]] = {}
            for name, tensor in _under(prefix, named).items():
                index, _, slot = name.partition("/")
                slots.setdefault(int(index), {})[slot] = tensor
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": slots, "param_groups": groups})
        self.step = step

    def _modules(self) -> dict[str, nn.Module]:
        modules = {"generator": self.generator, "discriminator": self.discriminator}
        return modules if self.ema is self.generator else {**modules, "ema": self.ema}

    def _optimizers(self) -> dict[str, Optimizer]:
        return {"optimizer_g": self.optimizer_g, "optimizer_d": self.optimizer_d}


def _learning(network: nn.Module) -> list[nn.Parameter]:
    """All but what its author froze."""
    return [weight for weight in network.parameters() if weight.requires_grad]


def apart(named: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same, with a copy for every further name of a tensor: safetensors refuses tied weights."""
    seen: set[int] = set()
    found = {}
    for name, tensor in named.items():
        found[name] = tensor.clone() if tensor.data_ptr() in seen else tensor
        seen.add(tensor.data_ptr())
    return found


def _under(prefix: str, named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name[len(prefix) + 1 :]: tensor for name, tensor in named.items() if name.startswith(f"{prefix}/")
    }
