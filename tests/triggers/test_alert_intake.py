"""What is not taken is kept; what is resolved closes its item; a storm is one mark."""

import json

import pytest
from desk import NOON, AlertDesk, minutes, ours

from ostler.core.errors import BadInput
from ostler.core.items import BacklogItem, Criterion, Quadrant, Track, item_id, reported_check
from ostler.core.states import ItemState
from ostler.store import items
from ostler.store.alerts import AlertGroup, looked_into
from ostler.store.audit import latest_entries
from ostler.triggers.alerts.reading import BODY_BYTES, Message


def test_an_unknown_dataset_waits_until_somebody_says_what_it_is(either: AlertDesk) -> None:
    desk = either
    known, unknown = ours(), ours(dataset="lake.shop.orders_v2")
    alerts = [
        {"labels": {"alertname": name, "dataset": one["dataset"]}}
        for name, one in (("a", known), ("b", unknown))
    ]
    [taken] = desk.post({"alerts": alerts})
    assert (taken.alerts, taken.new) == (1, 1)
    assert taken.refused == ("unknown dataset: 'lake.shop.orders_v2'",)
    [letter] = desk.letters()
    assert letter.id == taken.dead_letter
    assert desk.intake.retry(letter).refused
    desk.post({"alerts": alerts})
    assert desk.letters()[0].count == 3, "each time it came is counted, and it is kept once"
    desk.aliases = {"people": ["lake.*.people"], "orders": ["lake.*.orders*"]}
    again = desk.intake.retry(letter)
    assert (again.new, again.known, again.refused) == (1, 1, ())
    assert desk.letters() == ()
    assert sorted(one.alert.rule for one in desk.groups()) == ["a", "b"]
    with desk.store.reading() as session:
        kinds = [one.kind for one in latest_entries(session, 20, subject=letter.id)]
    assert kinds == ["alert.retried", "alert.refused"]
    assert desk.is_sound()


def test_a_name_that_may_mean_two_datasets_means_none(desk: AlertDesk) -> None:
    desk.aliases = {"people": ["*"], "orders": ["*", "the orders"]}
    [taken] = desk.post(ours(dataset="lake"))
    assert taken.refused == ("the name 'lake' means several datasets: orders, people",)
    [exact] = desk.post(ours(dataset="the orders"))
    assert exact.new == 1


def test_what_cannot_be_read_is_kept_byte_for_byte(either: AlertDesk) -> None:
    desk = either
    body = b'\x00\xff{"dataset": "\x1b]0;owned\x07'
    headers = {"ce-type": "x\x00", "ce-id": "1"}
    [taken] = desk.intake.take([Message(body, "dbt", "orders", headers)])
    assert taken.malformed
    [letter] = desk.letters()
    assert (letter.body, letter.adapter, letter.size) == (body, "dbt", len(body))
    assert letter.headers == {**headers, "dataset": "orders"}
    desk.intake.take([Message(b"x" * (BODY_BYTES + 1))])
    assert len(desk.letters()) == 2
    # NUL, which PostgreSQL's text cannot hold, in everything that an alert may say.
    [odd] = desk.post(ours(rule="a\0b", summary="\0", columns=["\0"], observed={"\0": 1}))
    assert odd.new == 1
    assert desk.is_sound()


def item_of(group: AlertGroup) -> BacklogItem:
    check = reported_check(group.alert)
    return BacklogItem(
        id=item_id("orders", check),
        dataset="orders",
        title="prices",
        description="They are off.",
        in_scope=(),
        out_of_scope=(),
        acceptance=(Criterion(check=check, max_failing=0),),
        source="alert",
        owner="ana",
        dependencies=(),
        definition_of_done=(),
        metrics=(),
        rollout=(),
        track=Track.RELIABILITY,
        quadrant=Quadrant.MODEL_HYGIENE,
        finding="F-1",
    )


def test_the_end_of_an_alert_closes_its_item_when_no_other_holds_it_open(desk: AlertDesk) -> None:
    pods = [
        {"labels": {"alertname": "Late", "dataset": "orders", "pod": pod}, "startsAt": minutes(0)}
        for pod in ("a", "b")
    ]
    desk.post({"alerts": pods})
    item = item_of(desk.group())
    with desk.store.transaction() as session:
        items.upsert_item(session, item, actor="groomer", at=NOON)
        looked_into(session, [desk.group().id], run="R-1", version=0, actor="groomer", at=NOON)

    def state() -> ItemState | None:
        with desk.store.reading() as session:
            return items.item_state(session, item.id)

    ended = [{**one, "status": "resolved", "endsAt": minutes(3)} for one in pods]
    desk.post({"alerts": ended[:1]})
    assert state() is ItemState.OPEN
    desk.post({"alerts": ended[1:]})
    assert state() is ItemState.DONE
    # It fires again: the run that looked into it is one of before.
    desk.post({"alerts": [{**pods[0], "startsAt": minutes(9)}]})
    assert (desk.group().run, desk.group().version) == ("", None)
    assert desk.is_sound()


def test_a_storm_is_one_mark_for_each_dataset(desk: AlertDesk) -> None:
    for start in range(0, 1_000, 250):
        desk.post(
            *(
                ours(dataset=("orders", "people")[n % 2], rule=f"r{n % 10}", at=minutes(n / 60))
                for n in range(start, start + 250)
            )
        )
    assert len(desk.groups()) == 10
    assert sum(one.count for one in desk.groups()) == 1_000
    waiting = desk.due()
    assert sorted(waiting) == ["orders", "people"]
    begin = desk.now.replace(second=5)
    assert {one.next_at for one in waiting.values()} == {begin}, "a burst gathers, then it is run"
    with desk.store.reading() as session:
        [last] = latest_entries(session, 1)
    # What the log says of a group names the alerts that made it so.
    assert json.dumps(dict(last.payload)).count("A-") == 25


def test_a_letter_that_was_too_long_to_be_kept_says_so(desk: AlertDesk) -> None:
    from ostler.store.dead_letters import DeadLetter

    name = desk.intake.refuse(DeadLetter("", "too long", None, 7, "a" * 64))
    [letter] = desk.letters()
    assert letter.id == name
    with pytest.raises(BadInput, match="too long to be kept"):
        desk.intake.retry(letter)
