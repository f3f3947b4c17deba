"""What this process reaches for outside: addresses, files to write, programs. For whole flows.

Python tells of what Python does. What DuckDB, Delta and Arrow do in code of their own it does not
see: for that, folders are listed before and after, and the engine is asked (`test_watching.py`).
"""

import atexit
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
_ASKED = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_REACHED = ("socket.connect", "socket.sendto", "socket.sendmsg")
_WRITES = os.O_WRONLY | os.O_RDWR
# `uname` is how the standard library learns what processor this is.


@dataclass
class Reached:
    """What was reached for while it was watched."""

    addresses: set[str] = field(default_factory=set[str])
    written: set[str] = field(default_factory=set[str])
    programs: list[str] = field(default_factory=list[str])

    def outside(self, *folders: Path, program: str = "") -> list[str]:
        """All of it but our own machine, some folders, what Python keeps, and one program."""
        inside = (*(f"{folder}/" for folder in folders), "/dev/", os.environ["XDG_STATE_HOME"])
        return [
            *sorted(one for one in self.addresses if not one.startswith("('127.0.0.1'")),
            *(one for one in self.programs if not program or not one.startswith(program)),
            # Python keeps what it compiled; that is no doing of the flow's.
            *sorted(
                one
                for one in self.written
                if not one.startswith(inside) and "__pycache__" not in one
            ),
        ]


_watching: list[Reached] = []


def _hook(event: str, args: tuple[object, ...]) -> None:
    for reached in _watching:
        if event in _REACHED:
            reached.addresses.add(str(args[1]))
        elif event in _ASKED:
            reached.addresses.add(str(args))
        elif event == "open" and isinstance(args[2], int) and args[2] & _WRITES:
            # What is open already has a number and no name.
            if not isinstance(args[0], int):
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


def tell_at_exit(file: str) -> None:
    """Watch this process to its end, and add a line to a file of what it reached for."""
    reached = Reached()
    _watching.append(reached)

    def tell() -> None:
        _watching.remove(reached)
        said = {"programs": reached.programs, "addresses": [*reached.addresses]}
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({**said, "written": [*reached.written]}) + "\n")

    atexit.register(tell)


def of_children(file: Path) -> list[Reached]:
    """What the processes reached for that told it at their exit."""
    told = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [Reached({*x["addresses"]}, {*x["written"]}, x["programs"]) for x in told]


@contextmanager
def at_home(folder: Path, monkeypatch: "pytest.MonkeyPatch") -> Iterator[None]:
    """Home, temporary and working folder are empty ones in `folder`, and so they stay.

    Whatever wrote into them inside, in whichever language or process, AssertionError names it.
    """
    for name, variable in (("home", "HOME"), ("tmp", "TMPDIR"), ("cwd", "PWD")):
        (folder / name).mkdir()
        monkeypatch.setenv(variable, str(folder / name))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(folder / "cwd")
    before = _listed(folder)
    yield
    assert _listed(folder) == before


def _listed(folder: Path) -> dict[str, tuple[int, int]]:
    """Every folder and file around the flow by name, with size and time; names only of /tmp."""
    around = [one for name in ("home", "tmp", "cwd") for one in (folder / name).rglob("*")]
    # Others work in /tmp at the same time: what the corpora ask for has this in its name.
    asked = [one for one in Path("/tmp").iterdir() if "owned" in one.name]
    found = {str(one): one.stat() for one in (*around, *asked)}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in found.items()}
