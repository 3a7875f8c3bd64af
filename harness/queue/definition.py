"""Studies by name: what one was begun with is what it goes on with."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import optuna
from optuna.storages import RDBStorage
from optuna.study import Study

from harness.config.parts import SAFE_NAME
from harness.errors import ConfigError, HarnessError, UnknownNameError
from harness.queue.database import storage_lock
from harness.queue.url import hidden
from harness.registry import did_you_mean

DEFINITION = "definition"
MAX_LINES = 5  # of differences: more are rarely read
MAX_LENGTH = 100  # of a value in a difference
ABSENT = object()


def create_study(
    storage: RDBStorage,
    name: str,
    directions: Sequence[Literal["minimize", "maximize"]],
    definition: Mapping[str, Any],
) -> tuple[Study, bool]:
    """The study `name`, and whether it was made now. Takes `storage_lock`.

    `definition` is all that makes two commands search for the same thing: plain data, kept with the study.
    Raises ConfigError where the study of this name was begun with another one, with up to five lines of
    differences. Sampler and pruner are the caller's to set.
    """
    check_name(name)
    wanted = _plain(directions, definition)
    with storage_lock(storage.url):
        is_new = name not in optuna.get_all_study_names(storage)
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=list(directions),
            load_if_exists=True,
        )
        recorded = study.user_attrs.get(DEFINITION)
        if recorded is None and not study.get_trials(
            deepcopy=False
        ):  # new, or its maker was killed right here
            study.set_user_attr(DEFINITION, wanted)
    refuse_other(study, storage, directions, definition)
    return study, is_new


def refuse_other(
    study: Study,
    storage: RDBStorage,
    directions: Sequence[Literal["minimize", "maximize"]],
    definition: Mapping[str, Any],
) -> None:
    """ConfigError, with up to five lines of differences, where the study was begun with another one."""
    where = f"study `{study.study_name}` in {hidden(storage.url)}"
    if (recorded := study.user_attrs.get(DEFINITION)) is None:
        raise ConfigError(f"{where} was not begun by harness; take another name with --study")
    lines = [f"  {line}" for line in differences(recorded, _plain(directions, definition))]
    if lines:
        raise ConfigError(
            f"{where} was begun for something else; "
            "take another name with --study, or go back to what it was:\n" + "\n".join(lines[:MAX_LINES])
        )


def _plain(
    directions: Sequence[Literal["minimize", "maximize"]], definition: Mapping[str, Any]
) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(
        json.dumps({"directions": list(directions), **definition}, allow_nan=False)
    )
    return plain


def check_name(name: str) -> None:
    """ConfigError for a name that no study, and no folder of one, may have."""
    if not all(re.fullmatch(SAFE_NAME, part) for part in name.split("/")):
        raise ConfigError(
            f"study `{name}`: a name has only letters, digits, `_`, `-` and `.`, and `/` between"
        )


def load_study(storage: RDBStorage, name: str) -> Study:
    """The study `name`, whose sampler and pruner are the caller's to set. Raises UnknownNameError."""
    names = optuna.get_all_study_names(storage)
    if name not in names:
        # A search of every variant has a study for each, under the one name.
        known = sorted({each.partition("/")[0] for each in names})
        hint = did_you_mean(name, known) if known else "; there are none yet"
        raise UnknownNameError(f"no study `{name}` in {hidden(storage.url)}{hint}")
    return optuna.load_study(storage=storage, study_name=name)


class StudyDeletedError(HarnessError):
    """A person deleted the study that something is done for."""


@contextmanager
def unless_deleted(*studies: Study) -> Iterator[None]:
    """StudyDeletedError in place of the KeyError with which Optuna answers for a study that is gone, whatever
    it is asked; every other KeyError as it is."""
    try:
        yield
    except KeyError:
        there = {study._study_id for study in studies[0]._storage.get_all_studies()}
        if gone := [study.study_name for study in studies if study._study_id not in there]:
            raise StudyDeletedError(f"study {gone[0]} was deleted; its runs are where they were") from None
        raise


def wait_for_study(storage: RDBStorage, name: str, timeout: float) -> Study:
    """The same, for a worker that starts before the command that makes the study; `timeout` in seconds."""
    end = time.monotonic() + timeout
    while True:
        try:
            study = load_study(storage, name)
        except UnknownNameError:
            if time.monotonic() >= end:
                raise
        else:
            if definition_of(study) or time.monotonic() >= end:
                return study
        time.sleep(min(0.5, max(0.0, end - time.monotonic())))


def definition_of(study: Study) -> dict[str, Any]:
    """What `create_study` was given, without the directions; empty where another program made the study."""
    recorded = study.user_attrs.get(DEFINITION, {})
    return {key: value for key, value in recorded.items() if key != "directions"}


def differences(recorded: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """A line for each place where two documents differ: `search_space.loss was …, is now …`."""
    if recorded == wanted:
        return
    if isinstance(recorded, dict) and isinstance(wanted, dict) and (not path or recorded.keys() & wanted):
        for key in {**recorded, **wanted}:
            inner = f"{path}.{key}" if path else key
            yield from differences(recorded.get(key, ABSENT), wanted.get(key, ABSENT), inner)
    else:
        yield f"{path} was {_shown(recorded)}, is now {_shown(wanted)}"


def _shown(value: Any) -> str:
    shown = "absent" if value is ABSENT else json.dumps(value)
    return shown if len(shown) <= MAX_LENGTH else f"{shown[: MAX_LENGTH - 1]}…"
