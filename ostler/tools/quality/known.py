"""Measuring with states: only what no state knows is read, and it is read once."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np

from ostler.core.canonical import Digest, digest_of
from ostler.tables.layout import DataFile
from ostler.tools.quality import groups, keys
from ostler.tools.quality.book import Entry, close_book, open_book
from ostler.tools.quality.conditions import Ground, fails, place_of
from ostler.tools.quality.duckdb_sql import Bound
from ostler.tools.quality.effort import NUMBERS, Place, Reading, ordered
from ostler.tools.quality.expressions import Known, columns_of, contains
from ostler.tools.quality.plan import Conflicts, Found, Measure, Newest, Repeats, RowTest, Size
from ostler.tools.quality.scanning import NEVER, Scanned, scan
from ostler.tools.quality.sorting import Sorter
from ostler.tools.states import States, state_key

_KERNEL = 1
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def measured(
    ground: Ground,
    measures: Iterable[Measure],
    sources: Mapping[Known, Digest | None],
    *,
    now: datetime,
    sample: int,
    states: States,
) -> tuple[int, Mapping[Measure, Found], Reading]:
    """The number of rows, what each measure gives, and what was read for it.

    `sources` says what makes up the keys of other datasets: a digest of their files, or None when
    nothing names it, so that nothing that depends on it is kept.
    """
    task = _Task(ground, sources, now, sample, states)
    wanted = tuple(dict.fromkeys(measures))
    task.read(wanted)
    found: dict[Measure, Found] = {
        measure: task.found(measure) for measure in wanted if not isinstance(measure, Size)
    }
    task.close()
    return task.total, found, task.reading


class _Task:
    """One measurement of one version."""

    def __init__(
        self,
        ground: Ground,
        sources: Mapping[Known, Digest | None],
        now: datetime,
        sample: int,
        states: States,
    ) -> None:
        view = ground.view
        self._ground, self._view, self._states, self._sample = ground, view, states, sample
        self._sources = sources
        self._files = view.files
        self._clock = (now - _BEGIN) // timedelta(microseconds=1)
        self._kinds = {column.name: column.type for column in view.columns}
        self._table = view.layout.root if view.layout else ""
        self._book = open_book(states, self._table, view.key)
        self._version = digest_of(sorted(file.digest for file in self._files))
        self._keys: dict[Repeats, keys.Known] = {}
        self._groups: dict[Conflicts, groups.Known] = {}
        self._names: dict[Measure, Digest] = {}
        self._once = uuid4().hex
        self._passing: set[Digest] = set()
        """Names of what nobody can know again, because nothing names what it was made of."""
        self.reading = Reading(files=len(self._files))

    @property
    def total(self) -> int:
        """Rows of the version."""
        return sum(file.rows or 0 for file in self._files)

    def read(self, measures: Sequence[Measure]) -> None:
        """Bring all states up to date, with one pass over what none of them knows."""
        tests = [one for one in measures if isinstance(one, RowTest)]
        times = [one for one in measures if isinstance(one, Newest)]
        repeats = [one for one in measures if isinstance(one, Repeats) and not self._whole(one)]
        for one in repeats:
            self._keys[one] = keys.known(self._states, self._table, one, self._types(one.on))
        repeats = [one for one in repeats if not self._keys[one].crowded]
        missing: dict[Measure, set[Digest]] = {one: self._unknown(one) for one in (*tests, *times)}
        held = {one: set(self._keys[one].files) for one in repeats}
        missing |= {
            one: {file.digest for file in self._files if file.digest not in files}
            for one, files in held.items()
        }
        wanted = [f for f in self._files if any(f.digest in lack for lack in missing.values())]
        with ExitStack() as stack:
            sorters = {one: stack.enter_context(Sorter()) for one in repeats if missing[one]}
            if wanted:
                self.reading.read |= {file.digest for file in wanted}
                tests = [one for one in tests if missing[one]]
                times = [one for one in times if missing[one]]
                scanned = scan(self._ground, wanted, tests, times, sorters, self._clock)
                self._note(wanted, tests, times, scanned)
            for one in repeats:
                self._bring_up(one, wanted, held[one], sorters.get(one))
        for one in measures:
            if isinstance(one, Conflicts) and not self._whole(one):
                self._bring_up_groups(one)

    def _bring_up(
        self, one: Repeats, scanned: Sequence[DataFile], held: set[Digest], sorter: Sorter | None
    ) -> None:
        before = self._keys[one]
        words = np.empty(0, np.uint64) if sorter is None else sorter.result()
        read = [file for file in scanned if file.digest not in held] if sorter else []
        if sorter is not None and len(read) < len(scanned):
            # The pass was over more files, for others; numbers follow those of this one.
            places = {file.digest: place for place, file in enumerate(read)}
            number = np.array([places.get(file.digest, -1) for file in scanned], np.int64)
            mine = number[(words & np.uint64(NUMBERS - 1)).astype(np.int64)]
            words = words[mine >= 0]
            words = (words & ~np.uint64(NUMBERS - 1)) | mine[mine >= 0].astype(np.uint64)
        now = keys.updated(before, self._view, one, words, read)
        # While the sorter's folder is there.
        keys.keep(self._states, now, before)
        self._keys[one] = now

    def _bring_up_groups(self, one: Conflicts) -> None:
        on = (*one.determinants, one.dependent)
        known = groups.known(self._states, self._table, one, self._types(on))
        if known.crowded:
            return
        read = [file for file in self._files if file.digest not in set(known.files)]
        self.reading.read |= {file.digest for file in read}
        now = groups.updated(known, self._view, one, read)
        groups.keep(self._states, now)
        self._groups[one] = now

    def found(self, one: Measure) -> Found:
        """What a measure gives, from the states."""
        if isinstance(one, RowTest):
            return self._counted(one)
        if isinstance(one, Newest):
            return self._newest(one)
        known = self._keys.get(one) if isinstance(one, Repeats) else None
        if isinstance(one, Conflicts):
            known = self._groups.get(one)
        if known is None or known.crowded:
            return self._counted_anew(one)
        first = keys.first_of(known.failing, self._sample) if self._sample else []
        return Found(len(known.failing), tuple(row for _, row in first))

    def close(self) -> None:
        """Keep what was found out."""
        for entry in self._book.entries.values():
            for name in self._passing:
                entry["counts"].pop(name, None)
                entry["samples"].pop(name, None)
        self._book.use(file.digest for file in self._files)
        close_book(self._states, self._book)

    def _note(
        self,
        files: Sequence[DataFile],
        tests: Sequence[RowTest],
        times: Sequence[Newest],
        scanned: Scanned,
    ) -> None:
        for place, file in enumerate(files):
            entry = self._entry(file)
            for number, test in enumerate(tests):
                name = self._name(test)
                entry["counts"][name] = scanned.failing.get((place, number), 0)
                entry["samples"].pop(name, None)
                if (place, number) in scanned.samples:
                    entry["samples"][name] = scanned.samples[place, number]
            for number, time in enumerate(times):
                entry["times"][self._name(time)] = (
                    int(scanned.newest[number][place]),
                    int(scanned.later[number][place]),
                )

    def _entry(self, file: DataFile) -> Entry:
        blank: Entry = {"rows": file.rows or 0, "counts": {}, "samples": {}, "times": {}}
        return self._book.entries.setdefault(file.digest, blank)

    def _unknown(self, one: RowTest | Newest) -> set[Digest]:
        """Files that the book says nothing of, or nothing that still holds at this time."""
        name = self._name(one)
        lacking: set[Digest] = set()
        for file in self._files:
            entry = self._book.entries.get(file.digest)
            if entry is None:
                lacking.add(file.digest)
            elif isinstance(one, RowTest):
                if name not in entry["counts"]:
                    lacking.add(file.digest)
            else:
                newest, later = entry["times"].get(name, (self._clock + 1, self._clock))
                if not newest <= self._clock < later:
                    lacking.add(file.digest)
        return lacking

    def _counted(self, one: RowTest) -> Found:
        name = self._name(one)
        failing, places = 0, list[Place]()
        for file in self._files:
            entry = self._book.entries[file.digest]
            failing += entry["counts"][name]
            for number, row in entry["samples"].get(name, ()):
                places.append((number, row))
        rows = tuple(row for _, row in sorted(places, key=ordered)[: self._sample])
        return Found(failing, rows)

    def _newest(self, one: Newest) -> Found:
        name = self._name(one)
        newest = max(self._book.entries[file.digest]["times"][name][0] for file in self._files)
        if newest == NEVER:
            return Found()
        return Found(newest=(_BEGIN + timedelta(microseconds=newest)).replace(tzinfo=None))

    def _counted_anew(self, one: Measure) -> Found:
        """By a query over the whole version, unless that version was asked before."""
        name = digest_of([self._version, self._name(one), self._sample])
        if name not in self._book.whole:
            self.reading.read |= {file.digest for file in self._files}
            self.reading.anew.add(one)
            bound, view = Bound(), self._view
            wrong = fails(one, self._ground, bound)
            [[failing, rows]] = view.query(
                f"""SELECT count(*), min(row({place_of("id")}, id), {max(self._sample, 1):d})
                    FROM (SELECT {view.row} AS id FROM {view.source} WHERE {wrong})""",
                bound.values,
            )
            self._book.whole[name] = (failing, [row for _, row in rows or ()][: self._sample])
            if isinstance(one, Repeats) and failing * 2 < keys.CROWD and one in self._keys:
                # No crowd any more: next time its keys are read again, and kept.
                keys.keep(self._states, keys.Known(self._keys[one].name), self._keys[one])
        failing, rows = self._book.whole[name]
        return Found(failing, tuple(rows))

    def _whole(self, one: Measure) -> bool:
        """Whether the version was asked for a measure by itself, as a whole."""
        return digest_of([self._version, self._name(one), self._sample]) in self._book.whole

    def _types(self, columns: Sequence[str]) -> list[str]:
        return [self._kinds[column] for column in columns]

    def _name(self, one: Measure) -> Digest:
        """What is measured: the tree, the types of its columns, and what keys it was given."""
        if one not in self._names:
            given = [
                digest or self._once
                for known, digest in self._sources.items()
                if isinstance(one, RowTest) and contains(one.fails, known)
            ]
            kinds = [(name, self._kinds.get(name)) for name in columns_of(one)]
            self._names[one] = state_key(_KERNEL, repr(one), kinds, given)
            if self._once in given:
                self._passing.add(self._names[one])
        return self._names[one]
