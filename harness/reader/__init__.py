"""From run folders, or from MLflow alone, to runs: read as far as they go, without torch.

plain    files of YAML and JSON as plain data
folders  one run, as its folder tells of it
studies  where studies and runs lie, and what an experiment file asks of a report
server   from what MLflow calls a run, a study or an experiment to what it keeps of them
kept     what MLflow keeps of runs, as runs
curves   histories of metrics in MLflow
shapes   what the files of a run hold when harness wrote them
found    runs that were found, each variant under a name of its own
names    from what a person names to runs
"""

from harness.reader.folders import read_run
from harness.reader.found import Found, configuration_of
from harness.reader.names import one_run, read_runs

__all__ = ["Found", "configuration_of", "one_run", "read_run", "read_runs"]
