"""pandera on Polars: python with_pandera.py JOB.json."""

import sys

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from quality_child import Job, finish, read_job


def schema(job: Job) -> pa.DataFrameSchema:
    """The checks as a schema; rows with a missing value fail what they are part of."""
    known = pl.read_parquet(job.customers)["customer_id"].to_list()
    columns: dict[str, pa.Column] = {
        "order_id": pa.Column(pl.Int64, unique=True),
        "invoice": pa.Column(
            pl.String, pa.Check.str_matches(job.regex("invoice_format")), unique=True
        ),
        "customer_id": pa.Column(pl.Int64, pa.Check.isin(known)),
        "email": pa.Column(pl.String, pa.Check.str_matches(job.regex("email_format"))),
        "phone": pa.Column(
            pl.String, pa.Check.str_matches(job.regex("phone_format")), nullable=True
        ),
        "status": pa.Column(pl.String, pa.Check.isin(job.values("status_known"))),
        "country": pa.Column(pl.String, pa.Check.isin(job.values("country_known"))),
        "coupon": pa.Column(pl.String, pa.Check.notin(job.values("coupon_honest")), nullable=True),
        "quantity": pa.Column(pl.Int32, pa.Check.in_range(1, 100)),
        "unit_price": pa.Column(pl.Float64, pa.Check.in_range(0.01, 10_000)),
        "discount": pa.Column(pl.Float64, pa.Check.in_range(0, 0.9), nullable=True),
        "total": pa.Column(pl.Decimal(12, 2)),
        "ordered_at": pa.Column(pl.Datetime("us", "UTC")),
    }
    whole = [
        pa.Check(
            lambda data: data.lazyframe.select(pl.col("shipped_at") >= pl.col("ordered_at")),
            name="shipped_after",
        ),
        pa.Check(
            lambda data: data.lazyframe.select(
                pl.col("country") == pl.col("country").mode().first().over("city")
            ),
            name="city_decides_country",
        ),
    ]
    return pa.DataFrameSchema(columns, checks=whole)


KINDS = {
    "not_nullable": "present",
    "field_uniqueness": "unique",
    "str_matches": "format",
    "isin": "known",
    "notin": "honest",
    "in_range": "range",
}
COLUMNS = {"order_id": "order", "customer_id": "customer", "unit_price": "price"}


def checked(job: Job) -> dict[str, int]:
    """Failure cases by name."""
    found: dict[str, int] = {}
    try:
        schema(job).validate(pl.read_parquet(job.orders), lazy=True)
    except SchemaErrors as errors:
        counted = errors.failure_cases.group_by("column", "check").len()
        for column, check, count in counted.iter_rows():
            kind = check.partition("(")[0]
            start = COLUMNS.get(column, column)
            found[f"{start}_{KINDS[kind]}" if kind in KINDS else kind] = count
    return {name: found.get(name, 0) for name in job.checks if name != "orders_fresh"}


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job))
