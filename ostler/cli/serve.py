"""`ostler serve`: takes alerts in over HTTP."""

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example
from ostler.cli.work import stopping

if TYPE_CHECKING:
    from ostler.cli.opening import Opened

_LOOK_SECONDS = 1.0
"""How often the service looks whether its worker is there."""

_AGAIN_SECONDS = 10.0
"""Before a worker that ended is started again."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler serve --alerts",
            "ostler serve --alerts --work",
            "curl -d @drift.json http://127.0.0.1:9311/alerts",
        )
    )(serve)


def serve(
    alerts: Annotated[
        bool, typer.Option("--alerts", help="Take alerts in: POST /alerts, /alerts/FORM.")
    ] = False,
    work: Annotated[
        bool, typer.Option("--work", help="Run a worker beside it, in a process of its own.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="Where to listen; by default only for this machine.")
    ] = "",
    port: Annotated[
        int | None, typer.Option(help="By default 9311; 0: any that is free.", show_default=False)
    ] = None,
    workspace: options.Workspace = None,
) -> None:
    """Take alerts in over HTTP until told to end; /metrics, /healthz and /readyz beside it.

    An alert that was answered with 200 is committed. Elsewhere than on this machine, senders have
    to show a token or to sign: `alerts:` in ostler.yaml.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.core.errors import BadInput
    from ostler.triggers.service.serving import guard_of, listening, served

    if not alerts:
        raise BadInput("say what to serve", "ostler serve --alerts")
    with opened(workspace) as parts:
        settings = parts.workspace.settings.alerts
        where = host or settings.host
        guard = guard_of(settings, where, parts.workspace.root)
        intake = parts.intake
        # Made and migrated before anything is promised.
        with parts.store.reading():
            pass
        opened_socket = listening(where, settings.port if port is None else port)
        bound = opened_socket.getsockname()[1]
        stop = stopping()
        with served(parts.store, intake, guard, settings.per_minute, opened_socket):
            shown = f"[{where}]" if ":" in where else where
            say(f"taking alerts at http://{shown}:{bound}/alerts; ctrl-c ends it")
            _until(stop, parts if work else None)
            say("ending: what was begun is finished")


def _until(stop: threading.Event, parts: "Opened | None") -> None:
    """Wait for the end; with a workspace, keep a worker running meanwhile."""
    worker: subprocess.Popen[bytes] | None = None
    try:
        while not stop.is_set():
            if parts is not None and (worker is None or worker.poll() is not None):
                if worker is not None:
                    _tell_ended(worker.returncode)
                    if stop.wait(_AGAIN_SECONDS):
                        break
                root = str(parts.workspace.root)
                command = [sys.executable, "-m", "ostler", "work", "-w", root]
                worker = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
            stop.wait(_LOOK_SECONDS)
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait()


def _tell_ended(code: int) -> None:
    from ostler.cli.output import say

    say(f"the worker ended with code {code}; it is started again in {_AGAIN_SECONDS:.0f} s")
