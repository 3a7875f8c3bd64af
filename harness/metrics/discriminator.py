"""A fresh discriminator that tells real from fake samples: fitted, stopped early, calibrated."""

from collections.abc import Callable
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from harness.metrics import checks
from harness.seeding import generator

WIDTH = 128
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.05
BATCH = 256
EMA = 0.99
MAX_EPOCHS = 120
PATIENCE = 10
"""Epochs without a better log loss on the stopping part before fitting ends."""

LEAST_GAIN = 1e-5
"""Nats of log loss that count as better; less is rounding, and would prefer noise to saying 1/2."""

REACH = 10.0
"""Standardised inputs are clipped here: a pixel lit once in training is no reason for an input of 100."""


def fitted_logit(
    train: Tensor, stop: Tensor, test: Tensor, *, seed: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Calibrated logits log D/(1 - D), float64 (2, n_test) on the CPU, of a multilayer perceptron.

    Each argument is (2, n, width): real, fake. The network learns from `train` alone; `stop` chooses the
    epoch (the untrained network, which says 1/2 everywhere, among them) and the affine map of the logit. All
    randomness comes from `seed`, drawn on the CPU: the same on every device but for rounding.
    """
    # The caller may be evaluating under no_grad or inference_mode, where nothing can be fitted.
    with torch.inference_mode(False), torch.enable_grad():
        scaled = _scaler(train)
        inputs, targets = _labelled(scaled(train).to(device))
        watched = _labelled(scaled(stop).to(device))
        network = _network(train.shape[2], seed).to(device)
        _fit(network, inputs, targets, watched, seed)
        with torch.no_grad():
            logits = [network(scaled(part).to(device)).cpu().double() for part in (stop, test)]
    slope, offset = calibration(logits[0][0].numpy(), logits[0][1].numpy())
    # n samples without an error show no odds above n to 1: a larger logit stakes the value on one sample.
    largest = log(train[..., 0].numel() + stop[..., 0].numel())
    calibrated: Tensor = slope * logits[1] + offset
    return calibrated.clamp(-largest, largest)


def calibration(real: NDArray[np.float64], fake: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset that make logits (n), (m) calibrated (Platt 1999), by the log loss of both sides.

    A ridge towards slope 1 and offset 0, worth about one sample, keeps few or separable samples from wild
    slopes.
    """
    # Imported here because it doubles the time that importing this module takes beside torch.
    from scipy.optimize import minimize

    ridge = 1 / min(len(real), len(fake))

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope, offset = parameters
        away = parameters - (1.0, 0.0)
        value = ridge * float(away @ away)
        gradient = 2 * ridge * away
        for sign, raw in ((-1.0, real), (1.0, fake)):
            wrong = sign * (slope * raw + offset)
            value += float(np.logaddexp(0, wrong).mean())
            share = sign * np.exp(-np.logaddexp(0, -wrong))
            gradient += ((share * raw).mean(), share.mean())
        return value, gradient

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    slope, offset = found.x.tolist()
    return slope, offset


def _scaler(train: Tensor) -> Callable[[Tensor], Tensor]:
    """Standardises as `train` asks. A column that is constant there is shifted but not stretched."""
    dtype = torch.promote_types(train.dtype, torch.float32)
    pooled = train.flatten(0, 1).to(dtype)
    mean, std = pooled.mean(0), pooled.std(0)
    # A constant column's spread is the rounding of its mean, not always 0.
    rounding = 100 * torch.finfo(dtype).eps * pooled.abs().amax(0)
    std = torch.where(std > rounding, std, torch.ones_like(std))

    def scaled(part: Tensor) -> Tensor:
        return ((part.to(dtype) - mean) / std).clamp_(-REACH, REACH).float()

    return scaled


def _labelled(part: Tensor) -> tuple[Tensor, Tensor]:
    """(2, n, width) as inputs (2n, width) and targets: -1 for real and +1 for fake, the signs in the loss."""
    signs = torch.tensor([-1.0, 1.0], device=part.device).repeat_interleave(part.shape[1])
    return part.flatten(0, 1), signs


class _Network(nn.Module):
    def __init__(self, layers: list[nn.Linear]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (...) of inputs (..., width)."""
        *hidden, last = self.layers
        for layer in hidden:
            x = silu(layer(x))
        logits: Tensor = last(x).squeeze(-1)
        return logits


def _network(width: int, seed: int) -> _Network:
    """Two hidden layers; the last layer is zero, so the untrained network says 1/2 everywhere."""
    source = generator(seed, "criterion/init")
    layers = []
    for fan_in, fan_out in ((width, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)):
        # On the meta device first: torch's own initialisation would draw from the global generator.
        layer = nn.Linear(fan_in, fan_out, device="meta").to_empty(device="cpu")
        nn.init.zeros_(layer.bias)
        if fan_out == 1:
            nn.init.zeros_(layer.weight)
        else:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=source)
        layers.append(layer)
    return _Network(layers)


def _fit(
    network: _Network, inputs: Tensor, targets: Tensor, watched: tuple[Tensor, Tensor], seed: int
) -> None:
    """Leave in `network` the averaged weights of the epoch with the least log loss on `watched`."""
    live: list[Tensor] = list(network.parameters())
    average = [weight.detach().clone() for weight in live]
    best, kept = _log_loss(network, watched), [weight.clone() for weight in average]
    waited = step = 0
    optimizer = torch.optim.AdamW(live, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    batch = min(BATCH, max(16, len(inputs) // 8))
    for epoch in range(MAX_EPOCHS):
        order = torch.randperm(len(inputs), generator=generator(seed, "criterion/order", epoch))
        order = order.to(inputs.device)
        for part in checks.slices(len(order), batch):
            rows = order[part]
            optimizer.zero_grad(set_to_none=True)
            loss: Tensor = softplus(targets[rows] * network(inputs[rows])).mean()
            torch.autograd.backward(loss)
            optimizer.step()
            step += 1
            # The average warms up: early on it must forget the zero network faster than EMA says.
            with torch.no_grad():
                torch._foreach_lerp_(average, live, 1 - min(EMA, (1 + step) / (10 + step)))
        held_out = _log_loss(network, watched, average)
        if held_out < best - LEAST_GAIN:
            best, kept, waited = held_out, [weight.clone() for weight in average], 0
        else:
            waited += 1
            if waited == PATIENCE:
                break
    with torch.no_grad():
        torch._foreach_copy_(live, kept)


def _log_loss(network: _Network, part: tuple[Tensor, Tensor], weights: list[Tensor] | None = None) -> float:
    """Mean log loss of labelled inputs, under `weights` in place of the network's own if given."""
    inputs, targets = part
    names = [name for name, _ in network.named_parameters()]
    with torch.no_grad():
        chosen = dict(zip(names, weights or list(network.parameters()), strict=True))
        logits = torch.func.functional_call(network, chosen, (inputs,))
        return float(softplus(targets * logits).cpu().double().mean())
