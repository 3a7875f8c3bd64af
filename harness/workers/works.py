"""From a study to work for a worker here; or the reason why it can be none."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from harness.catalog import TABLES
from harness.config import load_text
from harness.devices import chosen_device
from harness.errors import ConfigError
from harness.provenance import made_with
from harness.queue.definition import DEFINITION
from harness.tracking.uploader import Uploader
from harness.workers.brief import ATTRIBUTE, Brief, brief_in, ensure_parent, is_shared, next_worker
from harness.workers.search import SearchWork
from harness.workers.suite import SuiteWork
from harness.workers.task import Site
from harness.workers.worker import Work


def checked_brief(name: str, user_attrs: Mapping[str, Any]) -> Brief:
    """The brief among the user attributes of the study `name`. ConfigError where another program made it, or
    another version of harness: whose values would not compare with those from here."""
    if not {DEFINITION, ATTRIBUTE} <= user_attrs.keys():
        raise ConfigError(f"study `{name}` was not made by harness")
    theirs, ours = dict(user_attrs[DEFINITION]).get("made with", {}), made_with()
    if different := [
        f"{key} {theirs.get(key, 'unknown')}, here {ours[key]}"
        for key in ours
        if theirs.get(key) != ours[key]
    ]:
        raise ConfigError(
            f"study `{name}` was made with {'; '.join(different)}: their values would not compare"
        )
    try:
        return brief_in(user_attrs)
    except (TypeError, ValueError, KeyError):
        raise ConfigError(f"study `{name}` has the brief of another version of harness") from None


def refuse_elsewhere(name: str, brief: Brief, site: Site) -> None:
    """ConfigError where the command would not find what is trained here: of a suite it looks for results in
    its own folder of runs, and of its kind of device. What trials of a search gave stands in the study."""
    if brief.kind != "suite":
        return
    if not is_shared(brief, site.runs):
        raise ConfigError(
            f"the results of study `{name}` are looked for in the folder of runs of its command, and"
            f" `{site.runs}` is another one: share that, and name it with --runs"
        )
    here = chosen_device(site.device).type
    if brief.device and brief.device != here:
        raise ConfigError(
            f"the results of study `{name}` are looked for under the device {brief.device}, and here it is"
            f" {here}: name another one with --device, here or to its command"
        )


def work_of(
    study: optuna.Study, brief: Brief, site: Site, uploader: Uploader, url: str, interval: float
) -> Work:
    """`interval`: seconds between system metrics. ConfigError where the experiment cannot be trained here,
    say because of a module of the user's that is not here."""
    if (path := str(modules_of(brief))) not in sys.path:
        sys.path.append(path)
    loaded = load_text(brief.experiment, brief.file, TABLES)
    folder = site.runs / brief.folder
    if brief.kind == "suite":
        return SuiteWork(study, loaded, folder, uploader, interval)
    ensure_parent(folder, loaded.experiment.name, brief)
    trials = brief.trials_folder(folder)
    return SearchWork(study, loaded, brief.variant, trials, folder, uploader, next_worker(study, url))


def modules_of(brief: Brief) -> Path:
    """The folder of the experiment's file, where modules of the user's may be."""
    return Path(brief.file).parent.absolute()
