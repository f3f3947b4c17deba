"""cuallee on Polars or DuckDB: python with_cuallee.py JOB.json polars|duckdb."""

import sys

import duckdb
import polars as pl
from cuallee import Check, CheckLevel
from quality_child import Job, finish, read_job

NOTE = "missing values fail, unique counts differ, no foreign key or dependency, no freshness"


def checks(job: Job) -> tuple[Check, list[str]]:
    """All that it knows of the 20, and their names in its order."""
    check = Check(CheckLevel.WARNING, "orders", table_name="orders")
    names: list[str] = []
    for name, rule in job.checks.items():
        column = rule.get("column")
        match rule["kind"]:
            case "not_null":
                check.is_complete(column)
            case "unique":
                check.is_unique(*rule["on"])
            case "pattern":
                check.has_pattern(column, job.regex(name))
            case "accepted_values":
                check.is_contained_in(column, tuple(rule["values"]))
            case "rejected_values":
                check.not_contained_in(column, tuple(rule["values"]))
            case "range":
                check.is_between(column, (float(rule["minimum"]), float(rule["maximum"])))
            case "row_rule":
                left, right = rule["left"], rule["right"]
                check.satisfies(left, f"{left} {rule['operator']} {right} OR {left} IS NULL")
            case _:
                continue
        names.append(name)
    return check, names


def checked(job: Job, way: str) -> dict[str, int]:
    """Violations by name."""
    check, names = checks(job)
    if way == "duckdb":
        data = duckdb.connect()
        data.execute("SET TimeZone = 'UTC'")
        data.read_parquet(job.orders).create_view("orders")
        found = check.validate(data)["violations"].tolist()
    else:
        found = check.validate(pl.read_parquet(job.orders))["violations"].to_list()
    return {name: int(count) for name, count in zip(names, found, strict=True)}


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job, sys.argv[2]), note=NOTE)
