"""How near the estimate of C(G) comes to the truth, beside simpler estimators and the training discriminator.

    python benchmarks/criterion.py [--n 10000] [--draws 3] [--cases REGEX] [--jobs 2] [--out FILE.md]
    python benchmarks/criterion.py --coverage          # how often its intervals hold the truth

All numbers are JSD in nats; C(G) = 2 JSD - log 4. The oracle is the estimate with the true log ratio on the
same samples: what a perfect discriminator would print. Errors are of the unclamped estimate against the
oracle, mean over the draws. A draw is judged in a process of one thread. MNIST is read from HARNESS_DATA.
"""

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import isfinite
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from time import perf_counter

import torch
from criterion_alternatives import ALTERNATIVES
from criterion_cases import DATA, LOG_2, Case, cases

from harness.criterion import estimate_criterion
from harness.divergences import monte_carlo

COVERAGE = "1-d shift 1"
"""The cheap case whose intervals are counted."""


@dataclass(frozen=True)
class Result:
    """One draw of a case: JSD in nats; of the alternatives their errors."""

    oracle: float
    jsd: float
    raw: float
    low: float
    high: float
    extrapolated: float
    saturated: bool
    seconds: float
    alternatives: dict[str, float]


table_of_cases = cache(cases)


def prepare() -> None:
    """First in each process: one thread, and once through the estimator, whose late imports are not timed."""
    torch.set_num_threads(1)
    draw = table_of_cases()[COVERAGE].draw(0, 200)
    estimate_criterion(draw.real, draw.fake, seed=0)


def measure(name: str, number: int, n: int, alternatives: bool) -> Result:
    """Called in other processes, which make the cases anew: their samplers cannot be sent."""
    draw = table_of_cases()[name].draw(number, n)
    began = perf_counter()
    found = estimate_criterion(draw.real, draw.fake, seed=number)
    seconds = perf_counter() - began
    return Result(
        oracle=monte_carlo.js_divergence(*draw.ratio).value,
        jsd=found.jsd,
        raw=found.jsd_raw,
        low=found.jsd_low,
        high=found.jsd_high,
        extrapolated=found.extrapolated,
        saturated=found.saturated,
        seconds=seconds,
        alternatives={key: f(draw) for key, f in ALTERNATIVES.items()} if alternatives else {},
    )


def accuracy(found: dict[Case, list[Result]]) -> Iterator[str]:
    """The estimator's table, a row a case."""
    yield "| case | truth | oracle | estimate | error | extrapolated | s.e. | held the oracle | seconds | |"
    yield "| --- " + "| ---: " * 8 + "| --- |"
    for case, results in found.items():
        held = sum(one.low <= min(max(one.oracle, 0), LOG_2) <= one.high for one in results)
        yield row(
            case.name,
            f"{case.truth:.4f}",
            f"{fmean(one.oracle for one in results):.4f}",
            f"{fmean(one.jsd for one in results):.4f}",
            signed(fmean(one.raw - one.oracle for one in results)),
            signed(fmean(one.extrapolated - one.oracle for one in results)),
            f"{fmean((one.high - one.low) / 3.92 for one in results):.4f}",
            f"{held}/{len(results)}",
            f"{fmean(one.seconds for one in results):.1f}",
            verdict(case, results),
        )


def verdict(case: Case, results: list[Result]) -> str:
    """Pass or FAIL; nothing where no tolerance is set."""
    if case.tolerance is None:
        return ""
    if case.truth < 1e-9:
        good = all(one.low <= 0 <= one.high and one.jsd < 0.004 for one in results)
    elif case.truth > LOG_2 - 1e-9:
        good = all(one.saturated and one.jsd >= 0.99 * LOG_2 for one in results)
    else:
        good = abs(fmean(one.raw - one.oracle for one in results)) <= case.tolerance
    return "pass" if good else "FAIL"


def comparison(found: dict[Case, list[Result]]) -> Iterator[str]:
    """Errors of all estimators, a row a case."""
    yield row("case", "oracle", "this estimator", *ALTERNATIVES)
    yield "| --- |" + " ---: |" * (2 + len(ALTERNATIVES))
    for case, results in found.items():
        if all(one.alternatives for one in results):
            yield row(
                case.name,
                f"{fmean(one.oracle for one in results):.4f}",
                signed(fmean(one.raw - one.oracle for one in results)),
                *(signed(fmean(one.alternatives[name] for one in results)) for name in ALTERNATIVES),
            )


def coverage(case: Case, results: list[Result]) -> Iterator[str]:
    """How often what the interval promises came true."""
    shares = {
        "the 95 % interval held the oracle": [one.low <= one.oracle <= one.high for one in results],
        "the 95 % interval held the truth": [one.low <= case.truth <= one.high for one in results],
        "its lower end was below the truth": [one.low < case.truth for one in results],
    }
    yield f"| {case.name}, {len(results)} draws | share |"
    yield "| --- | ---: |"
    for what, hits in shares.items():
        yield row(what, f"{fmean(hits):.3f}")


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def signed(error: float) -> str:
    return f"{error:+.4f}" if isfinite(error) else "" if error != error else f"{error:+}"


def run(chosen: list[Case], draws: int, n: int, jobs: int, alternatives: bool) -> dict[Case, list[Result]]:
    """Every draw of every case, in `jobs` processes; a line on stderr as each case is done."""
    # Processes started later read it as they load the libraries that would take all cores.
    os.environ["OMP_NUM_THREADS"] = "1"
    found = {}
    with ProcessPoolExecutor(jobs, get_context("spawn"), prepare) as pool:
        waiting = {
            case: [
                pool.submit(measure, case.name, i, n, alternatives and case.compared) for i in range(draws)
            ]
            for case in chosen
        }
        for case, futures in waiting.items():
            found[case] = [future.result() for future in futures]
            print(f"{case.name}: {fmean(one.jsd for one in found[case]):.4f}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, help="samples a side (10000; 2000 with --coverage)")
    parser.add_argument("--draws", type=int, help="draws of each case (3; 40 with --coverage)")
    parser.add_argument("--cases", default="", metavar="REGEX", help="only cases whose names match")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--alternatives", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--coverage", action="store_true", help=f"count what intervals hold, of {COVERAGE}")
    parser.add_argument("--out", type=Path, metavar="FILE.md")
    options = parser.parse_args()
    usual = (2_000, 40) if options.coverage else (10_000, 3)
    n, draws = options.n or usual[0], options.draws or usual[1]
    known = table_of_cases()
    pattern = f"^{COVERAGE}$" if options.coverage else options.cases
    chosen = [case for name, case in known.items() if re.search(pattern, name)]
    if not chosen:
        parser.error(f"no case matches {pattern}; there are {', '.join(known)}")
    found = run(chosen, draws, n, options.jobs, options.alternatives and not options.coverage)
    lines = [
        f"`python benchmarks/criterion.py {shlex.join(sys.argv[1:])}`, torch {torch.__version__},"
        f" 1 thread a draw, {n:,} samples a side, draws: {draws}",
        "",
    ]
    if not any(name.startswith("MNIST") for name in known):
        lines += [f"MNIST is not in {DATA} (set HARNESS_DATA): its cases are left out.", ""]
    if options.coverage:
        lines += coverage(chosen[0], found[chosen[0]])
    else:
        lines += [*accuracy(found), ""]
        if options.alternatives:
            lines += [
                "Errors, each against the oracle on the samples that the estimator judges:",
                "",
                *comparison(found),
            ]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
