"""What happens is told outside: at least once, always under the same key and in the same bytes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from receiver import Receiver, receiving
from workbench import Workbench

from ostler.cli.opening import now
from ostler.config.outside import Effect
from ostler.core.errors import BadInput
from ostler.core.states import ItemState, ProposalState
from ostler.execution.relay.destinations import destinations_of
from ostler.execution.relay.relay import Relay, Relayed
from ostler.execution.worker import work_once
from ostler.store.deliveries import (
    Delivery,
    DeliveryState,
    list_deliveries,
    reopen,
    take_relay,
)
from ostler.store.telling import KINDS as KINDS_TOLD

KINDS = ("proposal.published", "proposal.stale", "item.done")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@dataclass
class Office:
    """A relay whose time the test tells."""

    bench: Workbench
    relay: Relay
    later: timedelta = timedelta()
    waited: list[float] = field(default_factory=list[float])

    def run(self, after: float = 0) -> Relayed:
        self.later += timedelta(seconds=after)
        return self.relay.run()

    def clock(self) -> datetime:
        return now() + self.later

    def deliveries(self) -> tuple[Delivery, ...]:
        with self.bench.parts.store.reading() as session:
            return list_deliveries(session, settled=True)

    def states(self) -> dict[str, DeliveryState]:
        return {one.destination: one.state for one in self.deliveries()}


def office(bench: Workbench, **effects: Effect) -> Office:
    settings = bench.parts.workspace.settings.model_copy(update={"effects": effects})
    found = destinations_of(settings, bench.parts.workspace.root)
    made = Office(bench, replace(bench.parts.relay, destinations=found))
    made.relay = replace(made.relay, clock=made.clock, sleep=made.waited.append)
    return made


def to(receiver: Receiver, **rest: object) -> Effect:
    kinds = ("proposal.published",)
    return Effect.model_validate(
        {"url": f"{receiver.url}/hook", "events": kinds, "timeout_seconds": 0.5} | rest
    )


def publish(bench: Workbench) -> str:
    proposal = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    work_once(bench.context)
    return proposal.id


def test_what_is_told_says_what_happened_and_no_value(bench: Workbench, receiver: Receiver) -> None:
    name = publish(bench)
    told = office(bench, hook=to(receiver, events=KINDS))
    assert told.run().sent == 2
    assert told.run().sent == 0
    bodies = {json.loads(r.body)["type"]: json.loads(r.body) for r in receiver.got}
    event = bodies["ostler.proposal.published"]
    assert event["specversion"] == "1.0"
    assert (event["subject"], event["data"]["cells"], event["data"]["columns"]) == (
        name,
        1,
        ["city"],
    )
    assert set(bodies) == {"ostler.proposal.published", "ostler.item.done"}
    assert not any(b"Lisb" in request.body for request in receiver.got)


@pytest.mark.parametrize("first", ["drop", "500", "408", "425", "503", "hang"])
def test_what_may_pass_is_tried_again_under_the_same_key(
    bench: Workbench, receiver: Receiver, first: str
) -> None:
    publish(bench)
    told = office(bench, hook=to(receiver))
    receiver.plan[:] = [first]
    assert told.run().sent == 1
    one, other = receiver.got
    assert (one.key, one.body) == (other.key, other.body)
    [delivery] = told.deliveries()
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 2)
    assert len(told.waited) == 1


def test_what_goes_on_failing_waits_longer_and_longer_and_is_given_up(
    bench: Workbench, receiver: Receiver
) -> None:
    publish(bench)
    told = office(bench, hook=to(receiver, attempts=5))
    receiver.plan[:] = ["500"] * 9
    assert told.run().again == 1
    first = told.deliveries()[0].next_at - told.clock()
    assert told.run() == Relayed()
    assert told.run(60).again == 1
    second = told.deliveries()[0].next_at - told.clock()
    assert second > first
    [dead] = told.run(3600).dead
    assert dead.kind == "proposal.published"
    assert told.run(10**6) == Relayed()
    [delivery] = told.deliveries()
    assert (delivery.state, delivery.attempts, len(receiver.got)) == (DeliveryState.DEAD, 5, 5)
    assert len(set(receiver.keys)) == 1
    with bench.parts.store.transaction() as session:
        reopen(session, (delivery,), at=told.clock())
    receiver.plan.clear()
    assert told.run().sent == 1
    assert len({(request.key, request.body) for request in receiver.got}) == 1


@pytest.mark.parametrize("answer", ["400", "404", "410", "302 Location: http://127.0.0.1:9/"])
def test_a_refusal_is_final_and_kept_readable_and_without_the_secret(
    bench: Workbench, receiver: Receiver, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "sesame-open-up")
    publish(bench)
    told = office(bench, hook=to(receiver, headers={"Authorization": "Bearer ${HOOK_TOKEN}"}))
    receiver.plan[:] = [answer]
    assert len(told.run().dead) == 1
    [delivery] = told.deliveries()
    assert delivery.attempts == len(receiver.got) == 1
    assert receiver.got[0].authorization == "Bearer sesame-open-up"
    assert f"status {answer[:3]}" in delivery.answer
    assert "[secret]" in delivery.answer
    assert "sesame" not in delivery.answer + delivery.body
    assert delivery.answer.isprintable()
    assert ("redirects are not followed" in delivery.answer) is answer.startswith("302")


def test_the_receiver_says_how_long_it_wants_to_be_left_alone(
    bench: Workbench, receiver: Receiver
) -> None:
    publish(bench)
    told = office(bench, hook=to(receiver))
    receiver.plan[:] = ["429 Retry-After: 7200"]
    told.run()
    assert told.run(7000) == Relayed()
    assert len(receiver.got) == 1
    assert told.run(300).sent == 1


def test_one_destination_that_is_down_holds_up_no_other(
    bench: Workbench, receiver: Receiver
) -> None:
    publish(bench)
    down = to(receiver, url="http://127.0.0.1:9/nobody")
    told = office(bench, a=down, b=to(receiver), c=to(receiver, events=("proposal.den*",)))
    assert (told.run().sent, told.run(60).sent) == (1, 0)
    assert told.states() == {"a": DeliveryState.PENDING, "b": DeliveryState.SENT}
    assert len(receiver.got) == 1


def test_a_variable_that_is_not_set_is_named_and_waited_for(
    bench: Workbench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(bench)
    told = office(bench, hook=to(receiver, headers={"X-Key": "${NOT_SET_AT_ALL}"}))
    assert told.run().again == 1
    assert "NOT_SET_AT_ALL" in told.deliveries()[0].answer
    monkeypatch.setenv("NOT_SET_AT_ALL", "now it is")
    assert told.run(3600).sent == 1


def test_what_went_to_a_destination_that_is_gone_is_given_up(
    bench: Workbench, receiver: Receiver
) -> None:
    publish(bench)
    receiver.plan[:] = ["500", "500"]
    told = office(bench, hook=to(receiver))
    told.run()
    told.relay = replace(told.relay, destinations=())
    # Another workspace that shares the database may still send it.
    assert told.run(3600).dead == ()
    [dead] = told.run(24 * 3600).dead
    assert dead.destination == "hook"
    assert "do not name this destination" in told.deliveries()[0].answer


def test_one_relay_at_a_time(bench: Workbench, receiver: Receiver) -> None:
    publish(bench)
    told = office(bench, hook=to(receiver))
    with bench.parts.store.transaction() as session:
        assert take_relay(session, "elsewhere:1", 60, lambda _: False)
    assert told.run().busy
    assert receiver.got == []
    with bench.parts.store.transaction() as session:
        assert take_relay(session, "elsewhere:1", -1, lambda _: False)
    assert told.run().sent == 1


def test_an_outcome_that_is_not_published_is_told_too(bench: Workbench, receiver: Receiver) -> None:
    first = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    other = bench.approved(("2", "city", "Lisbxn", "Lisboa"))
    work_once(bench.context)
    assert office(bench, hook=to(receiver, events=KINDS)).run().sent == 3
    told = [json.loads(request.body) for request in receiver.got]
    by_type = {one["type"]: one["subject"] for one in told}
    assert by_type["ostler.proposal.published"] == first.id
    assert by_type["ostler.proposal.stale"] == other.id


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"url": "http://example.org/hook"}, "not encrypted"),
        ({"url": "https://me:secret@example.org/"}, "name or password"),
        ({"url": "file:///etc/passwd"}, "must begin with https"),
        ({"url": "https:///hook"}, "must begin with https"),
        ({"url": "http://localhost.example.org/"}, "not encrypted"),
        ({"url": "https://a.org", "headers": {"Authorization": "Bearer abc"}}, "environment"),
        ({"url": "https://a.org", "headers": {"X-A": "x${A}y"}}, "environment"),
        ({"url": "https://a.org", "headers": {"Idempotency-Key": "${A}"}}, "cannot be set"),
        ({"url": "https://a.org", "headers": {"X A": "${A}"}}, "cannot be set"),
    ],
)
def test_addresses_and_headers_that_are_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Effect.model_validate(settings)


@pytest.mark.parametrize("url", ["https://a.org/x", "http://localhost:1/", "http://[::1]:80/"])
def test_addresses_that_are_taken(url: str) -> None:
    assert Effect(url=url).url == url
    assert Effect(url="http://a.org/", allow_http=True).allow_http


def test_every_state_has_a_kind_of_its_own_that_is_documented() -> None:
    states = {f"proposal.{state.value}" for state in ProposalState}
    states |= {f"item.{state.value}" for state in ItemState}
    others = {"execution.recorded", "contract.published", "run.parked", "proposal.expiring"}
    others |= {
        "proposal.escalated",
        "item.due",
        "gate.failed",
        "watch.failed",
        "document.activated",
    }
    assert states | others == set(KINDS_TOLD)
    page = (Path(__file__).parents[2] / "docs" / "effects.md").read_text(encoding="utf-8")
    assert not [kind for kind in KINDS_TOLD if f".{kind.partition('.')[2]}`" not in page]


def test_an_event_that_there_is_not_is_refused(bench: Workbench, receiver: Receiver) -> None:
    with pytest.raises(BadInput, match=r"no event is called 'proposal.publishd'"):
        office(bench, hook=to(receiver, events=("proposal.publishd",)))
