"""The checks of the benchmark written by hand for DuckDB and Polars, as well as we can: the bar.

    python by_hand.py WAY JOB.json

Every way says how many rows fail each check, as JSON, and what that cost. They know the table:
nothing here has to be general, to keep a state, or to name the rows that fail.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
from polars import col
from quality_child import Job, finish, read_job

EMAIL = r"[a-z0-9._]+@[a-z0-9-]+(\.[a-z]{2,})+"
INVOICE = "INV-[0-9]{10}"
PHONE = r"\+[0-9]{1,3} [0-9]{6,12}"
HIDDEN = ("n/a", "none", "-")
STALE = timedelta(hours=48)
PRESENT = {
    "order_present": "order_id",
    "customer_present": "customer_id",
    "email_present": "email",
}
RANGES = {
    "quantity_range": ("quantity", 1, 100),
    "price_range": ("unit_price", 0.01, 10_000),
    "discount_range": ("discount", 0, 0.9),
}

Counts = dict[str, int]


def duckdb_plain(job: Job) -> Counts:
    """One scan for all that looks at single rows, and an aggregate for each other check."""
    connection = _connected(job)
    found = _scanned(
        connection,
        _conditions(job)
        | {name: f"{column} IS NULL" for name, column in PRESENT.items()}
        | {name: f"{c} NOT BETWEEN {low} AND {high}" for name, (c, low, high) in RANGES.items()}
        | {"fresh": f"ordered_at >= TIMESTAMPTZ '{job.now - STALE}'"},
    )
    fresh = found.pop("fresh")
    return {
        **found,
        "orders_fresh": int(not fresh),
        **_schema(job),
        "order_unique": _repeated(connection, "order_id"),
        "invoice_unique": _repeated(connection, "invoice"),
        "city_decides_country": _dependent(connection),
    }


def duckdb_statistics(job: Job) -> Counts:
    """Without reading what the files' statistics prove; texts are compared by their hash first."""
    connection = _connected(job)
    known, open_ranges = _proved(job)
    return {
        **_scanned(connection, _conditions(job)),
        **_schema(job),
        **known,
        **{name: _outside(connection, files, *RANGES[name]) for name, files in open_ranges.items()},
        "order_unique": _repeated(connection, "order_id"),
        "invoice_unique": _repeated_texts(connection, "invoice"),
        "city_decides_country": _dependent(connection),
    }


def _connected(job: Job) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    connection.read_parquet(job.orders).create_view("orders")
    connection.read_parquet(job.customers).create_view("customers")
    return connection


def _conditions(job: Job) -> Mapping[str, str]:
    return {
        "invoice_format": f"NOT regexp_full_match(invoice, '{INVOICE}')",
        "email_format": f"NOT regexp_full_match(email, '{EMAIL}')",
        "phone_format": f"NOT regexp_full_match(phone, '{PHONE}')",
        "status_known": f"status NOT IN ({_listed(job.values('status_known'))})",
        "country_known": f"country NOT IN ({_listed(job.values('country_known'))})",
        "coupon_honest": f"coupon IN ({_listed(HIDDEN)})",
        "customer_known": "customer_id IS NOT NULL"
        " AND customer_id NOT IN (SELECT customer_id FROM customers)",
        "shipped_after": "shipped_at < ordered_at",
    }


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _scanned(connection: duckdb.DuckDBPyConnection, conditions: Mapping[str, str]) -> Counts:
    counts = ", ".join(f"count(*) FILTER ({sql})" for sql in conditions.values())
    [found] = connection.execute(f"SELECT {counts} FROM orders").fetchall()
    return dict(zip(conditions, found, strict=True))


def _repeated(connection: duckdb.DuckDBPyConnection, column: str) -> int:
    return _number(
        connection,
        f"""SELECT sum(n) FROM (SELECT count(*) AS n FROM orders WHERE {column} IS NOT NULL
                                GROUP BY {column} HAVING n > 1)""",
    )


def _repeated_texts(connection: duckdb.DuckDBPyConnection, column: str) -> int:
    # Whatever shares a hash may still differ, so the few that do are compared as they are.
    return _number(
        connection,
        f"""WITH suspects AS (SELECT hash({column}) AS h FROM orders WHERE {column} IS NOT NULL
                              GROUP BY h HAVING count(*) > 1)
            SELECT sum(n) FROM (SELECT count(*) AS n FROM orders
                                WHERE hash({column}) IN (FROM suspects)
                                GROUP BY {column} HAVING n > 1)""",
    )


def _dependent(connection: duckdb.DuckDBPyConnection) -> int:
    return _number(
        connection,
        """SELECT sum(n) - sum(most) FROM (
               SELECT sum(n) AS n, max(n) AS most FROM (
                   SELECT city, country, count(*) AS n FROM orders
                   WHERE city IS NOT NULL AND country IS NOT NULL GROUP BY ALL)
               GROUP BY city)""",
    )


def _outside(
    connection: duckdb.DuckDBPyConnection, files: list[str], column: str, low: float, high: float
) -> int:
    if not files:
        return 0
    connection.read_parquet(files).create_view("doubtful", replace=True)
    return _number(
        connection, f"SELECT count(*) FILTER ({column} NOT BETWEEN {low} AND {high}) FROM doubtful"
    )


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0] or 0)


def _schema(job: Job) -> Counts:
    kinds = {field.name: str(field.type) for field in pq.read_schema(job.orders[0])}
    return {
        "total_is_number": job.rows * (not kinds["total"].startswith("decimal")),
        "ordered_is_time": job.rows * (not kinds["ordered_at"].startswith("timestamp")),
    }


