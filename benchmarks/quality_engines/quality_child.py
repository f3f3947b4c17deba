"""What a measured process is given, and what it says at its end; peers use it, too.

A process imports what it needs, calls `finish` with its work, and so prints one line of JSON: what
it found, and what the work cost in seconds of processor time, of all its threads and of children
that have ended. Imports are not in it; whoever started the process knows what the whole cost.
"""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """The files to check, and against what."""

    rows: int
    now: datetime
    folder: Path
    """Holds the Delta tables `orders` and `customers`."""
    orders: list[str]
    """The data files of the newest version."""
    customers: list[str]
    reference: list[str]
    """The data files of version 0, when that is another one."""
    checks: dict[str, dict[str, object]]
    """The rules by name."""
    drifting: list[str]

    def values(self, check: str) -> list[str]:
        """The list of a check for accepted or rejected values."""
        found = self.checks[check]["values"]
        assert isinstance(found, list)
        return found

    def regex(self, check: str) -> str:
        """The regular expression of a check, for a search: it matches whole values only."""
        return f"^(?:{self.checks[check]['regex']})$"


def read_job(path: str) -> Job:
    """The job that a file describes."""
    said = json.loads(Path(path).read_text())
    return Job(
        rows=said["rows"],
        now=datetime.fromisoformat(said["now"]),
        folder=Path(said["folder"]),
        orders=said["orders"],
        customers=said["customers"],
        reference=said["reference"],
        checks={check["name"]: check["rule"] for check in said["checks"]},
        drifting=said["drifting"],
    )


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def cpu() -> float:
    """Seconds of processor time that this process and its ended children have used."""
    used = (resource.getrusage(who) for who in _WHO)
    return sum(one.ru_utime + one.ru_stime for one in used)


def finish(
    work: Callable[[], Any],
    *,
    then: Callable[[Any], object] = lambda found: found,
    note: str = "",
) -> None:
    """Do the work, print what it cost and found; what `then` makes of that is not measured."""
    _forget_peak()
    began, busy = time.perf_counter(), cpu()
    found = work()
    cost = {
        "cpu": cpu() - busy,
        "seconds": time.perf_counter() - began,
        "peak_mb": max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024,
    }
    print(json.dumps({"found": then(found), **cost, "note": note}), flush=True)


def _forget_peak() -> None:
    """Let the peak of memory be that of the work, where the system can (Linux: proc(5))."""
    marks = Path("/proc/self/clear_refs")
    if marks.exists():
        marks.write_text("5")
