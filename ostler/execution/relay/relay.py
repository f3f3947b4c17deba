"""The relay: hands each event to who wants it, and tries until it is there or given up.

At least once: a kill between the answer and its record sends the same body under the same key
again. One relay at a time, by a lease in the database; what it may take of a worker's time is
bounded.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)

from ostler.core.errors import OstlerError
from ostler.execution.relay.destinations import Destination
from ostler.execution.relay.sending import Answer, Result
from ostler.store import deliveries, outbox
from ostler.store.deliveries import SETTLED, Delivery, DeliveryState
from ostler.store.engine import Store
from ostler.store.outbox import OutboxEvent
from ostler.store.owners import is_gone

PASS_SECONDS = 10.0
"""After so long a pass begins no further try; a try has its own timeout."""

_QUICK = 2
"""Tries in one pass; the further ones are kept in the database and made by later passes."""

_WAIT = wait_exponential_jitter(multiplier=0.5, max=6 * 3600, exp_base=3, jitter=0.5)
"""Before the second try 0.5 to 1 s, then three times as long each time, six hours at most."""

_ROUTED = 200
"""Events that one pass hands to their destinations."""

_MISSED = timedelta(days=1)
"""How long a delivery may be due before it is given up for want of a destination: a workspace that
shares the database may have one that this one has not."""

_KEEP = timedelta(days=30)
"""How long what is settled can be looked at."""


@dataclass(frozen=True)
class Relayed:
    """What a pass came to."""

    sent: int = 0
    again: int = 0
    """Tries that failed and will be repeated."""
    dead: tuple[Delivery, ...] = ()
    """Deliveries that were given up in this pass."""
    busy: bool = False
    """Whether another relay was at it, so that nothing was done here."""


@dataclass(frozen=True)
class Relay:
    """Everything that a pass needs."""

    store: Store
    destinations: Sequence[Destination]
    owner: str
    """`host:process`, so that nobody waits for the lease of a process that is dead."""
    clock: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> Relayed:
        """One pass over everything that is due, for a bounded time."""
        now = self.clock()
        with self.store.reading() as session:
            if not deliveries.anything_due(session, now):
                return Relayed()
        longest = max((one.seconds for one in self.destinations), default=0.0)
        with self.store.transaction() as session:
            lease = PASS_SECONDS + 2 * _QUICK * longest + 10
            if not deliveries.take_relay(session, self.owner, lease, is_gone):
                return Relayed(busy=True)
        try:
            given_up = [*self._route(), *self._orphans()]
            share = PASS_SECONDS / max(1, len(self.destinations))
            sent = again = 0
            for one in self.destinations:
                went, failed, dead = self._serve(one, time.monotonic() + share)
                sent, again, given_up = sent + went, again + failed, [*given_up, *dead]
            return Relayed(sent, again, tuple(given_up))
        finally:
            with self.store.transaction() as session:
                deliveries.leave_relay(session, self.owner)

    def _route(self) -> list[Delivery]:
        """Give every new event to those who want it; gives what cannot even be put into words."""
        now = self.clock()
        # Read apart from the writing: putting an event into words may read a table.
        with self.store.reading() as session:
            worded = [
                (
                    event,
                    [
                        _worded(session, event, one, now)
                        for one in self.destinations
                        if one.wants(session, event)
                    ],
                )
                for event in outbox.unrouted(session, _ROUTED)
            ]
        with self.store.transaction() as session:
            for event, made in worded:
                if outbox.mark_routed(session, event.id, at=now):
                    for delivery in made:
                        deliveries.add_delivery(session, delivery, at=now)
            outbox.forget(session, now - _KEEP, SETTLED)
        return [one for _, made in worded for one in made if one.state is DeliveryState.DEAD]

    def _orphans(self) -> list[Delivery]:
        """Give up what is overdue and goes to a destination that the settings do not name."""
        known = {one.name for one in self.destinations}
        with self.store.reading() as session:
            now = self.clock()
            lost = [
                found
                for name in deliveries.pending_destinations(session)
                if name not in known and (found := deliveries.due(session, name, now - _MISSED))
            ]
        for found in lost:
            why = "the settings do not name this destination any more"
            self._settle(found, DeliveryState.DEAD, found.attempts, now, why)
        return lost

    def _serve(self, to: Destination, until: float) -> tuple[int, int, list[Delivery]]:
        """Send what is due, until the time is up or the destination does not answer."""
        sent, dead = 0, list[Delivery]()
        while time.monotonic() < until:
            with self.store.reading() as session:
                found = deliveries.due(session, to.name, self.clock())
            if found is None:
                break
            answer, tries = self._try(to, found)
            state, next_at = self._next(to, found, answer, found.attempts + tries)
            self._settle(found, state, found.attempts + tries, next_at, answer.text)
            if state is DeliveryState.SENT:
                sent += 1
            elif state is DeliveryState.DEAD:
                dead.append(found)
            else:
                # It is down; the rest is not tried on it in this pass.
                return sent, 1, dead
        return sent, 0, dead

    def _try(self, to: Destination, found: Delivery) -> tuple[Answer, int]:
        """A few tries, close together; gives the last answer and how many there were."""
        retrying = Retrying(
            stop=stop_after_attempt(max(1, min(_QUICK, to.attempts - found.attempts))),
            wait=_WAIT,
            retry=retry_if_result(_worth_another),
            retry_error_callback=_last,
            sleep=self.sleep,
        )
        answer = retrying(to.send, found.key, found.body)
        return answer, int(retrying.statistics["attempt_number"])

    def _next(
        self, to: Destination, found: Delivery, answer: Answer, attempts: int
    ) -> tuple[DeliveryState, datetime]:
        now = self.clock()
        if answer.result is Result.SENT:
            return DeliveryState.SENT, now
        if answer.result is Result.REFUSED or attempts >= to.attempts:
            return DeliveryState.DEAD, now
        pause = timedelta(seconds=max(_pause(attempts), answer.wait))
        return DeliveryState.PENDING, to.when(now + pause)

    def _settle(
        self, found: Delivery, state: DeliveryState, attempts: int, next_at: datetime, answer: str
    ) -> None:
        with self.store.transaction() as session:
            deliveries.settle_delivery(
                session,
                found,
                state,
                attempts=attempts,
                next_at=next_at,
                answer=answer,
                at=self.clock(),
            )


def _worth_another(answer: Answer) -> bool:
    return answer.result is Result.AGAIN and not answer.wait


def _last(state: RetryCallState) -> Answer:
    outcome = state.outcome
    assert outcome is not None  # noqa: S101  # tenacity calls this after an attempt
    return outcome.result()


def _pause(attempts: int) -> float:
    """Seconds before the next try, by the schedule of the quick ones."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    return _WAIT(state)


def _worded(session: Session, event: OutboxEvent, to: Destination, now: datetime) -> Delivery:
    """A new delivery; a dead one when what the event is about cannot be read."""
    state, body, why = DeliveryState.PENDING, "", ""
    try:
        body = to.body(session, event)
    except OstlerError as error:
        state, why = DeliveryState.DEAD, f"it cannot be told: {error.message}"
    at = to.when(now)
    return Delivery(event.id, event.kind, to.name, state, body, 0, at, why, event.created_at)
