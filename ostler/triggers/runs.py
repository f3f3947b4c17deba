"""Due datasets are groomed: one run each over the newest version, however many alerts there were.

A run is about the alerts that fire and that no run has looked into on this version. What fails is
tried again after a pause that grows, and in the end given up and shown.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from ostler.agents.grooming import Groomed
from ostler.config.settings import Work
from ostler.core.errors import InternalError, NotFound, OstlerError
from ostler.core.items import Alert
from ostler.store import alerts
from ostler.store.alerts import AlertGroup
from ostler.store.due import DueClaim, claim_due, fail_due, renew_due, settle_due
from ostler.store.engine import Store
from ostler.store.owners import is_gone

ACTOR = "groomer"

ALERTS = 50
"""So many alerts at most are looked into by one run, the worst first; others by the next."""

_WAIT = wait_exponential_jitter(multiplier=10, max=3600, exp_base=2, jitter=10)
"""Before the second try 10 to 20 s, then twice as long each time, an hour at most."""

_KEEP = timedelta(days=30)
"""How long repetitions of an alert that is over are known."""


class Bench(Protocol):
    """Where datasets are groomed."""

    def newest(self, dataset: str) -> int:
        """The newest version of a dataset, brought up to date first (NotFound)."""
        ...

    def groom(self, dataset: str, about: tuple[Alert, ...], beat: Callable[[], None]) -> Groomed:
        """One run, about alerts or, without any, about the dataset as a whole.

        Calls `beat` now and then, so that nobody else takes the dataset meanwhile.
        """
        ...


@dataclass(frozen=True)
class Ran:
    """What became of one dataset that was due."""

    dataset: str
    groomed: tuple[Groomed, ...] = ()
    """Empty when every alert had been looked into on this version."""
    error: Exception | None = None
    gave_up: bool = False

    @property
    def problem(self) -> str:
        """Why it was not groomed, or empty; may quote what is hostile."""
        if self.error is None:
            return ""
        if isinstance(self.error, OstlerError):
            return self.error.message
        return f"{type(self.error).__name__}: {self.error}"


@dataclass(frozen=True)
class DueRuns:
    """Everything that it takes to groom what is due."""

    store: Store
    bench: Bench
    settings: Work
    owner: str
    clock: Callable[[], datetime]

    def run(self, done: Callable[[Ran], None] = lambda _: None) -> tuple[Ran, ...]:
        """Groom everything that is due now, one after the other."""
        found: list[Ran] = []
        while (ran := self.next()) is not None:
            found.append(ran)
            done(ran)
        with self.store.transaction() as session:
            alerts.forget(session, self.clock() - _KEEP)
        return tuple(found)

    def next(self, dataset: str | None = None) -> Ran | None:
        """Groom what has been due longest, or one dataset now; None when there is nothing to do."""
        held = self._claimed(dataset)
        if held is None:
            return None
        try:
            if held.attempts > self.settings.attempts:
                raise InternalError("each try ended its process")
            groomed = self._groom(held)
        except Exception as error:
            # Whatever it is, it is this dataset's alone: it is noted, shown and tried again.
            return self._failed(held, error)
        self._settle(held)
        return Ran(held.dataset, groomed)

    def whole(self, dataset: str) -> Groomed:
        """Groom a dataset as a whole for a person who waits; what was due of it is done with that.

        Alerts that no run has looked into stay due. What fails is raised, and is tried again if it
        was due.
        """
        held = None if self._unseen(dataset) else self._claimed(dataset)
        if held is None:
            return self.bench.groom(dataset, (), lambda: None)
        try:
            groomed = self.bench.groom(dataset, (), self._beat(held))
        except Exception as error:
            self._failed(held, error)
            raise
        self._settle(held)
        return groomed

    def _claimed(self, dataset: str | None) -> DueClaim | None:
        with self.store.transaction() as session:
            return claim_due(
                session,
                self.owner,
                lease_seconds=self.settings.lease_seconds,
                most=max(1, self.settings.runs),
                is_gone=is_gone,
                dataset=dataset,
            )

    def _settle(self, held: DueClaim) -> None:
        with self.store.transaction() as session:
            next_at = self.clock() + timedelta(seconds=self.settings.spacing_seconds)
            settle_due(session, held, next_at=next_at)

    def _unseen(self, dataset: str) -> tuple[AlertGroup, ...]:
        """The alerts that fire and that no run has looked into on the newest version."""
        version = self.bench.newest(dataset)
        with self.store.reading() as session:
            return tuple(
                group
                for group in alerts.firing(session, dataset)
                if group.version != version or not group.run
            )

    def _groom(self, held: DueClaim) -> tuple[Groomed, ...]:
        unseen = self._unseen(held.dataset)
        beat = self._beat(held)
        groomed = [
            self._about(unseen[place : place + ALERTS], beat)
            for place in range(0, len(unseen), ALERTS)
        ]
        if held.whole:
            groomed.append(self.bench.groom(held.dataset, (), beat))
        return tuple(groomed)

    def _about(self, groups: tuple[AlertGroup, ...], beat: Callable[[], None]) -> Groomed:
        about = tuple(group.alert for group in groups)
        groomed = self.bench.groom(about[0].dataset, about, beat)
        with self.store.transaction() as session:
            alerts.looked_into(
                session,
                [group.id for group in groups],
                run=groomed.run,
                version=groomed.version,
                actor=ACTOR,
                at=self.clock(),
            )
        return groomed

    def _beat(self, held: DueClaim) -> Callable[[], None]:
        """Renews the lease, when a third of it has passed."""
        lease = self.settings.lease_seconds
        last = time.monotonic()

        def beat() -> None:
            nonlocal last
            if time.monotonic() - last > lease / 3:
                last = time.monotonic()
                with self.store.transaction() as session:
                    renew_due(session, held, lease_seconds=lease)

        return beat

    def _failed(self, held: DueClaim, error: Exception) -> Ran:
        # A dataset that is not there will not come by waiting.
        over = held.attempts >= self.settings.attempts or isinstance(error, NotFound)
        next_at = None if over else self.clock() + timedelta(seconds=_pause(held.attempts))
        ran = Ran(held.dataset, error=error, gave_up=over)
        with self.store.transaction() as session:
            fail_due(session, held, ran.problem, next_at=next_at)
        return ran


def _pause(attempts: int) -> float:
    """Seconds before the next try."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    return _WAIT(state)
