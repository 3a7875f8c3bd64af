"""How often the regression gate cries wolf, and what it finds: the whole rule on simulated trainings.

    python benchmarks/gate.py [--simulations 10000] [--seed 0]

Prints the tables of docs/gate.md. Seed noise is normal, or a shifted lognormal of skewness 1.75; its standard
deviation is a share of the mean (CoV). The standard error of a share is at most .005 at 10,000 simulations.
"""

import argparse
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from harness.gate.rule import ALPHA, LOOKS
from harness.gate.sample_size import smallest_change
from harness.gate.simulation import Noise, Rates, simulate, standard_noise
from harness.gate.verdict import Margin
from harness.stats import fisher

SPREADS = (0.03, 0.06, 0.08, 0.10, 0.12)
MARGINS = (0.10, 0.15, 0.20)
DESIGNS = ((12, LOOKS), (20, (5, 10, 20)))
"""Seeds of the baseline, and fresh seeds at the looks."""
NOISES: tuple[Noise, ...] = ("normal", "right-skewed")


class Seeds:
    """The noise of one design, drawn once, so that its rows differ by what they say alone."""

    def __init__(self, n_baseline: int, looks: Sequence[int], simulations: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.looks = looks
        self.drawn = {
            noise: (
                standard_noise(noise, (simulations, n_baseline), random),
                standard_noise(noise, (simulations, looks[-1]), random),
            )
            for noise in NOISES
        }

    def rates(self, noise: Noise, spread: float, margin: float, change: float) -> Rates:
        baseline, fresh = self.drawn[noise]
        return simulate(
            baseline,
            fresh,
            coefficient_of_variation=spread,
            change=change,
            margin=margin,
            looks=self.looks,
            alpha=ALPHA,
        )


def percent(values: Sequence[float]) -> str:
    """Of normal / right-skewed noise."""
    return " / ".join(f"{100 * value:.1f}" for value in values)


def print_rates(simulations: int, seed: int) -> None:
    heads = (
        "baseline, looks",
        "CoV, %",
        "margin, %",
        "no change: PASS, %",
        "REGRESSION, %",
        "INCONCLUSIVE, %",
        "fresh seeds",
        "worse by 30 %: REGRESSION, %",
        "smallest increase found in 90 %, %",
    )
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for n_baseline, looks in DESIGNS:
        seeds = Seeds(n_baseline, looks, simulations, seed)
        for spread in SPREADS:
            for margin in MARGINS:
                same = [seeds.rates(noise, spread, margin, 0.0) for noise in NOISES]
                worse = [seeds.rates(noise, spread, margin, 0.3) for noise in NOISES]
                smallest = [
                    smallest_change(
                        n_baseline,
                        looks,
                        spread,
                        Margin(margin, True),
                        noise=noise,
                        simulations=simulations,
                        seed=seed,
                    )
                    for noise in NOISES
                ]
                cells = (
                    f"{n_baseline}; {', '.join(map(str, looks))}",
                    f"{100 * spread:g}",
                    f"{100 * margin:g}",
                    percent([rates.passed for rates in same]),
                    percent([rates.regression for rates in same]),
                    percent([rates.inconclusive for rates in same]),
                    " / ".join(f"{rates.seeds:.1f}" for rates in same),
                    percent([rates.regression for rates in worse]),
                    percent([share or np.nan for share in smallest]),
                )
                print(f"| {' | '.join(cells)} |")


def print_at_the_margin(simulations: int, seed: int) -> None:
    """The worst case: the truth lies exactly at the margin. The spread and the margin make no difference."""
    print("\n| baseline, looks | noise | REGRESSION, % | PASS, % |\n|---|---|---|---|")
    for n_baseline, looks in DESIGNS:
        for noise in (*NOISES, "left-skewed"):
            random = np.random.default_rng(seed)
            rates = simulate(
                standard_noise(noise, (simulations, n_baseline), random),
                standard_noise(noise, (simulations, looks[-1]), random),
                coefficient_of_variation=0.08,
                change=0.15,
                margin=0.15,
                looks=looks,
                alpha=ALPHA,
            )
            name = f"{n_baseline}; {', '.join(map(str, looks))}"
            print(f"| {name} | {noise} | {100 * rates.regression:.1f} | {100 * rates.passed:.1f} |")


def print_baselines(simulations: int, seed: int) -> None:
    """A baseline is kept for months, with the luck it was drawn with: each of 200, nothing changed."""
    heads = (
        "baseline, looks",
        "CoV, %",
        "PASS: mean, %",
        "of the unluckiest in 20, %",
        "REGRESSION: of the unluckiest in 200, %",
    )
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    random = np.random.default_rng(seed)
    for n_baseline, looks in DESIGNS:
        fresh = random.standard_normal((simulations // 10, looks[-1]))
        for spread in (0.06, 0.08, 0.10):
            found = [
                simulate(
                    np.broadcast_to(random.standard_normal(n_baseline), (len(fresh), n_baseline)),
                    fresh,
                    coefficient_of_variation=spread,
                    change=0.0,
                    margin=0.15,
                    looks=looks,
                    alpha=ALPHA,
                )
                for _ in range(200)
            ]
            passed = np.array([rates.passed for rates in found])
            worst = max(rates.regression for rates in found)
            name = f"{n_baseline}; {', '.join(map(str, looks))}"
            rates = f"{100 * passed.mean():.1f} | {100 * np.quantile(passed, 0.05):.1f} | {100 * worst:.1f}"
            print(f"| {name} | {100 * spread:g} | {rates} |")


def print_bootstrap(simulations: int, seed: int) -> None:
    """One-sided tests of two groups at 5 %, and nothing changed."""
    print(
        "\n| seeds a side | Welch: false alarms, % | percentile bootstrap: false alarms, % |\n|---|---|---|"
    )
    random = np.random.default_rng(seed)
    for n in (3, 5, 10, 20):
        found = []
        for noise in NOISES:
            one, other = (standard_noise(noise, (simulations, n), random) for _ in range(2))
            error = np.hypot(one.std(1, ddof=1), other.std(1, ddof=1)) / np.sqrt(n)
            shares = one.var(1, ddof=1) / n / error**2
            freedom = (n - 1) / (shares**2 + (1 - shares) ** 2)
            welch = stdtr(freedom, (other.mean(1) - one.mean(1)) / error) < ALPHA
            few = slice(min(simulations, 4000))
            low = np.quantile(resampled(one[few], random) - resampled(other[few], random), ALPHA, axis=0)
            found.append((welch.mean(), (low > 0).mean()))
        print(f"| {n} | {' | '.join(percent(kind) for kind in zip(*found, strict=True))} |")


def resampled(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """(400, simulations): means of bootstrap samples of every row."""
    n = values.shape[1]
    weights = random.multinomial(n, np.full(n, 1 / n), size=400) / n
    return weights @ values.T


def print_failures(simulations: int, seed: int) -> None:
    """What failed trainings alone do to the verdict, where they are as frequent as in the baseline."""
    heads = ("baseline, looks", "trainings that fail, %", "REGRESSION, %", "INCONCLUSIVE, %", "fresh seeds")
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    random = np.random.default_rng(seed)
    for n_baseline, looks in DESIGNS:
        p = {
            look: np.array(
                [[fisher(i, n_baseline, j, look) for j in range(look + 1)] for i in range(n_baseline + 1)]
            )
            for look in looks
        }
        for share in (0.02, 0.05, 0.1, 0.2):
            baseline = random.binomial(n_baseline, share, simulations)
            fresh = np.cumsum(random.random((simulations, looks[-1])) < share, axis=1)
            open_ = np.ones(simulations, bool)
            regression = seeds = 0
            for look in looks:
                failed = fresh[:, look - 1]
                bad = open_ & (p[look][baseline, failed] < ALPHA / len(looks))
                passes = open_ & ~bad & (failed * n_baseline <= baseline * look)
                regression += int(bad.sum())
                seeds += look * int((bad | passes).sum())
                open_ &= ~bad & ~passes
            seeds += looks[-1] * int(open_.sum())
            name = f"{n_baseline}; {', '.join(map(str, looks))}"
            rates = f"{100 * regression / simulations:.1f} | {100 * open_.mean():.1f}"
            print(f"| {name} | {100 * share:g} | {rates} | {seeds / simulations:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = perf_counter()
    print(f"Two numbers in a cell: normal / right-skewed noise. {given.simulations:,} simulations.\n")
    for print_table in (print_rates, print_at_the_margin, print_baselines, print_failures, print_bootstrap):
        print_table(given.simulations, given.seed)
    print(f"\n{perf_counter() - began:.0f} s")
