"""What every network, loss, penalty and augmentation promises to the training loop, in every combination that
a new entry could break: one real step of `fit`, on a processor, in both precisions."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from harness.augmentations import AUGMENTATIONS
from harness.config import Training
from harness.data import DATASETS, Dataset, Split
from harness.judging import Critic, told
from harness.losses import LOSSES, PENALTIES
from harness.networks import NETWORKS, Conditioning, Pair
from harness.options import options_model
from harness.seeding import generator, initial_weights, latents, reseed
from harness.state import State
from harness.train import discriminator_objective, fit, generator_objective

CPU = torch.device("cpu")
BATCH = 8
METHODS = [None, "projection", "auxiliary"]
QUICK: dict[str, dict[str, Any]] = {
    "maxout": {"generator_widths": (20,), "discriminator_units": (20,)},
    "dcgan": {"generator_width": 4, "discriminator_width": 4},
    "resnet": {"generator_width": 8, "discriminator_width": 8},
    "r3gan": {"generator_width": 8, "discriminator_width": 8, "blocks": 1},
}
"""Options under which a network is small."""


@cache
def dataset(name: str) -> Dataset:
    """Images, or points where the network refuses images."""
    return DATASETS["gaussian_1d" if name == "affine" else "digits"](Path())


def data(name: str) -> Split:
    train = dataset(name).train
    return Split(train.images[:64], train.labels[:64])


def build(name: str, method: str | None = None, packing: int = 1) -> Pair:
    options = dict(QUICK.get(name, {}))
    if method:
        options["conditioning"] = Conditioning(method=method, classes=10)
    channels, height, width = dataset(name).shape
    with initial_weights(0):
        return NETWORKS[name]((channels * packing, height, width), **options)


def train(pair: Pair, name: str, steps: int = 2, state: State | None = None, **parts: Any) -> State:
    options = {"steps": steps, "batch_size": BATCH, "precision": parts.pop("precision", "fp32")}
    config = Training(**options, **parts.pop("training", {}))
    state = state or State(pair, config, CPU)
    parts = {"loss": LOSSES["non_saturating"](), "penalties": []} | parts
    for window in fit(state, data=data(name), config=config, seed=3, **parts):
        assert window.first_bad_step is None
    return state


def values(module: nn.Module) -> Tensor:
    return torch.cat([tensor.detach().flatten().double() for tensor in module.state_dict().values()])


def same(one: State, other: State) -> bool:
    first, second = one.tensors(), other.tensors()
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


every_precision = pytest.mark.parametrize("precision", ["fp32", "bf16"])
every_network = pytest.mark.parametrize(
    ("name", "method"),
    [
        (name, method)
        for name, entry in NETWORKS.items()
        for method in METHODS
        if method is None or "conditioning" in options_model(entry).model_fields
    ],
)


@every_precision
@every_network
def test_a_network_is_trained_in_both_precisions(name: str, method: str | None, precision: str) -> None:
    before = build(name, method)
    state = train(build(name, method), name, precision=precision)
    for trained, untrained in (
        (state.generator, before.generator),
        (state.discriminator, before.discriminator),
    ):
        assert values(trained).isfinite().all()
        assert not torch.equal(values(trained), values(untrained))
        assert all(parameter.dtype == torch.float32 for parameter in trained.parameters())


@every_network
def test_a_training_is_a_function_of_the_seed_and_survives_a_file(name: str, method: str | None) -> None:
    straight = train(build(name, method), name, steps=3)
    torch.rand(7)  # what other code draws must not matter
    first = train(build(name, method), name, steps=2)
    resumed = State(build(name, method), Training(steps=3, batch_size=BATCH), CPU)
    resumed.load(load(save(first.tensors())), 2)
    assert same(train(build(name, method), name, steps=3, state=resumed), straight)


@pytest.mark.parametrize("loss", list(LOSSES))
@every_network
def test_each_player_learns_in_its_own_step_only(name: str, method: str | None, loss: str) -> None:
    pair, split, entry = build(name, method), data(name), LOSSES[loss]()
    critic = Critic(pair.discriminator, pair.conditioning, pair.rowwise)
    real = split.images[:BATCH].float() / (127.5 if split.images.dtype == torch.uint8 else 1)
    labels = split.labels[:BATCH]
    z = latents(pair.latent.distribution, (BATCH, pair.latent.size), generator(0, "test"))
    fake = pair.generator(told(z, labels, pair.conditioning))

    objective, _ = discriminator_objective(critic, entry, [], real, fake.detach(), labels)
    objective.backward()
    assert all(parameter.grad is None for parameter in pair.generator.parameters())
    learnt = {key: parameter.grad for key, parameter in pair.discriminator.named_parameters()}
    if not entry.relativistic and entry.probabilistic:
        # Under other losses the bias of D's last layer may rightly get none.
        assert all(gradient is not None and gradient.isfinite().all() for gradient in learnt.values())

    pair.discriminator.zero_grad()
    pair.discriminator.requires_grad_(False)
    generator_objective(critic, entry, real, fake, labels).backward()
    assert all(parameter.grad is None for parameter in pair.discriminator.parameters())
    for key, parameter in pair.generator.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key


@every_precision
@pytest.mark.parametrize("penalty", [None, *PENALTIES])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_every_loss_goes_with_every_penalty(loss: str, penalty: str | None, precision: str) -> None:
    penalties = [PENALTIES[penalty]()] if penalty else []
    state = train(build("mlp"), "mlp", loss=LOSSES[loss](), penalties=penalties, precision=precision)
    assert values(state.generator).isfinite().all()
    assert values(state.discriminator).isfinite().all()


@pytest.mark.parametrize("penalty", list(PENALTIES))
@every_network
def test_every_penalty_goes_with_every_network(name: str, method: str | None, penalty: str) -> None:
    entry = PENALTIES[penalty]()
    if entry.images_only and name == "affine":
        pytest.skip("affine draws points, and the penalty is for images")
    options = {"bound": 1e-3} if penalty == "weight_clipping" else {}
    entry = PENALTIES[penalty](**options)
    state = train(build(name, method), name, steps=1, penalties=[entry])
    plain = train(build(name, method), name, steps=1)
    assert values(state.discriminator).isfinite().all()
    assert not torch.equal(values(state.discriminator), values(plain.discriminator))


@every_precision
@pytest.mark.parametrize("augmentation", list(AUGMENTATIONS))
@pytest.mark.parametrize("loss", ["non_saturating", "relativistic_paired"])
def test_every_augmentation_is_trained_through(augmentation: str, loss: str, precision: str) -> None:
    parts = {"loss": LOSSES[loss](), "precision": precision}
    state = train(build("dcgan"), "dcgan", augmentations=[AUGMENTATIONS[augmentation]()], **parts)
    plain = train(build("dcgan"), "dcgan", **parts)
    assert values(state.generator).isfinite().all()
    assert not torch.equal(values(state.generator), values(plain.generator))


@every_precision
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "affine"])
def test_every_network_judges_packs(name: str, precision: str) -> None:
    pair, packs = build(name), build(name, packing=2)
    packed = Pair(pair.generator, packs.discriminator, pair.latent, packs.rowwise)
    state = train(packed, name, training={"packing": 2}, precision=precision)
    assert values(state.generator).isfinite().all()


def test_neighbours_in_a_batch_become_channels_of_one() -> None:
    images = torch.arange(6 * 2 * 3 * 3).view(6, 2, 3, 3).float()
    seen = Critic(nn.Identity(), packing=3).seen(images)
    assert seen.shape == (2, 6, 3, 3)
    assert torch.equal(seen[1], torch.cat((images[3], images[4], images[5])))


def test_a_flip_mirrors_half_of_the_real_images() -> None:
    plain, flipped = (train(build("mlp"), "mlp", training={"flip": flip}) for flip in (False, True))
    assert not torch.equal(values(plain.discriminator), values(flipped.discriminator))


@pytest.mark.parametrize("every", [1, 3])
def test_a_lazy_penalty_is_added_so_many_times_over_at_every_so_manieth_update(every: int) -> None:
    """With plain gradient descent at a rate near zero, the sum of steps is the sum of gradients."""

    def moved(penalty: str | None, **options: Any) -> Tensor:
        penalties = [PENALTIES[penalty](**options)] if penalty else []
        training = {"optimizer": "sgd", "learning_rate": 1e-6, "ema": 0}
        state = train(build("mlp"), "mlp", steps=3, penalties=penalties, training=training)
        return values(state.discriminator) - values(build("mlp").discriminator)

    effect = moved("r1", weight=1e4, every=every) - moved(None)
    eager = moved("r1", weight=1e4) - moved(None)
    # Batches differ, so the two agree in what they sum over, and not to the last digit.
    assert torch.cosine_similarity(effect, eager, dim=0) > 0.8
    assert 0.7 < effect.norm() / eager.norm() < 1.4


@pytest.mark.parametrize("name", list(NETWORKS))
def test_variants_start_alike_where_their_shapes_agree(name: str) -> None:
    """Judging packs changes the discriminator's first layer, and nothing else that is drawn."""
    if name == "affine":
        pytest.skip("affine refuses packs")
    single, packs = build(name), build(name, packing=2)
    start, other = single.discriminator.state_dict(), packs.discriminator.state_dict()
    first = ("body.0.", "body.1.weight")  # its biases and power iteration follow the size of its weights
    alike = [key for key in start if not key.startswith(first) and start[key].shape == other[key].shape]
    assert "head.weight" in alike or "head.linear.bias" in alike
    assert all(torch.equal(start[key], other[key]) for key in alike)


def test_initial_weights_leave_the_default_generator_alone() -> None:
    reseed(1, "test")
    expected = torch.rand(3)
    reseed(1, "test")
    build("mlp")
    assert torch.equal(torch.rand(3), expected)


@every_network
def test_a_generator_is_exported_for_any_batch(name: str, method: str | None) -> None:
    pair = build(name, method)
    labels = torch.arange(5)
    z = told(
        latents(pair.latent.distribution, (5, pair.latent.size), generator(0, "test")),
        labels,
        pair.conditioning,
    )
    network = pair.generator.eval()
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network, (z[:2],), dynamic_shapes=shapes)
    torch.testing.assert_close(program.module()(z), network(z))
