"""p_data, p_g and D over a box in one or two dimensions: all that proposition 1 and theorem 1 speak of.

The box is cut into equal cells. Densities are normalised on it, so that V and C(G) are sums over the same
masses, and V(D, G) <= V(D*, G) = C(G) holds cell by cell: to rounding, not up to noise. For densities that
are smooth and vanish at the edges the midpoint rule converges exponentially.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.diagnostics.moment import Moment, evaluated
from harness.diagnostics.pushforward import latent_masses, pushed_masses, smoothed_masses
from harness.divergences import Grid, log_ratio, quadrature

Array = NDArray[np.float64]

CELLS = {1: 4096, 2: 256}
"""Cells along an axis, by dimension."""

SAMPLES = 200_000
"""Of a generator whose density has to be estimated, and to see how far it reaches."""

MARGIN = 0.5
"""The box reaches beyond the generator's samples by this share of their range: 4 standard deviations of a
Gaussian, whose samples reach about as far as that."""


@dataclass(frozen=True)
class Landscape:
    """axes: midpoints of the cells along each of `dim` axes, (n,); the rest over all cells, flat, the last
    axis fastest. Log densities in nats, -inf for 0; logits of D."""

    axes: tuple[Array, ...]
    log_data: Array
    log_generated: Array
    logits: Array
    source: str
    """Where p_g comes from: exact, change of variables, or kernel density."""

    @cached_property
    def volume(self) -> float:
        return float(np.prod([axis[1] - axis[0] for axis in self.axes]))

    @cached_property
    def grid(self) -> Grid:
        points = cell_points(self.axes)
        return Grid(points, np.full(len(points), self.volume))

    @cached_property
    def value(self) -> float:
        """V(D, G), eq. 1."""
        return quadrature.value_function(
            lambda _: self.logits, lambda _: self.log_data, lambda _: self.log_generated, self.grid
        )

    @cached_property
    def criterion(self) -> float:
        """C(G) = V(D*, G), theorem 1."""
        return quadrature.criterion(lambda _: self.log_data, lambda _: self.log_generated, self.grid)

    @cached_property
    def d(self) -> Array:
        return sigmoid(self.logits)

    @cached_property
    def d_optimal(self) -> Array:
        """D* = p_data / (p_data + p_g), proposition 1."""
        return sigmoid(log_ratio(self.log_data, self.log_generated))

    @cached_property
    def error(self) -> float:
        """Mean of |D - D*| where real and generated samples are mixed half and half."""
        mixture = (np.exp(self.log_data) + np.exp(self.log_generated)) / 2 * self.volume
        return float(mixture @ abs(self.d - self.d_optimal))

    def curves(self, most: int) -> Mapping[str, list[object]]:
        """What figures show, as plain lists of at most `most` cells an axis, each a mean over neighbours.

        In two dimensions x runs over columns and y over rows.
        """
        quantities = {
            "p_data": np.exp(self.log_data),
            "p_g": np.exp(self.log_generated),
            "d": self.d,
            "d_optimal": self.d_optimal,
        }
        shape = tuple(len(axis) for axis in self.axes)
        names = dict(zip(("x", "y"), self.axes, strict=False))
        coarse = {name: _coarse(axis, most) for name, axis in names.items()}
        maps = {name: _coarse(values.reshape(shape).T, most) for name, values in quantities.items()}
        return {name: _rounded(values) for name, values in {**coarse, **maps}.items()}


def landscape(moment: Moment, purpose: str) -> Landscape:
    """The landscape of the pair at `moment`; samples of the generator are drawn for `purpose`."""
    density = moment.density
    samples = evaluated(moment.generator, moment.latents(SAMPLES, purpose)).view(SAMPLES, density.dim)
    axes = cells(moment, samples.numpy())
    points = torch.from_numpy(cell_points(axes))
    volume = float(np.prod([axis[1] - axis[0] for axis in axes]))
    assert density.log_prob is not None
    log_data = normalised(density.log_prob(points).numpy(), volume)
    log_generated, source = _generated(moment, axes, points, samples.numpy())
    logits = evaluated(moment.discriminator, moment.as_images(points)).numpy()
    return Landscape(axes, log_data, normalised(log_generated, volume), logits, source)


def cells(moment: Moment, samples: Array) -> tuple[Array, ...]:
    """Midpoints of the cells along each axis of a box that holds the data and the generator."""
    axes = []
    count = CELLS[moment.density.dim]
    low, high = samples.min(0), samples.max(0)
    reach = MARGIN * (high - low)
    for index, bounds in enumerate(zip(moment.density.low, moment.density.high, strict=True)):
        first, last = min(bounds[0], (low - reach)[index]), max(bounds[1], (high + reach)[index])
        width = (last - first) / count
        axes.append(first + width * (np.arange(count) + 0.5))
    return tuple(axes)


def cell_points(axes: tuple[Array, ...]) -> Array:
    """(cells, dim), the last axis fastest."""
    return np.stack([side.ravel() for side in np.meshgrid(*axes, indexing="ij")], axis=1)


def normalised(log_density: Array, volume: float) -> Array:
    """The log density, with mass 1 on cells of that volume."""
    largest = log_density.max()
    mass = np.exp(log_density - largest).sum() * volume
    result: Array = log_density - largest - np.log(mass)
    return result


def sigmoid(logit: Array) -> Array:
    result: Array = np.exp(-np.logaddexp(0.0, -logit))
    return result


def _generated(moment: Moment, axes: tuple[Array, ...], points: Tensor, samples: Array) -> tuple[Array, str]:
    """log p_g at the midpoints, and how it was found: the generator's own word where it knows."""
    own = getattr(moment.generator, "log_prob", None)
    if own is not None and (known := own(points.to(moment.device))) is not None:
        return known.detach().cpu().double().numpy(), "exact"
    if moment.latent.size == moment.density.dim == 1:
        z, masses = latent_masses(moment.latent.distribution)
        inputs = torch.from_numpy(z).float()[:, None].to(moment.device)
        images = evaluated(moment.generator, inputs).flatten().numpy()
        found, source = pushed_masses(images, masses, axes[0]), "change of variables"
    else:
        found, source = smoothed_masses(samples, axes), "kernel density"
    with np.errstate(divide="ignore"):
        return np.log(found), source


def _coarse(values: Array, most: int) -> Array:
    """Means over blocks, so that no axis is longer than `most`."""
    for axis in range(values.ndim):
        step = -(-values.shape[axis] // most)
        while values.shape[axis] % step:
            step += 1
        values = values.reshape(*values.shape[:axis], -1, step, *values.shape[axis + 1 :]).mean(axis + 1)
    return values


def _rounded(values: Array) -> list[object]:
    """Six digits are more than a figure shows, and a third of the bytes."""
    digits = np.vectorize(lambda value: float(f"{value:.6g}"), otypes=[float])
    result: list[object] = digits(values).tolist()
    return result
