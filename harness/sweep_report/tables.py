"""Spaces, trials and importances as Markdown."""

import re
from collections import Counter
from collections.abc import Sequence

from harness.config import Parameter, Space, Value, plain_yaml
from harness.figures.search.budget import ROUND, budget_curves
from harness.notes import WIDEST, markdown_table, plain
from harness.pages import alike, plain_text
from harness.sweep_report.searched import Searched
from harness.sweep_report.verdict import counted
from harness.trials import TrialRecord, pareto_front, ranked

MOST = 10
"""Trials in a table of the best."""

LONGEST = 160
"""Characters of a reason."""


def space_table(space: Space) -> str:
    """One line a parameter: how it was drawn, from what, and where alone it exists."""
    rows = [
        [*map(_cell, (_drawn(parameter), _from(parameter), _only_where(parameter)))]
        for parameter in space.parameters
    ]
    names = [plain_text(parameter.key) for parameter in space.parameters]
    return markdown_table(["drawn", "from", "only where"], names, rows)


def counts(trials: Sequence[TrialRecord]) -> str:
    """How many there were of each state, and the reasons of failed and pruned ones, alike ones together."""
    states = Counter(trial.state for trial in trials)
    parts = [f"{states[state]} {state}" for state in ("complete", "pruned", "failed")]
    lines = [
        f"{counted(len(trials), 'trial')}: {', '.join(parts)};"
        f" {_spent(sum(trial.seconds for trial in trials))} of work on them in all."
    ]
    for state in ("failed", "pruned"):
        reasons = _reasons([trial.reason for trial in trials if trial.state == state])
        if reasons:
            lines += ["", f"Why trials {'failed' if state == 'failed' else 'were pruned'}:", ""]
            lines += [f"- {count} × {plain_text(reason)}" for reason, count in reasons]
    return "\n".join(lines)


def best_trials(study: Searched) -> str:
    """The best complete trials, or those of the Pareto front, with values and parameters; empty if none."""
    found = ranked(study.trials, study.objectives[0])
    if len(study.objectives) > 1:
        front = pareto_front(study.trials, study.objectives)
        found = tuple(trial for trial in found if trial in front)
    found = found[:MOST]
    if not found:
        return ""
    titles = [
        f"{plain_text(objective.title)} {'↑' if objective.higher_is_better else '↓'}"
        for objective in study.objectives
    ]
    values = [[plain(value) for value in trial.values[: len(titles)]] for trial in found]
    keys = [
        parameter.key
        for parameter in study.space.parameters
        if any(parameter.key in trial.params for trial in found)
    ]
    params = [[_cell(_value(trial.params.get(key))) for key in keys] for trial in found]
    names = [f"trial {trial.number}{', as in the file' if trial.changes_nothing else ''}" for trial in found]
    heads = [*titles, *map(plain_text, keys)]
    rows = [[*first, *second] for first, second in zip(values, params, strict=True)]
    if len(heads) > WIDEST:
        return markdown_table(names, heads, list(zip(*rows, strict=True)))
    return markdown_table(heads, names, rows)


def changes(space: Space, trial: TrialRecord) -> str:
    """What a trial changes of the configuration, as YAML that a variant can hold."""
    text = plain_yaml(space.changes(trial.params))
    # Text of a choice may hold a fence of its own.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}yaml\n{text}{fence}"


def importance_table(study: Searched) -> str:
    shares = sorted(study.importances.items(), key=lambda item: -item[1])
    return markdown_table(
        ["share"], [plain_text(key) for key, _ in shares], [[f"{share:.3f}"] for _, share in shares]
    )


def budget_table(searched: Sequence[Searched]) -> str:
    """The expected best value of every variant at a few budgets; empty if no trial is complete."""
    curves = budget_curves({study.variant: study.trials for study in searched}, searched[0].objectives[0])
    most = max((curve.budgets[-1] for curve in curves.values()), default=0)
    if not most:
        return ""
    budgets = [budget for budget in ROUND if budget < most] + [most]
    rows = [
        [
            f"{plain(at[0])} [{plain(at[1])}, {plain(at[2])}]" if (at := curve.at(budget)) else ""
            for budget in budgets
        ]
        for curve in curves.values()
    ]
    heads = [counted(budget, "trial") for budget in budgets]
    names = [plain_text(name) for name in curves]
    if len(names) > WIDEST:
        return markdown_table(heads, names, rows)
    return markdown_table(names, heads, list(zip(*rows, strict=True)))


def _spent(seconds: float) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _drawn(parameter: Parameter) -> str:
    (name, *_) = parameter.written()
    return name if parameter.step is None else f"{name}, step {_value(parameter.step)}"


def _from(parameter: Parameter) -> str:
    ends = [_value(end) for end in parameter.ends]
    return ", ".join(ends) if parameter.kind == "choice" else " to ".join(ends)


def _only_where(parameter: Parameter) -> str:
    return " and ".join(f"{key} is {' or '.join(labels)}" for key, labels in parameter.when.items())


def _value(value: Value | None) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return plain_text(" ".join(text.split())).replace("|", r"\|")


def _reasons(reasons: Sequence[str]) -> list[tuple[str, int]]:
    """Each with how often it was, most often first; those that differ in their numbers alone are one."""
    texts = [" ".join(reason.split()) or "no reason given" for reason in reasons]
    return [(text if len(text) <= LONGEST else f"{text[:LONGEST]}…", count) for text, count in alike(texts)]
