"""The report of a comparison: runs in, a page out, with every number beside it.

comparison   runs measured alike, their statistics over seeds, what stands out
contrasts    one variant against another: difference, test, probability of improvement
differences  what differs between configurations, and between protocols
failures     what has no result, and what is missing
cost         what a training took
published    others' values, and the protocol each needs
origin       commit, versions, machine, data, command

tables       all of it as Markdown tables
theory       the table of the diagnostics
results      the results in words
conclusion   what they come to, in a paragraph
aside        failures, cost and published values in words
drawings     the figures
data         CSV and JSON
latex        the table for a paper
page         the whole of it
key          when it has to be written again
"""

from harness.report.key import report_key
from harness.report.origin import origin_of
from harness.report.page import write_report
from harness.report.theory import theory_table

__all__ = ["origin_of", "report_key", "theory_table", "write_report"]
