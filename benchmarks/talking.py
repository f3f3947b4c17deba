"""A process that answers JSON lines with JSON lines."""

import json
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol


class Ask(Protocol):
    """Ask the process, and wait for its answer."""

    def __call__(self, question: object) -> Any:
        """One question, one answer."""
        ...


@contextmanager
def talking_to(arguments: Sequence[object], *, cwd: Path | None = None) -> Generator[Ask]:
    """Run Python with these arguments for as long as the block lasts."""
    command = [sys.executable, *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd
    )
    if process.stdin is None or process.stdout is None:
        raise SystemExit(f"{command} has no pipes")
    written, read = process.stdin, process.stdout

    def ask(question: object) -> Any:
        written.write(json.dumps(question) + "\n")
        written.flush()
        line = read.readline()
        if not line:
            raise SystemExit(f"{command} ended with {process.wait()}")
        return json.loads(line)

    try:
        yield ask
    finally:
        written.close()
        read.close()
        process.wait()
