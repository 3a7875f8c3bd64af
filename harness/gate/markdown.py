"""A check as a comment of a pull request, and as the summary of a job."""

from collections.abc import Iterator, Mapping

from harness.gate import shown
from harness.gate.check import Checked, CheckResult
from harness.notes import markdown_table
from harness.pages import plain_text


def markdown(result: CheckResult, command: str, address: str = "") -> str:
    """The verdict in the first line, the gated metric of every variant, all others folded, what changed, and
    the command that gives the same again. address: of the job, where there is one."""
    return "\n\n".join(_sections(result, command, address)) + "\n"


def address_of_job(environment: Mapping[str, str]) -> str:
    """Where GitHub shows the job that this is; empty elsewhere."""
    keys = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environment.get(key, "") for key in keys)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def _sections(result: CheckResult, command: str, address: str) -> Iterator[str]:
    yield f"### {_text(shown.headline(result))}"
    head = ["verdict", "baseline", "now", f"change ({shown.interval_title(result)})", "allowed"]
    rows = [_gated(each, result) for each in result.variants]
    yield f"{_text(result.column.heading)}, mean ± half-width of the 95 % interval over seeds:"
    yield markdown_table(head, [_text(each.variant) for each in result.variants], rows)
    yield "\n".join(_reason(each) for each in result.variants)
    if others := [section for each in result.variants for section in _beside(each, result)]:
        yield "<details><summary>Other metrics, which decide nothing</summary>"
        yield from others
        yield "</details>"
    changed = shown.shared([(each.variant, each.changed) for each in result.variants])
    if changed:
        lines = [f"- {f'{_text(names)}: ' if names else ''}{_text(line)}" for names, line in changed]
        yield "\n".join(["Changed since the baseline:", "", *lines])
    yield (
        f"{_text(shown.came_from(result))}. "
        + (f"[This job]({address}). " if address else "")
        + "The same again:"
    )
    yield f"{_fence(command)}sh\n{command}\n{_fence(command)}"


def _gated(checked: Checked, result: CheckResult) -> list[str]:
    verdict = checked.verdict
    sides = zip((verdict.baseline, verdict.fresh), shown.failures(result, checked.variant), strict=True)
    means = [
        f"{shown.mean(side)} ({shown.seeds(side, failed)})" if side else shown.NONE for side, failed in sides
    ]
    return [f"**{verdict.outcome}**", *means, shown.gated_change(checked, result), shown.allowed(result)]


def _reason(checked: Checked) -> str:
    lines = [f"- {_text(checked.variant)}: {_text(checked.verdict.reason)}."]
    if said := shown.reused(checked):
        lines.append(f"  - {_text(said)}")
    lines += [f"  - not counted: seed {seed}, {_text(why)}" for seed, why in checked.set_aside.items()]
    return "\n".join(lines)


def _beside(checked: Checked, result: CheckResult) -> Iterator[str]:
    if checked.beside:
        rows = [
            [shown.mean(beside.baseline), shown.mean(beside.fresh), shown.change(beside)]
            for beside in checked.beside
        ]
        names = [_text(beside.column.heading) for beside in checked.beside]
        yield f"{_text(checked.variant)}:"
        yield markdown_table(["baseline", "now", f"change ({shown.interval_title(result)})"], names, rows)


def _text(text: str) -> str:
    """Text of anybody's as one line that is no Markdown."""
    return plain_text(" ".join(text.split()))


def _fence(text: str) -> str:
    """Backticks that `text` does not end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return fence
