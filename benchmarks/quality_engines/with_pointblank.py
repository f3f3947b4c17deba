"""pointblank on Polars: python with_pointblank.py JOB.json."""

import sys

import pointblank as pb
import polars as pl
from quality_child import Job, finish, read_job


def checked(job: Job) -> dict[str, int]:
    """Failing rows by name."""
    known = pl.read_parquet(job.customers)["customer_id"].to_list()
    plan, names = pb.Validate(pl.read_parquet(job.orders)), []
    for name, rule in job.checks.items():
        column = rule.get("column")
        match rule["kind"]:
            case "not_null":
                plan = plan.col_vals_not_null(column)
            case "unique":
                plan = plan.rows_distinct(columns_subset=rule["on"])
            case "pattern":
                plan = plan.col_vals_regex(column, job.regex(name), na_pass=True)
            case "accepted_values":
                plan = plan.col_vals_in_set(column, rule["values"])
            case "rejected_values":
                plan = plan.col_vals_not_in_set(column, rule["values"])
            case "range":
                plan = plan.col_vals_between(column, rule["minimum"], rule["maximum"], na_pass=True)
            case "row_rule":
                plan = plan.col_vals_ge(rule["left"], pb.col(rule["right"]), na_pass=True)
            case "foreign_key":
                plan = plan.col_vals_in_set("customer_id", known)
            case "dependency":
                usual = pl.col("country").mode().first().over("city")
                plan = plan.col_vals_expr(pl.col("country") == usual)
            case "freshness":
                plan = plan.data_freshness(
                    column, max_age=f"{rule['max_age_hours']}h", reference_time=job.now
                )
            case _:
                continue
        names.append(name)
    found = plan.interrogate(collect_extracts=False, collect_tbl_checked=False).n_failed()
    return dict(zip(names, found.values(), strict=True))


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job), note="missing values fail lists and foreign keys")
