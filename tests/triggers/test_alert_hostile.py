"""Documents that no monitor sends and somebody may."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.canonical import canonical_json
from ostler.core.errors import BadInput
from ostler.triggers.alerts import read_alerts

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=6)
"""Half characters included, which JSON can spell and no file can hold."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
LABELS = st.dictionaries(
    st.sampled_from(["dataset", "column", "columns", "severity", "alertname"]) | TEXTS,
    TEXTS | VALUES,
    max_size=4,
)
WEBHOOKS = st.fixed_dictionaries(
    {
        "alerts": st.lists(
            st.fixed_dictionaries(
                {"labels": LABELS},
                optional={
                    "status": st.sampled_from(["firing", "resolved"]) | TEXTS,
                    "annotations": LABELS,
                    "startsAt": TEXTS,
                },
            ),
            max_size=3,
        )
    }
)
OURS = st.fixed_dictionaries(
    {"dataset": TEXTS},
    optional={
        "summary": TEXTS,
        "severity": st.sampled_from(["low", "HIGH", "dire"]) | TEXTS,
        "columns": st.lists(TEXTS, max_size=2) | VALUES,
    },
)


@given(WEBHOOKS | OURS)
def test_what_is_read_can_be_kept_and_is_the_same_again(document: object) -> None:
    text = json.dumps(document)
    try:
        alerts = read_alerts(text, "it")
    except BadInput as error:
        assert error.message
        return
    for alert in alerts:
        assert alert.dataset
        assert canonical_json(alert).encode()
    assert read_alerts(text, "somewhere else") == alerts


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_alerts(text, "it")
    except BadInput as error:
        assert error.message.startswith("it")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"alerts":' * 50_000,
        '{"alerts": [{"labels": ' + '{"a":' * 50_000,
        "\ufeff{}",
        "NaN",
        '{"dataset": NaN}',
        '{"dataset": "p", "columns": [1e999]}',
        '{"dataset": "\\ud800"}',
        '{"dataset": "p", "\\ud800": 1}',
        "9" * 10_000,
    ],
    ids=[
        "deep",
        "deep keys",
        "deep labels",
        "mark",
        "NaN",
        "NaN in",
        "infinite",
        "half",
        "key",
        "9",
    ],
)
def test_what_breaks_parsers_gets_one_sentence(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_alerts(text, "it")
    assert refused.value.message.startswith("it")
    assert len(refused.value.message) < 300


def test_a_group_may_hold_resolved_and_firing_alerts() -> None:
    alerts = [
        {"status": status, "labels": {"dataset": name, "columns": " a , ,b "}}
        for status, name in (("resolved", "one"), ("firing", "two"), ("firing", "three"))
    ]
    read = read_alerts(json.dumps({"status": "resolved", "alerts": alerts}), "it")
    assert [(alert.dataset, alert.columns) for alert in read] == [
        ("two", ("a", "b")),
        ("three", ("a", "b")),
    ]
    assert len({alert.id for alert in read}) == 2