def _proved(job: Job) -> tuple[Counts, dict[str, list[str]]]:
    """What the statistics of the files say, and the files whose numbers have to be read."""
    missing = dict.fromkeys(PRESENT, 0)
    doubtful: dict[str, list[str]] = {name: [] for name in RANGES}
    fresh = False
    for path in job.orders:
        metadata = pq.read_metadata(path)
        places = {metadata.schema.column(i).name: i for i in range(metadata.num_columns)}
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]

        def statistics(column: str, groups=groups, places=places):
            return [group.column(places[column]).statistics for group in groups]

        for name, column in PRESENT.items():
            missing[name] += sum(one.null_count for one in statistics(column))
        for name, (column, low, high) in RANGES.items():
            if any(one.min < low or one.max > high for one in statistics(column)):
                doubtful[name].append(path)
        fresh = fresh or any(one.max >= job.now - STALE for one in statistics("ordered_at"))
    return {**missing, "orders_fresh": int(not fresh)}, doubtful


def polars_plain(job: Job) -> Counts:
    """Everything in one streaming pass over the lazy frame."""
    orders = pl.scan_parquet(job.orders)
    local = (
        _expressions(job)
        | {name: col(column).is_null() for name, column in PRESENT.items()}
        | {name: ~col(c).is_between(low, high) for name, (c, low, high) in RANGES.items()}
        | {"orders_fresh": col("ordered_at") >= job.now - STALE}
    )
    found = _collected(orders, local)
    return {**found, "orders_fresh": int(not found["orders_fresh"]), **_schema(job)}


def polars_statistics(job: Job) -> Counts:
    """The same, without reading what the files' statistics prove."""
    known, open_ranges = _proved(job)
    found = _collected(pl.scan_parquet(job.orders), _expressions(job))
    return {**found, **known, **_schema(job), **_read_ranges(open_ranges)}


def _read_ranges(doubtful: Mapping[str, list[str]]) -> Counts:
    found = dict.fromkeys(doubtful, 0)
    for name, files in doubtful.items():
        if files:
            column, low, high = RANGES[name]
            outside = pl.scan_parquet(files).select((~col(column).is_between(low, high)).sum())
            found[name] = outside.collect(engine="streaming").item()
    return found


def _expressions(job: Job) -> dict[str, pl.Expr]:
    known = pl.read_parquet(job.customers, columns=["customer_id"])["customer_id"]
    return {
        "invoice_format": ~col("invoice").str.contains(f"^(?:{INVOICE})$"),
        "email_format": ~col("email").str.contains(f"^(?:{EMAIL})$"),
        "phone_format": ~col("phone").str.contains(f"^(?:{PHONE})$"),
        "status_known": ~col("status").is_in(job.values("status_known")),
        "country_known": ~col("country").is_in(job.values("country_known")),
        "coupon_honest": col("coupon").is_in(HIDDEN),
        "customer_known": ~col("customer_id").is_in(known.implode()),
        "shipped_after": col("shipped_at") < col("ordered_at"),
    }


def _collected(orders: pl.LazyFrame, local: Mapping[str, pl.Expr]) -> Counts:
    numbers = orders.select("order_id").drop_nulls().group_by("order_id").len()
    hashes = orders.select(h=col("invoice").hash()).group_by("h").len()
    places = orders.select("city", "country").drop_nulls().group_by("city", "country").len()
    rows, repeated, suspects, pairs = pl.collect_all(
        [
            orders.select(**{name: one.sum() for name, one in local.items()}),
            numbers.filter(col("len") > 1).select(col("len").sum()),
            hashes.filter(col("len") > 1).select("h"),
            places.group_by("city").agg(col("len").sum() - col("len").max()),
        ],
        engine="streaming",
    )
    return {
        **rows.row(0, named=True),
        "order_unique": repeated.item(),
        "invoice_unique": _same_texts(orders, suspects["h"]),
        "city_decides_country": pairs["len"].sum(),
    }


def polars_numpy(job: Job) -> Counts:
    """As before, but what may not repeat is sorted by numpy, which is quicker than any grouping."""
    known, open_ranges = _proved(job)
    orders = pl.scan_parquet(job.orders)
    local = {name: one.sum() for name, one in _expressions(job).items()}
    places = orders.select("city", "country").drop_nulls().group_by("city", "country").len()
    rows, keys, pairs = pl.collect_all(
        [
            orders.select(**local),
            orders.select("order_id", h=col("invoice").hash()),
            places.group_by("city").agg(col("len").sum() - col("len").max()),
        ],
        engine="streaming",
    )
    numbers = keys["order_id"].drop_nulls().to_numpy()
    return {
        **rows.row(0, named=True),
        **known,
        **_schema(job),
        **_read_ranges(open_ranges),
        "order_unique": int(np.isin(numbers, _twice(numbers)).sum()) if _twice(numbers).size else 0,
        "invoice_unique": _same_texts(orders, pl.Series(_twice(keys["h"].to_numpy()))),
        "city_decides_country": pairs["len"].sum(),
    }


def _twice(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _same_texts(orders: pl.LazyFrame, hashes: pl.Series) -> int:
    # Whatever shares a hash may still differ, so the few that do are compared as they are.
    suspects = orders.select("invoice").filter(col("invoice").hash().is_in(hashes.implode()))
    groups = suspects.drop_nulls().group_by("invoice").len().filter(col("len") > 1)
    return groups.select(col("len").sum()).collect(engine="streaming").item()


WAYS: dict[str, Callable[[Job], Counts]] = {
    "duckdb": duckdb_plain,
    "duckdb-statistics": duckdb_statistics,
    "polars": polars_plain,
    "polars-statistics": polars_statistics,
    "polars-numpy": polars_numpy,
}


if __name__ == "__main__":
    job = read_job(sys.argv[2])
    finish(lambda: WAYS[sys.argv[1]](job))
