"""The report of a sweep: what was searched, what it found, and how far that can be trusted.

searched  what it is written from
verdict   what may be concluded, in sentences
tables    spaces, trials and importances as Markdown
data      every number, from which it can be written again
page      the whole of it
"""

from harness.sweep_report.data import SweepRecord, read_data
from harness.sweep_report.page import write_sweep_report
from harness.sweep_report.searched import Final, Searched

__all__ = ["Final", "Searched", "SweepRecord", "read_data", "write_sweep_report"]
