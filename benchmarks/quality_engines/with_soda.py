"""Soda on DuckDB, views over the files: python with_soda.py JOB.json."""

import json
import sys

import duckdb
from quality_child import Job, finish, read_job
from soda_core.common.yaml import ContractYamlSource
from soda_core.contracts.contract_verification import ContractVerificationSession
from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

UNKNOWN_CUSTOMER = """customer_id IS NOT NULL
                      AND customer_id NOT IN (SELECT customer_id FROM customers)"""
UNUSUAL_COUNTRY = """SELECT city, country FROM (
    SELECT city, country, n, row_number() OVER (PARTITION BY city ORDER BY n DESC) AS place
    FROM (SELECT city, country, count(*) AS n FROM orders GROUP BY ALL)), range(n)
    WHERE place > 1"""


def contract(job: Job) -> str:
    """The checks as a Soda contract, named as here; JSON is YAML."""
    columns: dict[str, list[dict[str, object]]] = {}
    whole: list[dict[str, object]] = []
    for name, rule in job.checks.items():
        column = rule["on"][0] if rule["kind"] == "unique" else rule.get("column")
        said: dict[str, object] = {"name": name}
        match rule["kind"]:
            case "not_null":
                check = {"missing": said}
            case "unique":
                check = {"duplicate": said}
            case "pattern":
                said["valid_format"] = {"regex": job.regex(name), "name": name}
                check = {"invalid": said | {"qualifier": name}}
            case "accepted_values":
                check = {"invalid": said | {"valid_values": rule["values"], "qualifier": name}}
            case "rejected_values":
                check = {"invalid": said | {"invalid_values": rule["values"], "qualifier": name}}
            case "range":
                bounds = {"valid_min": rule["minimum"], "valid_max": rule["maximum"]}
                check = {"invalid": said | bounds | {"qualifier": name}}
            case "row_rule":
                whole.append({"failed_rows": said | {"expression": "shipped_at < ordered_at",
                                                     "qualifier": name}})  # fmt: skip
                continue
            case "foreign_key":
                whole.append({"failed_rows": said | {"expression": UNKNOWN_CUSTOMER,
                                                     "qualifier": name}})  # fmt: skip
                continue
            case "dependency":
                whole.append({"failed_rows": said | {"query": UNUSUAL_COUNTRY,
                                                     "qualifier": name}})  # fmt: skip
                continue
            case _:
                continue
        columns.setdefault(str(column), []).append(check)
    return json.dumps(
        {
            "dataset": "bench/memory/main/orders",
            "columns": [{"name": name, "checks": checks} for name, checks in columns.items()],
            "checks": [*whole, {"schema": {"allow_extra_columns": True}}],
        }
    )


def checked(job: Job) -> dict[str, int]:
    """Failing rows by name."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.read_parquet(job.orders).create_view("orders")
    connection.read_parquet(job.customers).create_view("customers")
    verified = ContractVerificationSession.execute(
        contract_yaml_sources=[ContractYamlSource.from_str(contract(job))],
        data_source_impls=[DuckDBDataSourceImpl.from_existing_cursor(connection, "bench")],
    )
    found: dict[str, int] = {}
    for result in verified.contract_verification_results:
        for check in result.check_results:
            if check.check.name in job.checks:
                found[check.check.name] = check.threshold_value
    if not found:
        raise SystemExit(verified.get_errors_str()[-300:])
    return found


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    finish(lambda: checked(job), note="a repeated value counts once")
