"""The smallest generator, G(z) = W z + b on points: its distribution is known in closed form throughout."""

from math import log, pi
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.networks.mlp import MlpDiscriminator
from harness.networks.normalization import DiscriminatorNormalization
from harness.networks.pair import Activation, Latent, Pair, Shape, Widths

Row = Annotated[tuple[float, ...], Field(min_length=1)]


class AffineGenerator(nn.Module):
    """z (batch, latent.size) -> points W z + b, (batch, 1, 1, dim).

    `weight` W (dim, latent.size) and `bias` b (dim) start at the given values and are both trained.
    """

    def __init__(self, weight: Tensor, bias: Tensor, latent: Latent) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)
        self.latent = latent

    def forward(self, z: Tensor) -> Tensor:
        return nn.functional.linear(z, self.weight, self.bias).view(z.shape[0], 1, 1, -1)

    @torch.no_grad()
    def log_prob(self, points: Tensor) -> Tensor | None:
        """Exact log p_g at points (n, dim), float64 (n,), in nats; None where p_g has no density.

        Normal latents: N(b, W Wᵀ), which needs a W of rank dim. Uniform ones: 1 / |2^dim det W| on the
        parallelepiped W [-1, 1)^dim + b, which needs W square and invertible, and 0 (-inf) off it.
        """
        weight, centred = self.weight.double(), points.double() - self.bias.double()
        dim, size = weight.shape
        if self.latent.distribution == "uniform":
            if dim != size or (volume := float(weight.det().abs())) == 0:
                return None
            z = torch.linalg.solve(weight, centred.T)
            inside = ((z >= -1) & (z < 1)).all(0)
            return torch.full_like(z[0], -dim * log(2) - log(volume)).where(inside, -torch.inf)
        factor, failed = torch.linalg.cholesky_ex(weight @ weight.T)
        if bool(failed):
            return None
        whitened = torch.linalg.solve_triangular(factor, centred.T, upper=False)
        height = -factor.diagonal().log().sum() - dim / 2 * log(2 * pi)
        exponents: Tensor = whitened.square().sum(0)
        return exponents.div(-2).add(height)


def affine(
    shape: Shape,
    *,
    latent: Latent | None = None,
    matrix: Annotated[tuple[Row, ...], Field(min_length=1)] | None = None,
    offset: Row | None = None,
    discriminator_widths: Widths = (256, 256),
    activation: Activation = "leaky_relu",
    discriminator_normalization: DiscriminatorNormalization = "none",
) -> Pair:
    """G(z) = W z + b on points, against a multilayer perceptron; p_g is known exactly.

    `matrix` W has a row for each coordinate of a point and a column for each dimension of z, `offset` b a
    number for each coordinate; null for ones on the diagonal, and zeros. `latent` has as many dimensions as a
    point unless it says otherwise. A training.learning_rate of 0 keeps W and b where they start.

    The line (θ, u), u uniform in [0, 1], of Arjovsky et al. 2017, example 1, is
    `{name: affine, latent: {size: 1, distribution: uniform}, matrix: [[0], [0.5]], offset: [θ, 0.5]}`.
    """
    if shape[:2] != (1, 1):
        raise ConfigError("network affine draws points, not images: use network: mlp, or dataset: ring")
    dim = shape[2]
    latent = latent or Latent(size=dim)
    rows = torch.eye(dim, latent.size).tolist() if matrix is None else matrix
    start = [0.0] * dim if offset is None else offset
    if len(rows) != dim or {len(row) for row in rows} != {latent.size}:
        raise ConfigError(
            f"network.matrix must have {dim} rows, the coordinates of a point, of {latent.size} numbers, the"
            " dimensions of the latent"
        )
    if len(start) != dim:
        raise ConfigError(f"network.offset must have {dim} numbers, the coordinates of a point")
    weight, bias = (torch.tensor(values, dtype=torch.float32) for values in (rows, start))
    return Pair(
        AffineGenerator(weight, bias, latent),
        MlpDiscriminator(shape, discriminator_widths, activation, discriminator_normalization),
        latent,
        rowwise=discriminator_normalization != "batch",
    )
