"""The file of a baseline: read as it was written, in diffs a line a seed, and never half believed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from gated import CONFIG, FID, OLD, PROTOCOL, WAY_OUT, baseline, runs, trained, without_result
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigError, HarnessError
from harness.gate.baseline import Baseline, baseline_file, read_baseline, write_baseline
from harness.gate.update import Update, difference

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def of(values: Mapping[int, float]) -> Baseline:
    return baseline([trained({"fid": value}, seed, columns=[FID]) for seed, value in values.items()])


@settings(max_examples=30)  # each is two files on the disk
@given(st.dictionaries(st.integers(0, 2**31), FINITE, min_size=2), st.randoms())
def test_every_bit_of_a_value_comes_back_and_the_order_of_the_runs_leaves_no_trace(values, random) -> None:  # type: ignore[no-untyped-def]
    import tempfile

    shuffled = list(values.items())
    random.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "one.json", Path(folder) / "other.json"
        write_baseline(one, of(values))
        write_baseline(other, of(dict(shuffled)))
        assert one.read_bytes() == other.read_bytes()
        assert read_baseline(one, WAY_OUT) == of(values)


def test_in_a_diff_a_seed_is_one_line(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    write_baseline(one, baseline())
    write_baseline(other, baseline([*runs(OLD)[:4], *runs([*OLD[:4], 11.5])[4:], *runs(OLD)[5:]]))
    lines = zip(one.read_text().splitlines(), other.read_text().splitlines(), strict=True)
    (changed,) = [(old.strip(), new.strip()) for old, new in lines if old != new]
    assert changed == ('"4": {"fid": 9.9, "kid": 0.099},', '"4": {"fid": 11.5, "kid": 0.115},')
    seeds = json.loads(one.read_text())["variants"]["base"]["seeds"]
    assert list(seeds) == [str(seed) for seed in range(12)]  # 2 comes before 10


def test_where_there_is_none_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"there is no baseline .*tiny\.json: write one with `harness check"
    ):
        read_baseline(baseline_file(tmp_path, "tiny"), WAY_OUT)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"fid": 9.9', '"fid": NaN', "base.seeds.4.fid: input should be a finite number"),
        ('"fid": 9.9', '"fid": "9.9"', "base.seeds.4.fid"),
        ('"4": {', '"5": {', "`5` is there twice"),
        ('"failed": {}', '"failed": {"4": "diverged"}', "seed 4 of base has values and failed"),
        ('"fingerprint": "f0"', '"fingerprint": "f1"', "the protocol of base is missing"),
        ('"seeds": {', '"seedz": {', "variants.base.seeds: field required"),
        ('"device": "cpu"', '"devise": "cpu"', "device: field required"),
        ('"variants": {', "<<<<<<< HEAD", "no JSON"),
        ('"format": 1', '"format": 2', "of format 2, which a newer harness wrote"),
        ('"format": 1', '"form": 1', "is no baseline of the gate"),
    ],
)
def test_a_damaged_foreign_or_newer_file_is_one_line_with_the_way_out(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.json"
    write_baseline(file, baseline())
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(HarnessError) as error:
        read_baseline(file, WAY_OUT)
    assert said in str(error.value)
    assert str(error.value).endswith(f"`{WAY_OUT}`")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"format": "1"}', '{"name": "results of something"}'])
def test_what_is_no_baseline_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"
    file.write_text(text)
    with pytest.raises(HarnessError, match=r"is no baseline|is damaged"):
        read_baseline(file, WAY_OUT)


def test_a_training_that_says_nothing_is_no_part_of_a_baseline() -> None:
    with pytest.raises(HarnessError, match=r"base/seed3 came to no end .*Ctrl-C.* the same command goes on"):
        baseline([*runs(OLD[:3]), without_result(3, "stopped", "Ctrl-C")])
    with pytest.raises(HarnessError, match=r"no training of base gave a value .*not finite at step 7"):
        baseline([without_result(0, "failed", "the losses were not finite at step 7")])


def test_a_failed_seed_is_kept_with_its_reason_and_a_value_that_is_no_number_is_one() -> None:
    made = baseline([*runs([*OLD[:3], float("nan")]), without_result(4, "failed", "collapsed")])
    assert made.variants["base"].failed == {3: "not finite: fid, kid", 4: "collapsed"}
    assert list(made.variants["base"].seeds) == [0, 1, 2]


def updated(new: Baseline) -> Update:
    return difference(baseline(), new)


def test_an_update_says_how_far_every_metric_moved_and_what_else_did() -> None:
    training = {**CONFIG["training"], "learning_rate": 0.02}  # type: ignore[dict-item]
    protocol = {**PROTOCOL, "num_samples": 2000, "extractor_title": "another name of it"}
    config = {**CONFIG, "training": training, "loss": "hinge"}
    values = [value + 1 for value in OLD]
    update = updated(baseline(runs(values, protocol=protocol, fingerprint="f1", config=config)))
    fid, kid = update.moved
    assert fid.old is not None
    assert fid.new is not None
    assert fid.new.mean - fid.old.mean == pytest.approx(1)
    assert kid.column.key == "kid"
    assert update.changed["base"] == (
        "loss: non_saturating → hinge",
        "training.learning_rate: 0.002 → 0.02",
        "protocol, num_samples: 10000 → 2000",
    )


def test_an_update_names_variants_that_came_and_went() -> None:
    other = [replace(run, variant="other") for run in runs(OLD)]
    assert updated(baseline(other)).changed == {"base": ("is gone",), "other": ("is new",)}
