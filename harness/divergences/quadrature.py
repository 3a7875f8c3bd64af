"""Entropies and divergences of densities in one and two dimensions, by quadrature: exact to rounding.

Composite Gauss-Legendre nodes x_i with weights w_i turn a density into the masses w_i p(x_i), of which the
discrete formulas hold: the weights cancel, but in entropies. Smooth densities converge exponentially in the
nodes of a panel, and piecewise smooth ones do if their break points are edges of panels:

    narrow = grid([-12, 12])                        # N(0, 1) and what lies near
    boxes = grid([0, 0.5, 1, 1.5])                  # U[0, 1] and U[0.5, 1.5]
    plane = grid([-3, 3], [-3, 3], panels=48)       # details of about a twelfth are seen

A log density is a function from points (n, d) to (n,), float64, in nats; -inf is a density of 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import e, log

import numpy as np

from harness.divergences import discrete
from harness.divergences.logs import Array, array, log_ratio, log_sigmoid, nats_per_unit, total
from harness.errors import DistributionError

LogDensity = Callable[[Array], Array]

NODES = 16
"""Nodes of a panel: a Gaussian on panels as wide as its sigma is integrated to rounding."""


@dataclass(frozen=True)
class Grid:
    """points (n, d) and positive weights (n,) with sum_i weights_i f(points_i) = the integral of f."""

    points: Array
    weights: Array


def grid(*axes: Sequence[float], panels: int = 32) -> Grid:
    """Grid over an interval, or over the rectangle of two.

    An axis lists the bounds and between them the break points, ascending; `panels` of NODES nodes fill each
    of its intervals. Bounds must hold all but 1e-9 of the mass: 8 standard deviations of a Gaussian do.
    """
    if len(axes) not in {1, 2}:
        raise DistributionError(f"a grid has 1 or 2 axes, not {len(axes)}; beyond that use monte_carlo")
    if panels < 1:
        raise DistributionError(f"panels must be at least 1, not {panels}")
    nodes, weights = zip(*(_axis(edges, panels) for edges in axes), strict=True)
    mesh = np.meshgrid(*nodes, indexing="ij")
    product = np.multiply.outer(*weights) if len(axes) == 2 else weights[0]
    return Grid(np.stack([side.ravel() for side in mesh], axis=1), product.ravel())


def entropy(log_p: LogDensity, grid: Grid, *, base: float = e) -> float:
    """Differential entropy -∫ p log p; below 0 for densities narrower than 1."""
    p = _on(grid, "p", log_p)
    return -total(p.masses, p.logs) / nats_per_unit(base)


def cross_entropy(log_p: LogDensity, log_q: LogDensity, grid: Grid, *, base: float = e) -> float:
    """-∫ p log q; inf where q is 0 and p is not."""
    p, q = _on(grid, "p", log_p), _on(grid, "q", log_q)
    return -total(p.masses, q.logs) / nats_per_unit(base)


def kl_divergence(log_p: LogDensity, log_q: LogDensity, grid: Grid, *, base: float = e) -> float:
    """KL(p || q) = ∫ p log p/q, at least 0; inf where q is 0 and p is not."""
    p, q = _on(grid, "p", log_p), _on(grid, "q", log_q)
    # Not of the masses: far from a narrow q they underflow to 0, where KL is finite.
    return max(0.0, total(p.masses, log_ratio(p.logs, q.logs))) / nats_per_unit(base)


def js_divergence(log_p: LogDensity, log_q: LogDensity, grid: Grid, *, base: float = e) -> float:
    """JSD(p || q) = KL(p || m)/2 + KL(q || m)/2 with m = (p + q)/2, in [0, log 2] nats."""
    p, q = _on(grid, "p", log_p), _on(grid, "q", log_q)
    return discrete.js_divergence(p.masses, q.masses, base=base)


def value_function(logit: LogDensity, log_p: LogDensity, log_q: LogDensity, grid: Grid) -> float:
    """V(D, G) = ∫ p log D + ∫ q log(1 - D) in nats, for data p, generated q and D = sigmoid(logit(x)).

    `log_ratio` of the log densities is the logit of the optimal D.
    """
    p, q = _on(grid, "p", log_p), _on(grid, "q", log_q)
    logits = _evaluated(grid, "logit", logit)
    return total(p.masses, log_sigmoid(logits)) + total(q.masses, log_sigmoid(-logits))


def criterion(log_p: LogDensity, log_q: LogDensity, grid: Grid) -> float:
    """C(G) = max_D V(D, G) = 2 JSD - log 4 in nats (Goodfellow et al. 2014, theorem 1)."""
    return 2 * js_divergence(log_p, log_q, grid) - log(4)


@dataclass(frozen=True)
class _Density:
    """masses (n,) w_i p(x_i) and logs (n,) log p(x_i)."""

    masses: Array
    logs: Array


def _axis(edges: Sequence[float], panels: int) -> tuple[Array, Array]:
    """Nodes and weights of one axis, each (intervals · panels · NODES,)."""
    breaks = np.asarray(edges, dtype=np.float64)
    if breaks.ndim != 1 or len(breaks) < 2 or not np.isfinite(breaks).all() or (np.diff(breaks) <= 0).any():
        raise DistributionError(f"an axis needs 2 or more finite bounds, ascending, not {list(edges)}")
    ends = np.concatenate(
        [np.linspace(low, high, panels + 1)[:-1] for low, high in pairwise(breaks)] + [breaks[-1:]]
    )
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()


def _evaluated(grid: Grid, name: str, function: LogDensity) -> Array:
    values = array(name, function(grid.points))
    if values.shape != grid.weights.shape:
        raise DistributionError(
            f"{name} gave shape {values.shape} for {grid.points.shape} points; one number a point is needed"
        )
    return values


def _on(grid: Grid, name: str, log_density: LogDensity) -> _Density:
    logs = _evaluated(grid, f"log {name}", log_density)
    with np.errstate(over="ignore"):
        masses: Array = grid.weights * np.exp(logs)
    if not abs((mass := masses.sum()) - 1) <= discrete.TOLERANCE:
        raise DistributionError(
            f"{name} has mass {mass:.12g} on the grid, not 1; widen the bounds, refine the panels, or name"
            " the points where it jumps as edges"
        )
    return _Density(masses, logs)
