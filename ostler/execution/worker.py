"""The worker: one per workspace and machine, executes what was approved until there is no more."""

import fcntl
import hashlib
import os
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ostler.core.datasets import WORKSPACE
from ostler.core.errors import Conflict, OstlerError, VerificationFailed
from ostler.core.states import ProposalState
from ostler.execution.barring import bar_rejected
from ostler.execution.closing import ACTOR, Outcome
from ostler.execution.context import ExecutionContext
from ostler.execution.document_activating import activate_documents
from ostler.execution.drills import keep_drilling
from ostler.execution.graph import run_execution
from ostler.review.overtaken import mark_overtaken
from ostler.storage.privacy import make_file
from ostler.store import claims, escalating, proposals, seals, telling
from ostler.tables.disk import writing
from ostler.telemetry import names


def owner(lock: Path) -> str:
    """Who a worker is, to others that look at its claims: `host/lock:process`.

    What stands before the colon is the lock that it holds, so that who gets the lock knows whose
    claims are abandoned. A worker of another workspace on this host holds another one.
    """
    place = hashlib.sha256(os.fsencode(lock.resolve())).hexdigest()[:8]
    return f"{socket.gethostname()}/{place}:{os.getpid()}"


class Busy(Conflict):
    """Another worker of this workspace is at work on this machine."""

    def __init__(self, process: str) -> None:
        super().__init__(
            f"another worker (process {process}) is at work in this workspace",
            "it will execute what is approved; stop it first if you want to take its place",
        )


@contextmanager
def worker_lock(path: Path) -> Generator[None]:
    """Hold the workspace's lock; Busy when another worker on this machine has it.

    The operating system lets go of it when its holder dies, however it dies.
    """
    with writing(path.parent):
        # Unbuffered: nothing is left to be written, and to fail, when it is closed.
        make_file(path)
        lock = path.open("ab+", buffering=0)
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().decode().strip() or "unknown"
            raise Busy(holder) from None
        with writing(path.parent):
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
        yield


def work_once(
    context: ExecutionContext, done: Callable[[Outcome], None] = lambda _: None
) -> tuple[Outcome, ...]:
    """Execute everything that is approved now, and say whom that overtook among what waits.

    The caller holds the lock. When a dataset cannot be worked on, the others are, and then the
    first error is raised.
    """
    now = context.clock()
    with context.store.transaction() as session:
        # Whoever still holds a claim from behind this lock is dead: we have it.
        holder = context.owner.rpartition(":")[0]
        if context.drill_key:
            seals.open_decided(session, context.drill_key, actor=ACTOR, at=now)
        claims.release_abandoned(session, holder, actor=ACTOR, at=now)
        unseen_since = now - timedelta(seconds=context.watch_seconds)
        waiting = claims.datasets_with_work(session, unseen_since)
    outcomes: list[Outcome] = []
    errors: list[OstlerError] = list(bar_rejected(context, ACTOR))
    # Documents first: what they bring into force counts for everything else that waits.
    for name in sorted(waiting, key=lambda name: name != WORKSPACE.name):
        try:
            for outcome in _executed(context.today(), name):
                outcomes.append(outcome)
                done(outcome)
        except OstlerError as error:
            errors.append(error)
    with context.store.transaction() as session:
        # Not before: what the table has already is closed, even if its time has come since.
        claims.expire(session, at=now, actor=ACTOR)
        escalating.escalate(session, at=now, actor=ACTOR)
        telling.tell_expiring(session, at=now)
    errors += keep_drilling(context)
    if errors:
        raise errors[0]
    return tuple(outcomes)


def _executed(context: ExecutionContext, name: str) -> Iterator[Outcome]:
    """One pass over a dataset, or over the workspace's documents, and whom it overtook."""
    with context.telemetry.span(
        names.EXECUTE, attributes={names.DATASET: name}, links=_traces(context, name)
    ) as span:
        context = replace(context, trace=span.traceparent)
        if name == WORKSPACE.name:
            yield from activate_documents(context)
            return
        dataset = context.dataset(name)
        yield from run_execution(context, dataset)
    for proposal, because in mark_overtaken(
        context.store, context.patches, dataset, actor=ACTOR, clock=context.clock
    ):
        yield Outcome(proposal, ProposalState.STALE, because)


def _traces(context: ExecutionContext, dataset: str) -> tuple[str, ...]:
    """The traces in which the waiting proposals were made, to link to."""
    with context.store.reading() as session:
        try:
            waiting = proposals.queue(
                session,
                states=(ProposalState.APPROVED, ProposalState.EXECUTING, ProposalState.CANARY),
                dataset=dataset,
            )
        except VerificationFailed:
            # The recheck says which vote was edited; a link is no reason to stop before it.
            return ()
    return tuple(sorted({record.proposal.trace for record in waiting if record.proposal.trace}))


def work(
    context: Callable[[], ExecutionContext],
    poll_seconds: float,
    done: Callable[[Outcome], None],
    tell: Callable[[], object] = lambda: None,
    stop: Callable[[], bool] = lambda: False,
    watch_seconds: float = 60,
) -> None:
    """Execute what is approved, and wait for more, until told to stop.

    Asks for the context of each pass, so that none goes by policies of another day. Looks at each
    canary every `watch_seconds`; `tell` is called after each pass, also after one that found
    nothing.
    """
    while not stop():
        outcomes = work_once(replace(context(), watch_seconds=watch_seconds), done)
        tell()
        if not outcomes:
            time.sleep(poll_seconds)
