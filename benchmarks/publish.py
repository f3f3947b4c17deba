"""What many small fixes cost: time, and how much the table grows, beside the usual two ways.

    python benchmarks/publish.py                 # 100 fixes to 1,000,000 rows; 0.1 % of 10,000,000
    python benchmarks/publish.py --rows 200000 --large 0

Everything is measured in one run on one machine, so read the ratios. Each way makes the same fixes
to a copy of the same table, and what it made is compared with what the others made before a number
is printed. `publish` keeps every approved patch on disk first, as a review does, stages all of them
on the newest snapshot, writes and proves the new files, and commits once.
"""

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from ostler.core.datasets import ROW_ID
from ostler.tables.delta import VersionedTable
from ostler.tables.importing import import_file
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import CHANGES, Patch, make
from ostler.tables.preparing import prepare
from ostler.tables.publishing import publish
from ostler.tables.stage import open_stage

COLUMN = "city"


@dataclass(frozen=True)
class Cost:
    """What a way of fixing cost."""

    seconds: float
    cpu: float
    """Seconds of processor time."""
    grown: int
    """Bytes."""


@contextmanager
def measured(folder: Path) -> Iterator[Callable[[], Cost]]:
    """Measure a block; the cost can be asked for after it."""
    size, wall, cpu = _size(folder), time.perf_counter(), _cpu()
    cost: list[Cost] = []
    yield lambda: cost[0]
    seconds, busy = time.perf_counter() - wall, _cpu() - cpu
    cost.append(Cost(seconds, busy, _size(folder) - size))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def write_source(rows: int, path: Path) -> None:
    """A table of people, places and numbers; about 70 bytes a row once it is compressed."""
    amounts = ", ".join(
        f"round((hash(i, {n}) % 10_000_000) / 10_000.0, 4) AS amount_{n}" for n in range(4)
    )
    duckdb.execute(
        f"""COPY (SELECT 'C' || hash(i, 'customer') % ({rows} * 10) AS customer,
                         'city ' || hash(i, 'city') % 5000 AS {COLUMN},
                         'street ' || hash(i, 'street') % 200_000 AS street,
                         CAST(hash(i, 'age') % 100 AS INTEGER) AS age,
                         CAST(hash(i, 'visits') % 10_000 AS INTEGER) AS visits, {amounts}
                  FROM range({rows}) r(i)) TO '{path}' (COMPRESSION zstd)"""
    )


def fixes_of(table: VersionedTable, count: int, rows_each: int) -> list[Patch]:
    """Patches of distinct rows from all over the table, with the values that stand there."""
    view = table.view()
    found = view.arrow(
        f"""WITH chosen AS (SELECT {ROW_ID} AS id FROM {view.source}
                            ORDER BY hash({ROW_ID}, 'chosen') LIMIT {count * rows_each}),
                 numbered AS (SELECT id, (row_number() OVER (ORDER BY hash(id)) - 1) // {rows_each}
                                     AS fix FROM chosen)
            SELECT w.fix, 'set' AS op, CAST(w.id AS VARCHAR) AS "row", '{COLUMN}' AS "column",
                   t.{COLUMN} AS old, upper(t.{COLUMN}) || ' fixed' AS new
            FROM {view.source} t JOIN numbered w ON w.id = t.{ROW_ID}"""
    )
    fixes = found.column("fix")
    parts = (found.filter(pc.equal(fixes, i)) for i in range(count))
    return [make(part.select(CHANGES.names).cast(CHANGES), view.columns) for part in parts]


def copied(source: Path, folder: Path, name: str) -> Path:
    """A copy of a table to work on."""
    target = folder / name
    shutil.copytree(source, target)
    return target


def by_publish(source: Path, folder: Path, fixes: list[Patch]) -> tuple[Cost, int]:
    """Patches kept, staged together, published as one commit."""
    root = copied(source, folder, "publish")
    table, patches = VersionedTable(str(root), (ROW_ID,)), PatchFiles(root / "patches")
    with measured(root) as cost:
        for patch in fixes:
            patches.put(patch)
        stage, _ = open_stage(table).with_patches([patches.get(p.digest) for p in fixes])
        publish(
            stage,
            prepare(stage),
            proposals=[f"P-{patch.digest[:8]}" for patch in fixes],
            patches=[patch.digest for patch in fixes],
            approvers=["ana"],
            trace="",
        )
    return cost(), _content(f"SELECT * FROM read_parquet({_files(root)})")


def by_merge(source: Path, folder: Path, fixes: list[Patch]) -> tuple[Cost, int]:
    """One `merge` of delta-rs for each fix."""
    root = copied(source, folder, "merge")
    with measured(root) as cost:
        for patch in fixes:
            _merge(root, patch)
    return cost(), _content(f"SELECT * FROM read_parquet({_files(root)})")


def _merge(root: Path, patch: Patch) -> None:
    updates = pa.table(
        {
            ROW_ID: patch.changes.column("row").cast(pa.int64()),
            COLUMN: patch.changes.column("new"),
        }
    )
    (
        DeltaTable(str(root))
        .merge(updates, f"t.{ROW_ID} = s.{ROW_ID}", source_alias="s", target_alias="t")
        .when_matched_update({COLUMN: f"s.{COLUMN}"})
        .execute()
    )


