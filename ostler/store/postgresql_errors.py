"""What PostgreSQL's and libpq's errors mean to a person."""

import re

from ostler.core.errors import BadInput, Conflict
from ostler.store.failures import Meaning

_NO_SERVER = "check the address, and that the server runs and takes connections"
_NO_ENTRY = "PGUSER and PGPASSWORD, or ~/.pgpass, say who you are: docs/state-database.md"
_GRANTS = "docs/state-database.md lists the grants"
_OTHER_SCHEMA = "leave schema=... out of the address, or name another one"
_FULL = (Conflict, "{where} has no connection left", "try again, or raise max_connections")
_ENDED = (
    Conflict,
    "{where} ended the connection",
    "what was being written is there whole or not at all: look, and try again",
)

_STATES: tuple[tuple[str, Meaning], ...] = (
    (
        "22P05",
        (
            BadInput,
            "{where} cannot hold every character",
            "make a database with ENCODING 'UTF8'",
        ),
    ),
    (
        "25006",
        (
            BadInput,
            "the state database {where} may not be written",
            "it is a standby or set to read-only: name the server that is written to",
        ),
    ),
    ("25P03", _ENDED),
    ("3F000", (BadInput, "you may not use {where}", _GRANTS)),
    (
        "42501",
        (BadInput, "you lack a right on {where}: {reason}", _GRANTS),
    ),
    ("42939", (BadInput, "the schema of {where} is reserved for the server", _OTHER_SCHEMA)),
    (
        "53100",
        (
            BadInput,
            "the disk of {where} is full; nothing was changed",
            "free some space on the server and try again",
        ),
    ),
    ("53300", _FULL),
    ("53", (Conflict, "{where} has run out of memory", "try again later")),
    (
        "55P03",
        (
            Conflict,
            "another process is writing to {where} and did not finish in time",
            "let it finish and try again",
        ),
    ),
    ("57014", (Conflict, "{where} cancelled a statement", "try again")),
    ("57", _ENDED),
    ("58", (BadInput, "the disk of {where} failed", "look at the server's log")),
    ("XX", (BadInput, "the state database {where} is damaged", "restore it from a backup")),
)
"""Beginning of an SQLSTATE, the longer ones first, and what it means."""

_SAID: tuple[tuple[str, Meaning], ...] = (
    (
        "password authentication failed|no password supplied",
        (BadInput, "{where} does not accept the password", _NO_ENTRY),
    ),
    (
        r'role ".*" does not exist|pg_hba\.conf|authentication failed|not permitted to log in',
        (BadInput, "{where} does not let this user in", _NO_ENTRY),
    ),
    (
        'database ".*" does not exist',
        (BadInput, "there is no database {where}", "make it: createdb NAME"),
    ),
    ("too many clients|remaining connection slots|too many connections", _FULL),
    (
        "starting up|shutting down|recovery mode",
        (Conflict, "{where} is starting or stopping", "try again in a moment"),
    ),
    (
        "invalid (connection|integer|.* value)",
        (BadInput, "the address of {where} cannot be used: {reason}", "mend the address"),
    ),
    (
        r"NUL \(0x00\)",
        (BadInput, "PostgreSQL holds no text with a NUL character", "remove the character"),
    ),
    (
        "refused|No such file|resolve host|translate host|timeout expired|No route|unreachable",
        (BadInput, "there is no server at {where}", _NO_SERVER),
    ),
    ("connection (failed|is bad|timeout)", (BadInput, "{where}: {reason}", _NO_SERVER)),
    ("server closed|connection.* (lost|closed)|consuming input|sending query|SSL", _ENDED),
)
"""What libpq says where there is no SQLSTATE, as before a connection stands, and what it means."""


def meaning(error: BaseException) -> Meaning | None:
    """What an error of the driver means; None for bugs of ours."""
    # Loaded by now: the error is one of its.
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    if error.sqlstate is not None:
        return next((what for start, what in _STATES if error.sqlstate.startswith(start)), None)
    return next((what for said, what in _SAID if re.search(said, str(error))), None)
