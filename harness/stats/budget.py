"""What a search of k trials may be expected to find, from the n trials there were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def expected_best(
    values: Sequence[float], budgets: Sequence[int], higher_is_better: bool = False
) -> list[float]:
    """The best value that k of these n trials are expected to hold, for every k of `budgets`.

    The k are drawn without replacement, which makes it exact and unbiased: of the values in order, best
    first, number i is the best of a draw with probability C(n - i, k - 1) / C(n, k). Lucic et al. 2018
    compare GANs by it, Dodge et al. 2019 ("Show Your Work") give the formula with replacement, whose bias
    Tang et al. 2020 found. It holds for independent trials, so for random search; with a
    sampler that learns it says what these trials would have given in another order.

    A failed trial is budget spent: hand in a value for it, the worst that any trial of the comparison has, or
    that of an untrained generator. Left out it would make a search that often fails look good. ValueError for
    no values, for NaN or infinity and for budgets outside 1..n.
    """
    ordered = _best_first(values, budgets, higher_is_better)
    return [float(best) for best in _shares(ordered.size, budgets) @ ordered]


def expected_best_intervals(
    values: Sequence[float],
    budgets: Sequence[int],
    higher_is_better: bool = False,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> list[tuple[float, float]]:
    """Percentile bootstrap over the trials, (low, high) of `expected_best` for every budget.

    No resample is better than the best trial there was, so for k near n the interval is too narrow on the
    side of the better values. Errors are those of `expected_best`.
    """
    import numpy as np

    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    ordered = _best_first(values, budgets, higher_is_better)
    shares = _shares(ordered.size, budgets)
    # Values are in order, so sorted places of a resample are its values in order.
    places = np.random.default_rng(seed).integers(ordered.size, size=(resamples, ordered.size))
    means = ordered[np.sort(places, axis=1)] @ shares.T
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _best_first(values: Sequence[float], budgets: Sequence[int], higher_is_better: bool) -> "Array":
    import numpy as np

    numbers = np.sort(np.asarray(values, dtype=np.float64))
    if numbers.size == 0:
        raise ValueError("no values to choose from")
    if bad := int(np.sum(~np.isfinite(numbers))):
        raise ValueError(f"{bad} of {numbers.size} values are NaN or infinite")
    if wrong := [budget for budget in budgets if not 1 <= budget <= numbers.size]:
        raise ValueError(f"budgets lie in 1..{numbers.size}, not {wrong[0]}")
    return numbers[::-1] if higher_is_better else numbers


def _shares(n: int, budgets: Sequence[int]) -> "Array":
    """[budgets, n]: how often place i of n, from 1, is the best of k. No factor is above 1, so nothing
    overflows, and C(n - i - 1, k - 1) / C(n - i, k - 1) = (n - i - k + 1) / (n - i)."""
    import numpy as np

    places = np.arange(1, n, dtype=np.float64)
    rows = [
        np.cumprod(np.concatenate(([k / n], np.maximum(n - places - k + 1, 0) / (n - places))))
        for k in budgets
    ]
    return np.array(rows, dtype=np.float64).reshape(len(budgets), n)
