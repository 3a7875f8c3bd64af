"""From a generator to numbers, with the floor and the ceiling around them."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from harness.config import Evaluation, Part
from harness.data import DATASETS, Dataset, contents
from harness.errors import RunFailedError
from harness.evaluation import Evaluator, Scores
from harness.features import EXTRACTORS, Extractor
from harness.metrics import METRICS
from harness.metrics.parzen import parzen_score
from harness.networks import NETWORKS, Latent

CPU = torch.device("cpu")
LATENT = Latent(size=8)
FAST = ("fid", "kid", "inception_score", "prdc")
NAMES = (*FAST, "criterion")


@cache
def digits() -> Dataset:
    return DATASETS["digits"](Path())


@cache
def classifier() -> Extractor:
    return EXTRACTORS["classifier"]("digits", (1, 8, 8))


def evaluator(
    names: tuple[str, ...] = NAMES,
    *,
    dataset: Dataset | None = None,
    cache: Path | None = None,
    **changes: object,
) -> Evaluator:
    evaluation = Evaluation(num_samples=300, metrics=tuple(Part(name=name) for name in names))
    metrics = {name: METRICS[name]() for name in names}
    changed = evaluation.model_copy(update=changes)
    return Evaluator(dataset or digits(), classifier(), metrics, changed, CPU, cache)


def scored(judge: Evaluator, network: nn.Module, seed: int = 0) -> Scores:
    return judge.score(judge.sampler(network, LATENT), seed)


class Stored(nn.Module):
    """A "generator" that gives stored images back in turn, whatever the latents."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.images, self.next = images.float() / 127.5 - 1, 0

    def forward(self, z: Tensor) -> Tensor:
        index = (torch.arange(len(z)) + self.next) % len(self.images)
        self.next += len(z)
        return self.images[index]


def test_floor_and_ceiling_enclose_an_untrained_generator() -> None:
    judge = evaluator()
    floor, ceiling = judge.floor(), judge.judge.ceiling()
    untrained = scored(judge, NETWORKS["mlp"]((1, 8, 8), latent=LATENT).generator, 0)
    assert floor.values["fid"] < 2 < 20 < ceiling.values["fid"]
    assert floor.values["fid"] < untrained.values["fid"]
    assert floor.values["recall"] > 0.9 > untrained.values["recall"]
    assert floor.num_samples == 300
    assert ceiling.num_samples == 300
    # The floor's C(G) is near -log 4: real images cannot be told from real images.
    assert floor.values["criterion"] < -1.3
    assert ceiling.values["criterion"] > -0.05


def test_the_floor_of_a_metric_on_test_images_is_of_train_images() -> None:
    judge = evaluator(("parzen",))
    train = digits().train.images
    rows = {
        "centres": train[contents.order(contents.digests(train))][:300],
        "validation": digits().validation.images,
        "points": digits().test.images,
    }
    by_hand = parzen_score(
        **{name: images.flatten(1).double() / 255 for name, images in rows.items()},
        sigmas=[0.1 * 10 ** (index / 9) for index in range(10)],
    )
    floor, ceiling = judge.floor(), judge.judge.ceiling()
    assert floor.values["parzen"] == pytest.approx(by_hand.mean, rel=1e-12)
    assert ceiling.values["parzen"] < by_hand.mean


def test_a_search_on_the_validation_split_leaves_the_test_split_alone() -> None:
    network = NETWORKS["mlp"]((1, 8, 8), latent=LATENT).generator
    other = replace(digits(), test=replace(digits().test, images=digits().test.images * 0))
    scores = [
        scored(evaluator(("parzen",), dataset=dataset, reference="validation"), network, 0)
        for dataset in (digits(), other)
    ]
    assert scores[0] == scores[1]
    with_test = scored(evaluator(("parzen",)), network, 0)
    assert with_test != scores[0]


def test_real_images_from_a_generator_score_as_real_images() -> None:
    judge = evaluator(FAST, num_samples=500)
    scores = scored(judge, Stored(digits().test.images), 0)
    for key in ("fid", "kid", "precision", "coverage"):
        assert scores.values[key] == judge.floor().values[key]


def test_floor_and_real_features_are_computed_once(tmp_path: Path) -> None:
    first = evaluator(FAST, cache=tmp_path).floor()
    files = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    again = evaluator(FAST, cache=tmp_path)
    assert again.floor() == first
    assert again.judge.reference.recalled
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == files
    evaluator(FAST, cache=tmp_path, num_samples=301).floor()
    assert len(list(tmp_path.iterdir())) == len(files) + 1


@pytest.mark.parametrize("batch_size", [7, 64, 300])
def test_scores_do_not_depend_on_the_evaluation_batch_size(batch_size: int) -> None:
    network = NETWORKS["mlp"]((1, 8, 8), latent=LATENT).generator
    with torch.no_grad():  # images worth comparing, not a grey field
        for parameter in network.parameters():
            parameter.mul_(2)
    whole = scored(evaluator(FAST), network, 0).values
    parts = scored(evaluator(FAST, batch_size=batch_size), network, 0).values
    assert set(whole) == set(parts)
    for key, value in whole.items():
        assert parts[key] == pytest.approx(value, rel=1e-6), key


def test_evaluation_is_a_function_of_the_seed_and_leaves_the_mode_alone() -> None:
    network = NETWORKS["mlp"]((1, 8, 8), latent=LATENT, generator_normalization="batch").generator.train()
    judge = evaluator()
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = scored(judge, network, 0).values
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    assert scored(judge, network, 0).values == first
    assert scored(judge, network, 1).values != first


def test_generated_images_lie_on_the_grey_levels_of_the_real_ones() -> None:
    network = NETWORKS["mlp"]((1, 8, 8), latent=LATENT).generator
    drawn = evaluator().sampler(network, LATENT).draw(200, seed=0, purpose="eval")
    assert set(drawn.unique().tolist()) <= set(digits().train.images.unique().tolist())


def test_a_collapsed_generator_is_no_number() -> None:
    with pytest.raises(RunFailedError, match="collapsed"):
        scored(evaluator(), Stored(digits().train.images[:1]), 0)


def test_images_that_are_not_finite_are_no_number() -> None:
    broken = Stored(digits().train.images)
    broken.images[3] = float("nan")
    with pytest.raises(RunFailedError, match="not finite"):
        scored(evaluator(), broken, 0)


def test_the_protocol_is_named_in_words() -> None:
    made = evaluator().protocol.sentence()
    assert made.startswith(
        "digits classifier, 1,000 images of digits, train split, 300 samples, fingerprint "
    )
