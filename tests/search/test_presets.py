"""Published ranges, of what a configuration has."""

import pytest

from harness.config import Part, Setup, Training
from harness.search import SPACES


def space_of(network: Part, training: Training, *penalties: Part) -> dict[str, object]:
    part = Part(name="hinge")
    setup = Setup(
        dataset=Part(name="digits"), network=network, loss=part, penalties=penalties, training=training
    )
    return dict(SPACES["compare_gan"](setup))


ADAM = Training(steps=100)
COMMON = {
    "training.learning_rate": {"log_uniform": [1e-5, 1e-2]},
    "training.discriminator_steps": {"choice": [1, 5]},
}
BETA = {"training.betas.0": {"uniform": [0.0, 0.999]}}
NORM = {"network.discriminator_normalization": {"choice": ["batch", "none"]}}


def test_rates_updates_and_normalization() -> None:
    assert space_of(Part(name="dcgan"), ADAM) == COMMON | BETA | NORM


def test_only_adam_has_betas_and_other_normalizations_stay() -> None:
    spectral = Part(name="mlp", options={"discriminator_normalization": "spectral"})
    assert space_of(spectral, Training(steps=100, optimizer="rmsprop")) == COMMON
    assert space_of(Part(name="maxout"), ADAM) == COMMON | BETA


@pytest.mark.parametrize(
    ("penalty", "option", "ends"),
    [
        ("gradient_penalty", "weight", [0.1, 100.0]),
        ("dragan", "weight", [0.1, 100.0]),
        ("weight_clipping", "bound", [1e-3, 1.0]),
    ],
)
def test_penalties_that_were_studied(penalty: str, option: str, ends: list[float]) -> None:
    found = space_of(Part(name="mlp"), ADAM, Part(name="r1"), Part(name=penalty))
    assert found == COMMON | BETA | NORM | {f"penalties.1.{option}": {"log_uniform": ends}}
