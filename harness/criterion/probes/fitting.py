"""How a network becomes a probe: averaged weights, stopped where validation is best."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, cos, pi

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from harness.criterion.folds import Doubles, Fold, Logits

EMA = 0.99
RISE = 0.2
LEAST_GAIN = 1e-5
"""Nats of log loss that count as better; less is rounding, and would prefer noise to saying 1/2."""

EVALUATION_BATCH = 1024

Augment = Callable[[Tensor], Tensor]


def constant(progress: float) -> float:
    """The whole learning rate throughout: for a training that stops by itself."""
    return 1.0


def one_cycle(progress: float) -> float:
    """Share of the learning rate at `progress` in [0, 1]: up in a fifth of the steps, then down a cosine to 0
    (Smith and Topin 2018). Reaches in 12 epochs what a constant rate does not in 25."""
    if progress < RISE:
        return progress / RISE
    return 0.5 * (1 + cos(pi * (progress - RISE) / (1 - RISE)))


@dataclass(frozen=True)
class Schedule:
    """AdamW on batches of `batch` for `epochs`, or until `patience` of them in a row were no better on
    validation. `rate`: the share of the learning rate that is used, by progress."""

    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    batch: int = 256
    epochs: int = 60
    patience: int = 5
    rate: Callable[[float], float] = constant


def network_logits(
    build: Callable[[], nn.Module],
    fold: Fold,
    shape: tuple[int, ...],
    *,
    seed: int,
    device: str,
    schedule: Schedule,
    augment: Augment = lambda batch: batch,
) -> Logits:
    """Logits of the network that `build` makes, fitted on inputs of `shape` (n, *shape) -> (n,).

    Every random number comes from `seed`; torch's generators are left as they were. The untrained network,
    whose last layer should be zero so that it says 1/2 everywhere, is among those that may be kept.
    """
    # The caller may be evaluating under no_grad or inference_mode, where nothing can be fitted.
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build().to(device)
        inputs, watched, test = (
            torch.from_numpy(part.x).view(-1, *shape).to(device)
            for part in (fold.train, fold.validation, fold.test)
        )
        signs, watched_signs = (
            torch.from_numpy(1 - 2 * part.y).to(device, torch.float32)
            for part in (fold.train, fold.validation)
        )
        weights = _fitted(network, inputs, signs, (watched, watched_signs), schedule, augment)
        return Logits(*(_logits(network, weights, part) for part in (watched, test)))


def _fitted(
    network: nn.Module,
    inputs: Tensor,
    signs: Tensor,
    watched: tuple[Tensor, Tensor],
    schedule: Schedule,
    augment: Augment,
) -> list[Tensor]:
    """The averaged weights of the epoch with the least log loss on `watched`. Signs: -1 real, +1 fake."""
    live: list[Tensor] = list(network.parameters())
    average = [weight.detach().clone() for weight in live]
    best, kept = _log_loss(network, average, *watched), [weight.clone() for weight in average]
    optimizer = torch.optim.AdamW(
        live, lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
    )
    batch = min(schedule.batch, max(16, len(inputs) // 8))
    steps = schedule.epochs * ceil(len(inputs) / batch)
    waited = step = 0
    for _ in range(schedule.epochs):
        network.train()
        for rows in torch.randperm(len(inputs)).to(inputs.device).split(batch):
            optimizer.param_groups[0]["lr"] = schedule.learning_rate * schedule.rate(step / steps)
            optimizer.zero_grad(set_to_none=True)
            loss: Tensor = softplus(signs[rows] * network(augment(inputs[rows]))).mean()
            torch.autograd.backward(loss)
            optimizer.step()
            step += 1
            # The average warms up: early on it must forget the zero network faster than EMA says.
            with torch.no_grad():
                torch._foreach_lerp_(average, live, 1 - min(EMA, (1 + step) / (10 + step)))
        now = _log_loss(network, average, *watched)
        if now < best - LEAST_GAIN:
            best, kept, waited = now, [weight.clone() for weight in average], 0
        else:
            waited += 1
            if waited == schedule.patience:
                break
    return kept


def _log_loss(network: nn.Module, weights: list[Tensor], inputs: Tensor, signs: Tensor) -> float:
    logits = torch.from_numpy(_logits(network, weights, inputs))
    return float(softplus(signs.cpu().double() * logits).mean())


@torch.no_grad()
def _logits(network: nn.Module, weights: list[Tensor], inputs: Tensor) -> Doubles:
    names = [name for name, _ in network.named_parameters()]
    chosen = dict(zip(names, weights, strict=True))
    network.eval()
    batches = [
        torch.func.functional_call(network, chosen, (batch,)) for batch in inputs.split(EVALUATION_BATCH)
    ]
    logits: Doubles = torch.cat(batches).cpu().double().numpy()
    return logits
