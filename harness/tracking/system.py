"""System metrics as events, sampled by MLflow's own monitors under MLflow's own names."""

import threading
from typing import Any

from harness.events import Events
from harness.tracking.library import import_mlflow


class SystemMetrics:
    """Samples processor, memory, disk, network and, where there is one, GPU in the background.

    MLflow's own monitoring thread writes to the server and gives up for good at the first failure; here the
    samples go to events.jsonl like everything else.
    """

    def __init__(self, events: Events, interval: float) -> None:
        self._events = events
        self._interval = interval
        self._monitors = _monitors()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="system-metrics", daemon=True)

    def __enter__(self) -> "SystemMetrics":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        step = self._events.next_step("system")
        while not self._stop.wait(self._interval):
            values: dict[str, float] = {}
            for monitor in self._monitors:
                monitor.collect_metrics()
                values |= {
                    f"system/{name}": float(value) for name, value in monitor.aggregate_metrics().items()
                }
                monitor.clear_metrics()
            try:
                self._events.metrics("system", step, values)
            except OSError:  # a full disk, which stops the training too, and is reported there
                return
            step += 1


def _monitors() -> list[Any]:
    import_mlflow()
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
    from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

    monitors: list[Any] = [CPUMonitor(), DiskMonitor(), NetworkMonitor()]
    try:
        from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor

        monitors.append(GPUMonitor())
    except Exception:  # noqa: S110 - no GPU, no driver or no pynvml: each raises its own kind
        pass
    return monitors
