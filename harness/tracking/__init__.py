"""What happened in a run: events.jsonl is the truth, MLflow mirrors it.

events   append to and read from events.jsonl
system   processor, memory and GPU use as events
library  MLflow, imported late and safely
mirror   replay events into MLflow, as often as needed
uploader a background thread that mirrors while runs go on
"""

from harness.tracking.events import Events, read_events
from harness.tracking.mirror import Mirror, mirrored_run_id
from harness.tracking.system import SystemMetrics
from harness.tracking.uploader import Uploader

__all__ = ["Events", "Mirror", "SystemMetrics", "Uploader", "mirrored_run_id", "read_events"]
