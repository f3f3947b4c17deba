"""datacontract-cli on DuckDB: python with_datacontract.py JOB.json."""

import sys
import tempfile
from pathlib import Path

import yaml
from datacontract.data_contract import DataContract
from quality_child import Job, finish, read_job

UNUSUAL_COUNTRY = """SELECT CAST(sum(n) - sum(most) AS BIGINT) FROM (
    SELECT sum(n) AS n, max(n) AS most FROM (
        SELECT city, country, count(*) AS n FROM orders GROUP BY ALL) GROUP BY city)"""
SHIPPED_BEFORE = "SELECT count(*) FROM orders WHERE shipped_at < ordered_at"
UNKNOWN_CUSTOMER = """SELECT count(*) FROM orders WHERE customer_id IS NOT NULL AND customer_id
    NOT IN (SELECT customer_id FROM customers)"""


KINDS = {"quantity": "INTEGER", "order_id": "BIGINT", "customer_id": "BIGINT"} | dict.fromkeys(
    ("unit_price", "discount"), "DOUBLE"
)
"""DuckDB's types of columns that hold no text; it makes an empty table of them first."""

METRICS = {
    "missing_count": ("not_null",),
    "invalid_count": ("pattern", "accepted_values"),
    "duplicate_count": ("unique",),
}
QUERIED = ("coupon_honest", "quantity_range", "price_range", "discount_range",
           "customer_known", "city_decides_country", "shipped_after")  # fmt: skip
"""The checks that are queries of our own, in the order in which it has them."""


def contract(job: Job, folder: Path) -> dict[str, object]:
    """The checks as a contract in the Open Data Contract Standard."""
    columns: dict[str, list[dict[str, object]]] = {}
    whole: list[dict[str, object]] = []
    for name, rule in job.checks.items():
        column = rule["on"][0] if rule["kind"] == "unique" else rule.get("column")
        must: dict[str, object] = {"name": name, "mustBe": 0}
        match rule["kind"]:
            case "not_null":
                check = must | {"metric": "nullValues"}
            case "unique":
                check = must | {"metric": "duplicateValues"}
            case "pattern":
                check = must | {"metric": "invalidValues",
                                "arguments": {"pattern": job.regex(name)}}  # fmt: skip
            case "accepted_values":
                check = must | {"metric": "invalidValues",
                                "arguments": {"validValues": rule["values"]}}  # fmt: skip
            case "rejected_values":
                listed = ", ".join(f"'{value}'" for value in rule["values"])
                query = f"SELECT count(*) FROM orders WHERE {column} IN ({listed})"
                check = must | {"type": "sql", "query": query}
            case "range":
                low, high = rule["minimum"], rule["maximum"]
                query = f"SELECT count(*) FROM orders WHERE {column} NOT BETWEEN {low} AND {high}"
                check = must | {"type": "sql", "query": query}
            case "row_rule":
                whole.append(must | {"type": "sql", "query": SHIPPED_BEFORE})
                continue
            case "dependency":
                whole.append(must | {"type": "sql", "query": UNUSUAL_COUNTRY})
                continue
            case "foreign_key":
                whole.append(must | {"type": "sql", "query": UNKNOWN_CUSTOMER})
                continue
            case _:
                continue
        columns.setdefault(str(column), []).append(check)
    properties = [
        {"name": name, "physicalType": KINDS.get(name, "VARCHAR"), "quality": checks}
        for name, checks in columns.items()
    ] + [
        {"name": "city", "physicalType": "VARCHAR"},
        {"name": "ordered_at", "logicalType": "timestamp", "physicalType": "TIMESTAMP"},
        {"name": "shipped_at", "logicalType": "timestamp", "physicalType": "TIMESTAMP"},
    ]
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "orders",
        "name": "orders",
        "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "here", "type": "local", "format": "parquet",
                     "path": f"{folder}/{{model}}/*.parquet"}],
        "schema": [
            {"name": "orders", "physicalName": "orders", "properties": properties,
             "quality": whole},
            {"name": "customers", "physicalName": "customers",
             "properties": [{"name": "customer_id", "physicalType": "BIGINT"}]},
        ],
    }  # fmt: skip


def linked(job: Job, folder: Path) -> None:
    """The files of either table in a folder of their own: it takes a pattern, not a list."""
    for table, files in (("orders", job.orders), ("customers", job.customers)):
        (folder / table).mkdir()
        for file in map(Path, files):
            (folder / table / file.name).symlink_to(file)


def checked(job: Job) -> dict[str, int]:
    """Measured values by name."""
    with tempfile.TemporaryDirectory() as name:
        linked(job, Path(name))
        said = DataContract(data_contract_str=yaml.safe_dump(contract(job, Path(name)))).test()
    columns = {(rule.get("column"), rule["kind"]): name for name, rule in job.checks.items()}
    columns |= {(r["on"][0], "unique"): n for n, r in job.checks.items() if r["kind"] == "unique"}
    found: dict[str, int] = {}
    queried = iter(QUERIED)
    for check in said.checks:
        metric = (check.diagnostics or {}).get("metric")
        kinds = METRICS.get(metric, ())
        names = [columns[check.field, kind] for kind in kinds if (check.field, kind) in columns]
        if metric == "custom_sql":
            names = [next(queried)]
        if names:
            found[names[0]] = int(check.diagnostics["value"])
    return found


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job))
