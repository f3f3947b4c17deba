"""Drift by hand: DuckDB counts each column into buckets that a stored reference knows.

    python by_hand_drift.py profile JOB.json PROFILE.json   # of the reference
    python by_hand_drift.py compare JOB.json PROFILE.json   # of the newest version with it

Numbers fall into 1,000 buckets of equal width between the ends of the reference, and into one more
on each side. `compare` prints the PSI of each column, and the KS distance of numbers.
"""

import json
import sys
from math import log
from pathlib import Path

import duckdb
from quality_child import finish, read_job

BUCKETS = 1_000
SMOOTHING = 0.5

Counts = dict[str, int]


def profile(files: list[str], columns: list[str]) -> dict[str, dict[str, object]]:
    """The ends and the counts of each column of the reference."""
    connection = _connected(files)
    kinds = dict(connection.execute("SELECT column_name, column_type FROM (DESCRIBE t)").fetchall())
    found: dict[str, dict[str, object]] = {}
    for column in columns:
        ends = None
        if kinds[column] != "VARCHAR":
            [ends] = connection.execute(
                f"SELECT CAST(min({column}) AS DOUBLE), CAST(max({column}) AS DOUBLE) FROM t"
            ).fetchall()
        found[column] = {"ends": ends, "counts": _counts(connection, column, ends)}
    return found


def compare(files: list[str], stored: dict[str, dict]) -> dict[str, dict[str, float]]:
    """What each column's counts are away from those of the reference."""
    connection = _connected(files)
    found: dict[str, dict[str, float]] = {}
    for column, known in stored.items():
        counts = _counts(connection, column, known["ends"])
        found[column] = {"psi": _psi(known["counts"], counts)}
        if known["ends"]:
            found[column]["ks"] = _ks(known["counts"], counts)
    return found


def _connected(files: list[str]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    connection.read_parquet(files).create_view("t")
    return connection


def _counts(
    connection: duckdb.DuckDBPyConnection, column: str, ends: tuple[float, float] | None
) -> Counts:
    bucket = column
    if ends:
        low, high = ends
        # A plain literal would be a decimal, and slow.
        x, scale = (
            f"CAST({column} AS DOUBLE)",
            f"CAST({BUCKETS / ((high - low) or 1.0)!r} AS DOUBLE)",
        )
        bucket = f"""CASE WHEN {x} >= {low!r} AND {x} < {high!r}
                          THEN CAST(floor(({x} - {low!r}) * {scale}) AS SMALLINT)
                          WHEN {x} >= {high!r} THEN {BUCKETS} WHEN {x} < {low!r} THEN -1 END"""
    rows = connection.execute(f"SELECT {bucket} AS b, count(*) FROM t GROUP BY b").fetchall()
    return {"" if value is None else str(value): count for value, count in rows}


def _psi(before: Counts, after: Counts) -> float:
    names = sorted({*before, *after})
    extra = SMOOTHING * len(names)
    n, m = sum(before.values()) + extra, sum(after.values()) + extra
    pairs = [((before.get(k, 0) + SMOOTHING) / n, (after.get(k, 0) + SMOOTHING) / m) for k in names]
    return sum((q - p) * log(q / p) for p, q in pairs)


def _ks(before: Counts, after: Counts) -> float:
    places = sorted({int(k) for k in (*before, *after) if k})
    n, m = (sum(count for k, count in side.items() if k) for side in (before, after))
    gap = widest = 0.0
    for place in places:
        gap += before.get(str(place), 0) / n - after.get(str(place), 0) / m
        widest = max(widest, abs(gap))
    return widest


if __name__ == "__main__":
    job, kept = read_job(sys.argv[2]), Path(sys.argv[3])
    if sys.argv[1] == "profile":
        kept.write_text(json.dumps(profile(job.reference, job.drifting)))
    else:
        stored = json.loads(kept.read_text())
        finish(lambda: compare(job.orders, stored))
