"""Imported once by the process that trials are forked from: all that is slow the first time.

It computes nothing: a process that has touched CUDA, or has run autograd's threads, cannot be forked.
"""

from importlib import import_module

from harness.provenance import code_digest, git_state

SLOW = (
    "harness.workers.child",
    "torch._dynamo",  # optimisers import it at their first step
    "sklearn.datasets",
    "sklearn.model_selection",
    "scipy.linalg",
    "scipy.stats",
)

for name in SLOW:
    import_module(name)
code_digest()
git_state()
