"""Dependencies between columns, exactly and at the cost of what changed.

Kept is, for each file, how often each pair of values occurs, under 64-bit hashes of the group and
of the pair. From these follows which pairs lose in their group. The rows of a losing pair are read
in the files that hold it, once; and so are the values of a group that gets another pair, so that
two groups are not taken for one. (What is relied on: two pairs do not share a 64-bit hash.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from ostler.core.canonical import Digest
from ostler.tables.layout import DataFile
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.packing import Array
from ostler.tools.quality.conditions import list_of, place_of, places_of, present
from ostler.tools.quality.keys import CROWD, Repeated, none_repeated
from ostler.tools.quality.plan import Conflicts
from ostler.tools.quality.scanning import key_hash
from ostler.tools.states import States, state_key

_KERNEL = 1
_PAIRS = 2_000_000
"""Pairs of all files; where there are more, a changed table is counted anew."""


@dataclass(frozen=True)
class Pairs:
    """How often a pair of values occurs in a file."""

    group: Array = field(default_factory=lambda: np.empty(0, np.uint64))
    pair: Array = field(default_factory=lambda: np.empty(0, np.uint64))
    file: Array = field(default_factory=lambda: np.empty(0, np.int64))
    count: Array = field(default_factory=lambda: np.empty(0, np.int64))

    def arrays(self) -> dict[str, Array]:
        """All by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def some(self, chosen: Array) -> "Pairs":
        """Those that are chosen."""
        return Pairs(**{name: array[chosen] for name, array in self.arrays().items()})


@dataclass(frozen=True)
class Known:
    """What is known of one `Conflicts` of one table."""

    name: Digest
    files: tuple[Digest, ...] = ()
    seen: Array = field(default_factory=lambda: np.empty(0, np.bool_))
    pairs: Pairs = field(default_factory=Pairs)
    failing: Repeated = field(default_factory=none_repeated)
    """Rows of losing pairs; `key` is the pair."""
    tied: Array = field(default_factory=lambda: np.empty(0, np.uint64))
    """Pairs that were as frequent as another, in the order of their values."""
    crowded: bool = False
    """Whether there is too much to keep."""


_WORDS = ("seen", "tied")


def known(states: States, table: str, measure: Conflicts, kinds: Sequence[str]) -> Known:
    """What was kept of a measure."""
    on = (*measure.determinants, measure.dependent)
    name = state_key("conflicts", _KERNEL, table, on, list(kinds))
    head = states.get(name)
    if head is None or np.count_nonzero(head["seen"]) * 2 < len(head["seen"]):
        return Known(name)
    return Known(
        name,
        tuple(head["files"]),
        pairs=Pairs(**{field: head[f"pairs_{field}"] for field in Pairs().arrays()}),
        failing=Repeated(**{f: head[f"failing_{f}"] for f in none_repeated().arrays()}),
        crowded=bool(head["crowded"][0]),
        **{name: head[name] for name in _WORDS},
    )


def keep(states: States, what: Known) -> None:
    """Keep what is known now."""
    states.put(
        what.name,
        {
            "files": np.array(what.files, np.object_),
            "crowded": np.array([what.crowded]),
            **{name: getattr(what, name) for name in _WORDS},
            **{f"pairs_{name}": array for name, array in what.pairs.arrays().items()},
            **{f"failing_{name}": array for name, array in what.failing.arrays().items()},
        },
    )


