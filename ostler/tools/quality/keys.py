"""Repeated keys, exactly and at the cost of what changed.

Kept are the packed keys of all rows, sorted: the upper 48 bits of a hash, then the number of the
row's file. Two rows of one key always meet there; two keys that meet are told apart by their
values, which are read in the files that hold them, once. So what new files bring is looked up, what
they repeat is verified, and whatever failed before is known.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from ostler.core.canonical import Digest
from ostler.tables.layout import DataFile
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.packing import Array, forget
from ostler.tools.quality.conditions import place_of, present, tuple_of
from ostler.tools.quality.effort import NUMBERS, Place, ordered
from ostler.tools.quality.plan import Repeats
from ostler.tools.quality.scanning import key_hash
from ostler.tools.states import States, state_key

CROWD = 200_000
"""Failing rows of which each is kept; where there are more, a changed table is counted anew."""
_KERNEL = 1
_MANY = 1 << 20
_SHIFT = np.uint64(16)
_LOW = np.uint64(NUMBERS - 1)


@dataclass(frozen=True)
class Repeated:
    """The rows that fail on one version, each with its key, its file and its group."""

    key: Array
    """Upper 48 bits of the hash."""
    file: Array
    group: Array
    number: Array
    """The row's id as a number, where `numeric`."""
    numeric: Array
    row: Array

    def __len__(self) -> int:
        return len(self.key)

    def some(self, chosen: Array) -> "Repeated":
        """Those that are chosen."""
        return Repeated(*(array[chosen] for array in self.arrays().values()))

    def arrays(self) -> dict[str, Array]:
        """All by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def none_repeated() -> Repeated:
    """No rows."""
    kinds = (np.uint64, np.int64, np.int64, np.int64, np.bool_, np.object_)
    return Repeated(*(np.empty(0, kind) for kind in kinds))


@dataclass(frozen=True)
class Known:
    """What is known of one `Repeats` of one table."""

    name: Digest
    large_name: Digest = ""
    files: tuple[Digest, ...] = ()
    """Whose keys are held; a file's number is its place."""
    first: int = 0
    """How many of the files were read first."""
    seen: Array = field(default_factory=lambda: np.empty(0, np.bool_))
    """Which of them made up the version that was measured last."""
    large: Array = field(default_factory=lambda: np.empty(0, np.uint64))
    """Packed keys, sorted: those that were read first."""
    small: Array = field(default_factory=lambda: np.empty(0, np.uint64))
    """Packed keys, sorted: those that came since."""
    failing: Repeated = field(default_factory=none_repeated)
    crowded: bool = False
    """Whether there were too many failing rows to keep."""


