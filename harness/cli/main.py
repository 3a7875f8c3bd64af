"""The program: every command under its name, and what a person sees of an error."""

import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from harness.cli.gating import check_command
from harness.cli.imports import import_from
from harness.cli.looking import ls_command, schema_command, sync_command, ui_command
from harness.cli.measuring import evaluate_command, extractor_train_command
from harness.cli.reporting import diff_command, report_command, show_command
from harness.cli.training import run_command, sweep_command, worker_command
from harness.errors import HarnessError, InconclusiveError, RegressionError, one_line

app = typer.Typer(
    help="Train GAN variants, measure them so that the numbers can be trusted, browse them in MLflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
extractor_app = typer.Typer(help="Feature extractors of a data set's own domain.", no_args_is_help=True)
app.add_typer(extractor_app, name="extractor")

app.command("run")(run_command)
app.command("sweep")(sweep_command)
app.command("worker")(worker_command)
app.command("evaluate")(evaluate_command)
app.command("check")(check_command)
app.command("report")(report_command)
app.command("ls")(ls_command)
app.command("show")(show_command)
app.command("diff")(diff_command)
app.command("schema")(schema_command)
app.command("ui")(ui_command)
app.command("sync")(sync_command)
extractor_app.command("train")(extractor_train_command)


def main() -> None:
    """Entry point: one line for an error that a person can mend, with the exit code of its kind."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    import_from(Path())
    try:
        app(args=arguments, prog_name="harness")
    except (RegressionError, InconclusiveError) as verdict:  # which was shown
        raise SystemExit(verdict.exit_code) from None
    except HarnessError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except Exception as error:  # harness's own mistake: whole, and never under the code of a regression
        traceback.print_exc()
        _fail(f"this should not have happened: {one_line(error)}", 3)


def _fail(message: str, code: int) -> Any:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)
