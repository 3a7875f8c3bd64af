"""Several comparisons at once: p-values that hold for all of them together."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; at most 1, and never below the raw ones.

    Those below alpha are rejected, and the chance that any of these is wrong is at most alpha, however the
    tests depend on each other (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"). In
    ascending order the i-th of k, from 0, is the largest of (k - j) p_j over j <= i. ValueError for what
    does not lie in 0..1, NaN among it.
    """
    if wrong := [p for p in p_values if not 0 <= p <= 1]:
        raise ValueError(f"p-values lie in 0..1, not {wrong[0]}")
    k = len(p_values)
    adjusted = [0.0] * k
    so_far = 0.0
    for step, place in enumerate(sorted(range(k), key=lambda place: p_values[place])):
        so_far = max(so_far, min(1.0, (k - step) * p_values[place]))
        adjusted[place] = so_far
    return adjusted
