"""A watcher that is killed while it does what is due."""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from ostler.store.engine import open_store
from ostler.store.owners import this_process
from ostler.triggers.schedules.plan import Schedule
from ostler.triggers.schedules.watcher import Watcher


def die(*_: object) -> object:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    address, heads, now = sys.argv[1:]
    Watcher(
        store=open_store(address, Path(heads)),
        plan=[Schedule("W-1", "orders", "work", "0 6 * * *")],
        actions={"work": die},  # type: ignore[dict-item]
        newest=lambda _: None,
        owner=this_process(),
        clock=lambda _: datetime.fromisoformat(now),
    ).run()