def known(states: States, table: str, measure: Repeats, kinds: Sequence[str]) -> Known:
    """What was kept of a measure, if all of it is there and still of use."""
    name = state_key("repeats", _KERNEL, table, measure.on, list(kinds))
    head = states.get(name)
    large = states.get(head["large_name"][0]) if head and head["large_name"][0] else None
    if head is None or large is None:
        return Known(name)
    small, seen = head["small"], head["seen"]
    if len(small) > max(len(large["keys"]) // 2, _MANY) or np.count_nonzero(seen) * 2 < len(seen):
        # Mostly what is gone or came later: read once more, and it is in order again.
        return Known(name)
    return Known(
        name,
        head["large_name"][0],
        tuple(head["files"]),
        int(head["first"][0]),
        seen,
        large["keys"],
        small,
        Repeated(**{field: head[f"failing_{field}"] for field in none_repeated().arrays()}),
        bool(head["crowded"][0]),
    )


def keep(states: States, what: Known, before: Known) -> None:
    """Keep what is known now; the many keys only when they are others than before."""
    if what.large_name and what.large_name != before.large_name:
        states.put(what.large_name, {"keys": what.large})
    states.put(
        what.name,
        {
            "large_name": np.array([what.large_name], np.object_),
            "files": np.array(what.files, np.object_),
            "first": np.array([what.first]),
            "seen": what.seen,
            "small": what.small,
            "crowded": np.array([what.crowded]),
            **{f"failing_{name}": array for name, array in what.failing.arrays().items()},
        },
    )


def updated(
    what: Known, view: View, measure: Repeats, fresh: Array, read: Sequence[DataFile]
) -> Known:
    """What is known with a version of the table.

    `fresh` are the packed keys of the files of this version that were not held, sorted and numbered
    by their place in `read`.
    """
    held = len(what.files)
    files = (*what.files, *(file.digest for file in read))
    number = {digest: place for place, digest in enumerate(files)}
    alive = np.zeros(len(files), np.bool_)
    alive[[number[file.digest] for file in view.files]] = True
    if held:
        # Adding to the number leaves the order as it is.
        small = np.sort(np.concatenate([what.small, fresh + np.uint64(held)]))
        now = replace(what, files=files, seen=alive, small=small)
        touched = _touched(now, alive, np.append(what.seen, np.zeros(len(read), np.bool_)))
    else:
        name = state_key(what.name, [*files])
        now = replace(what, large_name=name, files=files, first=len(files), seen=alive, large=fresh)
        touched = _within(fresh)
    keys, rows, numbers = touched
    if rows + len(what.failing) > CROWD:
        return replace(now, failing=none_repeated(), crowded=True)
    old = what.failing
    still = old.some(alive[old.file] & ~np.isin(old.key, keys)) if len(old) else old
    failing = still
    if rows:
        holding = [file for file in view.files if number[file.digest] in numbers]
        found = _verified(view, measure, holding, keys)
        found = replace(
            found,
            file=np.array([number[file.digest] for file in holding], np.int64)[found.file],
            group=found.group + (int(still.group.max()) + 1 if len(still) else 0),
        )
        failing = _joined(still, found)
    return replace(now, failing=_repeating(failing))


def _within(words: Array) -> tuple[Array, int, set[int]]:
    """Keys that occur more than once, how many rows have them, and in which files they are."""
    keys: list[Array] = []
    numbers: list[Array] = []
    rows = 0
    for start in range(0, len(words), _MANY):
        # One more on each side, for those that repeat across the border.
        part = words[max(0, start - 1) : start + _MANY + 1]
        key = part >> _SHIFT
        same = key[1:] == key[:-1]
        wrong = np.append(same, False) | np.append(False, same)
        keys.append(np.unique(key[wrong]))
        numbers.append(np.unique(part[wrong] & _LOW))
        rows += int(np.count_nonzero(wrong[int(start > 0) :][:_MANY]))
        forget(words)
    if not keys:
        return np.empty(0, np.uint64), 0, set()
    return np.unique(np.concatenate(keys)), rows, {int(n) for part in numbers for n in part}


def _touched(what: Known, alive: Array, seen: Array) -> tuple[Array, int, set[int]]:
    """`_within` for keys of files that were not part of the version before."""
    news = alive & ~seen
    runs = (what.large, what.small)
    # The many keys are gone through only when a file of theirs has come back.
    reading = runs if news[: what.first].any() else (what.small,)
    words = [run[news[(run & _LOW).astype(np.int64)]] for run in reading]
    keys = np.unique(np.concatenate(words) >> _SHIFT)
    counts = np.zeros(len(keys), np.int64)
    found: list[tuple[Array, Array]] = []
    for run in runs:
        start = np.searchsorted(run, keys << _SHIFT)
        stop = np.searchsorted(run, (keys << _SHIFT) | _LOW, side="right")
        length = stop - start
        which = np.repeat(np.arange(len(keys)), length)
        # Place in the run of every word that has one of the keys.
        place = np.arange(len(which)) + np.repeat(start - (np.cumsum(length) - length), length)
        files = (run[place] & _LOW).astype(np.int64)
        there = alive[files]
        counts += np.bincount(which[there], minlength=len(keys))
        found.append((which[there], files[there]))
    several = counts > 1
    numbers = {int(n) for which, files in found for n in np.unique(files[several[which]])}
    return keys[several], int(counts[several].sum()), numbers


def _verified(view: View, measure: Repeats, files: Sequence[DataFile], keys: Array) -> Repeated:
    """The rows of some files whose key is one of some and occurs more than once, by its values."""
    part = view.of_files(files, numbered=True)
    number = quoted(part.layout.number_column) if part.layout else "0"
    short = f"({key_hash(measure.on)} >> 16)"
    candidates = f"{part.name}: candidates"
    part.connection.register(candidates, pa.table({"k": keys}))
    try:
        found = part.arrow(
            f"""SELECT key, file, dense_rank() OVER (ORDER BY first) AS "group",
                       coalesce({place_of("id")}, 0) AS number,
                       {place_of("id")} IS NOT NULL AS numeric, id AS row
                FROM (SELECT *, count(*) OVER same AS n, min(id) OVER same AS first
                      FROM (SELECT {part.row} AS id, {number} AS file, {short} AS key,
                                   {tuple_of(measure.on)} AS v
                            FROM {part.source}
                            WHERE {present(measure.on)}
                              AND {short} IN (SELECT k FROM {quoted(candidates)}))
                      WINDOW same AS (PARTITION BY v))
                WHERE n > 1"""
        )
    finally:
        part.connection.unregister(candidates)
    columns = {name: found.column(name).to_numpy() for name in none_repeated().arrays()}
    columns["file"] = columns["file"].astype(np.int64)
    return Repeated(**columns)


def _joined(one: Repeated, other: Repeated) -> Repeated:
    pairs = zip(one.arrays().values(), other.arrays().values(), strict=True)
    return Repeated(*(np.concatenate(pair) for pair in pairs))


def _repeating(rows: Repeated) -> Repeated:
    """Those whose group has another row."""
    _, place, count = np.unique(rows.group, return_inverse=True, return_counts=True)
    return rows.some(count[place] > 1)


def first_of(rows: Repeated, limit: int) -> list[Place]:
    """The first rows by their ids."""
    chosen = np.arange(len(rows))
    if len(rows) > limit:
        order = np.where(rows.numeric, rows.number, np.iinfo(np.int64).max)
        chosen = np.flatnonzero(order <= np.partition(order, limit - 1)[limit - 1])
    places = [
        (int(n) if numeric else None, str(row))
        for n, numeric, row in zip(
            rows.number[chosen], rows.numeric[chosen], rows.row[chosen], strict=True
        )
    ]
    return heapq.nsmallest(limit, places, key=ordered)
