"""`ostler work`: executes what was approved, and starts the grooming of what is due."""

import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.execution.closing import Outcome
    from ostler.execution.relay.relay import Relay


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler work --once", "ostler work"))(work)


def work(
    once: Annotated[
        bool, typer.Option("--once", help="Do what there is to do now, then end.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Execute approved proposals and groom what is due; without --once, wait for more."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.execution.worker import work as work_on
    from ostler.execution.worker import work_once, worker_lock
    from ostler.triggers.starting import Starter

    with opened(workspace) as parts, worker_lock(parts.workspace.work_lock):
        # Made first: a mistake under effects: is said before anything is executed.
        outside = parts.relay
        settings = parts.workspace.settings.work
        grooming = Starter(parts.store, parts.workspace.root, settings.runs)
        if once:
            outcomes: list[Outcome] = []

            def done(outcome: "Outcome") -> None:
                outcomes.append(outcome)
                if not as_json:
                    tell(outcome)

            try:
                try:
                    # First what people decided: a run over what comes of it proposes the rest.
                    work_once(parts.execution, done)
                finally:
                    groomed = grooming.start()
                    grooming.wait()
                if groomed:
                    # Policy may have approved something of it.
                    work_once(parts.execution, done)
            finally:
                # What was done before an error is told as well.
                if as_json:
                    print_json([_plain(outcome) for outcome in outcomes])
            if not (outcomes or as_json):
                say(_idle(parts))
            relay(outside)
            return 0
        say("waiting for approvals and for what is due; ctrl-c ends it")
        stop = stopping()

        def after() -> None:
            relay(outside)
            grooming.start()

        try:
            work_on(
                lambda: parts.execution,
                settings.poll_seconds,
                lambda o: print_json(_plain(o)) if as_json else tell(o),
                after,
                stop.is_set,
                watch_seconds=settings.watch_seconds,
            )
        finally:
            grooming.stop()
    return 0


def stopping() -> threading.Event:
    """Set by SIGTERM, so that what was begun is finished first."""
    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    return stop


def relay(outside: "Relay") -> None:
    """Tell the outside what happened, and the person what could not be told."""
    from ostler.cli.output import say
    from ostler.review.text import visible

    for one in outside.run().dead:
        say(visible(f"{one.key}: {one.kind} was given up: see ostler outbox"))


def execute(parts: "Opened") -> str:
    """Execute what is approved now, and say in a sentence what became of it; partly from outside.

    Or that another worker does it.
    """
    from ostler.cli.wording import count
    from ostler.core.states import ProposalState
    from ostler.execution.worker import Busy, work_once, worker_lock

    try:
        with worker_lock(parts.workspace.work_lock):
            outcomes = work_once(parts.execution)
    except Busy as busy:
        return f"{busy.message}, and executes what is approved"
    if not outcomes:
        return _idle(parts)

    def regroomed(outcome: "Outcome") -> bool:
        """Whether grooming proposes again what is left of it."""
        return outcome.state is ProposalState.STALE and not outcome.proposal.changes_text

    said = [sentence(outcome) for outcome in outcomes if not regroomed(outcome)]
    stale = [outcome for outcome in outcomes if regroomed(outcome)]
    if stale:
        names = ", ".join(sorted({outcome.proposal.dataset for outcome in stale}))
        said.append(f"{count(len(stale), 'proposal')} stale: groom {names} again")
    return "; ".join(said)


def _idle(parts: "Opened") -> str:
    """Why nothing was executed."""
    from ostler.core.states import ProposalState
    from ostler.execution.recheck import held_up
    from ostler.review.text import visible
    from ostler.store.proposals import queue

    with parts.store.reading() as session:
        approved = queue(session, states=(ProposalState.APPROVED,))
    waiting = [
        f"{one.proposal.id} is approved and waits: {' '.join(reasons)}"
        for one in approved
        if (reasons := held_up(parts.execution, one.proposal))
    ]
    return visible("; ".join(waiting)) if waiting else "nothing is approved"


def tell(outcome: "Outcome") -> None:
    """One proposal's outcome, for a person."""
    from ostler.cli.output import say
    from ostler.review.text import visible

    say(visible(sentence(outcome)))


def sentence(outcome: "Outcome") -> str:
    """What became of a proposal."""
    proposal = outcome.proposal
    if outcome.version is not None and not outcome.because:
        return (
            f"{proposal.id} {outcome.state.value}: {proposal.patch.rows:,} rows of "
            f"{proposal.dataset}, now version {outcome.version}"
        )
    return f"{proposal.id} {outcome.state.value}: {outcome.because}"


def _plain(outcome: "Outcome") -> dict[str, object]:
    return {
        "proposal": outcome.proposal.id,
        "state": outcome.state,
        "because": outcome.because,
        "version": outcome.version,
    }
