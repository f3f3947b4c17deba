"""A process measured from outside: time, processor time and memory, within a limit."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """One process that ended, well or not."""

    found: Any
    """What it printed that it found; None when it did not get so far."""
    cpu: float
    """Seconds of processor time of the work; all threads, without imports."""
    seconds: float
    """Of the work, by the clock."""
    process_cpu: float
    """Seconds of processor time of the whole process."""
    peak_mb: float
    problem: str = ""
    """Why it found nothing, in one line."""
    note: str = ""
    """What it says about itself."""


def run(
    command: Sequence[str | Path],
    *,
    limit: float,
    variables: Mapping[str, str] | None = None,
) -> Ran:
    """Run a command to its end, or for `limit` seconds; the last line it prints is its answer."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**_inherited(), **(variables or {})},
            start_new_session=True,
        )
        late = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            # Whoever interrupts us does not reach a session of its own.
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            late.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        answer = _last_line(out)
        problem = _problem(process.returncode, limit, _last_line(err))
    said = json.loads(answer) if not problem and answer.startswith("{") else {}
    return Ran(
        found=said.get("found"),
        cpu=said.get("cpu", 0.0),
        seconds=said.get("seconds", 0.0),
        process_cpu=used.ru_utime + used.ru_stime,
        peak_mb=said.get("peak_mb", used.ru_maxrss / 1024),
        problem=problem or ("" if said else "it said nothing"),
        note=said.get("note", ""),
    )


def _inherited() -> dict[str, str]:
    # Without compiled modules on disk, every process would compile all that it imports.
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def _problem(code: int, limit: float, complaint: str) -> str:
    if code == 0:
        return ""
    if code == -signal.SIGKILL:
        return f"stopped after {limit:.0f} s, or out of memory"
    return complaint[:200] or f"it ended with {code}"


def _last_line(file: Any) -> str:
    file.seek(0)
    lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
