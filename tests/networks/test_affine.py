"""The affine generator: its distribution in closed form, and what it refuses."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import MultivariateNormal

from harness.config import Training
from harness.data import DATASETS, Split
from harness.divergences import quadrature
from harness.errors import ConfigError
from harness.losses import LOSSES
from harness.networks import NETWORKS, Latent, Pair
from harness.networks.affine import AffineGenerator
from harness.options import keyword_arguments
from harness.seeding import generator, latents
from harness.state import State
from harness.train import fit


def affine(dim: int, **options: object) -> Pair:
    entry = NETWORKS["affine"]
    return entry((1, 1, dim), **keyword_arguments(entry, options))


def own(pair: Pair) -> AffineGenerator:
    assert isinstance(pair.generator, AffineGenerator)
    return pair.generator


def draw(pair: Pair, count: int) -> torch.Tensor:
    z = latents(pair.latent.distribution, (count, pair.latent.size), generator(0, "test"))
    with torch.no_grad():
        points: torch.Tensor = pair.generator(z).flatten(1)
    return points


def test_without_options_it_is_the_identity_on_as_many_dimensions() -> None:
    pair = affine(3)
    assert (pair.latent.size, pair.latent.distribution) == (3, "normal")
    z = torch.randn(5, 3)
    assert torch.equal(pair.generator(z), z.view(5, 1, 1, 3))
    assert pair.discriminator(pair.generator(z)).shape == (5,)
    assert not pair.bounded


def test_a_normal_latent_gives_the_normal_of_the_formula() -> None:
    matrix, offset = [[1.0, 0.5], [-0.3, 2.0]], [1.0, -1.0]
    pair = affine(2, matrix=matrix, offset=offset)
    weight = torch.tensor(matrix).double()
    oracle = MultivariateNormal(torch.tensor(offset).double(), weight @ weight.T)
    points = torch.randn(100, 2, generator=torch.Generator().manual_seed(0)) * 3
    found = own(pair).log_prob(points)
    assert found is not None
    torch.testing.assert_close(found, oracle.log_prob(points.double()), rtol=1e-6, atol=1e-6)
    drawn = draw(pair, 100_000).double()
    torch.testing.assert_close(drawn.mean(0), oracle.mean, rtol=0, atol=0.03)
    torch.testing.assert_close(drawn.T.cov(), oracle.covariance_matrix, rtol=0.03, atol=0.03)


def test_more_latent_dimensions_than_coordinates_are_a_normal_too() -> None:
    found = own(affine(1, latent={"size": 2}, matrix=[[3, 4]])).log_prob(torch.tensor([[0.0], [5.0]]))
    assert found is not None
    top = -math.log(5 * math.sqrt(2 * math.pi))
    assert found.tolist() == pytest.approx([top, top - 0.5], rel=1e-12)


def test_a_uniform_latent_is_uniform_on_a_parallelepiped() -> None:
    pair = affine(2, latent={"size": 2, "distribution": "uniform"}, matrix=[[2, 0], [1, 1]], offset=[5, 0])
    found = own(pair).log_prob(torch.tensor([[5.0, 0.0], [6.9, 0.0], [6.9, 1.9], [7.1, 1.0], [5.0, 1.1]]))
    assert found is not None
    inside, outside = -math.log(8), -math.inf  # 2² det W
    assert found.tolist() == pytest.approx([inside, inside, inside, outside, outside])
    at_own = own(pair).log_prob(draw(pair, 1000) * (1 - 1e-6) + torch.tensor([5.0, 0.0]) * 1e-6)
    assert at_own is not None
    assert at_own.isfinite().all()


@pytest.mark.parametrize(
    ("dim", "options"),
    [
        (2, {"latent": {"size": 1}, "matrix": [[1], [1]]}),
        (2, {"matrix": [[1, 2], [2, 4]]}),
        (2, {"latent": {"size": 1, "distribution": "uniform"}, "matrix": [[0], [0.5]]}),
        (1, {"latent": {"size": 2, "distribution": "uniform"}, "matrix": [[1, 1]]}),
        (2, {"latent": {"size": 2, "distribution": "uniform"}, "matrix": [[1, 2], [2, 4]]}),
    ],
)
def test_where_there_is_no_density_it_says_none(dim: int, options: dict[str, object]) -> None:
    assert own(affine(dim, **options)).log_prob(torch.zeros(1, dim)) is None


def test_the_line_of_the_wasserstein_paper() -> None:
    theta = 0.7
    options = {"latent": {"size": 1, "distribution": "uniform"}, "matrix": [[0], [0.5]]}
    x, u = draw(affine(2, offset=[theta, 0.5], **options), 10_000).T
    assert (x == torch.tensor(theta)).all()
    assert 0 <= float(u.min()) < 0.001 < 0.999 < float(u.max()) < 1


def test_criterion_against_a_shifted_gaussian_is_the_closed_form() -> None:
    data = DATASETS["gaussian_1d"](None)
    own_density = own(affine(1, offset=[2])).log_prob
    assert data.density is not None
    assert data.density.log_prob is not None

    def log_q(points: object) -> object:
        found = own_density(torch.as_tensor(points))
        assert found is not None
        return found.numpy()

    known = data.density.log_prob
    found = quadrature.criterion(
        lambda points: known(torch.as_tensor(points)).numpy(),
        log_q,  # type: ignore[arg-type]
        quadrature.grid([-10, 12]),
    )
    assert found == pytest.approx(2 * 0.336830820347 - math.log(4), abs=1e-9)  # criterion of N(0,1), N(2,1)


@pytest.mark.parametrize(
    ("dim", "options", "message"),
    [
        (2, {"matrix": [[1, 0]]}, "2 rows, the coordinates of a point, of 2 numbers"),
        (
            2,
            {"matrix": [[1], [0, 1]], "latent": {"size": 1}},
            "2 rows, .*, of 1 numbers",
        ),
        (2, {"offset": [1]}, "offset must have 2 numbers"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(dim: int, options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        affine(dim, **options)


def test_images_are_refused() -> None:
    with pytest.raises(ConfigError, match="affine draws points, not images"):
        NETWORKS["affine"]((1, 8, 8))


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_a_learning_rate_of_0_keeps_the_generator_to_the_bit(optimizer: str) -> None:
    points = DATASETS["two_lines"](None).train.images[:256]
    config = Training(
        steps=20, batch_size=64, optimizer=optimizer, learning_rate=0, discriminator_learning_rate=1e-2,
        betas=(0.5, 0.9), ema=0.9,
    )  # fmt: skip
    pair = replace(
        affine(2, matrix=[[0], [0.5]], offset=[0.3, 0.5], latent={"size": 1, "distribution": "uniform"})
    )
    state = State(pair, config, torch.device("cpu"))
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    for _ in fit(
        state,
        loss=LOSSES["non_saturating"](),
        penalties=[],
        data=Split(points, torch.zeros(len(points), dtype=torch.int64)),
        config=config,
        seed=0,
    ):
        pass
    after = state.tensors()
    for name, tensor in before.items():
        if name.startswith(("generator/", "ema/")):
            assert torch.equal(after[name], tensor), name
    assert any(
        not torch.equal(after[name], tensor)
        for name, tensor in before.items()
        if name.startswith("discriminator/")
    )


def test_latent_is_shared_with_the_pair() -> None:
    pair = affine(2, latent={"size": 5, "distribution": "uniform"})
    assert pair.latent == own(pair).latent == Latent(size=5, distribution="uniform")


def test_it_exports_for_any_batch() -> None:
    network = affine(2, offset=[1, 2]).generator.eval()
    sizes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network, (torch.randn(2, 2),), dynamic_shapes=sizes)
    z = torch.randn(5, 2)
    assert torch.equal(program.module()(z), network(z))