def updated(what: Known, view: View, measure: Conflicts, read: Sequence[DataFile]) -> Known:
    """What is known with a version of the table; `read` are its files that were not held."""
    files = (*what.files, *(file.digest for file in read))
    number = {digest: place for place, digest in enumerate(files)}
    alive = np.zeros(len(files), np.bool_)
    alive[[number[file.digest] for file in view.files]] = True
    fresh, mixed = _pairs(view, measure, read, len(what.files)) if read else (Pairs(), False)
    pairs = Pairs(
        **{n: np.concatenate([a, fresh.arrays()[n]]) for n, a in what.pairs.arrays().items()}
    )
    now = replace(what, files=files, seen=alive, pairs=pairs)
    if len(pairs.pair) > _PAIRS:
        return replace(now, pairs=Pairs(), failing=none_repeated(), crowded=True)
    group, pair, count = _totals(pairs.some(alive[pairs.file]))
    part = _Part(view, measure, pairs, alive, number)
    held = np.append(what.seen, np.zeros(len(read), np.bool_))
    if mixed or part.mixes_groups(_several(group), held):
        return replace(now, failing=none_repeated(), crowded=True)
    tied = what.tied
    ties = _ties(group, pair, count)
    if len(np.setdiff1d(ties, tied)):
        tied = part.in_order(ties)
    losing = _losing(group, pair, count, tied)
    if int(count[np.isin(pair, losing)].sum()) > CROWD:
        return replace(now, failing=none_repeated(), crowded=True)
    old = what.failing
    stay = old.some(alive[old.file] & np.isin(old.key, losing))
    # Of a pair that lost before, the files are known that were part of the version before.
    before = np.intersect1d(losing, np.unique(old.key))
    rows = part.rows(losing, np.isin(losing, before), held)
    joined = Repeated(
        *(
            np.concatenate(both)
            for both in zip(stay.arrays().values(), rows.arrays().values(), strict=True)
        )
    )
    return replace(now, failing=joined, tied=tied)


def _pairs(
    view: View, measure: Conflicts, read: Sequence[DataFile], first: int
) -> tuple[Pairs, bool]:
    """How often each pair occurs in some files, and whether two groups in them have one hash."""
    part = view.of_files(read, numbered=True)
    number = quoted(part.layout.number_column) if part.layout else "0"
    columns = (*measure.determinants, measure.dependent)
    # Under names of ours: a column may be called as anything else here.
    named = [f"c{place}" for place, _ in enumerate(columns)]
    group = named[0] if len(named) == 2 else f"row({', '.join(named[:-1])})"
    found = part.arrow(
        f"""SELECT "group", pair, CAST(file AS BIGINT) + {first:d} AS file, n AS count,
                   min(v) OVER same <> max(v) OVER same AS mixed
            FROM (SELECT file, n, {group} AS v, hash({", ".join(named[:-1])}) AS "group",
                         hash({", ".join(named)}) AS pair
                  FROM (SELECT {number} AS file, {places_of(columns)}, count(*) AS n
                        FROM {part.source} WHERE {present(columns)} GROUP BY ALL))
            WINDOW same AS (PARTITION BY "group")
            ORDER BY ALL"""
    )
    pairs = Pairs(**{name: found.column(name).to_numpy() for name in Pairs().arrays()})
    return pairs, any(found.column("mixed").to_pylist())


def _totals(pairs: Pairs) -> tuple[Array, Array, Array]:
    """Group, pair and count over all files, ordered by group and pair."""
    order = np.lexsort((pairs.pair, pairs.group))
    group, pair, count = pairs.group[order], pairs.pair[order], pairs.count[order]
    if not len(pair):
        return group, pair, count
    starts = np.append(0, np.flatnonzero((pair[1:] != pair[:-1]) | (group[1:] != group[:-1])) + 1)
    return group[starts], pair[starts], np.add.reduceat(count, starts)


def _several(group: Array) -> Array:
    """The groups that have several pairs."""
    return np.unique(group[1:][group[1:] == group[:-1]])


def _most(group: Array, count: Array) -> Array:
    """For each pair, the count of the most frequent one of its group."""
    if not len(group):
        return count
    starts = np.append(0, np.flatnonzero(group[1:] != group[:-1]) + 1)
    lengths = np.diff(np.append(starts, len(group)))
    return np.repeat(np.maximum.reduceat(count, starts), lengths)


def _ties(group: Array, pair: Array, count: Array) -> Array:
    """Pairs that share the first place with another one of their group, sorted."""
    first = count == _most(group, count)
    shared = _several(group[first])
    return np.sort(pair[first & np.isin(group, shared)])


def _losing(group: Array, pair: Array, count: Array, tied: Array) -> Array:
    """Pairs that are not the most frequent one, or the first of these, sorted."""
    rank = np.zeros(len(pair), np.int64)
    order = np.argsort(tied)
    if len(tied):
        place = np.minimum(np.searchsorted(tied, pair, sorter=order), len(tied) - 1)
        rank = np.where(tied[order[place]] == pair, order[place], -1)
    ranked = np.lexsort((rank, -count, group))
    group, pair = group[ranked], pair[ranked]
    return np.sort(pair[1:][group[1:] == group[:-1]])


