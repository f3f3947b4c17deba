"""What the database driver's errors mean to the person at the keyboard."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from ostler.core.errors import BadInput, Conflict, UserError

_UNDECODABLE = "not UTF-8"

_MEANINGS: tuple[tuple[str, type[UserError], str, str], ...] = (
    (
        "SQLITE_BUSY",
        Conflict,
        "another process is writing to {path} and did not finish in time",
        "let it finish and try again",
    ),
    (
        "SQLITE_LOCKED",
        Conflict,
        "another connection has locked {path}",
        "try again",
    ),
    (
        "SQLITE_FULL",
        BadInput,
        "the disk under {path} is full; nothing was changed",
        "free some space and try again",
    ),
    (
        "SQLITE_CANTOPEN",
        BadInput,
        "the state database {path} cannot be opened",
        "check that its folder exists and that you may write there",
    ),
    (
        "SQLITE_READONLY",
        BadInput,
        "the state database {path} may not be written",
        "check the permissions of the file and of its folder",
    ),
    (
        "SQLITE_IOERR",
        BadInput,
        "the disk under {path} failed while it was read or written",
        "check the disk; the last committed state is safe in the write-ahead log",
    ),
    (
        "SQLITE_NOTADB",
        BadInput,
        "{path} is not a SQLite database",
        "restore it from a backup, or name another file",
    ),
    (
        "SQLITE_CORRUPT",
        BadInput,
        "the state database {path} is damaged",
        "restore it from a backup",
    ),
    (
        _UNDECODABLE,
        BadInput,
        "the state database {path} holds text that is not UTF-8",
        "restore it from a backup",
    ),
)
"""Beginning of SQLite's name of the error, and the error, sentence and hint that it becomes."""


def explain(engine: Engine, path: Path) -> None:
    """Let the engine raise the error tree instead of the driver's errors; bugs stay as they are."""

    def handle(context: ExceptionContext) -> None:
        original = context.original_exception
        if not isinstance(original, sqlite3.Error):
            return
        name = _name(original)
        for beginning, kind, sentence, hint in _MEANINGS:
            if name.startswith(beginning):
                raise kind(sentence.format(path=path), hint) from original

    event.listen(engine, "handle_error", handle)


def _name(error: sqlite3.Error) -> str:
    """SQLite's name of an error; the driver's own ones have none."""
    if str(error).startswith("Could not decode to UTF-8"):
        return _UNDECODABLE
    return getattr(error, "sqlite_errorname", "")
