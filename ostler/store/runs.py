"""Runs and their steps."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.canonical import Digest
from ostler.core.errors import Conflict, InternalError
from ostler.core.items import Alert
from ostler.core.runs import RunInputs, Step
from ostler.core.states import RunState
from ostler.store.documents import checked, keep
from ostler.store.lookup import full_id
from ostler.store.models import DocumentRow, RunRow, RunStepRow
from ostler.store.projection import Event, add, change
from ostler.store.times import instant, maybe_instant, stamp


@dataclass(frozen=True)
class RunRecord:
    """A run as it is recorded."""

    id: str
    inputs: RunInputs
    state: RunState
    steps: tuple[Step, ...]
    """In the order in which they were recorded."""
    started_at: datetime
    finished_at: datetime | None
    trace: str


def start_run(
    session: Session, run_id: str, inputs: RunInputs, *, actor: str, at: datetime
) -> None:
    """Record that a run begins (Conflict when the id is taken)."""
    if session.exec(select(RunRow.id).where(RunRow.id == run_id)).first() is not None:
        raise Conflict(f"there is a run {run_id} already")
    columns = {
        "id": run_id,
        "dataset": inputs.dataset,
        "digest": keep(session, inputs),
        "state": RunState.RUNNING.value,
        "started_at": stamp(at),
        "trace": "",
    }
    add(session, Event(at, actor, "run.started", run_id), RunRow, columns)


def unfinished_run(session: Session, inputs_digest: Digest) -> str | None:
    """The newest run with these inputs that began and did not end: where to go on."""
    return _newest(session, inputs_digest, RunState.RUNNING)


def finished_run(session: Session, inputs_digest: Digest) -> str | None:
    """The newest run with these inputs that ended in proposals: what need not be done again."""
    return _newest(session, inputs_digest, RunState.PARKED)


def record_step(session: Session, run_id: str, step: Step, *, actor: str) -> None:
    """Record a step; again with the same digest is fine, with another one InternalError."""
    query = select(RunStepRow.name, RunStepRow.digest).where(RunStepRow.run == run_id)
    known: dict[str, Digest] = dict(session.exec(query).all())
    if step.name not in known:
        columns = {
            "run": run_id,
            "name": step.name,
            "position": len(known),
            "digest": step.digest,
            "at": stamp(step.at),
        }
        add(session, Event(step.at, actor, "run.step", run_id), RunStepRow, columns)
    elif known[step.name] != step.digest:
        raise InternalError(
            f"step {step.name} of run {run_id} gave {step.digest[:12]}, "
            f"and {known[step.name][:12]} when it ran before"
        )


def finish_run(
    session: Session, run_id: str, state: RunState, *, actor: str, at: datetime, trace: str
) -> None:
    """Record how a running run ended (InternalError when it is not running)."""
    ended = change(
        session,
        Event(at, actor, "run.finished", run_id),
        RunRow,
        (run_id,),
        {"state": state.value, "finished_at": stamp(at), "trace": trace},
        only_if={"state": RunState.RUNNING.value},
    )
    if not ended:
        raise InternalError(f"run {run_id} is not running, so it cannot end as {state}")


def get_run(session: Session, typed: str) -> RunRecord:
    """A run by its id or a unique beginning of it (NotFound, BadInput)."""
    run_id = full_id(session, RunRow, "run", typed)
    query = select(RunRow, DocumentRow.body).join(DocumentRow).where(RunRow.id == run_id)
    row, body = session.exec(query).one()
    return _record(session, row, body)


def alerts_of(session: Session, run_id: str) -> tuple[Alert, ...]:
    """The alerts that woke a run; none for one that nobody recorded."""
    query = select(RunRow.digest, DocumentRow.body).join(DocumentRow).where(RunRow.id == run_id)
    found = session.exec(query).first()
    if found is None:
        return ()
    digest, body = found
    return RunInputs.model_validate_json(checked(body, digest, f"run {run_id}")).alerts


def contract_of(session: Session, run_id: str) -> Digest:
    """The contract that a run went by; empty when it had none, or nobody recorded the run."""
    query = select(RunRow.digest, DocumentRow.body).join(DocumentRow).where(RunRow.id == run_id)
    found = session.exec(query).first()
    if found is None:
        return ""
    digest, body = found
    inputs = RunInputs.model_validate_json(checked(body, digest, f"run {run_id}"))
    return inputs.contract or ""


def latest_runs(
    session: Session, limit: int, *, dataset: str | None = None
) -> tuple[RunRecord, ...]:
    """The runs that began last, newest first."""
    query = (
        select(RunRow, DocumentRow.body)
        .join(DocumentRow)
        .order_by(col(RunRow.started_at).desc(), col(RunRow.id).desc())
        .limit(limit)
    )
    if dataset is not None:
        query = query.where(RunRow.dataset == dataset)
    return tuple(_record(session, row, body) for row, body in session.exec(query).all())


def _newest(session: Session, inputs_digest: Digest, state: RunState) -> str | None:
    query = (
        select(RunRow.id)
        .where(RunRow.digest == inputs_digest, RunRow.state == state)
        .order_by(col(RunRow.started_at).desc(), col(RunRow.id))
        .limit(1)
    )
    return session.exec(query).first()


def _record(session: Session, row: RunRow, body: str) -> RunRecord:
    steps = select(RunStepRow).where(RunStepRow.run == row.id).order_by(col(RunStepRow.position))
    return RunRecord(
        id=row.id,
        inputs=RunInputs.model_validate_json(checked(body, row.digest, f"run {row.id}")),
        state=RunState(row.state),
        steps=tuple(
            Step(name=step.name, digest=step.digest, at=instant(step.at))
            for step in session.exec(steps)
        ),
        started_at=instant(row.started_at),
        finished_at=maybe_instant(row.finished_at),
        trace=row.trace,
    )
