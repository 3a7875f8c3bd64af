"""GANs on points: evaluation between floor and ceiling, a training from end to end, and what does not fit."""

from pathlib import Path

import pytest
import torch
from folders import only_run, results
from processes import Harness
from torch import Tensor, nn

from harness.catalog import TABLES
from harness.config import Evaluation, Part, load
from harness.data import DATASETS, Dataset
from harness.errors import ConfigError
from harness.evaluation import Evaluator
from harness.features import EXTRACTORS
from harness.metrics import METRICS
from harness.misfits import refuse_misfits
from harness.networks import NETWORKS, Latent

CPU = torch.device("cpu")
NAMES = ("fid", "kid", "prdc", "density_criterion")

EXPERIMENT = """\
name: points
dataset: {name: ring, num_train: 2000}
network: {name: mlp, latent: {size: 2}, generator_widths: [16], discriminator_widths: [16], output: linear}
loss: non_saturating
training: {steps: 20, batch_size: 64, ema: 0.9}
evaluation: {features: coordinates, metrics: [fid, density_criterion], num_samples: 300, every: 10}
seeds: [0]
"""


def evaluator(name: str = "ring", metrics: tuple[str, ...] = NAMES, num_samples: int = 500) -> Evaluator:
    data = DATASETS[name](Path(), num_train=2000)
    extractor = EXTRACTORS["coordinates"](name, data.shape)
    evaluation = Evaluation(
        features=Part(name="coordinates"),
        metrics=tuple(Part(name=metric) for metric in metrics),
        num_samples=num_samples,
    )
    return Evaluator(data, extractor, {metric: METRICS[metric]() for metric in metrics}, evaluation, CPU)


class Fixed(nn.Module):
    """Gives these points back, whatever the latents."""

    def __init__(self, points: Tensor) -> None:
        super().__init__()
        self.points = points

    def forward(self, z: Tensor) -> Tensor:
        return self.points[: len(z)]


def test_every_metric_lies_between_its_floor_and_its_ceiling() -> None:
    judge = evaluator()
    floor, ceiling = judge.floor(), judge.judge.ceiling()
    noise = torch.randn(500, 1, 1, 2, generator=torch.Generator().manual_seed(0))
    blurred = judge.dataset.train.images[:500] + 0.4 * noise
    found = judge.score(judge.sampler(Fixed(blurred), Latent(size=2)), 0)
    for key in ("fid", "criterion_density", "jsd_density"):
        assert floor.values[key] < found.values[key] < ceiling.values[key], key
    for key in ("precision", "density", "coverage"):
        assert floor.values[key] > found.values[key] > ceiling.values[key], key
    assert floor.values["jsd_density"] < 0.002
    assert (floor.num_samples, ceiling.num_samples) == (500, 500)


def test_points_are_never_rounded_and_noise_fills_the_box() -> None:
    judge = evaluator(metrics=("fid",), num_samples=300)
    points = judge.dataset.train.images[:300] * 1.2345
    assert torch.equal(judge.sampler(Fixed(points), Latent(size=2)).draw(300, seed=0, purpose="eval"), points)
    noise = next(judge.judge.noise().read()).images.flatten(1)
    density = judge.dataset.density
    assert density is not None
    torch.testing.assert_close(noise.amin(0), torch.tensor(density.low), rtol=0, atol=0.1)
    torch.testing.assert_close(noise.amax(0), torch.tensor(density.high), rtol=0, atol=0.1)


def test_the_protocol_speaks_of_points() -> None:
    protocol = evaluator().protocol
    assert protocol.sentence().startswith(
        "coordinates, 2,000 points of ring, train split, 500 samples, fingerprint "
    )
    assert (protocol.levels, protocol.quantisation, protocol.things) == (None, "none", "points")


def test_a_run_from_end_to_end(harness: Harness, tmp_path: Path, store: str) -> None:
    file = tmp_path / "points.yaml"
    file.write_text(EXPERIMENT)
    first = harness("run", str(file))
    assert first.returncode == 0, first.stderr
    assert "C(G), p_data known" in first.stderr
    assert "points of ring" in first.stderr
    run = only_run(tmp_path / "runs")
    found = results(run)
    assert {"fid", "criterion_density", "criterion_density_low", "jsd_density"} <= found["values"].keys()
    assert found["ceiling"]["values"]["fid"] > found["floor"]["values"]["fid"]
    assert len(list((run / "samples").glob("*.png"))) == 3
    assert "were finished already" in harness("run", str(file)).stderr


def refused(tmp_path: Path, *overrides: str, dataset: Dataset | None = None) -> str:
    file = tmp_path / "points.yaml"
    file.write_text(EXPERIMENT)
    (cell,) = load(file, overrides, TABLES).cells
    data = dataset or DATASETS[cell.dataset.name](Path(), **cell.dataset.options)
    with pytest.raises(ConfigError) as caught:
        refuse_misfits(cell, data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "evaluation.features=classifier",
            "ring has points, not images: use evaluation.features: coordinates",
        ),
        (
            "evaluation.features=pixels",
            "ring has points, not images: use evaluation.features: coordinates",
        ),
        (
            "evaluation.metrics=[inception_score]",
            "inception_score needs logits, and coordinates give none",
        ),
        ("network.output=tanh", "network mlp stays within [-1, 1], but the points of ring reach 2."),
        ("network={name: maxout}", "network maxout stays within [-1, 1]"),
        ("network={name: dcgan}", "dcgan draws square images"),
        (
            "dataset={name: two_lines}",
            "density_criterion needs a known density, and data set two_lines",
        ),
        ("dataset=digits", "data set digits has images, not points"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line_before_a_training(
    override: str, message: str, tmp_path: Path
) -> None:
    assert message in refused(tmp_path, override)


def test_a_bounded_network_may_learn_points_within_its_bounds(tmp_path: Path) -> None:
    file = tmp_path / "points.yaml"
    file.write_text(EXPERIMENT)
    overrides = ("network.output=tanh", "dataset={name: ring, radius: 0.4, sigma: 0.05}")
    (cell,) = load(file, overrides, TABLES).cells
    refuse_misfits(cell, DATASETS["ring"](Path(), radius=0.4, sigma=0.05))


def test_networks_of_points_refuse_images(real_digits: Dataset, tmp_path: Path) -> None:
    assert "affine draws points" in refused(tmp_path, "network={name: affine}", dataset=real_digits)
    with pytest.raises(ConfigError, match="affine draws points"):
        NETWORKS["affine"](real_digits.shape)


def test_the_command_says_so_in_one_line(harness: Harness, tmp_path: Path) -> None:
    file = tmp_path / "points.yaml"
    file.write_text(EXPERIMENT.replace("features: coordinates", "features: classifier"))
    ended = harness("run", str(file))
    assert ended.returncode == 2
    assert "data set ring has points, not images" in ended.stderr.strip().splitlines()[-1]
