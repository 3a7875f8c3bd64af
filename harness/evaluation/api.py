"""`harness.evaluate`: numbers for any images, in one call."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path

from harness.config import NamedProtocol
from harness.devices import chosen_device
from harness.errors import ConfigError, MetricError
from harness.evaluation.judge import Judge
from harness.evaluation.measuring import Progress, measure
from harness.evaluation.request import MetricNames, Request, as_in_training, under_protocol
from harness.evaluation.result import Evaluation, Side
from harness.protocol import PROTOCOLS
from harness.sources import Images, Opening


def evaluate(
    real: Images | None,
    fake: Images,
    *,
    protocol: str | NamedProtocol | None = None,
    metrics: MetricNames | None = None,
    held_out: Sequence[Images] = (),
    num_samples: int | None = None,
    controls: bool = False,
    weights: str | Path | None = None,
    seed: int = 0,
    skip_bad: bool = False,
    workers: int = 4,
    device: str = "auto",
    data: str | Path = "data",
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Compare `fake` images with `real` ones under a protocol: one pass over either, then every metric.

    Images are a folder, an .npz, .npy or .safetensors file, a run, a checkpoint, a data set (`mnist/test`),
    `module:callable`, a uint8 tensor or array (n, channels, height, width), or a callable.

    protocol: one that `harness ls protocols` lists, a YAML file of one, or `package.module:name`. Without it,
    `fake` must be a run or a checkpoint, and `real` None: it is then judged as in its own training, to the
    same values. metrics: names, or mappings of a name and options; default: those of the protocol. held_out:
    real images that no generator was trained on; some metrics need them, the floor is made of them.
    num_samples: how many images a run or a callable draws. controls: floor and ceiling as well. weights: a
    file in the place of the extractor's own; refused unless it is the published one, or the protocol names
    its SHA-256. seed: of every random choice inside a metric. skip_bad: leave out files that are no images,
    or of another size, in place of refusing all. data: folder of the data sets. cache: folder in which
    features of real images are kept, by content. progress: told how far each pass is.

    Raises a HarnessError, one line that says what is wrong and the way out. Never returns a NaN.
    """
    chosen = chosen_device(device)
    opening = Opening(Path(data), num_samples, seed, skip_bad, workers, chosen)
    if real is None:
        if protocol is not None or held_out or weights is not None:
            raise ConfigError("protocol, held-out images and weights go with real images: name those as well")
        request = as_in_training(fake, opening=opening, metrics=metrics, device=chosen)
    else:
        request = under_protocol(
            _named(protocol),
            real,
            fake,
            held_out,
            opening=opening,
            metrics=metrics,
            weights=weights,
            device=chosen,
        )
    return _judged(request, controls, None if cache is None else Path(cache), progress)


def _named(protocol: str | NamedProtocol | None) -> NamedProtocol:
    if protocol is None:
        raise ConfigError(
            f"name a protocol, such as {', '.join(PROTOCOLS)}: a value means nothing without one"
        )
    return PROTOCOLS.resolve(protocol)() if isinstance(protocol, str) else protocol


def _judged(request: Request, controls: bool, cache: Path | None, progress: Progress | None) -> Evaluation:
    settings = request.settings
    fake = measure(
        request.fake,
        settings.extractor,
        batch_size=settings.batch_size,
        device=settings.device,
        keep_pixels=settings.needs("images"),
        progress=progress,
    )
    judge = Judge(request.reals, replace(settings, num_samples=len(fake)), cache=cache, progress=progress)
    if settings.needs("labels") and judge.reference.sample.labels is None:
        raise ConfigError(
            f"{judge.reference.source.title} has no labels, which {_needing(request, 'labels')} needs: give a"
            " data set, or a folder with a folder for each class, or take it out of the metrics"
        )
    scores = judge.score(fake, request.seed)
    if bad := [key for key, value in scores.values.items() if not isfinite(value)]:
        raise MetricError(f"not finite: {', '.join(bad)}")
    sides = (judge.reference, fake, *judge.held_out)
    notes = dict.fromkeys(note for side in sides for note in side.source.notes)
    sizes = {f"{side.source.title} {'×'.join(map(str, side.source.shape[1:]))}" for side in sides}
    if len({side.source.shape[1:] for side in sides}) > 1:
        notes[f"images of several sizes, each resized by the protocol: {', '.join(sorted(sizes))}"] = None
    return Evaluation(
        replace(scores, notes=(*notes, *scores.notes)),
        tuple(column for metric in settings.metrics.values() for column in metric.columns),
        judge.protocol,
        Side.of(judge.reference),
        Side.of(fake),
        tuple(Side.of(each) for each in judge.held_out),
        judge.floor() if controls else None,
        judge.ceiling() if controls else None,
    )


def _needing(request: Request, need: str) -> str:
    return " and ".join(name for name, metric in request.settings.metrics.items() if need in metric.needs)
