"""Ibis expressions on DuckDB: python with_ibis.py JOB.json."""

import sys
from datetime import timedelta

import ibis
from quality_child import Job, finish, read_job


def checked(job: Job) -> dict[str, int]:
    """Failing rows by name: one aggregate for rows, and one for each check of groups."""
    connection = ibis.duckdb.connect()
    t = connection.read_parquet(job.orders, table_name="orders")
    customers = connection.read_parquet(job.customers, table_name="customers")
    local, groups = {}, {}
    for name, rule in job.checks.items():
        column = t[rule["column"]] if "column" in rule else None
        match rule["kind"]:
            case "not_null":
                local[name] = column.isnull().sum()
            case "unique":
                [on] = rule["on"]
                counts = t.filter(t[on].notnull()).group_by(on).agg(n=ibis._.count())
                groups[name] = counts.filter(counts.n > 1).n.sum()
            case "pattern":
                local[name] = (~column.re_search(job.regex(name))).sum()
            case "accepted_values":
                local[name] = column.notin(rule["values"]).sum()
            case "rejected_values":
                local[name] = column.isin(rule["values"]).sum()
            case "range":
                local[name] = (~column.between(rule["minimum"], rule["maximum"])).sum()
            case "row_rule":
                local[name] = (t.shipped_at < t.ordered_at).sum()
            case "foreign_key":
                groups[name] = (
                    t.filter(t.customer_id.notnull()).anti_join(customers, "customer_id").count()
                )
            case "dependency":
                pairs = t.group_by("city", "country").agg(n=ibis._.count())
                cities = pairs.group_by("city").agg(lost=ibis._.n.sum() - ibis._.n.max())
                groups[name] = cities.lost.sum()
            case "freshness":
                oldest = job.now - timedelta(hours=rule["max_age_hours"])
                local[name] = (column.max() < ibis.literal(oldest)).cast("int")
    found = connection.execute(t.aggregate(**local)).iloc[0].to_dict()
    found |= {name: connection.execute(one) for name, one in groups.items()}
    # A sum over nothing is missing, or not a number.
    numbers = {name: int(c) if c is not None and c == c else 0 for name, c in found.items()}
    return numbers | {
        "total_is_number": 0 if t.total.type().is_decimal() else job.rows,
        "ordered_is_time": 0 if t.ordered_at.type().is_timestamp() else job.rows,
    }


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job))
