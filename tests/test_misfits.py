"""Parts that do not fit each other, or the data, are refused before anything is trained, in one line."""

from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from harness.catalog import TABLES, build_pair, load_dataset
from harness.config import load
from harness.errors import ConfigError
from harness.misfits import refuse_misfits
from harness.networks import Latent, Pair, Shape
from harness.networks.mlp import mlp

BASE = """
name: misfits
dataset: digits
network: mlp
loss: non_saturating
training: {steps: 1, batch_size: 8}
evaluation: {metrics: [fid]}
seeds: [0]
"""
POINTS = (
    "dataset=ring",
    "network={name: mlp, output: linear}",
    "evaluation={features: coordinates, metrics: [fid]}",
)
TOLD = "network.conditioning={method: projection, classes: 10}"


def checked(tmp_path: Path, *overrides: str) -> None:
    file = tmp_path / "misfits.yaml"
    file.write_text(BASE)
    (cell,) = load(file, overrides, TABLES).cells
    refuse_misfits(cell, load_dataset(cell, tmp_path))


@pytest.mark.parametrize(
    "overrides",
    [
        (TOLD,),
        ("network.conditioning={method: auxiliary, classes: 10}",),
        ("training.packing=4",),
        ("augmentations=[translation, cutout, color]", "penalties=[consistency]"),
        (*POINTS, "penalties=[r1, r2, dragan]"),
    ],
)
def test_what_fits_is_let_through(overrides: tuple[str, ...], tmp_path: Path) -> None:
    checked(tmp_path, *overrides)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("training.flip=true",), r"training.flip: a mirrored image of digits is not one of its kind"),
        (
            ("network.conditioning={method: projection, classes: 9}",),
            r"network.conditioning.classes is 9, but digits has 10 classes",
        ),
        ((TOLD, "training.packing=2"), r"training.packing: a pack of images has no one class"),
        ((*POINTS, "augmentations=[cutout]"), r"augmentations: cutout is for images, and ring has points"),
        ((*POINTS, "penalties=[consistency]"), r"penalties: consistency is for images, and ring has points"),
        (
            (*POINTS, "training.packing=2", "evaluation.diagnostics=[generator_gradient]"),
            r"evaluation.diagnostics look at D of single images, not at packs",
        ),
        (
            (TOLD, "evaluation.diagnostics=[generator_gradient]"),
            r"evaluation.diagnostics look at D without a",
        ),
        (("training.packing=3",), r"training.packing must divide `batch_size`, which is 8"),
    ],
)
def test_what_does_not_fit_is_refused(overrides: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        checked(tmp_path, *overrides)


def test_packs_change_the_discriminator_alone(tmp_path: Path) -> None:
    file = tmp_path / "packs.yaml"
    file.write_text(BASE)
    pairs = [
        build_pair(load(file, [f"training.packing={packing}"], TABLES).cells[0], (1, 8, 8), seed=3)
        for packing in (1, 2)
    ]
    one, two = (pair.generator.state_dict() for pair in pairs)
    assert one.keys() == two.keys()
    assert all(bool((one[key] == two[key]).all()) for key in one)
    widths = [next(pair.discriminator.parameters()).shape[1] for pair in pairs]
    assert widths == [64, 128]


def no_pair(shape: Shape) -> object:
    return "mlp"


def five_logits(shape: Shape) -> Pair:
    return replace(mlp(shape), discriminator=nn.Sequential(nn.Flatten(), nn.Linear(64, 5)))


def flat_images(shape: Shape) -> Pair:
    return replace(mlp(shape), generator=nn.Linear(64, 64))


def too_few_latents(shape: Shape) -> Pair:
    return replace(mlp(shape), latent=Latent(size=9))


def raises(shape: Shape) -> Pair:
    raise KeyError("no such thing")


def no_augmentation() -> object:
    return lambda images: images[:, :, 1:]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("network=test_misfits:no_pair", r"network `test_misfits:no_pair` returned a str, and should a Pair"),
        (
            "network=test_misfits:five_logits",
            r"discriminator of network `test_misfits:five_logits` made \(2, 5\) of \(2, 1, 8, 8\), and should"
            r" make \(2,\)",
        ),
        (
            "network=test_misfits:flat_images",
            r"generator of network `test_misfits:flat_images` made \(2, 64\) of \(2, 64\), and should make"
            r" \(2, 1, 8, 8\)",
        ),
        (
            "network=test_misfits:too_few_latents",
            r"generator of network `test_misfits:too_few_latents` fails on \(2, 9\): RuntimeError",
        ),
        ("network=test_misfits:raises", r"network `test_misfits:raises` failed: KeyError"),
        (
            "augmentations=[test_misfits:no_augmentation]",
            r"augmentation `test_misfits:no_augmentation` made \(2, 1, 7, 8\) of \(2, 1, 8, 8\), and should",
        ),
        (
            "network={name: mlp, discriminator_normalization: batch}",
            r"training.batch_size must hold two packs",
        ),
    ],
)
def test_parts_of_a_users_own_are_tried_out(override: str, message: str, tmp_path: Path) -> None:
    packing = ("training.packing=8",) if "normalization" in override else ()
    with pytest.raises(ConfigError, match=message):
        checked(tmp_path, override, *packing)
