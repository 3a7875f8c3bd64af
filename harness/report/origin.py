"""Where results come from: commit, versions, machine, data, seeds, and the command that makes them again."""

import shlex
from collections.abc import Iterable, Sequence

from harness.pages import code, plain_text
from harness.reader.folders import LED
from harness.runs import Record, Run

MOST = 5
"""Values of one kind that are listed."""


def origin_of(records: Sequence[Record], seeds: Sequence[int] = (), command: Sequence[str] = ()) -> list[str]:
    """A line of Markdown for each; where the runs differ, each value there is, with how many runs it is of.

    records: what stands in their provenance.json; command: the one that made them all, if known.
    """
    commands = [command] if command else [record.get("command", ()) for record in records]
    shown = [words for words in commands if words and LED not in words]
    rows = {
        "commit": [_commit(record.get("git") or {}) for record in records],
        "command": [code(shlex.join(map(str, words))) for words in shown],
        "seeds": [", ".join(map(str, dict.fromkeys(seeds)))] if seeds else [],
        "versions": [_versions(record) for record in records],
        "machine": [_machine(record) for record in records],
        "data": [_digest(record, "data") for record in records],
        "code": [_digest(record, "code") for record in records],
        "begun": _span([str(record["started"]) for record in records if record.get("started")]),
    }
    lines = [f"- {title}: {each_once(values)}" for title, values in rows.items() if any(values)]
    if commands and not shown and any(commands):
        lines.append("- command: of the study, whose workers made the runs; each of theirs is in report.json")
    return lines


def unlike_origins(runs: Sequence[Run]) -> list[str]:
    """What not all finished runs have alike beside their configuration: code, data, torch, device."""
    identities = [run.provenance.get("identity") or {} for run in runs if run.finished]
    keys = dict.fromkeys(key for identity in identities for key in identity if key != "config")
    return [key for key in keys if len({str(each[key]) for each in identities if key in each}) > 1]


def each_once(values: Iterable[str]) -> str:
    """Every value once, and where there are several how many runs each is of; of more than MOST how many more
    there are. The values are Markdown."""
    counts: dict[str, int] = {}
    for value in values:
        if value:
            counts[value] = counts.get(value, 0) + 1
    if len(counts) == 1:
        return next(iter(counts))
    shown = [f"{value} ({count} run{'' if count == 1 else 's'})" for value, count in counts.items()]
    return "; ".join([*shown[:MOST], *([f"{len(shown) - MOST} more"] if len(shown) > MOST else [])])


def _commit(git: Record) -> str:
    if not git.get("commit"):
        return "outside a repository"
    changed = " with changes that were not committed" if git.get("dirty") else ""
    return f"{plain_text(str(git['commit']))}{changed}"


def _versions(record: Record) -> str:
    packages = {"python": record.get("python", ""), **record.get("packages", {})}
    return plain_text(", ".join(f"{name} {version}" for name, version in packages.items() if version))


def _machine(record: Record) -> str:
    parts = [str(record.get("device") or "")]
    if record.get("processors"):
        parts.append(f"{record['processors']} processors")
    parts.append(str(record.get("platform") or ""))
    return plain_text(", ".join(part for part in parts if part))


def _digest(record: Record, what: str) -> str:
    digest = str((record.get("identity") or {}).get(what, ""))
    return plain_text(f"SHA-256 {digest[:16]}…") if digest else ""


def _span(times: list[str]) -> list[str]:
    if not times:
        return []
    return [plain_text(min(times) if len(set(times)) == 1 else f"{min(times)} to {max(times)}")]
