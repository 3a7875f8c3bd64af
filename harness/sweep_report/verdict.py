"""What a sweep allows to conclude, in sentences that claim no more than the numbers do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import floor, log10

from harness.notes import plain
from harness.pages import plain_text
from harness.stats import Interval
from harness.sweep_report.searched import Final, Searched
from harness.trials import Objective, TrialRecord, complete_trials, pareto_front

FEW = 5
"""Seeds below which an interval is several times as wide as the spread."""


def verdict(searched: Sequence[Searched], final: Final | None) -> str:
    """A sentence or two for every study, then what holds for all of them, as Markdown."""
    several = len(searched) > 1
    lines = []
    for study in searched:
        text = _of_study(study, final)
        lines.append(f"- **{plain_text(study.variant)}**: {text}" if several else text)
    return "\n\n".join(["\n".join(lines), *_of_all(searched, final)])


def spelled(interval: Interval) -> str:
    """`1.02 [0.95, 1.09]`: as many decimals as give the half-width two digits; one value has no interval."""
    if interval.low is None or interval.high is None:
        return plain(interval.mean)
    half = (interval.high - interval.low) / 2
    decimals = min(6, max(0, 1 - floor(log10(half)))) if half > 0 else 3
    mean, low, high = (f"{value:.{decimals}f}" for value in (interval.mean, interval.low, interval.high))
    return f"{mean} [{low}, {high}]"


def counted(number: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _of_study(study: Searched, final: Final | None) -> str:
    best = study.best
    if best is None:
        states = Counter(trial.state for trial in study.trials)
        if not states:
            return "No trial has a result: none was run."
        fates = " and ".join(f"{count} {_was(state, count)}" for state, count in sorted(states.items()))
        return f"No trial has a result: of {counted(len(study.trials), 'trial')} {fates}."
    objective = study.objectives[0]
    if best.changes_nothing:
        among = counted(len(complete_trials(study.trials)), "complete trial")
        title = plain_text(objective.title)
        others = len([trial for trial in _front(study) if trial is not best])
        where = f" in {title}" if others else ""
        front = f" The Pareto front holds {counted(others, 'other trial')}." if others else ""
        return (
            f"The search found nothing better{where} than the file's configuration, which is trial"
            f" {best.number}, the best of {among}, with {title} {plain(best.values[0])} in validation."
            f" The test split was not looked at for it.{front}"
        )
    if final is None or study.variant not in final.winners:
        complete = len(complete_trials(study.trials))
        why = (
            "It was not trained again with fresh seeds"
            if final is None
            else "Trained again with fresh seeds, it has no result on the test split"
        )
        return (
            f"Trial {best.number} is the best of {counted(complete, 'complete trial')}, with"
            f" {plain_text(objective.title)} {plain(best.values[0])} in validation. {why}: the value of a"
            " winner is partly luck, so expect a worse one of another training."
        )
    return _compared(study, best, final)


def _was(state: str, count: int) -> str:
    return {"failed": "failed", "pruned": "was pruned" if count == 1 else "were pruned"}.get(
        state, "came to the end without a finite value"
    )


def _front(study: Searched) -> tuple[TrialRecord, ...]:
    """The Pareto front; empty where there is only one objective, and none."""
    return pareto_front(study.trials, study.objectives) if len(study.objectives) > 1 else ()


def _winner(study: Searched, number: int) -> str:
    if len(study.objectives) == 1:
        return f"The winner (trial {number})"
    title = plain_text(study.objectives[0].title)
    trials = counted(len(_front(study)), "trial")
    return f"The winner (trial {number}, the best in {title} of a Pareto front of {trials})"


def _compared(study: Searched, best: TrialRecord, final: Final) -> str:
    ours, theirs = final.winners[study.variant], final.baselines.get(study.variant)
    title = plain_text(final.metric.title)
    reached = (
        f"{_winner(study, best.number)} reaches {title} {spelled(ours)} on the test split over"
        f" {counted(ours.n, 'fresh seed')};"
    )
    if theirs is None:
        return f"{reached} the file's configuration has no result there to compare with."
    over = "" if theirs.n == ours.n else f" over {theirs.n}"
    return (
        f"{reached} the file's configuration, trained for as many steps, {spelled(theirs)}{over}."
        f" {_conclusion(final.metric, ours, theirs)}{_in_validation(study, best)}"
    )


def _in_validation(study: Searched, best: TrialRecord) -> str:
    """What the two were chosen between by."""
    for trial in complete_trials(study.trials):
        if trial.changes_nothing:
            return (
                f" In validation, where it was chosen, the winner had {plain(best.values[0])} and the file's"
                f" configuration {plain(trial.values[0])}."
            )
    return ""


def _conclusion(metric: Objective, ours: Interval, theirs: Interval) -> str:
    better = metric.better(ours.mean, theirs.mean)
    apart = disjoint(ours, theirs)
    if apart is None:
        start = "" if better else "The search found nothing better. "
        return f"{start}One seed gives no interval, so nothing is shown about how they compare in others."
    if not better and apart:
        return "The search found nothing better: the winner is worse, and the 95 % intervals do not overlap."
    if not better:
        return (
            "The search found nothing better: the winner's mean is no better, and the 95 % intervals overlap."
        )
    if apart:
        return "The 95 % intervals do not overlap."
    few = "" if min(ours.n, theirs.n) >= FEW else " So few hardly can: raise search.final_seeds."
    return f"The 95 % intervals overlap: these seeds do not show that the winner is better.{few}"


def disjoint(a: Interval, b: Interval) -> bool | None:
    """Whether the intervals have no number in common; None where one of them is of a single value."""
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return None
    return a.high < b.low or b.high < a.low


def _of_all(searched: Sequence[Searched], final: Final | None) -> Iterator[str]:
    if final is None:
        return
    winners = {
        study.variant: final.winners[study.variant] for study in searched if study.variant in final.winners
    }
    if len(winners) > 1:
        best = min(
            winners,
            key=lambda name: -winners[name].mean if final.metric.higher_is_better else winners[name].mean,
        )
        yield (
            f"The best mean on the test split is that of **{plain_text(best)}**. {len(winners)} winners were"
            " compared, each interval at 95 % for itself: with so many, one of them looks good by chance more"
            " often than 1 time in 20."
        )
    if final.touched > 1:
        yield (
            f"The test split was looked at {final.touched} times in this sweep's life. Whoever chooses after"
            " a look chooses by it, so these values may be a little too good."
        )
