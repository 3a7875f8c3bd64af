"""What keeps a check from passing though its numbers would: ways in which a gate could be green in vain."""

from dataclasses import replace
from typing import Any

import pytest
from gated import FID, GATE, OLD, WAY_OUT, baseline, checked, runs, trained

from harness.config import Gate
from harness.errors import HarnessError
from harness.gate.check import check
from harness.gate.trainings import trainings
from harness.runs import Run


def marked(run: Run, **fields: Any) -> Run:
    return replace(run, results={**(run.results or {}), **fields})


def test_a_value_that_the_run_itself_does_not_trust_decides_nothing() -> None:
    doubtful = [marked(run, unreliable={"fid": "too few samples"}) for run in runs(OLD[:5])]
    (one,) = checked(doubtful).variants
    assert one.verdict.outcome == "INCONCLUSIVE"
    assert "not to be trusted at 5 seeds (seed 0: too few samples)" in one.verdict.reason
    assert not one.more_decide


def test_the_fresh_side_does_not_say_which_way_is_better() -> None:
    turned = replace(FID, better="higher")
    fresh = [trained({"fid": 10 * value}, seed, columns=[turned]) for seed, value in enumerate(OLD[:5])]
    result = checked(fresh)
    assert (result.outcome, result.column.better) == ("INCONCLUSIVE", "lower")
    assert "which way FID is better" in result.variants[0].verdict.reason


def test_an_absolute_margin_of_more_than_the_whole_mean_is_a_slip() -> None:
    twice = [trained({"fid": 2 * value}, seed) for seed, value in enumerate(OLD[:5])]
    result = check(baseline(), trainings(twice), Gate(margin=15, looks=(5, 8, 12)), WAY_OUT)
    assert result.outcome == "INCONCLUSIVE"
    assert 'write a share, as "15%"' in result.variants[0].verdict.reason
    assert result.undecided == []


def test_seeds_that_were_trained_before_are_named_with_what_changed_since() -> None:
    fresh = {
        name: replace(group, reused=frozenset({1, 0}), stale=("numpy: 1 → 2",))
        for name, group in trainings(runs(OLD[:5])).items()
    }
    (one,) = check(baseline(), fresh, GATE, WAY_OUT).variants
    assert one.reused == (0, 1)
    assert "since the training that is used again, numpy: 1 → 2" in one.changed


def test_a_baseline_is_of_one_state_of_the_code_and_of_several_seeds() -> None:
    other = [trained({"fid": 10.0}, 7, identity={"code": "b" * 64})]
    with pytest.raises(HarnessError, match="not alike in"):
        baseline([*runs(OLD[:5]), *other])
    with pytest.raises(HarnessError, match="one seed with a value"):
        baseline(runs(OLD[:1]))
