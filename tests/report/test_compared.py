"""Which runs stand beside one another, what their values come to, and which of them is called the best."""

from dataclasses import replace

import pytest
from measured import DIGITS, FID, IS, failed, measured, seeds
from scipy import stats

from harness.report.comparison import compared
from harness.report.contrasts import all_pairs
from harness.report.differences import differing, flattened, unlike

GOOD, WORSE = [1.0, 1.2, 1.1, 1.3, 1.15], [2.0, 2.1, 2.3, 2.2, 2.05]


def marks(runs: list, key: str = "fid") -> dict[str, str]:  # type: ignore[type-arg]
    (group,) = compared(runs).groups
    return {row.variant: row.entries[key].mark for row in group.rows}


def test_the_best_is_marked_only_where_it_is_shown_to_be_better_than_every_other() -> None:
    good, worse = seeds("good", GOOD), seeds("worse", WORSE)
    assert marks(good + worse) == {"good": "best", "worse": ""}
    close = seeds("close", [1.3, 1.1, 1.2, 1.1, 1.3])
    assert marks(good + worse + close) == {"good": "tied", "worse": "", "close": "tied"}
    assert marks(good) == {"good": ""}  # better than whom
    assert marks(good[:1] + worse[:1]) == {"good": "", "worse": ""}


def test_the_higher_is_the_better_one_where_the_column_says_so() -> None:
    assert marks(seeds("worse", WORSE) + seeds("good", GOOD), IS.key) == {"good": "best", "worse": ""}


def test_a_value_that_cannot_be_trusted_is_never_the_best() -> None:
    doubtful = seeds("good", GOOD, unreliable={"fid": "too few samples"})
    assert marks(doubtful + seeds("worse", WORSE)) == {"good": "", "worse": ""}


def test_rows_stand_by_fid_wherever_it_is_among_the_metrics() -> None:
    runs = [run for name, fids in (("b", WORSE), ("a", GOOD)) for run in seeds(name, fids, columns=(IS, FID))]
    (group,) = compared([failed("c", 0, "no"), *runs]).groups
    assert [column.key for column in group.columns] == ["fid", "inception_score"]
    assert [row.variant for row in group.rows] == ["a", "b", "c"]
    assert group.reference == "b"  # the first of the experiment that has a value


def test_p_values_are_those_of_scipy_with_holm_over_the_family() -> None:
    samples = {"base": GOOD, "b": [1.4, 1.1, 1.6, 1.2, 1.5], "c": [1.3, 1.5, 1.2, 1.4, 1.1]}
    (group,) = compared([run for name, fids in samples.items() for run in seeds(name, fids)]).groups
    contrasts = {each.variant: each for each in group.contrasts if each.key == "fid"}
    raw = {name: stats.ttest_rel(samples[name], GOOD).pvalue for name in ("b", "c")}
    assert {name: each.p for name, each in contrasts.items()} == pytest.approx(raw)
    low, high = sorted(raw, key=lambda name: raw[name])
    assert contrasts[low].adjusted == pytest.approx(2 * raw[low])
    assert contrasts[high].adjusted == pytest.approx(max(2 * raw[low], raw[high]))
    wins = sum((b < g) + 0.5 * (b == g) for b in samples["b"] for g in GOOD) / 25
    assert contrasts["b"].probability.mean == pytest.approx(wins)
    interval = stats.ttest_rel(samples["b"], GOOD).confidence_interval()
    difference = contrasts["b"].difference
    assert (difference.low, difference.high) == pytest.approx((interval.low, interval.high))


def test_without_shared_seeds_the_test_is_welchs() -> None:
    one, other = dict(enumerate(GOOD)), dict(enumerate(WORSE, 10))
    (contrast,) = all_pairs({"a": one, "b": other}, FID)
    assert not contrast.paired
    assert contrast.p == pytest.approx(stats.ttest_ind(GOOD, WORSE, equal_var=False).pvalue)
    assert (contrast.difference.low, contrast.difference.high) == (None, None)


def test_the_interquartile_mean_is_scipys_and_absent_where_it_would_be_the_mean() -> None:
    (group,) = compared(seeds("base", GOOD)).groups
    assert group.rows[0].entries["fid"].iqm == pytest.approx(stats.trim_mean(GOOD, 0.25))
    (group,) = compared(seeds("base", GOOD[:3])).groups
    assert group.rows[0].entries["fid"].iqm is None


def test_a_seed_without_a_finite_value_leaves_no_mean() -> None:
    runs = [*seeds("base", GOOD), measured("base", 5, {"fid": float("nan"), "inception_score": 1.0})]
    (group,) = compared(runs).groups
    entry = group.rows[0].entries["fid"]
    assert entry.interval is None
    assert entry.gap == "no finite value in seed 5"
    assert group.rows[0].entries["inception_score"].interval is not None


def test_each_protocol_is_a_group_of_its_own_with_its_own_seeds() -> None:
    other = replace(DIGITS, num_samples=5000)
    runs = [*seeds("base", GOOD), *seeds("base", WORSE, protocol=other), *seeds("b", WORSE, protocol=other)]
    first, second = compared(runs).groups
    assert (first.mark, second.mark) == (" [1]", " [2]")
    assert [row.variant for row in first.rows] == ["base"]
    assert {row.variant for row in second.rows} == {"base", "b"}
    assert first.rows[0].mean("fid") == pytest.approx(sum(GOOD) / 5)


def test_one_seed_counts_once() -> None:
    again = replace(seeds("base", [9.0])[0], place="elsewhere")
    comparison = compared([*seeds("base", GOOD), again])
    assert [run.place for run in comparison.set_aside] == ["runs/digits_losses/base/seed0"]
    (group,) = comparison.groups
    assert group.rows[0].entries["fid"].values[0] == 9.0
    assert len(group.rows[0].runs) == 5


def test_variants_of_one_name_in_two_experiments_are_two() -> None:
    others = [replace(run, experiment="other") for run in seeds("base", WORSE)]
    (group,) = compared([*seeds("base", GOOD), *others]).groups
    assert [row.variant for row in group.rows] == ["digits_losses: base", "other: base"]


def test_what_differs_is_named_by_key_and_nothing_else_is() -> None:
    runs = {"base": seeds("base", GOOD), "short": seeds("short", GOOD, training={"steps": 100})}
    assert differing(runs) == {"base": {"training.steps": "200"}, "short": {"training.steps": "100"}}
    config = {
        "seed": 3,
        "loss": {"name": "wasserstein", "a": None},
        "penalties": [{"name": "r1", "weight": 1}],
    }
    assert flattened(config) == {"loss": "wasserstein", "loss.a": "none", "penalties": "r1 (weight 1)"}
    mixed = [*seeds("base", GOOD[:1]), *seeds("base", WORSE[:1], training={"ema": 0.0})]
    assert unlike(mixed) == {"training.ema": ["0.999", "0.0"]}
    assert unlike(seeds("base", GOOD)) == {}
