"""What a measured process is given, and what it says at its end; peers use it, so nothing is needed.

A process imports what it needs, calls `finish` with its work, and prints one line of JSON: what it
found, and what the work cost in seconds of processor time, of all its threads and of children that
have ended. Imports are left out here, and reported apart by whoever started the process.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """The files to check, and against what."""

    rows: int
    now: datetime
    orders: list[str]
    customers: list[str]
    reference: list[str]
    """Files of the earlier version."""
    checks: dict[str, dict[str, object]]
    """The rules by name."""
    drifting: list[str]
    folder: Path
    """Holds the tables `orders` and `customers`."""

    def values(self, check: str) -> list[str]:
        """The list of an accepted-values or rejected-values check."""
        found = self.checks[check]["values"]
        assert isinstance(found, list)
        return found


def read_job(path: str) -> Job:
    """The job that a file describes."""
    said = json.loads(Path(path).read_text())
    return Job(
        rows=said["rows"],
        now=datetime.fromisoformat(said["now"]),
        orders=said["orders"],
        customers=said["customers"],
        reference=said["reference"],
        checks={check["name"]: check["rule"] for check in said["checks"]},
        drifting=said["drifting"],
        folder=Path(said["folder"]),
    )


def cpu() -> float:
    """Seconds of processor time that this process and its ended children have used."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def finish(work: Callable[[], object], **more: object) -> None:
    """Do the work, and print what it found and cost; anything `more` is printed beside it."""
    began, busy = time.perf_counter(), cpu()
    found = work()
    cost = {"cpu": cpu() - busy, "seconds": time.perf_counter() - began}
    print(json.dumps({"found": found, **cost, **more}), file=sys.stdout, flush=True)
