"""`harness evaluate` as a process: a table for people, a document for programs, one line for a mistake."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import Harness

from harness.data import Dataset

DIGITS = ("--real", "digits/train", "--protocol", "digits", "--no-cache")


def document(harness: Harness, *arguments: str) -> dict[str, Any]:
    ended = harness("evaluate", *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def refusal(harness: Harness, *arguments: str, code: int = 2) -> str:
    ended = harness("evaluate", *arguments)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line


def test_a_table_with_uncertainty_protocol_and_counts(harness: Harness) -> None:
    ended = harness(
        "evaluate", "--fake", "digits/validation", "--held-out", "digits/test", "--controls", *DIGITS
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    for text in ("FID ↓", "s.e.", "floor: held-out", "ceiling: noise", "297", "fingerprint", "digits 1"):
        assert text in ended.stderr


def test_a_document_for_programs_that_can_be_compared_with(harness: Harness, tmp_path: Path) -> None:
    first = document(harness, "--fake", "digits/test", *DIGITS)
    assert first["values"].keys() >= {"fid", "fid_se", "kid", "kid_se", "inception_score", "precision"}
    assert (first["fake"]["count"], first["real"]["count"], len(first["fingerprint"])) == (500, 1000, 64)
    before = tmp_path / "before.json"
    before.write_text(json.dumps(first))
    again = document(harness, "--fake", "digits/test", *DIGITS, "--against", str(before))
    assert again["changes"] == {"comparable": True, "values": dict.fromkeys(again["changes"]["values"], 0.0)}
    assert again["changes"]["values"].keys() >= {"fid", "kid"}

    others = ("--fake", "digits/validation", *DIGITS, "--against", str(before))
    line = refusal(harness, *others)
    assert "num_samples: 500 and 297" in line
    assert "--across-protocols" in line
    marked = document(harness, *others, "--across-protocols")
    assert marked["changes"]["comparable"] is False
    assert "NOT COMPARABLE" in harness("evaluate", *others, "--across-protocols").stderr

    before.write_text(json.dumps(first | {"fingerprint": "0" * 64}))
    assert "was changed" in refusal(harness, "--fake", "digits/test", *DIGITS, "--against", str(before))
    before.write_text("{}")
    assert "no evaluation" in refusal(harness, "--fake", "digits/test", *DIGITS, "--against", str(before))


def test_a_run_and_its_checkpoint_get_the_values_of_their_own_training(
    harness: Harness, tiny: Path, tmp_path: Path, store: str
) -> None:
    assert harness("run", str(tiny)).returncode == 0
    (results,) = (tmp_path / "runs").rglob("results.json")
    told = json.loads(results.read_text())
    (*_, last) = sorted(results.parent.glob("checkpoints/step-*.safetensors"))
    for fake in (results.parent, last):
        found = document(harness, "--fake", str(fake), "--against", str(results))
        assert found["values"] == told["values"]
        assert found["fingerprint"] == told["fingerprint"]
        assert set(found["changes"]["values"].values()) == {0.0}
    fewer = document(harness, "--fake", str(results.parent), "--num-samples", "50", "--metrics", "kid")
    assert (fewer["fake"]["count"], set(fewer["values"])) == (50, {"kid", "kid_se"})


def test_an_own_protocol_is_a_file(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "name: own\nversion: 4\nfeatures: pixels\nbatch_size: 9\nmetrics: [kid]\n"
    )
    found = document(
        harness, "--fake", "digits/test", "--real", "digits", "--protocol", "own.yaml", "--no-cache"
    )
    assert set(found["values"]) == {"kid", "kid_se"}
    assert (found["protocol"]["name"], found["protocol"]["batch_size"]) == ("own 4", 9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fake", "empty", *DIGITS), "empty holds no images"),
        (("--fake", "nowhere", *DIGITS), "there is no nowhere"),
        (("--fake", "digits/test", "--real", "digits", "--protocol", "tturr"), "did you mean `ttur`"),
        (("--fake", "digits/test", "--real", "digits"), "name a protocol"),
        (("--fake", "digits/test"), "only a run or a checkpoint"),
        (("--fake", "digits/test", "--metrics", "fidd", *DIGITS), "did you mean `fid`"),
        (("--fake", "digits/test", "--across-protocols", *DIGITS), "--against"),
        (("--fake", "digits/test", "--metrics", "density_criterion", *DIGITS), "known density"),
        (
            ("--fake", "wrong.npy", "--real", "digits", "--protocol", "ttur", "--weights", "wrong.npy"),
            "SHA-256",
        ),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], message: str, harness: Harness, tmp_path: Path, real_digits: Dataset
) -> None:
    (tmp_path / "empty").mkdir()
    np.save(tmp_path / "wrong.npy", real_digits.test.images[:, 0].numpy())
    assert message in refusal(harness, *arguments)


def test_one_image_is_no_distribution(harness: Harness, tmp_path: Path, real_digits: Dataset) -> None:
    np.save(tmp_path / "one.npy", real_digits.test.images[:1, 0].numpy())
    assert "1 fake samples are too few" in refusal(harness, "--fake", "one.npy", *DIGITS, code=3)
