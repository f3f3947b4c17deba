"""dataframely on Polars: python with_dataframely.py JOB.json."""

import sys

import dataframely as dy
import polars as pl
from quality_child import Job, finish, read_job

job = read_job(sys.argv[1])
known = pl.read_parquet(job.customers)["customer_id"]


class Orders(dy.Schema):
    """The checks as a schema."""

    order_id = dy.Int64(unique=True)
    invoice = dy.String(regex=job.regex("invoice_format"), unique=True)
    customer_id = dy.Int64(check=lambda c: c.is_in(known.implode()))
    email = dy.String(regex=job.regex("email_format"))
    phone = dy.String(nullable=True, regex=job.regex("phone_format"))
    country = dy.String(check=lambda c: c.is_in(job.values("country_known")))
    city = dy.String()
    status = dy.String(check=lambda c: c.is_in(job.values("status_known")))
    coupon = dy.String(nullable=True, check=lambda c: ~c.is_in(job.values("coupon_honest")))
    quantity = dy.Int32(min=1, max=100)
    unit_price = dy.Float64(min=0.01, max=10_000)
    discount = dy.Float64(nullable=True, min=0, max=0.9)
    weight = dy.Float64(nullable=True)
    total = dy.Decimal(12, 2)
    ordered_at = dy.Datetime(time_unit="us", time_zone="UTC")
    shipped_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")

    @dy.rule()
    def shipped_after(cls) -> pl.Expr:
        """The row rule."""
        return pl.col("shipped_at") >= pl.col("ordered_at")

    @dy.rule()
    def city_decides_country(cls) -> pl.Expr:
        """The dependency."""
        return pl.col("country") == pl.col("country").mode().first().over("city")


NAMES = {
    "customer_present": ["customer_id|nullability"],
    "order_present": ["order_id|nullability"],
    "email_present": ["email|nullability"],
    "order_unique": ["order_id|unique"],
    "invoice_unique": ["invoice|unique"],
    "invoice_format": ["invoice|regex"],
    "email_format": ["email|regex"],
    "phone_format": ["phone|regex"],
    "status_known": ["status|check"],
    "country_known": ["country|check"],
    "coupon_honest": ["coupon|check"],
    "quantity_range": ["quantity|min", "quantity|max"],
    "price_range": ["unit_price|min", "unit_price|max"],
    "discount_range": ["discount|min", "discount|max"],
    "customer_known": ["customer_id|check"],
    "shipped_after": ["shipped_after"],
    "city_decides_country": ["city_decides_country"],
}


def checked(job: Job) -> dict[str, int]:
    """Failing rows by name; the schema is checked before any row."""
    found = Orders.filter(pl.scan_parquet(job.orders)).collect_all()[1].counts()
    return {
        "total_is_number": 0,
        "ordered_is_time": 0,
        **{name: sum(found.get(rule, 0) for rule in rules) for name, rules in NAMES.items()},
    }


if __name__ == "__main__":
    finish(lambda: checked(job))
