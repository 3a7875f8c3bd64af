"""Ctrl-C and SIGTERM as a flag that the training loop reads; the second one ends the process at once."""

import os
import signal
from types import FrameType, TracebackType


class StopSignal:
    """While entered, `number` is the signal that asked to stop, or None. Call it to ask: `stop()`."""

    CAUGHT = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, object] = {}

    def __call__(self) -> bool:
        return self.number is not None

    def __enter__(self) -> "StopSignal":
        for caught in self.CAUGHT:
            self._before[caught] = signal.signal(caught, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for caught, handler in self._before.items():
            signal.signal(caught, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)  # a finished checkpoint stays whole: files are replaced, never rewritten
        self.number = number
