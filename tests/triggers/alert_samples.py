"""One document of each form, written by us after what its tool publishes, and what it reports."""

import base64
import json
from typing import Any

ALERTMANAGER: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="Drift"}',
    "status": "firing",
    "receiver": "ostler",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "Drift",
                "dataset": "orders",
                "columns": "price, status",
                "severity": "critical",
                "region": "north",
            },
            "annotations": {"summary": "price moved", "value": "0.31", "note": "see the wiki"},
            "startsAt": "2026-03-01T11:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "Late", "dataset": "orders"},
            "annotations": {},
            "startsAt": "2026-03-01T09:00:00Z",
            "endsAt": "2026-03-01T10:00:00+01:00",
        },
    ],
}
DBT: dict[str, Any] = {
    "metadata": {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
        "generated_at": "2026-03-01T11:00:00.5Z",
        "invocation_id": "i-1",
    },
    "results": [
        {
            "status": "fail",
            "unique_id": "test.shop.not_null_orders_price.4dfd180952",
            "message": "Got 7 results, configured to fail if != 0",
            "failures": 7,
            "compiled_code": 'select price from "db"."main"."orders" where price is null',
        },
        {
            "status": "warn",
            "unique_id": "test.shop.totals_add_up",
            "message": "Got 1 result",
            "failures": 1,
            "compiled_code": "select 1 from `p`.`main`.`orders` join other using (id)",
        },
        {"status": "error", "unique_id": "model.shop.orders", "message": "Database error"},
        {
            "status": "pass",
            "unique_id": "test.shop.unique_orders_id.2edada7def",
            "compiled_code": "select id from main.orders group by id",
        },
        {"status": "skipped", "unique_id": "model.shop.later"},
    ],
}
GREAT_EXPECTATIONS: dict[str, Any] = {
    "success": False,
    "suite_name": "orders_suite",
    "results": [
        {
            "success": False,
            "expectation_config": {
                "type": "expect_column_values_to_be_between",
                "kwargs": {"batch_id": "lake-orders", "column": "price", "min_value": 0},
                "severity": "warning",
            },
            "result": {
                "element_count": 50,
                "unexpected_count": 3,
                "unexpected_percent": 6.0,
                "partial_unexpected_list": [-1, -2, -3],
            },
            "exception_info": {"raised_exception": False, "exception_message": None},
        },
        {
            "success": True,
            "expectation_config": {
                "expectation_type": "expect_compound_columns_to_be_unique",
                "kwargs": {"column_list": ["id", "line"]},
            },
            "result": {},
            "exception_info": {"[('x',)]": {"raised_exception": False}},
        },
    ],
    "meta": {
        "active_batch_definition": {"data_asset_name": "orders"},
        "validation_time": "2026-03-01T11:00:00+00:00",
        "validation_id": "v-1",
    },
}
CHECKPOINT = {"run_results": {"a": {"validation_result": GREAT_EXPECTATIONS}}}
SODA: dict[str, Any] = {
    "definitionName": "nightly",
    "defaultDataSource": "lake",
    "scanId": "s-1",
    "scanStartTimestamp": "2026-03-01T10:59:00+00:00",
    "scanEndTimestamp": "2026-03-01T11:00:00+00:00",
    "hasFailures": True,
    "checks": [
        {
            "identity": "c-1",
            "name": "missing_count(price) = 0",
            "type": "generic",
            "outcome": "fail",
            "table": "orders",
            "column": "price",
            "diagnostics": {"value": 12, "fail": {"greaterThan": 0}},
        },
        {"name": "row_count > 0", "outcome": "pass", "table": "orders", "column": None},
        {"name": "not run", "outcome": None, "table": "orders"},
    ],
}
EVIDENTLY: dict[str, Any] = {
    "timestamp": "2026-03-01T11:00:00",
    "metrics": [{"id": "m1", "value": 0.42}, {"id": "m2", "value": {"count": 1, "share": 0.5}}],
    "tests": [
        {
            "id": "drift",
            "name": "Value Drift for column price",
            "description": "Drift score is 0.42.",
            "status": "FAIL",
            "metric_config": {
                "metric_id": "m1",
                "params": {"type": "evidently:metric_v2:ValueDrift", "column": "price"},
            },
        },
        {
            "id": "lt",
            "name": "Share of drifted columns",
            "status": "SUCCESS",
            "metric_config": {
                "metric_id": "m2",
                "params": {"type": "x:DriftedColumnsCount", "columns": ["price", "id"]},
            },
        },
    ],
}
OPENLINEAGE: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-03-01T11:00:00Z",
    "producer": "https://example.org/checker",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
    "run": {"runId": "3f5e83fa-3480-44ff-99c5-ff943904e5e8"},
    "job": {"namespace": "checks", "name": "orders"},
    "inputs": [
        {
            "namespace": "postgres://db:5432",
            "name": "shop.public.orders",
            "inputFacets": {
                "dataQualityMetrics": {"rowCount": 50, "columnMetrics": {}},
                "dataQualityAssertions": {
                    "assertions": [
                        {"assertion": "not_null", "success": False, "column": "price"},
                        {"assertion": "unique", "success": True, "column": "id"},
                    ]
                },
            },
        }
    ],
    "outputs": [],
}
DATACONTRACT: dict[str, Any] = {
    "runId": "r-1",
    "dataContractId": "urn:orders",
    "timestampEnd": "2026-03-01T11:00:00Z",
    "result": "failed",
    "checks": [
        {
            "key": "orders__price__field_required",
            "type": "field_required",
            "name": "Check that field price has no missing values",
            "model": "orders",
            "field": "price",
            "result": "failed",
            "reason": "Actual missing_count(price) was 3, expected = 0",
            "diagnostics": {"value": 3, "row_count": 50, "threshold": "= 0"},
        },
        {"type": "row_count", "model": "orders", "result": "passed"},
        {"type": "field_type", "result": "warning", "implementation": "unsupported"},
    ],
}
POINTBLANK: list[Any] = [
    {
        "assertion_type": "col_vals_gt",
        "column": "price",
        "values": 0,
        "active": True,
        "all_passed": False,
        "n": 50,
        "n_failed": 3,
        "error": True,
        "time_processed": "2026-03-01T11:00:00.250+00:00",
    },
    {"assertion_type": "rows_distinct", "column": ["id"], "active": True, "all_passed": True},
]
OURS: dict[str, Any] = {
    "dataset": "orders",
    "summary": "prices are off",
    "columns": ["price"],
    "severity": "high",
    "rule": "prices",
    "observed": {"share": 0.25},
    "at": "2026-03-01T11:00:00Z",
}
CLOUDEVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "org.example.data.late",
    "source": "/monitors/lake",
    "id": "e-1",
    "time": "2026-03-01T11:00:00Z",
    "subject": "orders",
    "data": {"summary": "no rows since noon", "column": "at", "observed": {"hours": 5}},
}
ENCODED: dict[str, Any] = {
    **{name: value for name, value in CLOUDEVENT.items() if name != "data"},
    "data_base64": base64.b64encode(json.dumps({"severity": "low"}).encode()).decode(),
}
CARRIED: dict[str, Any] = {**CLOUDEVENT, "id": "e-2", "data": DBT}

DOCUMENTS: dict[str, Any] = {
    "alertmanager": ALERTMANAGER,
    "dbt": DBT,
    "great_expectations": GREAT_EXPECTATIONS,
    "great_expectations checkpoint": CHECKPOINT,
    "soda": SODA,
    "evidently": EVIDENTLY,
    "openlineage": OPENLINEAGE,
    "datacontract": DATACONTRACT,
    "pointblank": POINTBLANK,
    "ostler": OURS,
    "cloudevents": CLOUDEVENT,
    "cloudevents encoded": ENCODED,
    "cloudevents batch": [CLOUDEVENT, CARRIED],
}
