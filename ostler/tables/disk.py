"""What a file system refuses, as a sentence and a next step."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from deltalake.exceptions import DeltaError

from ostler.core.errors import BadInput

_MEANINGS = (
    ("No space left on device", "the disk under {folder} is full", "free some space"),
    ("Disk quota exceeded", "the disk quota of {folder} is used up", "free some space"),
    ("Permission denied", "{folder} may not be written", "check the permissions of the folder"),
    ("Read-only file system", "{folder} is read-only", "make it writable"),
)
"""What stands in the error, whoever raised it, and the sentence and step that it becomes."""


@contextmanager
def writing(folder: Path) -> Generator[None]:
    """Around whatever writes files: BadInput when the file system refuses for a known reason."""
    try:
        yield
    except (OSError, DeltaError, duckdb.IOException) as error:
        for beginning, sentence, step in _MEANINGS:
            if beginning in str(error):
                raise BadInput(
                    sentence.format(folder=folder), f"{step} and run the command again"
                ) from error
        raise
