"""events.jsonl: one line for everything that happens in a run, on disk before anybody else hears of it."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.files import append_line, drop_torn_tail
from harness.nonfinite import encode

FILE = "events.jsonl"


class Events:
    """The open event log of one run.

    Metrics and images carry the step they belong to. A resumed training passes steps again that are already
    in the log; since they are bit-equal, they are not written twice.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        drop_torn_tail(path)
        self._last: dict[str, int] = {}
        for _, event in read_events(folder):
            if "step" in event:
                self._last[event["stream"]] = max(event["step"], self._last.get(event["stream"], -1))
        self._lock = threading.Lock()
        self._file = path.open("ab")

    def write(self, kind: str, **fields: Any) -> None:
        """Append an event of any kind, stamped with the time in milliseconds."""
        with self._lock:
            if not self._file.closed:  # a system sample that comes late is not worth an error
                append_line(self._file, {"time": int(time.time() * 1000), "kind": kind, **fields})

    def metrics(self, stream: str, step: int, values: Mapping[str, float]) -> None:
        """Values of one step; `stream` ("train", "eval", "system") tells repeated steps from new ones."""
        if self._is_new(stream, step):
            self.write("metrics", stream=stream, step=step, values=encode(values))

    def image(self, stream: str, step: int, file: str) -> None:
        """An image of one step, already written to `file` (relative to the run's folder)."""
        if self._is_new(stream, step):
            self.write("image", stream=stream, step=step, file=file)

    def next_step(self, stream: str) -> int:
        return self._last.get(stream, -1) + 1

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _is_new(self, stream: str, step: int) -> bool:
        if step <= self._last.get(stream, -1):
            return False
        self._last[stream] = step
        return True


def read_events(folder: Path, offset: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """Whole events from byte `offset` on, each with the offset that follows it."""
    path = folder / FILE
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):  # being written at this moment
                return
            try:
                event = json.loads(line)
            except ValueError as error:
                raise HarnessError(
                    f"{path} is damaged at byte {offset:,}; remove the folder to train this run again"
                ) from error
            offset += len(line)
            yield offset, event
