"""What the place of a table refuses, as a sentence and a next step."""

from collections.abc import Generator
from contextlib import contextmanager

import duckdb
from deltalake.exceptions import DeltaError

from ostler.storage.paths import AnyPath
from ostler.storage.refusals import refusal


@contextmanager
def reaching(place: str | AnyPath) -> Generator[None]:
    """Around whatever reads or writes: BadInput when the storage refuses for a known reason."""
    try:
        yield
    except (duckdb.DataError, duckdb.ProgrammingError):
        # About values and queries: their text may hold data, which could look like a refusal.
        raise
    except (OSError, DeltaError, duckdb.Error) as error:
        meant = refusal(error, place)
        if meant is None:
            raise
        raise meant from error


writing = reaching
"""`reaching`, around what writes files."""