@dataclass(frozen=True)
class _Part:
    """Looks at the values behind the hashes, in the files that hold them."""

    view: View
    measure: Conflicts
    pairs: Pairs
    alive: Array
    number: dict[Digest, int]

    def mixes_groups(self, several: Array, seen: Array) -> bool:
        """Whether one of the groups with several pairs, one of them new, is two of one hash."""
        pairs, alive = self.pairs, self.alive[self.pairs.file]
        before = alive & seen[pairs.file]
        new = alive & np.isin(pairs.group, several) & ~np.isin(pairs.pair, pairs.pair[before])
        groups = np.unique(pairs.group[new])
        if not len(groups) or not before.any():
            return False
        # One file is enough for each new pair, and one for what the group was before.
        old = before & np.isin(pairs.group, groups)
        chosen = np.concatenate(
            [
                np.flatnonzero(new)[np.unique(pairs.pair[new], return_index=True)[1]],
                np.flatnonzero(old)[np.unique(pairs.group[old], return_index=True)[1]],
            ]
        )
        part = self._holding(chosen)
        on = self.measure.determinants
        found = self._asked(
            part,
            groups,
            f"""SELECT 1 FROM (SELECT DISTINCT {list_of(on)} FROM {part.source}
                               WHERE {present((*on, self.measure.dependent))}
                                 AND {key_hash(on)} IN (SELECT k FROM wanted))
                GROUP BY {key_hash(on)} HAVING count(*) > 1 LIMIT 1""",
        )
        return found.num_rows > 0

    def in_order(self, pairs: Array) -> Array:
        """Pairs, ordered by group and value."""
        part = self._holding(np.isin(self.pairs.pair, pairs))
        columns = (*self.measure.determinants, self.measure.dependent)
        found = self._asked(
            part,
            pairs,
            f"""SELECT {key_hash(columns)} AS pair
                FROM (SELECT DISTINCT {list_of(columns)} FROM {part.source}
                      WHERE {present(columns)} AND {key_hash(columns)} IN (SELECT k FROM wanted))
                ORDER BY {list_of(columns)}""",
        )
        return found.column("pair").to_numpy()

    def rows(self, pairs: Array, known: Array, seen: Array) -> Repeated:
        """The rows of pairs, without those of a known pair in files that were seen."""
        before = pairs[known]
        wanted = np.isin(self.pairs.pair, pairs) & ~(
            np.isin(self.pairs.pair, before) & seen[self.pairs.file]
        )
        if not (wanted & self.alive[self.pairs.file]).any():
            return none_repeated()
        part = self._holding(wanted)
        number = quoted(part.layout.number_column) if part.layout else "0"
        columns = (*self.measure.determinants, self.measure.dependent)
        found = self._asked(
            part,
            np.unique(self.pairs.pair[wanted]),
            f"""SELECT key, file, 0 AS "group", coalesce({place_of("id")}, 0) AS number,
                       {place_of("id")} IS NOT NULL AS numeric, id AS row
                FROM (SELECT {part.row} AS id, {number} AS file, {key_hash(columns)} AS key
                      FROM {part.source} WHERE {present(columns)}
                       AND {key_hash(columns)} IN (SELECT k FROM wanted))""",
        )
        arrays = {name: found.column(name).to_numpy() for name in none_repeated().arrays()}
        places = np.array([self.number[file.digest] for file in part.files], np.int64)
        arrays["file"] = places[arrays["file"]]
        rows = Repeated(**arrays)
        return rows.some(~(np.isin(rows.key, before) & seen[rows.file]))

    def _holding(self, chosen: Array) -> View:
        numbers = set(map(int, np.unique(self.pairs.file[chosen])))
        return self.view.of_files(
            [file for file in self.view.files if self.number[file.digest] in numbers],
            numbered=True,
        )

    def _asked(self, part: View, hashes: Array, sql: str) -> pa.Table:
        part.connection.register("wanted", pa.table({"k": hashes}))
        try:
            return part.arrow(sql)
        finally:
            part.connection.unregister("wanted")
