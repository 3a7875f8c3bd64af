"""What every metric in the table promises, whichever it is."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from harness.errors import MetricError
from harness.metrics import METRICS
from harness.metrics.inputs import Metric, MetricInputs, Modes, Sample, Values
from harness.options import describe, keyword_arguments

N = 120

PERFECT = {
    "fid": 0.0,
    "fid_bootstrap": 0.0,
    "precision": 1.0,
    "recall": 1.0,
    "density": 1.0,
    "coverage": 1.0,
    "criterion": -math.log(4),
    "jsd": 0.0,
    "class_fid": 0.0,
    "class_fid_worst": 0.0,
    "class_coverage": 1.0,
    "class_coverage_worst": 1.0,
    "class_kl": 0.0,
    "authpct": 0.0,
    "nearest_ratio": 0.0,
}
"""Values of a generator that repeats the real images. KID is unbiased, so it scatters around 0 and is below
it here; IS has no ideal value of its own, and reads what the real images' logits give."""

UNORDERED = {"inception_score": {"splits": 1}}
"""Options under which a metric does not depend on the order of rows: splits are parts of a permutation."""


def sample(seed: int, shift: float = 0.0, n: int = N) -> Sample:
    source = torch.Generator().manual_seed(seed)
    features = torch.randn(n, 8, generator=source) + shift
    noise = torch.randn(n, 1, 4, 4, generator=source)
    images = (noise * 40 + 128 + 30 * shift).clamp(0, 255).to(torch.uint8)
    labels = features[:, :5].argmax(1)
    # Far from the real images the fifth class wins, too.
    logits = 2 * features[:, :5] + shift * torch.arange(5)
    return Sample(images, features, logits, labels)


MODES = Modes(
    torch.tensor([[110.0], [146.0]], dtype=torch.float64).expand(2, 16),
    sigma=50.0,
    shares=torch.tensor([0.5, 0.5], dtype=torch.float64),
)
"""Of the real images: not theirs, but near them."""


def inputs(shift: float = 0.5) -> MetricInputs:
    real = sample(1)
    return MetricInputs(
        sample(0),
        real.first(N // 2),
        sample(2, shift),
        real.after(N // 2),
        seed=3,
        log_density=log_density,
        modes=MODES,
    )


def log_density(images: Tensor) -> Tensor:
    """Of the real images, but for their rounding and their clipping: (n, 16) to (n,)."""
    grey = Normal(128.0, 40.0)
    return grey.log_prob(images.double()).sum(1)


def built(name: str, **options: object) -> Metric:
    entry: Callable[..., Metric] = METRICS.resolve(name)
    return entry(**keyword_arguments(entry, options))


every_metric = pytest.mark.parametrize("name", list(METRICS))


@every_metric
def test_describes_itself_and_its_columns(name: str) -> None:
    metric = built(name)
    assert describe(METRICS[name]).endswith(".")
    assert len(describe(METRICS[name])) <= 110
    keys = [column.key for column in metric.columns]
    assert keys
    assert len(set(keys)) == len(keys)
    assert all(column.title and column.better in {"lower", "higher"} for column in metric.columns)


def test_no_two_metrics_share_a_key() -> None:
    keys = [column.key for name in METRICS for column in built(name).columns]
    assert len(set(keys)) == len(keys)


@every_metric
def test_gives_its_columns_as_finite_numbers(name: str) -> None:
    metric = built(name)
    found = metric.compute(inputs())
    keys = {column.key for column in metric.columns}
    assert keys <= set(found.values)
    assert set(found.values) <= {key + end for key in keys for end in ("", "_low", "_high", "_se")}
    assert all(type(value) is float and math.isfinite(value) for value in found.values.values())
    assert all(isinstance(note, str) and note for note in found.notes)
    assert {key.partition("/")[0] for key in found.details} <= keys
    assert all(type(value) is float and math.isfinite(value) for value in found.details.values())
    assert all(key in keys and reason for key, reason in found.unreliable.items())
    for key in keys & {key.removesuffix("_low") for key in found.values if key.endswith("_low")}:
        assert found.values[f"{key}_low"] <= found.values[key] <= found.values[f"{key}_high"]


@every_metric
def test_perfect_generator(name: str) -> None:
    metric = built(name)
    # What is held out for a metric that looks for copies must not be copied itself.
    held_out = sample(7) if "held_out" in metric.needs else sample(0)
    same = MetricInputs(sample(0), held_out, sample(0), seed=3, log_density=log_density, modes=MODES)
    values = metric.compute(same).values
    for column in built(name).columns:
        if column.key in PERFECT:
            assert values[column.key] == pytest.approx(PERFECT[column.key], abs=1e-5)
    if name == "kid":
        assert -0.5 < values["kid"] <= 0


@every_metric
def test_a_worse_generator_does_not_look_better(name: str) -> None:
    near, far = (built(name).compute(inputs(shift)).values for shift in (0.0, 3.0))
    for column in built(name).columns:
        if name in {"inception_score", "memorization"}:
            continue  # IS never sees the real images, and far from them there are no copies of any.
        assert far[column.key] != near[column.key]
        assert (far[column.key] > near[column.key]) == (column.better == "lower")


@every_metric
def test_order_of_rows_does_not_matter(name: str) -> None:
    options = UNORDERED.get(name, {})
    given = inputs()
    assert given.test is not None
    order = torch.randperm(N, generator=torch.Generator().manual_seed(9))
    half = torch.randperm(N // 2, generator=torch.Generator().manual_seed(8))
    moved = replace(
        given,
        reference=given.reference.rows(order.flip(0)),
        validation=given.validation.rows(half),
        test=given.test.rows(half.flip(0)),
        fake=given.fake.rows(order),
    )
    first, second = (built(name, **options).compute(each).values for each in (given, moved))
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert second[key] == pytest.approx(value, rel=1e-9, abs=1e-9)


@every_metric
def test_deterministic_and_leaves_inputs_and_global_randomness_alone(name: str) -> None:
    given, untouched = inputs(), inputs()
    state = torch.get_rng_state()
    first = built(name).compute(given)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1234)
    second = built(name).compute(given)
    torch.set_rng_state(state)
    assert first == second
    for part in ("reference", "validation", "test", "fake"):
        one, other = getattr(given, part), getattr(untouched, part)
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.features, other.features)


def spoiled(part: Sample, value: float) -> Sample:
    assert part.logits is not None
    images, features, logits = part.images.float(), part.features.clone(), part.logits.clone()
    for tensor in (images, features, logits):
        tensor[[4, 7]] = value
    return Sample(images, features, logits, part.labels)


@every_metric
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_refuses_what_is_not_finite_and_says_how_much(name: str, value: float) -> None:
    given = inputs()
    bad = replace(given, fake=spoiled(given.fake, value))
    with pytest.raises(MetricError, match=rf"^{name}: 2 of {N} "):
        built(name).compute(bad)


@every_metric
@pytest.mark.parametrize("n", [0, 1])
def test_refuses_too_few_samples(name: str, n: int) -> None:
    given = inputs()
    with pytest.raises(MetricError, match=rf"^{name}: .*too few"):
        built(name).compute(replace(given, fake=sample(5, n=n)))


@every_metric
def test_works_without_gradients_and_with_half_as_many_fakes(name: str) -> None:
    given = replace(inputs(), fake=sample(2, n=N // 2))
    expected = built(name).compute(given)
    with torch.inference_mode():
        found: Values = built(name).compute(given)
    assert found == expected
