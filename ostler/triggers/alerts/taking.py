"""The one way in for alerts, from the service and from the shell.

In one transaction, alerts are grouped, their datasets marked as due, and what cannot be read is
put aside. Nothing is run here: a thousand alerts are as many rows and one mark.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from ostler.core.base import Frozen
from ostler.core.errors import BadInput
from ostler.core.reports import Report
from ostler.store import datasets
from ostler.store.alerts import AlertGroup
from ostler.store.dead_letters import DeadLetter, add_letter, end_letter, letter
from ostler.store.due import mark_due
from ostler.store.engine import Store
from ostler.store.receiving import Arrival, Told, receive
from ostler.triggers.alerts.closing import close_resolved
from ostler.triggers.alerts.naming import Names
from ostler.triggers.alerts.reading import Message, read_message

ACTOR = "alerts"
_DATASET = "dataset"
"""Beside a dead letter's headers, the dataset that the sender named."""

_REASONS = 5


class Taken(Frozen):
    """What became of one message; what is said here is committed."""

    alerts: int = 0
    """Things that it reports."""
    new: int = 0
    known: int = 0
    """Repetitions, which change nothing."""
    passed: int = 0
    """Tests that passed where nothing fires."""
    groups: tuple[str, ...] = ()
    """The causes that it is about."""
    refused: tuple[str, ...] = ()
    """Why it, or parts of it, could not be taken; a few of the reasons."""
    hint: str = ""
    dead_letter: str = ""
    """The id under which the whole message is kept when anything was refused."""
    malformed: bool = False
    """Whether nothing in it could be read."""


@dataclass(frozen=True)
class _Read:
    """A message as it was understood, before anything is written."""

    message: Message
    arrivals: tuple[Arrival, ...] = ()
    problems: tuple[BadInput, ...] = ()
    malformed: bool = False


@dataclass(frozen=True)
class Intake:
    """What takes alerts in."""

    store: Store
    aliases: Mapping[str, Sequence[str]]
    """By dataset, what monitors call it."""
    window: timedelta
    """Alerts of one cause no further apart are one group."""
    settle: timedelta
    """How long a burst may gather before a run begins."""
    clock: Callable[[], datetime]

    def take(self, messages: Sequence[Message]) -> tuple[Taken, ...]:
        """Take messages in; when it returns, they are committed."""
        # Read before the write lock is taken.
        reports = [_reports(message) for message in messages]
        with self.store.transaction() as session:
            return self._write(session, messages, reports)

    def retry(self, dead: DeadLetter) -> Taken:
        """Take a dead letter in again; it goes when nothing of it is refused now (BadInput)."""
        if dead.body is None:
            raise BadInput(
                f"the body of {dead.id} was too long to be kept",
                "let its sender send it again, smaller",
            )
        message = message_of(dead, dead.body)
        reports = [_reports(message)]
        with self.store.transaction() as session:
            (taken,) = self._write(session, [message], reports)
            if not taken.refused:
                end_letter(session, dead, "alert.retried", actor=ACTOR, at=self.clock())
            return taken

    def refuse(self, dead: DeadLetter) -> str:
        """Put something aside that is no message at all; gives the letter's id."""
        with self.store.transaction() as session:
            return add_letter(session, dead, actor=ACTOR, at=self.clock())

    def _write(
        self,
        session: Session,
        messages: Sequence[Message],
        reports: Sequence[tuple[Report, ...] | BadInput],
    ) -> tuple[Taken, ...]:
        now = self.clock()
        names = Names(frozenset(d.name for d in datasets.list_datasets(session)), self.aliases)
        read = [
            self._understood(message, found, names, now)
            for message, found in zip(messages, reports, strict=True)
        ]
        arrivals = [arrival for one in read for arrival in one.arrivals]
        received = receive(session, arrivals, actor=ACTOR, at=now)
        # Once for each dataset, with the last of its causes for a reason.
        begin = now + self.settle
        for dataset, group in {group.alert.dataset: group for group in received.fired}.items():
            mark_due(session, dataset, because_of(group), now, whole=False, not_before=begin)
        for group in received.resolved:
            close_resolved(session, group, actor=ACTOR, at=now)
        told = iter(received.told)
        return tuple(
            self._taken(session, one, [next(told) for _ in one.arrivals], now) for one in read
        )

    def _understood(
        self,
        message: Message,
        reports: tuple[Report, ...] | BadInput,
        names: Names,
        now: datetime,
    ) -> _Read:
        if isinstance(reports, BadInput):
            return _Read(message, problems=(reports,), malformed=True)
        arrivals: list[Arrival] = []
        problems: list[BadInput] = []
        for report in reports:
            said = (*report.names, message.dataset) if message.dataset else report.names
            try:
                dataset = names.dataset(said)
            except BadInput as error:
                problems.append(error)
            else:
                arrivals.append(Arrival(dataset, report, now, self.window))
        return _Read(message, tuple(arrivals), tuple(problems))

    def _taken(
        self, session: Session, one: _Read, told: Sequence[tuple[Told, str]], now: datetime
    ) -> Taken:
        count = Counter(became for became, _ in told)
        dead = ""
        reasons = tuple(dict.fromkeys(error.message for error in one.problems))
        if one.problems:
            dead = add_letter(session, letter_of(one.message, reasons[0]), actor=ACTOR, at=now)
        return Taken(
            alerts=len(one.arrivals),
            new=count[Told.NEW],
            known=count[Told.KNOWN],
            passed=count[Told.PASSED],
            groups=tuple(sorted({group for _, group in told if group})),
            refused=reasons[:_REASONS],
            hint=one.problems[0].hint if one.problems else "",
            dead_letter=dead,
            malformed=one.malformed,
        )


def because_of(group: AlertGroup) -> str:
    """Why a dataset is due, in a few words; they are the sender's, so hostile."""
    alert = group.alert
    on = f" on {', '.join(alert.columns)}" if alert.columns else ""
    return f"{alert.source}: {alert.rule}{on}".replace("\0", "\N{SYMBOL FOR NULL}")


def letter_of(message: Message, reason: str) -> DeadLetter:
    """A message as a dead letter."""
    headers = {**message.headers, **({_DATASET: message.dataset} if message.dataset else {})}
    return letter(message.adapter, reason, message.body, headers)


def message_of(dead: DeadLetter, body: bytes) -> Message:
    """The message that a dead letter was."""
    headers = dict(dead.headers)
    return Message(body, dead.adapter, headers.pop(_DATASET, ""), headers)


def _reports(message: Message) -> tuple[Report, ...] | BadInput:
    try:
        return read_message(message)
    except BadInput as error:
        return error
