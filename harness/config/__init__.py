"""The experiment file: strict YAML in, frozen models and fully resolved cells out.

reading    strict YAML -> tree
tree       values with their places; merging
overrides  `key=value` of the command line
parts      an entry of a table and its options
evaluation how images are measured, and protocols with a name
models     what an experiment is
matrix     every combination of some values, as variants
problems   what is wrong with one, as a person should hear it
complete   parts looked up in the tables handed in
load       all of this in order
dump       and back to YAML
schema     the same as JSON Schema, for editors
"""

from harness.config.dump import to_yaml
from harness.config.evaluation import Evaluation, NamedProtocol
from harness.config.load import Loaded, load, load_cell, load_protocol
from harness.config.models import Cell, Experiment, Setup, Training
from harness.config.parts import Part
from harness.config.schema import experiment_schema

__all__ = [
    "Cell",
    "Evaluation",
    "Experiment",
    "Loaded",
    "NamedProtocol",
    "Part",
    "Setup",
    "Training",
    "experiment_schema",
    "load",
    "load_cell",
    "load_protocol",
    "to_yaml",
]
