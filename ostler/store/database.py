"""What a database is to the store: two engines, and the few things that each database says its way.

`sqlite` and `postgresql` each make one; nothing else knows which of them it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine


@dataclass(frozen=True)
class Database:
    """An address that was understood; nothing is opened before the first transaction."""

    where: str
    """The address, for people; never with a password."""
    writer: Engine
    """Each transaction waits for its turn and then sees what the one before it committed."""
    reader: Engine
    """Each transaction sees one state of the database, waits for nobody and cannot write."""
    shared: bool
    """Whether other workspaces may have written to it before this one came."""
    exists: Callable[[], bool]
    """Whether there is something to look at before it is made."""
    prepare: Callable[[Connection], None]
    """What an empty database needs before its first table."""
    describe: Callable[[Connection], str]
    """Product, version and place, for people."""
