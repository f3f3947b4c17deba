"""What the place of a table refuses, as a sentence and a next step."""

from contextlib import AbstractContextManager

import duckdb
from deltalake.exceptions import DeltaError

from ostler.storage.paths import AnyPath
from ostler.storage.refusals import refused


def writing(folder: AnyPath) -> AbstractContextManager[None]:
    """Around whatever writes files: BadInput when the storage refuses for a known reason."""
    return refused(folder, DeltaError, duckdb.Error)
