"""Imported beside `warm` where generators will be exported."""

from harness.tracking.library import import_mlflow

import_mlflow()