def by_rewrite(source: Path, folder: Path, fixes: list[Patch]) -> tuple[Cost, int]:
    """The whole table as one Parquet file, written anew for each fix; the old ones are kept."""
    root = folder / "rewrite"
    root.mkdir()
    connection = duckdb.connect()
    current = root / "0.parquet"
    connection.execute(
        f"COPY (FROM read_parquet({_files(source)})) TO '{current}' (COMPRESSION zstd)"
    )
    with measured(root) as cost:
        for number, patch in enumerate(fixes, 1):
            connection.register("fix", patch.changes)
            following = root / f"{number}.parquet"
            connection.execute(
                f"""COPY (SELECT t.* REPLACE (coalesce(f.new, t.{COLUMN}) AS {COLUMN})
                          FROM '{current}' t LEFT JOIN fix f
                          ON CAST(f."row" AS BIGINT) = t.{ROW_ID})
                    TO '{following}' (COMPRESSION zstd)"""
            )
            current = following
    return cost(), _content(f"FROM '{current}'")


def _files(root: Path) -> list[str]:
    return sorted(DeltaTable(str(root)).file_uris())


def _content(query: str) -> int:
    """A number that is equal for equal rows in any order."""
    connection = duckdb.connect()
    found = connection.execute(
        f"SELECT bit_xor(hash({ROW_ID}, {COLUMN}, street, amount_3)) FROM ({query})"
    ).fetchall()
    return int(found[0][0])


WAYS = {
    "ostler publish": by_publish,
    "delta merge per fix": by_merge,
    "parquet rewrite per fix": by_rewrite,
}


def many_small_fixes(rows: int, count: int, rows_each: int, folder: Path) -> None:
    """The table of the first question: many fixes, three ways."""
    source = _imported(rows, folder)
    fixes = fixes_of(VersionedTable(str(source), (ROW_ID,)), count, rows_each)
    base = _size(source)
    print(f"\n{count} fixes of {rows_each} rows each, {rows:,} rows, {base / 1e6:.0f} MB\n")
    results = {name: way(source, folder, fixes) for name, way in WAYS.items()}
    contents = {content for _, content in results.values()}
    if len(contents) != 1:
        raise SystemExit("the three ways did not make the same table")
    ours = results["ostler publish"][0]
    print("| way | seconds | times | CPU seconds | times | grown by MB | times |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, (cost, _) in results.items():
        print(
            f"| {name} | {cost.seconds:.1f} | {cost.seconds / ours.seconds:.1f} | {cost.cpu:.1f} | "
            f"{cost.cpu / ours.cpu:.1f} | {cost.grown / 1e6:.1f} | {cost.grown / ours.grown:.1f} |"
        )


def one_large_fix(rows: int, folder: Path) -> None:
    """The table of the second question: when is a fix readable, staged or merged."""
    source = _imported(rows, folder)
    table = VersionedTable(str(source), (ROW_ID,))
    [fix] = fixes_of(table, 1, rows // 1000)
    print(f"\none fix of {fix.changes.num_rows:,} random rows, {rows:,} rows\n")
    patches = PatchFiles(folder / "patches")
    with measured(folder) as staged:
        patches.put(fix)
        view = open_stage(table).with_patch(patches.get(fix.digest)).view
    root = copied(source, folder, "merge")
    with measured(root) as merged:
        _merge(root, fix)
    query = f"SELECT count(*) FILTER ({COLUMN} LIKE '% fixed'), sum(visits) FROM "
    with measured(folder) as read_staged:
        ours = view.one(query + view.source)
    with measured(folder) as read_merged:
        theirs = duckdb.execute(f"{query} read_parquet({_files(root)})").fetchone()
    if ours != theirs or ours[0] != fix.changes.num_rows:
        raise SystemExit(f"not every fix can be read: {ours} and {theirs}")
    print("| way | readable after s | share | CPU seconds | share | grown by MB | read in s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    rows = (("ostler, staged", staged(), read_staged()), ("delta merge", merged(), read_merged()))
    for name, cost, read in rows:
        share, busy = cost.seconds / merged().seconds, cost.cpu / merged().cpu
        print(
            f"| {name} | {cost.seconds:.2f} | {share:.1%} | {cost.cpu:.2f} | {busy:.1%} | "
            f"{cost.grown / 1e6:.1f} | {read.seconds:.2f} |"
        )


def _imported(rows: int, folder: Path) -> Path:
    folder.mkdir(parents=True)
    source = folder / "source.parquet"
    write_source(rows, source)
    import_file(source, str(folder / "table"), (ROW_ID,))
    return folder / "table"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the table with many fixes")
    parser.add_argument("--fixes", type=int, default=100)
    parser.add_argument("--large", type=int, default=10_000_000, help="rows; 0 leaves it out")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; emptied after")
    arguments = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in ("deltalake", "duckdb", "pyarrow"))
    print(f"{versions}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        if arguments.rows:
            many_small_fixes(arguments.rows, arguments.fixes, 10, Path(name) / "small")
            shutil.rmtree(Path(name) / "small")
        if arguments.large:
            one_large_fix(arguments.large, Path(name) / "large")


if __name__ == "__main__":
    main()
