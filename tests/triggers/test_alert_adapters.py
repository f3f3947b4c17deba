"""Whatever a monitor sends becomes reports, or one sentence on why it does not."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alert_samples as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.canonical import canonical_json
from ostler.core.checks import Severity
from ostler.core.errors import BadInput
from ostler.core.reports import AlertState, Report
from ostler.triggers.alerts.reading import ADAPTERS, BODY_BYTES, Message, read_message

REAL = Path("/work/shared/data/alerts")
FIRING, RESOLVED, PASSED = AlertState.FIRING, AlertState.RESOLVED, AlertState.PASSED
HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


def read(document: object, **rest: Any) -> tuple[Report, ...]:
    return read_message(Message(json.dumps(document).encode(), **rest))


EXPECTED = {
    "alertmanager": [
        ("Drift", ("price", "status"), FIRING, HIGH),
        ("Late", (), RESOLVED, MEDIUM),
    ],
    "dbt": [
        ("not_null_orders_price", ("price",), FIRING, HIGH),
        ("totals_add_up", (), FIRING, MEDIUM),
        ("orders", (), FIRING, HIGH),
        ("unique_orders_id", ("id",), PASSED, MEDIUM),
    ],
    "great_expectations": [
        ("expect_column_values_to_be_between", ("price",), FIRING, MEDIUM),
        ("expect_compound_columns_to_be_unique", ("id", "line"), PASSED, HIGH),
    ],
    "soda": [
        ("missing_count(price) = 0", ("price",), FIRING, HIGH),
        ("row_count > 0", (), PASSED, MEDIUM),
    ],
    "evidently": [
        ("ValueDrift: drift", ("price",), FIRING, HIGH),
        ("DriftedColumnsCount: lt", (), PASSED, MEDIUM),
    ],
    "openlineage": [("not_null", ("price",), FIRING, HIGH), ("unique", ("id",), PASSED, HIGH)],
    "datacontract": [
        ("orders__price__field_required", ("price",), FIRING, HIGH),
        ("row_count", (), PASSED, MEDIUM),
    ],
    "pointblank": [
        ("col_vals_gt", ("price",), FIRING, HIGH),
        ("rows_distinct", ("id",), PASSED, MEDIUM),
    ],
    "ostler": [("prices", ("price",), FIRING, HIGH)],
    "cloudevents": [("org.example.data.late", ("at",), FIRING, MEDIUM)],
    "cloudevents encoded": [("org.example.data.late", (), FIRING, LOW)],
}
EXPECTED["great_expectations checkpoint"] = EXPECTED["great_expectations"]
EXPECTED["cloudevents batch"] = [*EXPECTED["cloudevents"], *EXPECTED["dbt"]]


@pytest.mark.parametrize("form", samples.DOCUMENTS)
def test_each_form_is_known_by_its_looks_and_read(form: str) -> None:
    reports = read(samples.DOCUMENTS[form])
    assert [(r.rule, r.columns, r.state, r.severity) for r in reports] == EXPECTED[form]
    assert reports == read(samples.DOCUMENTS[form], adapter=form.split()[0])
    for one in reports:
        # Those that cannot know their dataset's name say none, all others the right one.
        assert "orders" in one.names or one.source in ("evidently", "pointblank"), one


def test_numbers_times_and_names_are_taken_over() -> None:
    [drift, late] = read(samples.ALERTMANAGER)
    assert drift.observed == (("value", "0.31"),)
    assert (str(drift.at), str(late.at)) == (
        "2026-03-01 11:00:00.123456+00:00",
        "2026-03-01 09:00:00+00:00",
    )
    [null, totals, *_] = read(samples.DBT)
    assert null.names == ("orders", "db.main.orders")
    assert totals.names == ("orders", "p.main.orders", "other")
    [between, _] = read(samples.GREAT_EXPECTATIONS)
    assert dict(between.observed)["unexpected_count"] == "3"
    assert "-2" not in canonical_json(between), "values of the table are left where they are"


def test_cloudevents_come_in_binary_mode_too() -> None:
    headers = {f"ce-{k}": v for k, v in samples.CLOUDEVENT.items() if k != "data"}
    [binary] = read(samples.CLOUDEVENT["data"], headers={**headers, "ce-subject": "or%64ers"})
    assert (binary,) == read(samples.CLOUDEVENT)
    ended = {**samples.CLOUDEVENT, "type": "org.example.data.late.resolved"}
    [over] = read(ended)
    assert (over.state, over.rule) == (RESOLVED, binary.rule)


REAL_FILES = {
    "dbt_run_results.json": ("dbt", "cur", 3),
    "gx_validation_result.json": ("great_expectations", "orders", 2),
    "datacontract_run.json": ("datacontract", "orders", 13),
    "evidently_snapshot.json": ("evidently", "", 1),
    "pointblank.json": ("pointblank", "", 2),
}


@pytest.mark.parametrize("name", REAL_FILES)
def test_what_the_real_tools_wrote_is_read(name: str) -> None:
    if not (REAL / name).exists():
        pytest.skip("the tools' own outputs are not here")
    source, dataset, number = REAL_FILES[name]
    reports = read_message(Message((REAL / name).read_bytes()))
    assert {one.source for one in reports} == {source}
    firing = [one for one in reports if one.state is FIRING]
    assert len(firing) == number
    assert all(dataset in one.names if dataset else not one.names for one in firing)
    columns = {column for one in firing for column in one.columns}
    assert columns & {"order_id", "zip", "score"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is not JSON"),
        (b"nonsense", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "no alert of a form"),
        (b'{"summary": "x"}', "dataset"),
        (b'{"dataset": "p", "colums": []}', "colums"),
        (b'{"dataset": "p", "severity": "dire"}', "severity 'dire'"),
        (b'{"dataset": "p", "at": "at noon"}', "the time 'at noon'"),
        (b'{"alerts": {}}', "alerts"),
        (b'{"alerts": [{"labels": {"dataset": 7}}]}', "dataset"),
        (b'{"alerts": [{"status": "odd"}]}', "status"),
        (b'{"dataset": NaN}', "NaN"),
        (b'{"dataset": "\\ud800"}', "no Unicode"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "deeper than"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 10_000, "is not JSON"),
        (b'{"specversion": "2.0", "type": "x", "source": "s", "id": "i"}', "specversion"),
        (b'"' + b"x" * BODY_BYTES + b'"', "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_alert_gets_one_sentence(body: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        read_message(Message(body))
    assert len(refused.value.message) < 400


TEXTS = st.text(st.characters(exclude_categories=[]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a document."""
    found = [path]
    if isinstance(document, dict | list):
        inner = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in inner:
            found += places(value, (*path, key))
    return found


