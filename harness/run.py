"""One cell from start to end: data, networks, training, evaluation, results."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from signal import SIGTERM
from time import perf_counter
from typing import Any

from safetensors.torch import save
from torch import Tensor

from harness.catalog import (
    build_augmentations,
    build_extractor,
    build_loss,
    build_metrics,
    build_pair,
    build_penalties,
    titles_of_diagnostics,
)
from harness.checkpoint import Checkpoint, newest_good, save_checkpoint
from harness.columns import Column
from harness.data import Dataset
from harness.errors import HarnessError, InterruptedRunError, PrunedError, RunFailedError
from harness.evaluation import Evaluator, Scores
from harness.events import Events
from harness.files import locked, write_atomic, write_json
from harness.metrics.inputs import columns_of
from harness.nonfinite import encode
from harness.notes import run_note
from harness.observe import Observer
from harness.pictures import picture
from harness.record import close_record, open_record
from harness.rundir import RunDir, Status
from harness.state import State, apart
from harness.tracking.model import export_generator
from harness.tracking.system import SystemMetrics
from harness.train import fit
from harness.workplace import Prepared, Workplace


def run(prepared: Prepared, parent: Path, workplace: Workplace) -> dict[str, Any]:
    """Train and evaluate what is prepared, or continue where it stopped; returns its results.

    Raises InterruptedRunError after a signal and RunFailedError where there is no result; whatever happens,
    the status and the event log say so.
    """
    folder = prepared.run
    if (results := folder.standing()) is None:
        with locked(folder.lock, f"{folder.path} is in use"):
            results = folder.standing() or _run(prepared, parent, workplace)
    elif workplace.uploader:
        workplace.uploader.catch_up(folder.path)
    return results


def _run(prepared: Prepared, parent: Path, workplace: Workplace) -> dict[str, Any]:
    folder = prepared.run
    with open_record(prepared, parent, workplace) as events:
        results = folder.finished() or _to_an_end(prepared, events, workplace)
        events.write("artifact", file=folder.results.name)
        note = run_note([Column(**column) for column in results["columns"]], results)
        close_record(folder, events, "finished", note=note)
    return results


def _to_an_end(prepared: Prepared, events: Events, workplace: Workplace) -> dict[str, Any]:
    """The results; or an error, after the status and the event log say which."""
    try:
        with _system_metrics(events, workplace.system_interval):
            return _train_and_evaluate(prepared, events, workplace)
    except InterruptedRunError as error:
        _give_up(prepared.run, events, "stopped", str(error))
        raise
    except PrunedError as error:
        _give_up(prepared.run, events, "pruned", str(error))
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        with suppress(OSError):  # a full disk does not take this either; the error itself is shown
            _give_up(prepared.run, events, "failed", reason)
        if isinstance(error, HarnessError):
            raise
        raise RunFailedError(reason) from error


def _system_metrics(events: Events, interval: float | None) -> AbstractContextManager[object]:
    return nullcontext() if interval is None else SystemMetrics(events, interval)


def _give_up(folder: RunDir, events: Events, status: Status, reason: str) -> None:
    close_record(folder, events, status, reason=reason, note=f"**{status}**: {reason}")


def _train_and_evaluate(prepared: Prepared, events: Events, workplace: Workplace) -> dict[str, Any]:
    cell, dataset, folder = prepared.cell, prepared.dataset, prepared.run
    extractor = build_extractor(cell, dataset.shape)
    metrics = build_metrics(cell)
    evaluator = Evaluator(dataset, extractor, metrics, cell.evaluation, workplace.device, workplace.cache)
    protocol = evaluator.protocol
    tags = {"harness.fingerprint": protocol.fingerprint, "harness.protocol": protocol.sentence()}
    events.write("tags", values=tags)

    pair = build_pair(cell, dataset.shape, cell.seed, dataset.train.images)
    state = State(pair, cell.training, workplace.device)
    sampler = evaluator.sampler(state.ema, pair.latent, pair.conditioning)
    earlier = 0.0
    if (saved := newest_good(folder.checkpoints, workplace.watcher.warned)) is not None:
        state.load(saved.tensors, saved.step)
        earlier = saved.seconds
    workplace.watcher.started(cell, state.step)
    observer = Observer(cell, dataset, workplace.device, folder, events)
    if state.step == 0:  # where the image slider of MLflow stands when a run is opened
        _save_picture(evaluator.shown(sampler, cell.seed), dataset, state.step, folder, events)
        observer.look(state)

    def evaluate() -> tuple[Scores, dict[str, float]]:
        _save_picture(evaluator.shown(sampler, cell.seed), dataset, state.step, folder, events)
        scores = evaluator.score(sampler, cell.seed)
        measured = {**scores.values, **scores.details}
        events.metrics("eval", state.step, {f"eval/{key}": value for key, value in measured.items()})
        workplace.watcher.evaluated(cell, state.step, scores.values)
        return scores, observer.look(state)

    began = perf_counter()
    _train(prepared, state, evaluate, lambda: earlier + perf_counter() - began, events, workplace)
    scores, theory = evaluate()
    if bad := [key for key, value in scores.values.items() if not isfinite(value)]:
        raise RunFailedError(f"not finite: {', '.join(bad)}")
    seconds = earlier + perf_counter() - began

    write_atomic(folder.generator, save(apart(state.ema.state_dict())))
    if workplace.exports:
        export_generator(state.ema, sampler.inputs(2, seed=cell.seed, purpose="example"), folder.model)
        events.write("model", file=folder.model.name, at_step=state.step)
    results = {
        "experiment": cell.experiment,
        "variant": cell.variant,
        "seed": cell.seed,
        "steps": state.step,
        "seconds": seconds,
        "columns": [asdict(column) for column in columns_of(metrics.values())],
        "values": dict(scores.values),
        "theory": encode(theory),
        "theory_titles": titles_of_diagnostics(cell),
        "details": dict(scores.details),
        "unreliable": dict(scores.unreliable),
        "notes": list(scores.notes),
        "num_samples": scores.num_samples,
        "floor": asdict(evaluator.floor()),
        "ceiling": asdict(evaluator.judge.ceiling()),
        "protocol": asdict(protocol),
        "fingerprint": protocol.fingerprint,
        "identity": prepared.identity,
    }
    write_json(folder.results, results)
    workplace.watcher.finished(cell, seconds)
    return results


def _train(
    prepared: Prepared,
    state: State,
    evaluate: Callable[[], object],
    clock: Callable[[], float],
    events: Events,
    workplace: Workplace,
) -> None:
    """Drive `fit` to the last step: curves, evaluations on the way, checkpoints, the stop signal."""
    cell, training = prepared.cell, prepared.cell.training
    every = cell.evaluation.every or training.steps

    def checkpoint() -> None:
        save_checkpoint(prepared.run.checkpoints, Checkpoint(state.tensors(), state.step, clock()))

    for window in fit(
        state,
        loss=build_loss(cell),
        penalties=build_penalties(cell),
        augmentations=build_augmentations(cell),
        data=prepared.dataset.train.to(workplace.device),
        config=training,
        seed=cell.seed,
        pause_every=(training.checkpoint_every, every),
        should_stop=workplace.stop,
    ):
        if window.first_bad_step is not None:
            raise RunFailedError(f"the losses were not finite at step {window.first_bad_step}")
        curves = {**window.means, "train/images_per_second": window.images_per_second}
        events.metrics("train", window.step, curves)
        workplace.watcher.window(cell, window)
        if window.step % every == 0 and window.step < training.steps:
            evaluate()
        if window.step % training.checkpoint_every == 0 or window.step == training.steps:
            checkpoint()
    if state.step < training.steps:
        checkpoint()
        raise InterruptedRunError(
            f"stopped at step {state.step:,} of {training.steps:,}; the same command continues there",
            workplace.stop.number or SIGTERM,
        )


def _save_picture(samples: Tensor, dataset: Dataset, step: int, folder: RunDir, events: Events) -> None:
    """One image of samples from fixed latents."""
    file = folder.sample_file(step)
    write_atomic(file, picture(samples, dataset))
    events.image("samples", step, file.relative_to(folder.path).as_posix())
