"""One thread that writes: messages that wait are taken in together, in one transaction.

A commit to disk costs the same for one alert and for two hundred, and the state database has one
writer at a time anyway. Whoever waits for its message hears of it when it is committed.
"""

import logging
import queue
import threading
import traceback
from collections.abc import Sequence
from concurrent.futures import Future

from ostler.review.text import visible
from ostler.triggers.alerts.reading import Message
from ostler.triggers.alerts.taking import Intake, Taken

WAITING = 1_000
"""Messages that may wait; beyond them a sender is asked to come again."""

_TOGETHER = 200
_BYTES = 8_000_000
"""Of all messages of one transaction."""

_log = logging.getLogger(__name__)

Job = tuple[Message, "Future[Taken]"]


class Writer:
    """Takes messages in, in the order in which they came."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._jobs: queue.Queue[Job | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="alerts")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Take in what waits, then end."""
        self._jobs.put(None)
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether messages are being taken in."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return self._jobs.qsize()

    def put(self, message: Message) -> "Future[Taken]":
        """Hand a message over (queue.Full); the future is done when it is committed."""
        future: Future[Taken] = Future()
        self._jobs.put_nowait((message, future))
        return future

    def _run(self) -> None:
        more = True
        while more:
            first = self._jobs.get()
            if first is None:
                return
            jobs, more = self._together(first)
            # One whose sender has gone away is not taken: it was told nothing.
            wanted = [job for job in jobs if job[1].set_running_or_notify_cancel()]
            if wanted:
                self._take(wanted)

    def _together(self, first: Job) -> tuple[list[Job], bool]:
        jobs, size = [first], len(first[0].body)
        while len(jobs) < _TOGETHER and size < _BYTES:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
            size += len(job[0].body)
        return jobs, True

    def _take(self, jobs: Sequence[Job]) -> None:
        try:
            taken = self._intake.take([message for message, _ in jobs])
        except Exception as error:
            if len(jobs) > 1:
                # One of them may be at fault; the others shall not suffer for it.
                for job in jobs:
                    self._take([job])
                return
            # What an error quotes was sent by a stranger.
            told = "".join(traceback.format_exception(error)).splitlines()
            _log.warning("a message was not taken:\n%s", "\n".join(map(visible, told)))
            jobs[0][1].set_exception(error)
            return
        for (_, future), became in zip(jobs, taken, strict=True):
            future.set_result(became)
