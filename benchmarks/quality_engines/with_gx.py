"""Great Expectations on DuckDB or pandas: python with_gx.py JOB.json duckdb|pandas."""

import sys
import tempfile
from enum import Enum
from pathlib import Path

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.execution_engine import sqlalchemy_execution_engine
from quality_child import Job, finish, read_job

# Its connection goes back to the pool before the rows are fetched, and DuckDB forgets them then.
sqlalchemy_execution_engine._PERSISTED_CONNECTION_DIALECTS += tuple(
    Enum("D", {"D": "duckdb"}, type=str)
)


def expectations(job: Job, way: str) -> dict[str, gxe.Expectation]:
    """What it knows of the 20; SQL of one's own only where there is SQL."""
    found: dict[str, gxe.Expectation] = {}
    for name, rule in job.checks.items():
        column = rule.get("column")
        match rule["kind"]:
            case "not_null":
                one = gxe.ExpectColumnValuesToNotBeNull(column=column)
            case "unique":
                one = gxe.ExpectColumnValuesToBeUnique(column=rule["on"][0])
            case "pattern" if way == "duckdb":
                # It knows no regular expressions of this engine, and braces are its own.
                regex = str(rule["regex"]).replace("{", "{{").replace("}", "}}")
                one = gxe.UnexpectedRowsExpectation(
                    unexpected_rows_query=f"SELECT {column} FROM {{batch}} WHERE"
                    f" NOT regexp_full_match({column}, '{regex}')"
                )
            case "pattern":
                one = gxe.ExpectColumnValuesToMatchRegex(column=column, regex=job.regex(name))
            case "accepted_values":
                one = gxe.ExpectColumnValuesToBeInSet(column=column, value_set=rule["values"])
            case "rejected_values":
                one = gxe.ExpectColumnValuesToNotBeInSet(column=column, value_set=rule["values"])
            case "range":
                one = gxe.ExpectColumnValuesToBeBetween(
                    column=column, min_value=rule["minimum"], max_value=rule["maximum"]
                )
            case "row_rule":
                one = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A=rule["left"],
                    column_B=rule["right"],
                    or_equal=True,
                    ignore_row_if="either_value_is_missing",
                )
            case "foreign_key" if way == "pandas":
                known = pd.concat(map(pd.read_parquet, job.customers))["customer_id"]
                one = gxe.ExpectColumnValuesToBeInSet(
                    column="customer_id", value_set=known.tolist()
                )
            case "foreign_key":
                one = gxe.UnexpectedRowsExpectation(
                    unexpected_rows_query="SELECT customer_id FROM {batch} WHERE customer_id IS NOT"
                    " NULL AND customer_id NOT IN (SELECT customer_id FROM customers)"
                )
            case _:
                continue
        found[name] = one
    return found


def checked(job: Job, way: str, folder: Path) -> dict[str, int]:
    """Unexpected values by name."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    parameters = {}
    if way == "duckdb":
        path = folder / "bench.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.read_parquet(job.orders).create_view("orders")
            connection.read_parquet(job.customers).create_view("customers")
        source = context.data_sources.add_sql("bench", connection_string=f"duckdb:///{path}")
        batch = source.add_table_asset(
            "orders", table_name="orders"
        ).add_batch_definition_whole_table("whole")
    else:
        asset = context.data_sources.add_pandas("bench").add_dataframe_asset("orders")
        batch = asset.add_batch_definition_whole_dataframe("whole")
        parameters = {"dataframe": pd.concat(map(pd.read_parquet, job.orders), ignore_index=True)}
    suite = context.suites.add(gx.ExpectationSuite("orders"))
    wanted = expectations(job, way)
    for name, one in wanted.items():
        one.meta = {"name": name}
        suite.add_expectation(one)
    definition = gx.ValidationDefinition(name="orders", data=batch, suite=suite)
    said = definition.run(batch_parameters=parameters, result_format="SUMMARY")
    found: dict[str, int] = {}
    for one in said.results:
        if one.exception_info.get("raised_exception") is not False:
            raise SystemExit(str(one.exception_info)[-300:])
        count = one.result.get("unexpected_count", one.result.get("observed_value"))
        found[one.expectation_config.meta["name"]] = int(count)
    return found


if __name__ == "__main__":
    job = read_job(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        finish(lambda: checked(job, sys.argv[2], Path(name)))
