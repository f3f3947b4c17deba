"""Alerts of one cause are one group, whatever the order, however often, in whatever portions."""

from itertools import count

import alert_samples as samples
from desk import AlertDesk, minutes, ours
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import Severity
from ostler.core.reports import AlertState

FIRING, RESOLVED = AlertState.FIRING, AlertState.RESOLVED


def webhook(rule: str, pod: str, minute: int, status: str = "firing") -> dict[str, object]:
    """An alert of one of several pods that all say the same of the orders."""
    entry = {
        "status": status,
        "labels": {"alertname": rule, "dataset": "orders", "pod": pod},
        "startsAt" if status == "firing" else "endsAt": minutes(minute),
    }
    return {"alerts": [entry]}


Event = tuple[str, int, str]
events = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 50),
    st.sampled_from(["firing", "resolved"]),
)


def naive(told: list[Event]) -> tuple[int, AlertState]:
    """How many alerts there are, and whether any pod was not heard of since it fired."""
    newest: dict[tuple[str, str], int] = {}
    for pod, minute, status in told:
        newest[pod, status] = max(minute, newest.get((pod, status), -1))
    fires = any(
        minute > newest.get((pod, "resolved"), -1)
        for (pod, status), minute in newest.items()
        if status == "firing"
    )
    return len({one for one in told if one[2] == "firing"}), FIRING if fires else RESOLVED


def test_a_group_is_what_its_alerts_say_by_their_own_times(desk: AlertDesk) -> None:
    rules = (f"rule {number}" for number in count())

    @settings(max_examples=80)
    @given(st.data(), st.lists(events, min_size=1, max_size=9))
    def whatever_the_order(data: st.DataObject, told: list[Event]) -> None:
        rule = next(rules)
        rest = [webhook(rule, *event) for event in data.draw(st.permutations(told))]
        while rest:
            portion = data.draw(st.integers(1, len(rest)))
            desk.post(*rest[:portion])
            rest = rest[portion:]
        number, state = naive(told)
        found = [(one.count, one.state) for one in desk.groups() if one.alert.rule == rule]
        # A group of which nothing but the end is known is not shown.
        assert found == ([(number, state)] if number else [])

    whatever_the_order()
    assert desk.is_sound()


def test_in_both_databases_a_cause_is_counted_closed_and_opened_again(either: AlertDesk) -> None:
    desk = either
    [first] = desk.post(ours(at=minutes(0), columns=["price"]))
    assert (first.alerts, first.new, first.known) == (1, 1, 0)
    [again] = desk.post(ours(at=minutes(0), columns=["price"]))
    assert (again.new, again.known, again.groups) == (0, 1, first.groups)
    desk.post(
        ours(at=minutes(5), columns=["price"], severity="critical", summary="prices are 9 % off"),
        ours(at=minutes(6), columns=["amount"]),
    )
    prices, amounts = sorted(desk.groups(), key=lambda one: -one.count)
    assert (prices.count, amounts.count) == (2, 1)
    # The words are those of the first, so that its item is one; the severity is the worst.
    assert (prices.alert.summary, prices.alert.severity) == ("prices are off", Severity.HIGH)
    assert (prices.first_at.isoformat(), prices.last_at.isoformat()) == (minutes(0), minutes(5))
    desk.post(ours(at=minutes(9), columns=["price"], status="resolved"))
    assert [one.state for one in desk.groups() if one.id == prices.id] == [RESOLVED]
    desk.post(ours(at=minutes(30), columns=["price"]))
    [woken] = [one for one in desk.groups() if one.id == prices.id]
    assert (woken.state, woken.count) == (FIRING, 3)
    assert woken.alert.since
    assert woken.alert.since.isoformat() == minutes(30)
    assert desk.is_sound()


def test_after_the_window_the_same_cause_is_another_group_unless_it_still_fires(
    desk: AlertDesk,
) -> None:
    desk.post(ours(at=minutes(0)), ours(at=minutes(200)))
    assert desk.group().count == 2
    desk.post(ours(at=minutes(210), status="resolved"), ours(at=minutes(400)))
    assert sorted((one.state.value, one.count) for one in desk.groups()) == [
        ("firing", 1),
        ("resolved", 2),
    ]
    # What comes late belongs to what is known.
    desk.post(ours(at=minutes(100)))
    assert sum(one.count for one in desk.groups()) == 4
    assert len(desk.groups()) == 2


def test_an_alert_without_a_time_counts_again_when_its_window_is_over(desk: AlertDesk) -> None:
    said = {"dataset": "orders", "summary": "it smells"}
    desk.post(said, said)
    assert desk.group().count == 1
    desk.now = desk.now.replace(day=2)
    desk.post(said)
    assert desk.group().count == 2


def test_a_test_that_passes_closes_what_it_opened_and_is_no_news_otherwise(
    desk: AlertDesk,
) -> None:
    failing = samples.DBT
    [first] = desk.post(failing)
    assert (first.new, first.passed) == (3, 1)
    results = [
        {**one, "status": "pass"} if one["status"] == "fail" else one for one in failing["results"]
    ]
    meta = {**failing["metadata"], "generated_at": minutes(5), "invocation_id": "i-2"}
    desk.post({"metadata": meta, "results": results})
    states = {one.alert.rule: (one.state, one.count) for one in desk.groups()}
    assert states == {
        "not_null_orders_price": (RESOLVED, 1),
        "totals_add_up": (FIRING, 2),
        "orders": (FIRING, 2),
    }


def test_a_time_in_the_future_is_taken_for_now(desk: AlertDesk) -> None:
    desk.post(ours(at="9999-12-31T23:59:59Z", status="resolved"))
    desk.now = desk.now.replace(hour=23, minute=59)
    desk.post(ours(at="2026-03-01T23:59:00Z"))
    assert desk.group().state is FIRING
