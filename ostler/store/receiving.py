"""Alerts on their way in: each joins the group of its cause, once, whatever the order.

All by the senders' own times. A group's alerts are kept to know repetitions by, and to know whether
anything else still fires when one is resolved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import JsonValue
from sqlalchemy import func
from sqlmodel import Session, col, select

from ostler.core.canonical import Digest, digest_of
from ostler.core.items import Alert
from ostler.core.reports import AlertState, Report
from ostler.store.alerts import SEVERITY, AlertGroup, newest_group
from ostler.store.documents import keep
from ostler.store.models import AlertGroupRow, AlertRow, insert_row
from ostler.store.projection import Event, add, change
from ostler.store.times import stamp

_CHUNK = 500


@dataclass(frozen=True)
class Arrival:
    """A report whose dataset is known, on its way in."""

    dataset: str
    report: Report
    received_at: datetime
    window: timedelta
    """Alerts of one cause no further apart than this are one group, even when it was resolved."""

    @property
    def id(self) -> str:
        """The same report is the same alert, however often it is sent.

        What names its time is known by that; what does not, by its words, within a window.
        """
        one = self.report
        if one.at is not None:
            what = [self.instance, one.state, one.message, stamp(one.at)]
        else:
            what = [one, self.received_at.timestamp() // max(1.0, self.window.total_seconds())]
        return f"A-{digest_of([self.dataset, *what])[:24]}"

    @property
    def at(self) -> datetime:
        """The sender's time; nothing has happened after it was received."""
        return min(self.report.at or self.received_at, self.received_at)

    @property
    def instance(self) -> Digest:
        """What fires or is resolved, apart from when."""
        one = self.report
        return digest_of([one.source, one.rule, sorted(one.columns), one.instance])


class Told(StrEnum):
    """What taking in one alert came to."""

    NEW = "new"
    KNOWN = "known"
    """A repetition, which changes nothing."""
    PASSED = "passed"
    """A test that passed where nothing fires."""


@dataclass(frozen=True)
class Received:
    """What taking in some alerts came to."""

    told: tuple[tuple[Told, str], ...] = ()
    """Of each, in their order; and its group, if it has one."""
    fired: tuple[AlertGroup, ...] = ()
    """Groups that fire, and of which something new was said."""
    resolved: tuple[AlertGroup, ...] = ()
    """Groups that do not fire any more."""


@dataclass
class _Draft:
    """A group while alerts are added to it."""

    group: AlertGroup
    stored: AlertGroup | None
    pending: list[Arrival] = field(default_factory=list[Arrival])
    """Alerts that are not written yet."""
    taken: list[str] = field(default_factory=list[str])
    """Alerts that no entry of the log names yet."""
    fired: list[datetime] = field(default_factory=list[datetime])
    unsure: bool = False
    """Whether what was said may have ended it, so that all its alerts have to be asked."""


def receive(session: Session, arrivals: Sequence[Arrival], *, actor: str, at: datetime) -> Received:
    """Take alerts in, each once; one or two entries of the log for each group that changes."""
    seen = _known(session, [arrival.id for arrival in arrivals])
    drafts: dict[Digest, list[_Draft]] = {}
    told: list[tuple[Told, str]] = []
    taking = _Taking(session, actor, at)
    for arrival in arrivals:
        if arrival.id in seen:
            told.append((Told.KNOWN, seen[arrival.id]))
            continue
        draft = taking.draft(drafts, arrival)
        if draft is None:
            told.append((Told.PASSED, ""))
            continue
        seen[arrival.id] = draft.group.id
        told.append((Told.NEW, draft.group.id))
        _tell(draft, arrival)
    fired: list[AlertGroup] = []
    resolved: list[AlertGroup] = []
    for draft in (one for group in drafts.values() for one in group if one.taken):
        before = draft.stored
        taking.settle(draft)
        if draft.group.state is AlertState.FIRING:
            fired += [draft.group] if draft.fired else []
        elif before is not None and before.state is AlertState.FIRING:
            resolved.append(draft.group)
    return Received(tuple(told), tuple(fired), tuple(resolved))


def _known(session: Session, names: Sequence[str]) -> dict[str, str]:
    """Which alerts were taken in before, and their groups."""
    found: dict[str, str] = {}
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        query = select(AlertRow.id, AlertRow.group_id).where(col(AlertRow.id).in_(chunk))
        found.update(session.exec(query).all())
    return found


