"""Orders to check: a seeded table of 16 columns of any size, with a known number of failures.

    python benchmarks/quality_data.py FOLDER --rows 1000000 [--seed 1] [--reference]
    python benchmarks/quality_data.py FOLDER --append 1000 [--seed 1]
    python benchmarks/quality_data.py FOLDER

Writes the Delta tables FOLDER/orders and FOLDER/customers as somebody else's job would have, in
several files of 16 MB, and prints as JSON what there is to check and what each check has to find.
Rows are computed from their number, so any part of the table can be made alone, and memory does
not grow with it. `--reference` puts a version of other orders before it, for drift; `--append`
adds rows to a table that is there.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

FILE_SIZE = 16 * 1024 * 1024
"""Bytes, about 200,000 rows."""
BATCH = 50_000
"""Rows that are in memory at a time."""
CUSTOMERS = 50_000
CITIES = 1_000
COUNTRIES = (
    "AT", "BE", "BG", "CH", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
    "IS", "IT", "LT", "LU", "LV", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "UA",
)  # fmt: skip
STATUSES = ("new", "paid", "packed", "shipped", "delivered", "returned")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
SECONDS_PER_ORDER = 6


def _one_of(values: Sequence[str], number: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"([{listed}])[CAST(1 + ({number}) % {len(values)} AS BIGINT)]"


@dataclass(frozen=True)
class Plant:
    """Wrong cells: of every `period` rows, `length` from `offset` on."""

    column: str
    value: str
    """An SQL expression of what stands there instead."""
    period: int
    offset: int
    length: int = 1

    @property
    def where(self) -> str:
        """The SQL condition of the rows, whose numbers are `i`."""
        return f"(i >= {self.offset} AND (i - {self.offset}) % {self.period} < {self.length})"

    def rows(self, total: int) -> int:
        """How many of the first rows it strikes."""
        whole, rest = divmod(max(0, total - self.offset), self.period)
        return whole * self.length + min(rest, self.length)


_REPEATED = 5_003
_REPEATS = Plant("invoice", "invoice", _REPEATED, 11 + _REPEATED)
_STRETCH = f"((i - 11) // {_REPEATED})"
_INVOICE = f"""(CASE WHEN {_REPEATS.where}
                THEN {_STRETCH} // 2 * {_REPEATED} + 12 + {_STRETCH} % 2 ELSE i END)"""
"""The number of the order whose invoice number a row has: half way back, for those that repeat one.

No two repeat the same one, and none repeats one that repeats another.
"""

PLANTS: Mapping[str, Plant] = {
    "no customer": Plant("customer_id", "NULL", 4_001, 5),
    "unknown customer": Plant("customer_id", f"{CUSTOMERS} + 1 + i % 97", 4_001, 1_009),
    "no email": Plant("email", "NULL", 1_009, 3),
    "bad email": Plant("email", "replace(email, '@', ' at ')", 1_009, 500),
    "bad phone": Plant("phone", "'0' || i", 3_001, 77),
    "repeated invoice": _REPEATS,
    "bad invoice": Plant("invoice", "replace(invoice, '-', '')", 5_003, 17),
    "unknown status": Plant("status", "'Payed'", 2_003, 42),
    "disguised coupon": Plant("coupon", "'n/a'", 1_511, 8),
    # Failures of one bad delivery stand together; most files have none of them.
    "quantity in grams": Plant("quantity", "quantity * 1000", 2_000_003, 7_001, 400),
    "negative price": Plant("unit_price", "-unit_price", 6_000_011, 9_001, 300),
    "discount in percent": Plant("discount", "15 + i % 50", 2_503, 99),
    "wrong country": Plant("country", _one_of(COUNTRIES, "city_number + 1"), 3_503, 13),
    "shipped before": Plant("shipped_at", "to_timestamp(ordered - 3 * 86400)", 2_999, 21),
}


@dataclass(frozen=True)
class QualityCheck:
    """One check of the benchmark, for every engine: what must hold, and what breaks it."""

    name: str
    rule: Mapping[str, object]
    """As `ostler.core.checks` writes it."""
    broken_by: Sequence[str] = ()
    rows_each: int = 1
    """Failing rows for each planted one."""

    def failing(self, rows: int) -> int:
        """How many rows fail it in a table of so many rows."""
        return self.rows_each * sum(PLANTS[plant].rows(rows) for plant in self.broken_by)


CHECKS: Sequence[QualityCheck] = (
    QualityCheck("total_is_number", {"kind": "type", "column": "total", "type": "number"}),
    QualityCheck("ordered_is_time",
                 {"kind": "type", "column": "ordered_at", "type": "timestamp"}),
    QualityCheck("order_present", {"kind": "not_null", "column": "order_id"}),
    QualityCheck("customer_present", {"kind": "not_null", "column": "customer_id"},
                 ["no customer"]),
    QualityCheck("email_present", {"kind": "not_null", "column": "email"}, ["no email"]),
    QualityCheck("order_unique", {"kind": "unique", "on": ["order_id"]}),
    QualityCheck("invoice_unique", {"kind": "unique", "on": ["invoice"]},
                 ["repeated invoice"], rows_each=2),
    QualityCheck("invoice_format",
                 {"kind": "pattern", "column": "invoice", "regex": "INV-[0-9]{10}"},
                 ["bad invoice"]),
    QualityCheck("email_format",
                 {"kind": "pattern", "column": "email",
                  "regex": r"[a-z0-9._]+@[a-z0-9-]+(\.[a-z]{2,})+"}, ["bad email"]),
    QualityCheck("phone_format",
                 {"kind": "pattern", "column": "phone", "regex": r"\+[0-9]{1,3} [0-9]{6,12}"},
                 ["bad phone"]),
    QualityCheck("status_known",
                 {"kind": "accepted_values", "column": "status", "values": STATUSES},
                 ["unknown status"]),
    QualityCheck("country_known",
                 {"kind": "accepted_values", "column": "country", "values": COUNTRIES}),
    QualityCheck("coupon_honest",
                 {"kind": "rejected_values", "column": "coupon", "values": ["n/a", "none", "-"]},
                 ["disguised coupon"]),
    QualityCheck("quantity_range",
                 {"kind": "range", "column": "quantity", "minimum": 1, "maximum": 100},
                 ["quantity in grams"]),
    QualityCheck("price_range",
                 {"kind": "range", "column": "unit_price", "minimum": 0.01, "maximum": 10000},
                 ["negative price"]),
    QualityCheck("discount_range",
                 {"kind": "range", "column": "discount", "minimum": 0, "maximum": 0.9},
                 ["discount in percent"]),
    QualityCheck("customer_known",
                 {"kind": "foreign_key", "on": ["customer_id"], "dataset": "customers",
                  "references": ["customer_id"]}, ["unknown customer"]),
    QualityCheck("city_decides_country",
                 {"kind": "dependency", "determinants": ["city"], "dependent": "country"},
                 ["wrong country"]),
    QualityCheck("shipped_after",
                 {"kind": "row_rule", "left": "shipped_at", "operator": ">=",
                  "right": "ordered_at"}, ["shipped before"]),
    QualityCheck("orders_fresh",
                 {"kind": "freshness", "column": "ordered_at", "max_age_hours": 48}),
)  # fmt: skip

DRIFTING = ("customer_id", "quantity", "unit_price", "total", "discount", "weight",
            "status", "country", "city", "coupon")  # fmt: skip
"""The columns that drift is measured on: six of numbers and four of values."""


@dataclass(frozen=True)
class Era:
    """What differs between two versions of the business: what drift has to find."""

    salt: int
    weight: float
    """Factor of all weights."""
    delivered: int
    """Per cent of the orders."""
    discounted: int
    """Per cent of the orders."""


CURRENT = Era(salt=0, weight=1.5, delivered=45, discounted=40)
REFERENCE = Era(salt=1_000_000, weight=1.0, delivered=70, discounted=45)


def now_of(rows: int) -> datetime:
    """A clock by which a table of so many rows is fresh."""
    return BEGIN + timedelta(seconds=SECONDS_PER_ORDER * rows, hours=3)


def orders(start: int, stop: int, *, seed: int = 1, era: Era = CURRENT) -> pa.RecordBatchReader:
    """The orders with these numbers, from `start` up to `stop`, in batches."""
    connection = duckdb.connect(config={"memory_limit": "256MB"})
    connection.execute("SET TimeZone = 'UTC'")
    return connection.sql(_orders_sql(start, stop, seed + era.salt, era)).to_arrow_reader(BATCH)


def write(folder: Path, rows: int, *, seed: int = 1, reference: bool = False) -> None:
    """Make FOLDER/orders and FOLDER/customers; with `reference`, the earlier era is version 0."""
    folder.mkdir(parents=True, exist_ok=True)
    customers = f"""SELECT i AS customer_id, 'Customer ' || i AS name
                    FROM range(1, {CUSTOMERS} + 1) t(i)"""
    with duckdb.connect() as connection:
        write_deltalake(folder / "customers", connection.sql(customers).to_arrow_table())
    for era in (REFERENCE, CURRENT) if reference else (CURRENT,):
        write_deltalake(
            folder / "orders",
            orders(0, rows, seed=seed, era=era),
            mode="overwrite",
            target_file_size=FILE_SIZE,
        )


def append(folder: Path, rows: int, *, seed: int = 1) -> None:
    """Add the next orders to FOLDER/orders, in one commit."""
    held = row_count(folder)
    write_deltalake(folder / "orders", orders(held, held + rows, seed=seed), mode="append")


def row_count(folder: Path) -> int:
    """How many orders there are, by the table's log."""
    files = pa.table(DeltaTable(folder / "orders").get_add_actions(flatten=True))
    return sum(files.column("num_records").to_pylist())


_LARGEST = 2.0**64
_DRAWN = {
    "city_number": f"a % {CITIES}",
    "ordered": f"{BEGIN.timestamp():.0f} + i * {SECONDS_PER_ORDER} + (a >> 16) % 3600",
    "p": "c % 100",
    "u": f"greatest(CAST(b AS DOUBLE) / {_LARGEST}, 1e-18)",
    "v": f"CAST(c AS DOUBLE) / {_LARGEST}",
}
"""What several columns are computed from: `a` to `d` are 64 random bits each."""


def _clean(salt: int, era: Era) -> Mapping[str, str]:
    """The SQL expression of each column, before anything goes wrong."""
    return {
        "order_id": "i + 1",
        # Whole numbers times a number prime to 10 are all different in their last ten digits.
        "invoice": f"""'INV-' || lpad(CAST(
                        ({_INVOICE} * 2654435769 + {salt}) % 10000000000 AS VARCHAR), 10, '0')""",
        "customer_id": f"CAST(1 + (b >> 8) % {CUSTOMERS} AS BIGINT)",
        "email": "'u' || d % 1000000000 || '@mail' || (d >> 40) % 40 || '.example'",
        "phone": """CASE WHEN (d >> 4) % 10 >= 3
                    THEN '+' || (30 + (d >> 8) % 60) || ' ' || (1000000 + (d >> 16) % 899999999)
                    END""",
        "country": _one_of(COUNTRIES, "city_number"),
        "city": "'City ' || city_number",
        "status": f"""CASE WHEN p < {era.delivered} THEN 'delivered'
                      ELSE {_one_of(STATUSES, "(c >> 32)")} END""",
        "coupon": "CASE WHEN (c >> 8) % 10 >= 7 THEN 'SAVE' || (c >> 16) % 200 END",
        "quantity": "CAST(1 + floor(20 * u * u * u) AS INTEGER)",
        "unit_price": "round(exp(0.5 + 5 * v), 2)",
        "discount": f"""CASE WHEN (a >> 32) % 100 < {era.discounted}
                        THEN CAST((a >> 40) % 500 AS DOUBLE) / 1000 END""",
        "weight": f"""CASE WHEN (a >> 50) % 100 >= 5
                      THEN round({era.weight} * exp(sqrt(-2 * ln(u)) * cos(2 * pi() * v)), 3)
                      END""",
        "total": "CAST(quantity * unit_price * (1 - coalesce(discount, 0)) AS DECIMAL(12, 2))",
        "ordered_at": "to_timestamp(ordered)",
        "shipped_at": """CASE WHEN (b >> 40) % 10 >= 2
                         THEN to_timestamp(ordered + 3600 + (b >> 20) % 600000) END""",
    }


def _orders_sql(start: int, stop: int, salt: int, era: Era) -> str:
    # Of one number each: hashes of several values differ from each other in few bits.
    bits = ", ".join(f"hash({salt << 32} + i * 4 + {n}) AS {name}" for n, name in enumerate("abcd"))
    drawn = ", ".join(f"{sql} AS {name}" for name, sql in _DRAWN.items())
    clean = _clean(salt, era)
    made = ", ".join(f"{sql} AS {name}" for name, sql in clean.items())
    return f"""
        WITH bits AS (SELECT i, {bits} FROM range({start}, {stop}) t(i)),
             drawn AS (SELECT *, {drawn} FROM bits),
             clean AS (SELECT i, city_number, ordered, {made} FROM drawn)
        SELECT {", ".join(_planted(column) for column in clean)} FROM clean"""


def _planted(column: str) -> str:
    cases = [f"WHEN {p.where} THEN {p.value}" for p in PLANTS.values() if p.column == column]
    return f"CASE {' '.join(cases)} ELSE {column} END AS {column}" if cases else column


def failing(rows: int) -> dict[str, int]:
    """How many rows fail each check in a table of so many rows."""
    return {check.name: check.failing(rows) for check in CHECKS}


def job_of(folder: Path) -> dict[str, object]:
    """What there is to check and to find, as `quality_child.py` reads it."""
    table = DeltaTable(folder / "orders")
    rows = row_count(folder)
    return {
        "folder": str(folder.resolve()),
        "rows": rows,
        "now": now_of(rows).isoformat(),
        "orders": _files(table),
        "customers": _files(DeltaTable(folder / "customers")),
        "reference": _files(DeltaTable(folder / "orders", version=0)) if table.version() else [],
        "checks": [{"name": check.name, "rule": check.rule} for check in CHECKS],
        "failing": failing(rows),
        "drifting": DRIFTING,
    }


def _files(table: DeltaTable) -> list[str]:
    return sorted(uri.removeprefix("file://") for uri in table.file_uris())


def main() -> None:
    """Write what was asked for, and print what there is to check and to find."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=0, help="of a new table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reference", action="store_true", help="first a version to drift from")
    parser.add_argument("--append", type=int, default=0, help="rows to add to what is there")
    arguments = parser.parse_args()
    if arguments.append:
        append(arguments.folder, arguments.append, seed=arguments.seed)
    elif arguments.rows:
        write(arguments.folder, arguments.rows, seed=arguments.seed, reference=arguments.reference)
    print(json.dumps(job_of(arguments.folder), indent=2))


if __name__ == "__main__":
    main()
