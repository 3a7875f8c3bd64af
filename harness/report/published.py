"""Values that others published, with the protocol behind each: shown beside ours only where that is the same.

A FID depends on the network, the resizing, the split and both sample counts as much as on the generator, so a
number without them says nothing. What the others' models were trained with is theirs: a protocol that fits
makes the values comparable, not the trainings.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.report.comparison import Group
from harness.runs import Record

INCEPTION = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""SHA-256 of the published weights; the same constant as in harness.features.inception, which needs torch."""

Value = tuple[float, float | None]
"""The value and what stands behind its ±, None where nothing does."""


@dataclass(frozen=True)
class Needs:
    """What a run's protocol has to be. resize: of the Inception network, "" for a metric without a network;
    splits: the end of the protocol's `data`; 0: any number."""

    resize: str = ""
    data: str = ""
    num_reference: int = 0
    num_samples: int = 0
    num_held_out: int = 0
    never: bool = False

    def met_by(self, protocol: Record, key: str) -> bool:
        """Whether values under this protocol compare. An option of the metric other than its default: no."""
        if self.never or key in json.loads(protocol.get("metric_options") or "{}"):
            return False
        digest = str(protocol.get("extractor_digest", ""))
        network = digest.startswith(f"{INCEPTION}, {self.resize} resize") if self.resize else True
        counts = all(
            wanted in (0, protocol.get(name))
            for name, wanted in (
                ("num_reference", self.num_reference),
                ("num_samples", self.num_samples),
                ("num_held_out", self.num_held_out),
            )
        )
        return network and counts and str(protocol.get("data", "")).endswith(self.data)


@dataclass(frozen=True)
class Published:
    """Values of one source on one data set.

    dataset: the entry of the configuration, name and those options that the source fixes; second_hand: read
    in another publication, not in the source itself; protocol, training, spread: in words, for a person.
    """

    source: str
    dataset: Mapping[str, object]
    key: str
    needs: Needs
    protocol: str
    training: str
    spread: str
    values: Mapping[str, Value]
    second_hand: bool = False

    def of(self, config: Record) -> bool:
        """Whether a run's data set is this one."""
        dataset = config.get("dataset") or {}
        entry = {"name": dataset} if isinstance(dataset, str) else dataset
        return all(entry.get(key) == value for key, value in self.dataset.items())


@dataclass(frozen=True)
class Shelf:
    """What there is for one group: values that compare, and those under other protocols."""

    comparable: list[Published] = field(default_factory=list)
    others: list[Published] = field(default_factory=list)


def published_for(group: Group) -> Shelf:
    """Of the data set on which every run of the group was trained, in the columns that it measured."""
    configs = [run.config for row in group.rows for run in row.runs]
    keys = {column.key for column in group.columns}
    protocol = group.results.get("protocol", {})
    shelf = Shelf()
    for entry in TABLE:
        if entry.key in keys and configs and all(entry.of(config) for config in configs):
            kept = shelf.comparable if entry.needs.met_by(protocol, entry.key) else shelf.others
            kept.append(entry)
    return shelf


def _created_equal() -> Iterator[Published]:
    """Lucic et al. 2018, table 2, as the 2-Stage VAE's authors reproduce it (Dai and Wipf 2019)."""
    models = ("MM GAN", "NS GAN", "LSGAN", "WGAN", "WGAN-GP", "DRAGAN", "BEGAN")
    columns: Mapping[str, tuple[Value, ...]] = {
        "mnist": ((9.8, 0.9), (6.8, 0.5), (7.8, 0.6), (6.7, 0.4), (20.3, 5.0), (7.6, 0.4), (13.1, 1.0)),
        "fashion_mnist": (
            *((29.6, 1.6), (26.5, 1.6), (30.7, 2.2), (21.5, 1.6), (24.5, 2.1), (27.7, 1.2)),
            (22.9, 0.9),
        ),
        "cifar10": (
            *((72.7, 3.6), (58.5, 1.9), (87.1, 47.5), (55.2, 2.3), (55.8, 0.9), (69.8, 2.0)),
            (71.4, 1.6),
        ),
    }
    for dataset, values in columns.items():
        yield Published(
            "Lucic et al. 2018, table 2",
            {"name": dataset},
            "fid",
            Needs("tensorflow", "test split", 10_000, 10_000),
            "TensorFlow's Inception, 10,000 test images, 10,000 samples",
            "the best of 100 random configurations and its best checkpoint, both chosen by the test FID",
            "standard deviation over 50 seeds, collapsed ones dropped",
            dict(zip(models, values, strict=True)),
            second_hand=True,
        )


