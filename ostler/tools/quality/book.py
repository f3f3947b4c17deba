"""The book of a table: what each of its data files gave for each measure about rows."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np

from ostler.core.canonical import Digest
from ostler.tools.quality.effort import Place
from ostler.tools.states import States, state_key

_KERNEL = 1
_OLD = 4
"""Files that are kept for each one in use, so that a return to an old version costs nothing."""


class Entry(TypedDict):
    """What one file gave."""

    rows: int
    counts: dict[Digest, int]
    """Failing rows of a test."""
    samples: dict[Digest, list[Place]]
    """The first of them, where there are any."""
    times: dict[Digest, tuple[int, int]]
    """The newest moment up to a clock, and the first one after it."""


@dataclass
class Book:
    """Entries by the digest of a file, the last used at the end."""

    name: Digest
    entries: dict[Digest, Entry] = field(default_factory=dict[Digest, Entry])
    whole: dict[Digest, tuple[int, list[str]]] = field(
        default_factory=dict[Digest, tuple[int, list[str]]]
    )
    """Of whole versions: failing rows, and the first of them."""

    def use(self, files: Iterable[Digest]) -> None:
        """Put the entries of files at the end, and drop those that were not used for long."""
        used = {file: self.entries.pop(file) for file in files if file in self.entries}
        room = max(_OLD * len(used), 256)
        self.entries = dict([*self.entries.items()][-room:]) | used
        self.whole = dict([*self.whole.items()][-64:])


def open_book(states: States, table: str, key: Sequence[str]) -> Book:
    """The book of a table whose rows are named by a key."""
    book = Book(state_key("book", _KERNEL, table, list(key)))
    kept = states.get(book.name)
    if kept is not None:
        found = json.loads(kept["book"][0])
        book.entries, book.whole = found["entries"], found["whole"]
    return book


def close_book(states: States, book: Book) -> None:
    """Keep what was written into it."""
    text = json.dumps({"entries": book.entries, "whole": book.whole}, ensure_ascii=False)
    states.put(book.name, {"book": np.array([text], np.object_)})
