from math import nan

import numpy as np
import pytest
from exact_values import eighths, lists
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import Standing, holm, paired_t, stands_out, welch

NOISE = [0.0, 0.3, -0.2, 0.1]


def by_seed(values: list[float], start: int = 0) -> dict[int, float]:
    return dict(enumerate(values, start))


def around(mean: float, turn: int) -> dict[int, float]:
    return by_seed([mean + noise for noise in NOISE[turn:] + NOISE[:turn]])


def test_the_best_by_far() -> None:
    values = {"a": around(20, 0), "b": around(10, 1), "c": around(30, 2)}
    found = stands_out(values, higher_is_better=False)
    raw = [paired_t(list(values["b"].values()), list(values[name].values())) for name in ("a", "c")]
    assert (found.best, found.significant, found.tied, found.uncompared) == ("b", True, (), ())
    assert dict(found.adjusted) == dict(zip(("a", "c"), holm(raw), strict=True))
    assert found.marks == {"b": "best"}
    assert stands_out(values, higher_is_better=True).best == "c"


def test_not_best_unless_better_than_every_other() -> None:
    values = {"a": around(10, 0), "b": around(10.1, 1), "c": around(30, 2)}
    found = stands_out(values, higher_is_better=False)
    assert (found.best, found.significant, found.tied) == ("a", False, ("b",))
    assert found.adjusted["c"] < 0.001
    assert found.marks == {"a": "tied", "b": "tied"}


def test_holm_decides_where_the_raw_p_would_not() -> None:
    # Differences -1, -2, -x have a p that grows with x's distance: two at about .03 are .06 after Holm.
    best = by_seed([0.0] * 4)
    others = {f"v{i}": by_seed([1.0, 2.0, 1.2, 3.0 + i / 100]) for i in range(2)}
    raw = [paired_t(list(best.values()), list(other.values())) for other in others.values()]
    assert all(0.025 < p < 0.05 for p in raw)
    assert stands_out({"best": best, **others}, False).tied == ("v0", "v1")


def test_only_seeds_both_have_are_paired_and_strangers_go_to_welch() -> None:
    best, paired = by_seed([1.0, 1.2, 1.1, 1.4]), by_seed([2.1, 2.2, 2.6, 9.0], start=1)
    strange = by_seed([3.0, 3.3, 3.1], start=9)
    found = stands_out({"best": best, "paired": paired, "strange": strange}, False)
    raw = [paired_t([1.2, 1.1, 1.4], [2.1, 2.2, 2.6]), welch(list(best.values()), list(strange.values()))]
    assert list(found.adjusted.values()) == holm(raw)


def test_one_seed_cannot_be_compared() -> None:
    values = {"a": around(10, 0), "b": around(20, 1), "alone": {0: 15.0}, "none": {}}
    found = stands_out(values, higher_is_better=False)
    assert (found.best, found.significant, found.tied) == ("a", True, ())
    assert found.uncompared == ("alone", "none")
    assert set(found.adjusted) == {"b"}


def test_the_best_is_not_significant_while_a_single_seed_is_ahead_of_it() -> None:
    values = {"a": around(10, 0), "b": around(20, 1), "alone": {0: 3.0}}
    found = stands_out(values, higher_is_better=False)
    assert (found.best, found.significant, found.tied) == ("a", False, ())
    assert found.marks == {"a": "tied"}


def test_better_over_all_seeds_but_worse_over_those_both_have() -> None:
    # Over seeds 0 to 2 it is `other` that is better, and significantly so.
    values = {"best": by_seed([3.0, 3.1, 3.3, -90.0]), "other": by_seed([2.0, 2.0, 2.1])}
    found = stands_out(values, higher_is_better=False)
    assert (found.best, found.significant, found.tied) == ("best", False, ("other",))
    assert found.adjusted["other"] == 1.0


def test_nothing_to_compare() -> None:
    assert stands_out({}, True) == Standing(None, False, {}, (), ())
    assert stands_out({"a": {0: 1.0}, "b": {}}, True) == Standing(None, False, {}, (), ("a", "b"))
    alone = stands_out({"a": around(1, 0)}, True)
    assert (alone.best, alone.significant, alone.marks) == ("a", False, {})
    with pytest.raises(ValueError, match="NaN"):
        stands_out({"a": {0: 1.0, 1: nan}}, True)


@given(
    st.dictionaries(st.sampled_from("abcd"), lists(0, 5).map(by_seed), max_size=4),
    eighths,
    st.booleans(),
)
def test_neither_unit_nor_sign_matters_and_all_are_accounted_for(
    values: dict[str, dict[int, float]], shift: float, up: bool
) -> None:
    found = stands_out(values, up)
    assert {*found.adjusted, *found.uncompared, found.best} - {None} == set(values)
    assert set(found.tied) <= set(found.adjusted)
    assert not (found.significant and found.tied)
    moved = {name: {seed: 4 * (v + shift) for seed, v in sample.items()} for name, sample in values.items()}
    mirrored = {name: {seed: -v for seed, v in sample.items()} for name, sample in values.items()}
    for same in (stands_out(moved, up), stands_out(mirrored, not up)):
        assert (same.best, same.significant, same.tied) == (found.best, found.significant, found.tied)


def test_a_tie_of_the_best_is_seldom_called() -> None:
    """Two best, one far behind: one of these is called best in 5 % of cases; of three best, in fewer."""
    draws = np.random.default_rng(0).normal(size=(1500, 3, 4))
    far = draws + np.array([0.0, 0.0, 50.0])[:, None]

    def called(samples: np.ndarray) -> float:
        found = [
            stands_out({name: by_seed(v) for name, v in zip("abc", each, strict=True)}, False)
            for each in samples.tolist()
        ]
        return float(np.mean([standing.significant for standing in found]))

    assert called(far) == pytest.approx(0.05, abs=0.0225)  # four standard errors
    assert called(draws) < 0.025
