"""The GAN criterion C(G) = 2 JSD(p_data || p_g) - log 4 from samples: a lower bound, as tight as we know how.

estimate  the number and its interval: `estimate_criterion`
samples   what is accepted, and an order that does not depend on the order of the rows
folds     cross-fitting: every sample is judged by a discriminator that never saw it
probes/   discriminators of different kinds; each sees what others miss
stack     their logits, calibrated and combined into one
verdict   held-out terms into JSD, C, an interval, and what can be said when they saturate
"""

from harness.criterion.estimate import CriterionEstimate, estimate_criterion
from harness.criterion.samples import FEWEST
from harness.criterion.verdict import LOG_2, RESOLUTION, SATURATED

__all__ = ["FEWEST", "LOG_2", "RESOLUTION", "SATURATED", "CriterionEstimate", "estimate_criterion"]
