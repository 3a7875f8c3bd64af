"""Images per second of the training loop beside a plain script and a bare loop, all three in one run.

    python benchmarks/train_throughput.py [--data ROOT] [--device cpu] [--steps 200] [--rounds 5]

The networks are those of PyTorch-GAN's `gan.py` on MNIST: G 128-256-512-1024-784 with batch norm,
D 512-256-1, batch 64, Adam 2e-4 / 0.5, no average of the weights.

plain     the style of that script: DataLoader with per-image transforms, latents from NumPy, BCELoss on
          probabilities, two `.item()` and a print each step, unfused Adam, gradients into D in G's step
bare      a hand-written loop over images in memory that does the same updates as harness, and nothing else
harness   harness.train.fit

The three take turns, so that a busy machine slows all of them; ratios are of the medians over the rounds.
"""

import argparse
import io
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from time import perf_counter

import numpy
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from harness.config import Training
from harness.data import Split
from harness.data.mnist import mnist
from harness.losses import LOSSES
from harness.networks import NETWORKS, Latent, Pair
from harness.state import State
from harness.train import fit

BATCH, LATENT, WARMUP = 64, 100, 20
CONFIG = Training(steps=10**9, batch_size=BATCH, learning_rate=2e-4, betas=(0.5, 0.999), ema=0, log_every=100)


def pair() -> Pair:
    return NETWORKS["mlp"](
        (1, 28, 28),
        latent=Latent(size=LATENT),
        generator_widths=(128, 256, 512, 1024),
        discriminator_widths=(512, 256),
        generator_normalization="batch",
    )


def plain(root: Path, device: torch.device) -> Iterator[None]:
    """One step an iteration, in the style of the scripts people start from."""
    networks = pair()
    generator = networks.generator.to(device)
    discriminator = nn.Sequential(networks.discriminator, nn.Sigmoid()).to(device)
    transform = transforms.Compose(
        [transforms.Resize(28), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]
    )
    loader = DataLoader(
        datasets.MNIST(root, train=True, transform=transform), BATCH, shuffle=True, drop_last=True
    )
    adversarial_loss = nn.BCELoss()
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    while True:
        for i, (images, _) in enumerate(loader):
            real_images = images.to(device)
            valid = torch.ones(BATCH, device=device)
            fake = torch.zeros(BATCH, device=device)
            optimizer_g.zero_grad()
            z = torch.tensor(numpy.random.normal(0, 1, (BATCH, LATENT)), dtype=torch.float32, device=device)
            generated = generator(z)
            g_loss = adversarial_loss(discriminator(generated), valid)
            g_loss.backward()
            optimizer_g.step()
            optimizer_d.zero_grad()
            real_loss = adversarial_loss(discriminator(real_images), valid)
            fake_loss = adversarial_loss(discriminator(generated.detach()), fake)
            d_loss = (real_loss + fake_loss) / 2
            d_loss.backward()
            optimizer_d.step()
            print(f"[Batch {i}] [D loss: {d_loss.item()}] [G loss: {g_loss.item()}]")
            yield


def bare(images: Tensor, device: torch.device) -> Iterator[None]:
    """One step an iteration: the updates of harness written out, without curves and checks."""
    networks = pair()
    generator, discriminator = networks.generator.to(device), networks.discriminator.to(device)
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True)
    while True:
        for index in torch.randperm(len(images), device=device).split(BATCH)[:-1]:
            real = images[index].to(torch.float32).div_(127.5).sub_(1)
            fake = generator(torch.randn(BATCH, LATENT, device=device))
            real_logits, fake_logits = discriminator(real), discriminator(fake.detach())
            d_loss = -logsigmoid(real_logits).mean() - logsigmoid(-fake_logits).mean()
            optimizer_d.zero_grad()
            d_loss.backward()
            optimizer_d.step()
            discriminator.requires_grad_(False)
            g_loss = -logsigmoid(discriminator(fake)).mean()
            optimizer_g.zero_grad()
            g_loss.backward()
            optimizer_g.step()
            discriminator.requires_grad_(True)
            yield


def ours(images: Tensor, device: torch.device, steps: int) -> Iterator[None]:
    """`steps` steps an iteration."""
    state = State(pair(), CONFIG, device)
    data = Split(images, torch.zeros(len(images), dtype=torch.int64, device=device))
    config = CONFIG.model_copy(update={"log_every": steps})
    for _ in fit(state, loss=LOSSES["non_saturating"](), penalties=[], data=data, config=config, seed=0):
        yield


def timed(advance: Callable[[], None], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = perf_counter()
    advance()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("HARNESS_DATA", "data")))
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    device, steps = arguments.device, arguments.steps
    images = mnist(arguments.data).train.images.to(device)

    loops = {"plain": plain(arguments.data, device), "bare": bare(images, device)}
    block = ours(images, device, steps)

    def advance(name: str, count: int) -> Callable[[], None]:
        def steps_of_a_loop() -> None:
            with redirect_stdout(io.StringIO()):
                for _ in range(count):
                    next(loops[name])

        return (lambda: next(block)) if name == "harness" else steps_of_a_loop

    seconds: dict[str, list[float]] = {"plain": [], "bare": [], "harness": []}
    for name in seconds:
        advance(name, WARMUP)()
    for _ in range(arguments.rounds):
        for name, spent in seconds.items():
            spent.append(timed(advance(name, steps), device))

    speed = {name: steps * BATCH / statistics.median(spent) for name, spent in seconds.items()}
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads, {steps} steps x "
          f"{arguments.rounds} rounds, median")  # fmt: skip
    for name, rate in speed.items():
        print(f"{name:8} {rate:10,.0f} images/s")
    print(f"harness / plain {speed['harness'] / speed['plain']:.2f}")
    print(f"harness / bare  {speed['harness'] / speed['bare']:.3f}")


if __name__ == "__main__":
    main()
