"""Whether generated images are copies of training images: AuthPct, and a ratio of nearest distances.

With d(a, B) the distance in feature space of a to the nearest member of B other than itself, T the training
images, H the held-out images and g a generated image:

    AuthPct = 100 mean_g [ d(g, T) > d(t, T) ],   t the member of T nearest to g         (Alaa et al. 2022)

    ratio   = [mean_g d(g, T) / mean_h d(h, T)] / [mean_g d(g, H) / mean_h d(h, H)]

The ratio says how much nearer to T than to H the generated images lie. The larger set has nearer neighbours
by chance, so each distance is in units of what held-out images have to the very same set, as in Meehan et al.
2020 for T. Fresh draws of the data read 1 whatever the sizes of T and H, copies of T 0, and half copies, half
fresh draws 1/2. Images that are worse or better than real ones, but not copied, move both brackets, and alike
in more than a few dimensions: they read about 1. All of T is used: a part of T would miss the copies of the
rest. No distance is measured from members of T: an extractor that was trained on them draws them together.
With them for h in the second bracket test digits read .9 in the features of the digits classifier.

What fresh draws read as AuthPct depends on the dimension, from 33 on a line to 50 in many, and more where
nearest neighbours are less mutual; judge it beside its floor. Where several t are equally near, the one least
favourable to g counts, so that copies of an image that T holds twice are copies.
"""

from dataclasses import dataclass
from math import sqrt

from torch import Tensor

from harness.columns import Column
from harness.errors import MetricError
from harness.metrics import checks
from harness.metrics.inputs import Metric, MetricInputs, Values
from harness.metrics.nearest import BLOCK, nearest, squared_radii
from harness.metrics.shares import share_error

NAME = "memorization"

SUSPECT = 0.95
"""Ratios clearly below this are noted. Splits of real images need not be alike, either: MNIST's test images
read .98, as its validation images stand together in the data set and are more alike than random ones."""


@dataclass(frozen=True)
class Memorization:
    """authentic: AuthPct as a share; ratio: of nearest distances, with their standard errors; to_train and
    to_held_out: its two brackets; copies, real_copies: how many generated and how many held-out images have
    exactly the features of a training image."""

    authentic: float
    authentic_se: float
    ratio: float
    ratio_se: float
    to_train: float
    to_held_out: float
    copies: int
    real_copies: int


def memorization() -> Metric:
    """Authentic images in percent (Alaa et al. 2022), and nearest distances to train over held-out images."""
    columns = (Column("authpct", "AuthPct", "higher"), Column("nearest_ratio", "NN ratio", "higher"))
    return Metric(columns, _compute, needs=frozenset({"held_out", "train"}))


def _compute(inputs: MetricInputs) -> Values:
    held_out, fake = inputs.held_out.features, inputs.fake.features
    found = copying(inputs.reference.features, held_out, fake)
    values = {
        "authpct": 100 * found.authentic,
        "authpct_se": 100 * found.authentic_se,
        "nearest_ratio": found.ratio,
        "nearest_ratio_se": found.ratio_se,
    }
    details = {"nearest_ratio/train": found.to_train, "nearest_ratio/held_out": found.to_held_out}
    notes = []
    if found.ratio + 3 * found.ratio_se < SUSPECT:
        notes.append(
            f"NN ratio: {found.ratio:.3f} ± {found.ratio_se:.2g}, where images that are not copied read 1:"
            " the generated images lie nearer to training images than to held-out ones"
        )
    if found.copies:
        notes.append(
            f"NN ratio: {found.copies:,} of {len(fake):,} generated images have exactly the features of a"
            f" training image; so do {found.real_copies:,} of {len(held_out):,} held-out images"
        )
    return Values(values, tuple(notes), details)


def copying(train: Tensor, held_out: Tensor, fake: Tensor, *, block: int = BLOCK) -> Memorization:
    """Of features (n, width), (m, width) and (g, width), at least two of each; raises MetricError where every
    image of one set is in another, which leaves nothing to compare with.

    Standard errors are over generated images for AuthPct, given the training images; for the ratio over
    generated and held-out images, by the delta method. Distances to one set are not independent, yet its
    chances move numerator and denominator alike: over draws of all three sets the error of the ratio is right
    within a tenth, but up to a fifth too low in few dimensions with few held-out images. A held-out image has
    one neighbour fewer among the held-out than a generated one, which moves the ratio by less than 1/m.
    """
    t, g = checks.pair(NAME, train, fake, at_least=2)
    h, _ = checks.pair(NAME, held_out, fake, at_least=2)
    h = h.to(t.device)
    # In the order of falling radii, the lowest row of those equally near is the least favourable one.
    radii, order = squared_radii(t, 1, block).sort(descending=True)
    squared, t_of_g = nearest(g, t[order], block)
    authentic = float((squared > radii[t_of_g]).double().mean())
    h_to_h = squared_radii(h, 1, block).sqrt()
    (h_to_t, _), (g_to_h, _) = nearest(h, t, block), nearest(g, h, block)
    g_to_t, h_to_t, g_to_h = squared.sqrt(), h_to_t.sqrt(), g_to_h.sqrt()
    for distances, name, other in (
        (h_to_t, "held-out", "a training image"),
        (h_to_h, "held-out", "another one"),
        (g_to_h, "generated", "a held-out image"),
    ):
        if not float(distances.max()) > 0:
            raise MetricError(
                f"{NAME}: every {name} image has the features of {other}, so there is no distance to compare"
                " with; are the sets those that they should be?"
            )
    to_train, to_held_out = (
        float(above.mean() / below.mean()) for above, below in ((g_to_t, h_to_t), (g_to_h, h_to_h))
    )
    ratio = checks.finite(NAME, to_train / to_held_out)
    # Of d log ratio; the first times the ratio, which is g_to_t / mean(g_to_t) where that is not 0 / 0.
    by_g = g_to_t / h_to_t.mean() / to_held_out - ratio * g_to_h / g_to_h.mean()
    by_h = ratio * (h_to_t / h_to_t.mean() - h_to_h / h_to_h.mean())
    variance = float(by_g.var()) / len(g) + float(by_h.var()) / len(h)
    return Memorization(
        authentic,
        share_error(authentic, len(g)),
        ratio,
        sqrt(variance),
        to_train,
        to_held_out,
        copies=int((g_to_t == 0).sum()),
        real_copies=int((h_to_t == 0).sum()),
    )
