"""One pass over data files for all that is measured row by row, a result for each file.

DuckDB streams a few numbers per row: a bit for each test that it fails, and what groups and times
are made of. Ids are made only for rows that fail something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ostler.tables.engine import compute
from ostler.tables.layout import DataFile
from ostler.tables.sql import quoted, row_id
from ostler.tools.packing import Array
from ostler.tools.quality.conditions import Ground, list_of, place_of, present
from ostler.tools.quality.duckdb_sql import BITS, Bound, masks_of
from ostler.tools.quality.effort import NUMBERS, SAMPLE, Place, ordered
from ostler.tools.quality.plan import Newest, Repeats, RowTest
from ostler.tools.quality.sorting import Sorter

_MANY = 1 << 20
"""Failing rows that are held before they are counted."""
_NEVER = np.iinfo(np.int64)
NEVER = int(_NEVER.min)
"""The newest time where there is none."""


@dataclass
class Scanned:
    """What a pass gave, by the number of the file and of the measure."""

    failing: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    samples: dict[tuple[int, int], list[Place]] = field(
        default_factory=dict[tuple[int, int], list[Place]]
    )
    newest: list[Array] = field(default_factory=list[Array])
    """For each time, the newest one up to the clock per file, in microseconds since 1970."""
    later: list[Array] = field(default_factory=list[Array])
    """For each time, the first one after the clock per file."""


def key_hash(columns: Sequence[str]) -> str:
    """A hash of values that are equal as their types have it; they must be present."""
    return f"hash({list_of(columns)})"


def scan(
    ground: Ground,
    files: Sequence[DataFile],
    tests: Sequence[RowTest],
    times: Sequence[Newest],
    keys: Mapping[Repeats, Sorter],
    clock: int,
) -> Scanned:
    """Read files once; what stands for a key goes to its sorter, packed with the file's number.

    A packed key is the upper 48 bits of the key's hash, then the number in the last 16.
    """
    part = ground.view.of_files(files, numbered=True)
    bound = Bound()
    sql = _query(Ground(part, ground.keys), tests, times, list(keys), bound)
    masks = _masks(tests)
    found = Scanned()
    found.newest = [np.full(len(files), _NEVER.min) for _ in times]
    found.later = [np.full(len(files), _NEVER.max) for _ in times]
    failing: list[pa.RecordBatch] = []
    for batch in part.batches(sql, bound.values):
        if not batch.num_rows:
            continue
        file = batch.column("f").to_numpy()
        wrong = np.zeros(len(file), bool)
        for mask in masks:
            wrong |= batch.column(mask).to_numpy() != 0
        if wrong.any():
            failing.append(batch.filter(pa.array(wrong)).select(["f", "id", *masks]))
        for number in range(len(times)):
            moments = batch.column(f"t{number}").to_numpy()
            _note_times(moments, file, clock, found.newest[number], found.later[number])
        for number, sorter in enumerate(keys.values()):
            sorter.add(batch.column(f"h{number}").drop_null().to_numpy())
        if sum(one.num_rows for one in failing) > _MANY:
            _count(found, failing, len(tests))
    _count(found, failing, len(tests))
    return found


def _masks(tests: Sequence[RowTest]) -> list[str]:
    return [f"m{place}" for place in range(-(-len(tests) // BITS))]


def _query(
    ground: Ground,
    tests: Sequence[RowTest],
    times: Sequence[Newest],
    keys: Sequence[Repeats],
    bound: Bound,
) -> str:
    view, writer = ground.view, ground.writer(bound)
    number = quoted(view.layout.number_column) if view.layout else "0"
    inner = [f"{number} AS f"]
    inner += [f"{quoted(key)} AS k{place}" for place, key in enumerate(view.key)]
    masks = masks_of([writer.fails(test.fails) for test in tests])
    inner += [f"{mask} AS m{place}" for place, mask in enumerate(masks)]
    for place, time in enumerate(times):
        moment = f"epoch_us({writer.value(time.of).text})"
        inner.append(f"coalesce({moment}, CAST({_NEVER.min} AS BIGINT)) AS t{place}")
    for place, key in enumerate(keys):
        packed = (
            f"({key_hash(key.on)} & CAST({-NUMBERS & 0xFFFFFFFFFFFFFFFF} AS UBIGINT)) | {number}"
        )
        inner.append(f"CASE WHEN {present(key.on)} THEN CAST({packed} AS UBIGINT) END AS h{place}")
    names = _masks(tests)
    wrong = " OR ".join(f"{name} <> 0" for name in names) or "FALSE"
    row = row_id(tuple(f"k{place}" for place, _ in enumerate(view.key)))
    outer = ["f", *names, f"CASE WHEN {wrong} THEN {row} END AS id"]
    outer += [f"t{place}" for place, _ in enumerate(times)]
    outer += [f"h{place}" for place, _ in enumerate(keys)]
    return f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {view.source})"


def _note_times(times: Array, file: Array, clock: int, newest: Array, later: Array) -> None:
    """Take a batch's times into account; rows of one file mostly stand together."""
    starts = np.append(0, np.flatnonzero(file[1:] != file[:-1]) + 1)
    latest = np.maximum.reduceat(times, starts)
    if (latest > clock).any():
        future = np.where(times > clock, times, _NEVER.max)
        np.minimum.at(later, file[starts], np.minimum.reduceat(future, starts))
        latest = np.maximum.reduceat(np.where(times <= clock, times, _NEVER.min), starts)
    np.maximum.at(newest, file[starts], latest)


def _count(found: Scanned, failing: list[pa.RecordBatch], tests: int) -> None:
    """Count the failing rows that are held, and keep the first ones; then hold none."""
    if not failing:
        return
    table = pa.Table.from_batches(failing)
    failing.clear()
    measures = [
        f"count(*) FILTER ({bit}), min(row({place_of('id')}, id), {SAMPLE}) FILTER ({bit})"
        for place in range(tests)
        for bit in [f"(m{place // BITS} & {1 << place % BITS}) <> 0"]
    ]
    for file, *numbers in compute(
        f"SELECT f, {', '.join(measures)} FROM failing GROUP BY f ORDER BY f", failing=table
    ):
        for test, (count, first) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
            if count:
                held: list[Place] = [(number, row) for number, row in first]
                merged = sorted([*found.samples.get((file, test), []), *held], key=ordered)
                found.failing[file, test] = found.failing.get((file, test), 0) + count
                found.samples[file, test] = merged[:SAMPLE]
