"""The command line. Heavy imports are inside the commands, so that `harness --help` answers at once.

options    that several commands have
training   run, sweep, worker
measuring  evaluate, extractor train
reporting  report, show, diff
gating     check
looking    ls, schema, ui, sync
main       all of them under their names, and what a person sees of an error
"""

from harness.cli.main import main

__all__ = ["main"]
