"""A worker starts the grooming of due datasets in processes of their own.

The executor holds no model: what writes tables and what has judgement do not share a process. One
that dies is replaced; where it stood is recorded with its run.
"""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ostler.store.due import is_anything_due
from ostler.store.engine import Store
from ostler.store.owners import is_gone

_END_SECONDS = 10


@dataclass
class Starter:
    """Starts processes that groom what is due, so many at once at most."""

    store: Store
    workspace: Path
    most: int
    _running: list[subprocess.Popen[bytes]] = field(
        default_factory=list[subprocess.Popen[bytes]], init=False
    )

    def start(self) -> bool:
        """Start one when something is due that nobody grooms yet; whether it did, at once."""
        self._running = [one for one in self._running if one.poll() is None]
        if len(self._running) >= self.most or not self._is_due():
            return False
        command = [sys.executable, "-m", "ostler", "groom", "--due", "-w", str(self.workspace)]
        self._running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603
        return True

    def wait(self) -> None:
        """Wait until they have ended by themselves."""
        for one in self._running:
            one.wait()

    def stop(self) -> None:
        """End them; what they were at goes on where it stood when it is taken up again."""
        for one in self._running:
            one.terminate()
        for one in self._running:
            try:
                one.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()

    def _is_due(self) -> bool:
        with self.store.reading() as session:
            return is_anything_due(session, self.most, is_gone)
