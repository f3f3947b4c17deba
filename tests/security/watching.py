"""What this process reaches for outside: addresses, files to write, programs. For whole flows."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
_WRITES = os.O_WRONLY | os.O_RDWR
# `uname` is how the standard library learns what processor this is.


@dataclass
class Reached:
    """What was reached for while it was watched."""

    addresses: set[str] = field(default_factory=set[str])
    written: set[str] = field(default_factory=set[str])
    programs: list[str] = field(default_factory=list[str])


_watching: list[Reached] = []


def _hook(event: str, args: tuple[object, ...]) -> None:
    for reached in _watching:
        if event == "socket.connect":
            reached.addresses.add(str(args[1]))
        elif event == "open" and isinstance(args[2], int) and args[2] & _WRITES:
            reached.written.add(str(Path(str(args[0])).absolute()))
        elif event in _PROGRAMS and "uname" not in str(args[0]):
            reached.programs.append(f"{event} {args!r}")


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[Reached]:
    """What the process reaches for inside."""
    reached = Reached()
    _watching.append(reached)
    try:
        yield reached
    finally:
        _watching.remove(reached)
