"""Whatever a monitor sends becomes alerts of ours or one sentence."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.checks import Severity
from ostler.core.errors import BadInput
from ostler.triggers.alerts import read_alerts

SAMPLE = Path(__file__).parents[2] / "config" / "alert.json"

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["alerts", "dataset", "labels", "status", "columns", "summary", "severity", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def test_an_alertmanager_webhook_is_read() -> None:
    [alert] = read_alerts(SAMPLE.read_text(encoding="utf-8"), "alert.json")
    assert (alert.dataset, alert.columns, alert.severity) == (
        "orders",
        ("unit_price", "status"),
        Severity.MEDIUM,
    )
    assert "unit_price" in alert.summary


def test_the_same_alert_is_the_same_and_a_later_one_is_another() -> None:
    document = json.loads(SAMPLE.read_text(encoding="utf-8"))
    [one] = read_alerts(json.dumps(document), "a")
    document["receiver"] = "elsewhere"
    [again] = read_alerts(json.dumps(document), "b")
    document["alerts"][0]["startsAt"] = "2026-02-05T06:00:00Z"
    [later] = read_alerts(json.dumps(document), "c")
    assert one.id == again.id != later.id


def test_what_is_resolved_wakes_nobody() -> None:
    document = json.loads(SAMPLE.read_text(encoding="utf-8"))
    document["alerts"][0]["status"] = "resolved"
    assert read_alerts(json.dumps(document), "a") == ()


def test_our_own_form_is_read() -> None:
    [alert] = read_alerts('{"dataset": "people", "severity": "critical"}', "a")
    assert (alert.dataset, alert.severity, alert.columns) == ("people", Severity.HIGH, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ("nonsense", "is not JSON"),
        ("[]", "holds no alert"),
        ('{"summary": "x"}', "dataset"),
        ('{"dataset": ""}', "dataset"),
        ('{"dataset": "p", "colums": []}', "colums"),
        ('{"dataset": "p", "severity": "dire"}', "severity 'dire'"),
        ('{"alerts": {}}', "alerts"),
        ('{"alerts": [{"labels": {}}]}', "no label `dataset`"),
        ('{"alerts": [{"labels": {"dataset": 7}}]}', "dataset"),
    ],
)
def test_what_is_no_alert_gets_one_sentence(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        read_alerts(text, "the file")
    assert refused.value.message.startswith(("the file", "severity"))


@given(documents)
def test_any_document_is_read_or_refused(document: object) -> None:
    try:
        alerts = read_alerts(json.dumps(document), "it")
    except BadInput as error:
        assert error.message
    else:
        assert all(alert.dataset for alert in alerts)