def changed(document: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    whole = [copy.deepcopy(document)]
    *way, last = (0, *path)
    part: Any = whole
    for key in way:
        part = part[key]
    change(part, last)
    return whole[0] if whole else None


@given(data=st.data(), form=st.sampled_from(sorted(samples.DOCUMENTS)), named=st.booleans())
def test_no_change_of_a_document_makes_an_adapter_crash(
    data: st.DataObject, form: str, named: bool
) -> None:
    document = samples.DOCUMENTS[form]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(document)))
        value = data.draw(VALUES)
        remove = data.draw(st.booleans())

        def change(part: Any, key: Any, value: Any = value, remove: bool = remove) -> None:
            if remove:
                del part[key]
            else:
                part[key] = value

        document = changed(document, path, change)
    body = json.dumps(document).encode()
    adapter = data.draw(st.sampled_from(sorted(ADAPTERS))) if named else ""
    try:
        reports = read_message(Message(body, adapter))
    except BadInput as error:
        assert error.message
        return
    for one in reports:
        assert one.rule
        assert one.summary
        assert Report.model_validate_json(canonical_json(one)) == one
    assert read_message(Message(body, adapter)) == reports


@given(st.binary(max_size=60), st.sampled_from(["", *ADAPTERS]))
def test_any_bytes_are_read_or_refused(body: bytes, adapter: str) -> None:
    try:
        read_message(Message(body, adapter))
    except BadInput as error:
        assert error.message
