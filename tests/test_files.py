"""Files are whole or absent; a lock names its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.files import drop_torn_tail, locked, read_json, sha256, write_atomic, write_json


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file"
    write_atomic(file, "first")
    write_atomic(file, b"second")
    assert file.read_bytes() == b"second"
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    write_atomic(file, "old")

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.files.os.fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_atomic(file, "new")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_json_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"fid": float("nan")})
    write_json(tmp_path / "x.json", {"fid": 1.5})
    assert read_json(tmp_path / "x.json") == {"fid": 1.5}


def test_sha256_of_a_known_text(tmp_path: Path) -> None:
    (tmp_path / "abc").write_text("abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b"a\n", b"a\n"), (b"a\nb", b"a\n"), (b"torn", b""), (b"a\n\x00", b"a\n")],
)
def test_only_a_torn_last_line_is_dropped(tmp_path: Path, before: bytes, after: bytes) -> None:
    (tmp_path / "log").write_bytes(before)
    drop_torn_tail(tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == after


def test_a_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    code = (
        "import sys, pathlib; from harness.files import locked\n"
        f"with locked(pathlib.Path({str(lock)!r}), 'busy'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(HarnessError, match=rf"busy \(process {holder.pid} holds it\)"),
            locked(lock, "busy"),
        ):
            pass
        holder.kill()
    with locked(lock, "busy"):
        pass