def _cifar10() -> Iterator[Published]:
    """Libraries' own tables, as they stand in their repositories."""
    train = Needs("tensorflow", "train split", 50_000, 50_000)
    against_train = "TensorFlow's Inception, all 50,000 training images, 50,000 samples"
    cifar10 = {"name": "cifar10"}
    yield Published(
        "mimicry (Lee and Town 2020)",
        cifar10,
        "fid",
        train,
        against_train,
        "ResNets, 100,000 steps, batch 64, five updates of D for one of G",
        "over sets of samples of one training",
        {
            "WGAN-GP": (22.29, 0.06),
            "SNGAN": (16.77, None),
            "cGAN-PD, with labels": (10.84, None),
            "SSGAN": (14.65, None),
            "InfoMax-GAN": (15.12, None),
        },
    )
    yield Published(
        "pytorch-gan-collections",
        cifar10,
        "fid",
        train,
        against_train,
        "one training each",
        "",
        {
            "DCGAN": (42.72, None),
            "WGAN": (40.03, None),
            "WGAN-GP, CNN": (19.83, None),
            "WGAN-GP, ResNet": (16.95, None),
            "SNGAN, CNN": (17.81, None),
            "SNGAN, ResNet": (14.32, None),
        },
    )
    yield Published(
        "StudioGAN (Kang et al. 2023)",
        cifar10,
        "fid",
        train,
        against_train,
        "the best checkpoint of one training; its own reproducibility figure gives WGAN-GP 36.84",
        "",
        {
            "DCGAN": (48.29, None),
            "LSGAN": (40.22, None),
            "WGAN-wc": (107.68, None),
            "WGAN-GP": (53.98, None),
            "DRAGAN": (34.69, None),
            "SNGAN, with labels": (9.01, None),
            "BigGAN, with labels": (4.16, None),
            "StyleGAN2": (3.78, None),
            "StyleGAN2-ADA": (2.31, None),
        },
    )
    yield Published(
        "clean-fid (Parmar et al. 2022)",
        cifar10,
        "fid",
        Needs("clean", "test split", 10_000, 10_000),
        "TensorFlow's Inception behind clean-fid's resize, 10,000 test images, 10,000 samples",
        "models as their authors published them",
        "standard deviation over 10 sets of samples of one training",
        {"StyleGAN2-ADA, tuned": (8.20, 0.10), "StyleGAN2, mirrored": (12.96, 0.07)},
    )


def _parzen() -> Iterator[Published]:
    """Goodfellow et al. 2014, table 1, in nats."""
    yield Published(
        "Goodfellow et al. 2014, table 1",
        {"name": "mnist"},
        "parzen",
        Needs(num_samples=10_000, num_held_out=20_000),
        "10,000 samples, the window's width chosen on 1,000 validation images, 10,000 test images in [0, 1]",
        "one training each",
        "standard error over test images, not seeds",
        {
            "DBN": (138, 2),
            "Stacked CAE": (121, 1.6),
            "Deep GSN": (214, 1.1),
            "Adversarial nets": (225, 2),
        },
    )


def _modes() -> Iterator[Published]:
    """PacGAN (Lin et al. 2018), as drawn in its repository."""
    ring = {"name": "ring", "modes": 8, "radius": 1.0, "sigma": 0.01}
    grid = {"name": "grid", "sigma": 0.05, "side": 5, "spacing": 2.0}
    found: tuple[tuple[Mapping[str, object], tuple[Value, ...]], ...] = (
        (ring, ((6.3, 0.5), (6.6, 0.3), (7.9, 0.1), (7.8, 0.1))),
        (grid, ((17.3, 0.8), (24.1, 0.4), (23.8, 0.7), (24.8, 0.2))),
    )
    for dataset, values in found:
        yield Published(
            "PacGAN (Lin et al. 2018)",
            dataset,
            "modes",
            Needs(num_samples=2_500),
            "2,500 samples, a mode is found if one lies within 3 standard deviations of it",
            "100,000 points, batch 100, 400 epochs, Adam 1e-4 with β₁ 0.8",
            "standard error over 10 trainings",
            dict(zip(("GAN", "ALI", "PacGAN2", "PacGAN4"), values, strict=True)),
        )
    stacked: Mapping[str, Value] = {
        "DCGAN": (99, None),
        "ALI": (16, None),
        "Unrolled GAN": (48.7, None),
        "VEEGAN": (150, None),
        "PacDCGAN2": (1000, None),
    }
    yield Published(
        "PacGAN (Lin et al. 2018)",
        {"name": "stacked_mnist"},
        "classes",
        Needs(never=True),  # whose digit is read by a classifier of the authors' own
        "26,000 samples, read by the authors' own MNIST classifier",
        "128,000 training images",
        "",
        stacked,
    )


TABLE: tuple[Published, ...] = (*_created_equal(), *_cifar10(), *_parzen(), *_modes())
