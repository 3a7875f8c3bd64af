"""Everything harness refuses or fails with: one line that names the thing and the way out, one exit code."""


class HarnessError(Exception):
    """Base of all errors that a person is meant to read. Shown without a traceback."""

    exit_code = 3


class ConfigError(HarnessError):
    """The experiment file or the command line asks for something that does not exist or cannot be."""

    exit_code = 2


class UnknownNameError(ConfigError):
    """A name that is in no table; carries the nearest names."""


class DataError(HarnessError):
    """A data set is absent or is not what it should be."""

    exit_code = 2


class WeightsError(HarnessError):
    """Feature-extractor weights are absent or are not the pinned ones."""

    exit_code = 2


class MetricError(HarnessError):
    """A metric's input cannot give a number: NaN features, too few samples, wrong shapes."""


class ComparisonError(HarnessError):
    """Values that were not measured under one protocol were to be compared."""

    exit_code = 2


class DistributionError(HarnessError, ValueError):
    """What should be a probability distribution, or samples of one, is none: its masses sum to 2, say."""


class CheckpointError(HarnessError):
    """No checkpoint of a run can be trusted."""


class RunFailedError(HarnessError):
    """A training ended without a result: non-finite loss, collapse, or an error inside it."""


class InterruptedRunError(HarnessError):
    """A signal stopped the run after a checkpoint was written."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class PrunedError(HarnessError):
    """A search gave a training up half-way, because others were better at that step."""


class RegressionError(HarnessError):
    """The gate found that a metric became worse by more than is allowed."""

    exit_code = 1


class InconclusiveError(HarnessError):
    """The gate cannot tell: values that do not compare, or too few of them."""

    exit_code = 4


class BusyError(HarnessError):
    """Another process holds what is needed."""


def reason_of(error: BaseException) -> str:
    """What a person is told of an error: harness's own words, or kind and text of any other on one line."""
    return str(error) if isinstance(error, HarnessError) else one_line(error)


def one_line(error: BaseException) -> str:
    """Kind and text of an error that is not of harness's making, for a message that is one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
