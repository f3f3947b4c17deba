"""The command line. A file per noun; what a command needs is imported when it runs."""

import os
import sys
from collections.abc import Sequence

import typer

from ostler import __version__
from ostler.cli import (
    add,
    alert,
    answer,
    audit,
    blame,
    check,
    checkout,
    close,
    compact,
    contract,
    dataset,
    delegation,
    demo,
    diff,
    doctor,
    drift,
    edit,
    export,
    gate,
    gc,
    groom,
    identity,
    init,
    item,
    lineage,
    log,
    outbox,
    policy,
    prompt,
    queue,
    recipe,
    revert,
    review,
    rollout,
    roster,
    schema,
    serve,
    trace,
    watch,
    whoami,
    work,
)
from ostler.core.errors import BadInput, OstlerError
from ostler.tables.lean import leave_pandas_out


def _status(status: object, **_options: object) -> None:
    """What a command returns is the exit code."""
    if isinstance(status, int) and status:
        raise typer.Exit(status)


app = typer.Typer(
    name="ostler",
    help="Pull requests for data: agents propose exact fixes, people approve them, "
    "every step can be reverted, verified and replayed.",
    no_args_is_help=True,
    result_callback=_status,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (
    init,
    identity,
    whoami,
    delegation,
    roster,
    add,
    dataset,
    contract,
    check,
    drift,
    gate,
    groom,
    alert,
    serve,
    item,
    close,
    queue,
    edit,
    answer,
    review,
    work,
    watch,
    recipe,
    rollout,
    schema,
    log,
    diff,
    blame,
    revert,
    checkout,
    export,
    compact,
    gc,
    outbox,
    lineage,
    policy,
    prompt,
    trace,
    audit,
    demo,
    doctor,
):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ostler {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say which version this is."
    ),
) -> None:
    """What every command has."""


def main() -> None:
    """Run, and turn every error into a sentence and an exit code.

    0 fine, 1 a gate or a verification failed, 2 the user can mend it, 3 it is ours.
    """
    leave_pandas_out()
    try:
        _refuse_unreadable(sys.argv[1:])
        # Usage errors end in there, with code 2.
        app()
    except OstlerError as error:
        _say(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has had enough of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("OSTLER_DEBUG"):
            raise
        # Whatever gets here is a defect of ours; a person still gets a sentence.
        _say(
            OstlerError(
                f"something that should not happen did: {type(error).__name__}: {error}",
                "this is a defect; OSTLER_DEBUG=1 shows where. Nothing is half done: "
                "the same command can be run again",
            )
        )
        sys.exit(3)


def _refuse_unreadable(arguments: Sequence[str]) -> None:
    """Raise BadInput for an argument that is no text, which nothing could keep or show."""
    for argument in arguments:
        if not argument.isprintable() and any("\ud800" <= c <= "\udfff" for c in argument):
            shown = argument.encode("utf-8", "backslashreplace").decode()
            raise BadInput(f"the argument {shown} is not text in UTF-8", "write it in UTF-8")


def _say(error: OstlerError) -> None:
    from ostler.cli.output import say_error

    say_error(error)
