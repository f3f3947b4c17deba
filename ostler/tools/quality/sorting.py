"""Sorting many 64-bit words with little memory: sorted runs on disk, merged by ranges of values."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ostler.tools.packing import Array, forget, mapped

_RUN = 1 << 22
"""Words that are sorted in memory, 32 MB."""


class Sorter:
    """Takes words in any order and gives them sorted; beyond a size it works in a folder."""

    def __init__(self, run: int = _RUN) -> None:
        self._run = run
        self._held: list[Array] = []
        self._count = 0
        self._runs: list[Array] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runs.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, words: Array) -> None:
        """Take some more words."""
        self._held.append(words)
        self._count += len(words)
        if self._count >= self._run:
            self._runs.append(self._on_disk(f"run{len(self._runs)}", iter([self._sorted()])))

    def result(self) -> Array:
        """All of them, sorted; to be used before this is closed."""
        rest = self._sorted()
        if not self._runs:
            return rest
        return self._on_disk("sorted", _merged([*self._runs, rest], self._run))

    def _sorted(self) -> Array:
        words = np.concatenate([np.empty(0, np.uint64), *self._held])
        self._held, self._count = [], 0
        words.sort()
        return words

    def _on_disk(self, name: str, parts: Iterator[Array]) -> Array:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ostler-")
        path = Path(self._folder.name) / name
        with path.open("wb") as file:
            for part in parts:
                file.write(part.data)
        return mapped(path) if path.stat().st_size else np.empty(0, np.uint64)


def _merged(runs: list[Array], size: int) -> Iterator[Array]:
    """The words of sorted runs in order, about so many at a time."""
    longest = max(runs, key=len)
    total = sum(len(run) for run in runs)
    step = max(1, size * len(longest) // (2 * total))
    ends: list[int | None] = [*map(int, longest[step::step]), None]
    starts = [0] * len(runs)
    for end in ends:
        stops = [
            len(run) if end is None else int(np.searchsorted(run, np.uint64(end))) for run in runs
        ]
        parts = [run[a:b] for run, a, b in zip(runs, starts, stops, strict=True)]
        words = np.concatenate(parts)
        words.sort()
        yield words
        starts = stops
        for run in runs:
            forget(run)
