"""fit(): the training loop, to be read from top to bottom."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor

from harness.augmentations import Augmentation, mirrored
from harness.config import Training
from harness.data import Split, to_float
from harness.judging import Critic, told
from harness.losses import Loss, Penalty, value
from harness.seeding import BatchOrder, LatentStream, reseed
from harness.state import State

CURVES = ("train/loss_d", "train/loss_g", "train/v", "train/d_real", "train/d_fake")


@dataclass(frozen=True)
class Window:
    """What happened since the last window: means of CURVES over its steps, and the speed."""

    step: int
    means: dict[str, float]
    images_per_second: float
    first_bad_step: int | None
    """The first step whose losses were not finite; nothing after it can be trusted."""


def fit(
    state: State,
    *,
    loss: Loss,
    penalties: Sequence[Penalty],
    augmentations: Sequence[Augmentation] = (),
    data: Split,
    config: Training,
    seed: int,
    pause_every: Sequence[int] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Window]:
    """Train `state` in place on `data`, which is on the device of the state.

    Yields a window every `config.log_every` steps, at multiples of `pause_every`, and at the end; between two
    windows nothing waits for the device. Stops after the current step once `should_stop` says so.
    """
    device, latent, conditioning = data.images.device, state.latent, state.conditioning
    order = BatchOrder(seed, len(data), config.batch_size, device)
    z = LatentStream(seed, "latent", latent.distribution, config.batch_size, latent.size, device)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16")
    pauses = (config.log_every, *pause_every)
    history: list[Tensor] = []
    began = perf_counter()

    generator, discriminator = state.generator.train(), state.discriminator.train()
    critic = Critic(discriminator, conditioning, state.rowwise, augmentations, config.packing)

    def update_discriminator() -> None:
        state.optimizer_d.step()
        for penalty in penalties:
            penalty.project(discriminator)

    while state.step < config.steps and not should_stop():
        reseed(seed, "step", state.step)  # for what draws inside the networks and the penalties
        state.follow(config)
        # Numbers below 1e-38 cost a processor many times as much as others and decide nothing here.
        torch.set_flush_denormal(True)

        for turn in range(config.discriminator_steps):
            last = turn == config.discriminator_steps - 1
            batch = state.step * config.discriminator_steps + turn
            rows = order[batch]
            real, labels = to_float(data.images[rows]), data.labels[rows]
            real = mirrored(real) if config.flip else real
            # The generator's step reuses the last of these batches, so only that one needs its graph.
            with autocast, torch.set_grad_enabled(last):
                fake = generator(told(z[batch], labels, conditioning))
            due = [penalty for penalty in penalties if batch % penalty.every == 0]
            with autocast:
                loss_d, logits = discriminator_objective(critic, loss, due, real, fake.detach(), labels)
            state.optimizer_d.zero_grad()
            loss_d.backward()
            if not (last and config.simultaneous):
                update_discriminator()

        with critic.frozen():  # its weights get no gradient from the generator's step
            with autocast:
                loss_g = generator_objective(critic, loss, real, fake, labels)
            state.optimizer_g.zero_grad()
            loss_g.backward()
        if config.simultaneous:  # the generator's gradient is of the discriminator before its last update
            update_discriminator()
        state.optimizer_g.step()

        state.average(config.ema)
        state.step += 1
        history.append(_curves(loss, loss_d, loss_g, *logits))

        if state.step == config.steps or any(state.step % every == 0 for every in pauses):
            curves = torch.stack(history).cpu()  # the only place where the device is waited for
            images_seen = len(history) * config.batch_size * config.discriminator_steps
            torch.set_flush_denormal(False)
            yield _window(state.step, curves, loss, images_seen / (perf_counter() - began))
            history.clear()
            began = perf_counter()
    torch.set_flush_denormal(False)


def discriminator_objective(
    critic: Critic, loss: Loss, due: Sequence[Penalty], real: Tensor, fake: Tensor, labels: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """What D minimises, and its logits of real and of generated images; `due` are the penalties of this
    update. Both batches are of the same classes."""
    real, fake = critic.seen(real), critic.seen(fake)
    of_real, of_fake = critic.judge_both(real, fake, labels)
    objective = loss.discriminator(of_real.logits, of_fake.logits)
    for penalty in due:
        objective = objective + penalty.every * penalty.term(critic.of(labels), real, fake)
    return objective + of_real.classification + of_fake.classification, (of_real.logits, of_fake.logits)


def generator_objective(critic: Critic, loss: Loss, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
    """What G minimises: only a relativistic loss has D judge the real images again."""
    verdict = critic.judge(critic.seen(fake), labels)
    real_logits = critic.judge(critic.seen(real), labels).logits if loss.relativistic else verdict.logits
    return loss.generator(real_logits.detach(), verdict.logits) + verdict.classification


@torch.no_grad()
def _curves(loss: Loss, loss_d: Tensor, loss_g: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """One step's CURVES, left on the device."""
    if loss.probabilistic:
        means = (value(real, fake), real.sigmoid().mean(), fake.sigmoid().mean())
    else:
        means = (real.new_zeros(()), real.mean(), fake.mean())
    return torch.stack((loss_d.detach(), loss_g.detach(), *means))


def _window(step: int, curves: Tensor, loss: Loss, images_per_second: float) -> Window:
    """Means over the window's rows of `curves`, the last of which is `step`."""
    means = dict(zip(CURVES, curves.double().mean(dim=0).tolist(), strict=True))
    if not loss.probabilistic:
        del means["train/v"]  # a critic's scores are no log-odds, so V has no meaning
    bad = (~curves.isfinite().all(dim=1)).nonzero().flatten().tolist()
    first_bad = step - len(curves) + 1 + bad[0] if bad else None
    return Window(step, means, images_per_second, first_bad)
