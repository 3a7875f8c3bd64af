"""The experiment file: strict YAML in, frozen models and fully resolved cells out.

reading        strict YAML -> tree
tree           values with their places; merging
overrides      `key=value` of the command line
parts          an entry of a table and its options
evaluation     how images are measured, and protocols with a name
search         how a search space is searched
gate           when a change is called a regression
models         what an experiment is
labels         what values to choose from are called
matrix         every combination of some values, as variants
problems       what is wrong with one, as a person should hear it
complete       parts looked up in the tables handed in
space          what a search space is: parameters, conditions, points
space_entry    one parameter as it is written
space_reading  all of them, or a preset with a name
loaded         an experiment that was read, and its configuration at any point of its search space
load           all of this in order
dump           and back to YAML
schema         the same as JSON Schema, for editors
space_schema   the part of it that is of search spaces
"""

from harness.config.dump import plain_yaml, to_yaml
from harness.config.evaluation import Evaluation, NamedProtocol
from harness.config.gate import Gate
from harness.config.load import load, load_cell, load_protocol, load_text
from harness.config.loaded import Loaded, check_space
from harness.config.models import Cell, Experiment, Setup, Training
from harness.config.parts import Part
from harness.config.schema import experiment_schema
from harness.config.search import Search
from harness.config.space import Parameter, Point, Space, Value

__all__ = [
    "Cell",
    "Evaluation",
    "Experiment",
    "Gate",
    "Loaded",
    "NamedProtocol",
    "Parameter",
    "Part",
    "Point",
    "Search",
    "Setup",
    "Space",
    "Training",
    "Value",
    "check_space",
    "experiment_schema",
    "load",
    "load_cell",
    "load_protocol",
    "load_text",
    "plain_yaml",
    "to_yaml",
]