@dataclass(frozen=True)
class _Taking:
    """One transaction in which alerts are taken in."""

    session: Session
    actor: str
    now: datetime

    def draft(self, drafts: dict[Digest, list[_Draft]], arrival: Arrival) -> _Draft | None:
        """The group that an alert belongs to; None when a test passed and nothing is to end."""
        fingerprint = arrival.report.fingerprint(arrival.dataset)
        if fingerprint not in drafts:
            newest = newest_group(self.session, fingerprint)
            drafts[fingerprint] = [] if newest is None else [_Draft(newest, newest)]
        known = drafts[fingerprint]
        last = known[-1] if known else None
        if arrival.report.state is AlertState.PASSED:
            return last if last and self._fires(last) else None
        # What comes late belongs to what is known, however old it is.
        if last and (arrival.at <= last.group.last_at + arrival.window or self._fires(last)):
            return last
        known.append(_Draft(_begun(arrival, fingerprint), None))
        return known[-1]

    def settle(self, draft: _Draft) -> None:
        """Write the group as it is after all that was said of it."""
        group, before = draft.group, draft.stored
        state = AlertState.FIRING if self._fires(draft) else AlertState.RESOLVED
        again = before is not None and before.state is not AlertState.FIRING
        if state is AlertState.FIRING and again and draft.fired:
            alert = group.alert.model_copy(update={"since": max(draft.fired)})
            group = replace(group, run="", version=None, alert=alert)
        draft.group = replace(group, state=state)
        self._write(draft)

    def _fires(self, draft: _Draft) -> bool:
        self._write(draft, only_new=True)
        for arrival in draft.pending:
            values = {
                "id": arrival.id,
                "group_id": draft.group.id,
                "instance": arrival.instance,
                "state": _said(arrival).value,
                "at": stamp(arrival.at),
                "received_at": stamp(arrival.received_at),
            }
            insert_row(self.session, AlertRow, values)
        draft.pending.clear()
        if draft.unsure:
            return _state(self.session, draft.group.id) is AlertState.FIRING
        return draft.group.state is AlertState.FIRING

    def _write(self, draft: _Draft, *, only_new: bool = False) -> None:
        group, before = draft.group, draft.stored
        if group == before or (only_new and before is not None):
            return
        values = {
            "state": group.state.value,
            "count": group.count,
            "first_at": stamp(group.first_at),
            "last_at": stamp(group.last_at),
            "run": group.run,
            "version": group.version,
            "digest": keep(self.session, group.alert),
            "changed_at": stamp(self.now),
        }
        said: dict[str, JsonValue] = {"alerts": [*draft.taken]}
        if before is None:
            fixed = {"fingerprint": group.fingerprint, "dataset": group.alert.dataset}
            event = Event(self.now, self.actor, "alert.opened", group.id, said)
            add(self.session, event, AlertGroupRow, {"id": group.id, **fixed, **values})
        else:
            kind = "repeated" if group.state is before.state else group.state.value
            event = Event(self.now, self.actor, f"alert.{kind}", group.id, said)
            change(self.session, event, AlertGroupRow, (group.id,), values, only_if={})
        draft.stored = group


def _begun(arrival: Arrival, fingerprint: Digest) -> AlertGroup:
    name = f"G-{digest_of([fingerprint, arrival.id])[:12]}"
    return AlertGroup(
        id=name,
        fingerprint=fingerprint,
        state=_said(arrival),
        count=0,
        first_at=arrival.at,
        last_at=arrival.at,
        run="",
        version=None,
        alert=_alert(name, arrival),
    )


def _alert(name: str, arrival: Arrival) -> Alert:
    report = arrival.report
    return Alert(
        id=name,
        dataset=arrival.dataset,
        source=report.source,
        summary=report.summary,
        severity=report.severity,
        columns=report.columns,
        rule=report.rule,
        observed=report.observed,
        since=arrival.at,
    )


def _said(arrival: Arrival) -> AlertState:
    fires = arrival.report.state is AlertState.FIRING
    return AlertState.FIRING if fires else AlertState.RESOLVED


def _tell(draft: _Draft, arrival: Arrival) -> None:
    group = draft.group
    draft.pending.append(arrival)
    draft.taken.append(arrival.id)
    times = (group.first_at, group.last_at, arrival.at)
    group = replace(group, first_at=min(times), last_at=max(times))
    if _said(arrival) is AlertState.RESOLVED:
        draft.unsure = True
    else:
        draft.fired.append(arrival.at)
        # A group may begin with the end of what is reported later.
        alert = group.alert if group.count else _alert(group.id, arrival)
        worst = max(alert.severity, arrival.report.severity, key=SEVERITY.index)
        update: dict[str, object] = {"severity": worst}
        if arrival.at >= draft.group.last_at:
            update["observed"] = arrival.report.observed
        group = replace(group, count=group.count + 1, alert=alert.model_copy(update=update))
        # A group that fires goes on firing; whether another does depends on what ended when.
        draft.unsure = draft.unsure or group.state is not AlertState.FIRING
    draft.group = group


def _state(session: Session, name: str) -> AlertState:
    """Firing when something of the group was reported later than its end."""
    query = (
        select(AlertRow.instance, AlertRow.state, func.max(AlertRow.at))
        .where(AlertRow.group_id == name)
        .group_by(col(AlertRow.instance), col(AlertRow.state))
    )
    ends: dict[str, str] = {}
    begins: dict[str, str] = {}
    for instance, state, at in session.exec(query):
        (begins if state == AlertState.FIRING else ends)[instance] = str(at)
    fires = any(at > ends.get(instance, "") for instance, at in begins.items())
    return AlertState.FIRING if fires else AlertState.RESOLVED
