"""The training loop against one written out by hand, and what it promises about averages and speed."""

from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from harness.config import Training
from harness.data import Split
from harness.losses import LOSSES, PENALTIES
from harness.networks import NETWORKS, Latent, Pair
from harness.seeding import BatchOrder, LatentStream, initial_weights
from harness.state import State, learning_rate_at
from harness.train import CURVES, Window, fit

CPU = torch.device("cpu")
IMAGES = torch.randint(0, 256, (40, 1, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)

DATA = Split(IMAGES, torch.arange(40) % 10)


def training(**options: Any) -> Training:
    return Training(**{"steps": 12, "batch_size": 8, "log_every": 5, "ema": 0.9, **options})


def small(normalization: str = "none") -> Pair:
    return NETWORKS["mlp"](
        (1, 8, 8), latent=Latent(size=4), generator_widths=(16, 16), discriminator_widths=(16,),
        generator_normalization=normalization,
    )  # fmt: skip


def fresh(config: Training, normalization: str = "none") -> State:
    with initial_weights(3):
        return State(small(normalization), config, CPU)


def trained(
    config: Training, loss: str = "non_saturating", normalization: str = "none", **options: Any
) -> State:
    state = fresh(config, normalization)
    for _ in windows(state, config, loss, **options):
        pass
    return state


def windows(state: State, config: Training, loss: str = "non_saturating", **options: Any) -> list[Window]:
    options = {"penalties": [], "seed": 3} | options
    return list(fit(state, loss=LOSSES[loss](), data=DATA, config=config, **options))


def weights(module: nn.Module) -> Tensor:
    return torch.cat([tensor.flatten().double() for tensor in module.state_dict().values()])


def test_the_loop_is_the_algorithm_written_out_by_hand() -> None:
    config = training(discriminator_steps=2)
    state = trained(config)

    with initial_weights(3):
        pair = small()
    generator, discriminator = pair.generator, pair.discriminator
    average = [parameter.clone() for parameter in generator.parameters()]
    optimizer_g = torch.optim.Adam(generator.parameters(), 2e-4, betas=(0.5, 0.999), fused=True)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), 2e-4, betas=(0.5, 0.999), fused=True)
    order, z = BatchOrder(3, 40, 8, CPU), LatentStream(3, "latent", "normal", 8, 4, CPU)
    for step in range(12):
        for turn in range(2):
            real = IMAGES[order[2 * step + turn]].float() / 127.5 - 1
            fake = generator(z[2 * step + turn])
            logits = discriminator(torch.cat((real, fake.detach())))
            loss_d = -logsigmoid(logits[:8]).mean() - logsigmoid(-logits[8:]).mean()
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
        optimizer_g.zero_grad()
        (-logsigmoid(discriminator(fake)).mean()).backward()
        optimizer_g.step()
        average = [0.9 * a + 0.1 * p.detach() for a, p in zip(average, generator.parameters(), strict=True)]

    torch.testing.assert_close(weights(state.generator), weights(generator), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(weights(state.discriminator), weights(discriminator), rtol=1e-5, atol=1e-6)
    expected = torch.cat([tensor.flatten().double() for tensor in average])
    torch.testing.assert_close(weights(state.ema), expected, rtol=1e-5, atol=1e-6)


SCHEDULED = {
    "optimizer": "sgd", "learning_rate": 0.1, "discriminator_learning_rate": 0.05, "learning_rate_decay": 0.8,
    "lowest_learning_rate": 0.02, "momentum": 0.5, "final_momentum": 0.7, "momentum_steps": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("step", "rate_g", "rate_d", "momentum"),
    [(0, 0.1, 0.05, 0.5), (1, 0.08, 0.04, 0.525), (4, 0.04096, 0.02048, 0.6), (8, 0.02, 0.02, 0.7)],
)
def test_schedules_in_closed_form(step: int, rate_g: float, rate_d: float, momentum: float) -> None:
    config = training(**SCHEDULED)
    state = fresh(config)
    state.step = step
    state.follow(config)
    for optimizer, rate in ((state.optimizer_g, rate_g), (state.optimizer_d, rate_d)):
        for group in optimizer.param_groups:
            assert group["lr"] == pytest.approx(rate, rel=1e-12)
            assert group["momentum"] == pytest.approx(momentum, rel=1e-12)
    state.step = step + 1000
    state.follow(config)
    assert state.optimizer_g.param_groups[0]["lr"] == state.optimizer_d.param_groups[0]["lr"] == 0.02
    assert state.optimizer_d.param_groups[0]["momentum"] == 0.7


def test_the_decay_of_2014_halves_the_rate_in_173_thousand_updates() -> None:
    config = training(learning_rate=0.1, learning_rate_decay=1 / 1.000004, lowest_learning_rate=1e-6)
    assert learning_rate_at(config, 0.1, 173_287) == pytest.approx(0.05, rel=1e-5)
    assert learning_rate_at(config, 0.1, 10_000_000) == 1e-6
    assert learning_rate_at(config, 1e-9, 10_000_000) == 1e-9  # it never raises a rate


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_without_schedules_nothing_moves(optimizer: str) -> None:
    config = training(optimizer=optimizer, momentum=0.3, learning_rate=1e-3)
    state = fresh(config)
    for step in (0, 1, 7, 10**6):
        state.step = step
        state.follow(config)
        for group in (*state.optimizer_g.param_groups, *state.optimizer_d.param_groups):
            assert group["lr"] == 1e-3
            assert group.get("momentum", 0.3) == 0.3


def test_simultaneous_steps_on_schedules_written_out_by_hand() -> None:
    config = training(simultaneous=True, ema=0, **SCHEDULED)
    state = trained(config)

    with initial_weights(3):
        pair = small()
    networks = (pair.generator, pair.discriminator)
    velocity = [[torch.zeros_like(p) for p in network.parameters()] for network in networks]
    order, z = BatchOrder(3, 40, 8, CPU), LatentStream(3, "latent", "normal", 8, 4, CPU)
    for step in range(12):
        real, fake = IMAGES[order[step]].float() / 127.5 - 1, pair.generator(z[step])
        v = logsigmoid(pair.discriminator(real)).mean() + logsigmoid(-pair.discriminator(fake)).mean()
        gradients = (
            torch.autograd.grad(
                -logsigmoid(pair.discriminator(fake)).mean(),
                [*pair.generator.parameters()],
                retain_graph=True,
            ),
            torch.autograd.grad(-v, [*pair.discriminator.parameters()]),
        )
        momentum = 0.5 + 0.2 * min(1, step / 8)
        for network, rate, of, directions in zip(networks, (0.1, 0.05), velocity, gradients, strict=True):
            for weight, speed, direction in zip(network.parameters(), of, directions, strict=True):
                speed.mul_(momentum).add_(direction)
                weight.data.sub_(max(0.02, rate * 0.8**step) * speed)

    torch.testing.assert_close(weights(state.generator), weights(pair.generator), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        weights(state.discriminator), weights(pair.discriminator), rtol=1e-4, atol=1e-6
    )
    in_turns = trained(config.model_copy(update={"simultaneous": False}))
    assert not torch.equal(weights(in_turns.generator), weights(state.generator))


def test_windows_come_at_multiples_and_at_the_end() -> None:
    config = training()
    state = fresh(config)
    assert [window.step for window in windows(state, config, pause_every=(4,))] == [4, 5, 8, 10, 12]


def test_where_it_pauses_changes_no_weights() -> None:
    config = training()
    assert torch.equal(weights(trained(config).ema), weights(trained(config, pause_every=(1,)).ema))


def test_it_stops_after_the_step_in_progress() -> None:
    config = training()
    state = fresh(config)
    windows(state, config, should_stop=lambda: state.step >= 7)
    assert state.step == 7


def test_v_is_minus_the_loss_of_the_original_discriminator() -> None:
    config = training()
    state = fresh(config)
    for window in windows(state, config):
        assert set(window.means) == set(CURVES)
        assert window.means["train/v"] == pytest.approx(-window.means["train/loss_d"], rel=1e-5)
        assert 0 < window.means["train/d_real"] < 1


def test_a_critic_has_no_v() -> None:
    config = training()
    state = fresh(config)
    assert all("train/v" not in window.means for window in windows(state, config, "wasserstein"))


def test_batch_norm_statistics_of_the_average_are_those_of_the_generator() -> None:
    state = trained(training(), normalization="batch")
    for (name, ours), theirs in zip(state.ema.named_buffers(), state.generator.buffers(), strict=True):
        assert torch.equal(ours, theirs), name
    assert not torch.equal(weights(state.ema), weights(state.generator))


def test_without_an_average_the_generator_itself_is_evaluated() -> None:
    state = trained(training(ema=0))
    assert state.ema is state.generator


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_every_loss_trains_in_every_precision(precision: str, loss: str) -> None:
    config = training(precision=precision, steps=3)
    before = weights(fresh(config).generator)
    state = trained(config, loss, penalties=[PENALTIES["gradient_penalty"]()])
    assert weights(state.generator).isfinite().all()
    assert not torch.equal(weights(state.generator), before)
    assert all(parameter.dtype == torch.float32 for parameter in state.generator.parameters())


@pytest.mark.parametrize("bad_step", [1, 4, 7])
def test_the_first_step_that_is_not_finite_is_named(bad_step: int) -> None:
    config = training()
    state = fresh(config)

    def poison() -> bool:
        if state.step == bad_step - 1:
            with torch.no_grad():
                next(state.discriminator.parameters()).fill_(float("nan"))
        return False

    seen = [window.first_bad_step for window in windows(state, config, should_stop=poison)]
    assert next(step for step in seen if step is not None) == bad_step


def test_frozen_weights_stay_and_tied_ones_are_saved_under_both_names() -> None:
    pair = small()
    first, second = (layer for layer in pair.discriminator.modules() if isinstance(layer, nn.Linear))
    first.requires_grad_(False)
    start = first.weight.clone()
    pair.generator.extra = pair.generator.head  # type: ignore[assignment]
    config = training()
    state = State(pair, config, CPU)
    windows(state, config)
    assert torch.equal(first.weight, start)
    assert not first.weight.requires_grad
    assert second.weight.requires_grad
    named = load(save(state.tensors()))
    assert torch.equal(named["generator/extra.weight"], named["generator/head.weight"])
    again = State(pair, config, CPU)
    again.load(named, 12)
    assert torch.equal(weights(again.generator), weights(state.generator))
