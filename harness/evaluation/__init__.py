"""From images to numbers: measured once, judged against real ones, between floor and ceiling."""

from harness.evaluation.evaluator import Evaluator
from harness.evaluation.judge import Judge, Reals, Scores, Settings
from harness.evaluation.measuring import Measured, Progress, measure

__all__ = ["Evaluator", "Judge", "Measured", "Progress", "Reals", "Scores", "Settings", "measure"]
