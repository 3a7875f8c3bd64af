"""MLflow itself, imported late and in one thread at a time."""

import os
import re
import threading

_lock = threading.Lock()


def quiet_mlflow() -> None:
    """Settings for a mirror that must not hold up a training. A person's own variables win.

    By default one call to a dead server blocks for four minutes, MLflow reports its use to its makers, and
    prints between the lines of others.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault(
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true"
    )  # two lines at the end of each run


def reason(error: Exception) -> str:
    """What went wrong, on one line. Of a failed connection only the cause: the rest repeats the address."""
    first_line = str(error).partition("\n")[0]
    cause = re.search(r"""\(Caused by \w+\(.*: (.+?)["']\)""", first_line)
    return cause[1] if cause else f"{type(error).__name__}: {first_line}"


def import_mlflow() -> None:
    """Import all of MLflow that harness uses; called before a background thread can come to need any of it.

    Its modules import each other in circles. When two threads begin that at different ends, Python breaks
    the deadlock by handing out half-initialised modules, and a run fails at random.
    """
    with _lock:
        quiet_mlflow()
        import mlflow.models
        import mlflow.pytorch
        import mlflow.store.tracking.rest_store
        import mlflow.store.tracking.sqlalchemy_store
        import mlflow.system_metrics.metrics.cpu_monitor
        import mlflow.system_metrics.metrics.disk_monitor
        import mlflow.system_metrics.metrics.gpu_monitor
        import mlflow.system_metrics.metrics.network_monitor  # noqa: F401
