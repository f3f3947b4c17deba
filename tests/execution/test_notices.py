"""People are told: of the right things, once, at a time that suits them, and harmlessly."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from receiver import Receiver, receiving
from workbench import Workbench

from ostler.cli.opening import now
from ostler.config.settings import Settings
from ostler.config.timing import Notify
from ostler.core.checks import CheckResult
from ostler.execution.relay.destinations import destinations_of
from ostler.execution.relay.notices import after_quiet, inert, notice
from ostler.execution.relay.relay import Relay
from ostler.store.outbox import OutboxEvent
from ostler.store.telling import tell_expiring, tell_gate, tell_run

# A module that Apprise loads asks for one that Python 3.13 does not have any more.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")

SECRET = "s3cr3t-token"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def relay(bench: Workbench, later: timedelta = timedelta(), **people: dict[str, Any]) -> Relay:
    settings = Settings.model_validate({"notify": people})
    return replace(
        bench.parts.relay,
        destinations=destinations_of(settings, bench.parts.workspace.root),
        clock=lambda: now() + later,
        sleep=lambda _: None,
    )


def gate_failed(bench: Workbench, column: str = "mail", failing: int = 3) -> None:
    check = {"rule": {"kind": "not_null", "column": column}}
    result = {"check": check, "failing": failing, "total": 5, "observed": "", "passed": False}
    with bench.parts.store.transaction() as session:
        failed = [("I-1", CheckResult.model_validate(result))]
        tell_gate(session, "people", 4, failed, at=now())


def told(receiver: Receiver) -> list[tuple[str, str]]:
    bodies = [json.loads(request.body) for request in receiver.got]
    return [(body["title"], body["message"]) for body in bodies]


def test_a_failed_gate_is_told_once_and_the_address_stays_secret(
    bench: Workbench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capfd, caplog
) -> None:
    monkeypatch.setenv("ANA", f"json://ana:{SECRET}@{receiver.url.removeprefix('http://')}/hook")
    gate_failed(bench, column="[x](http://evil.example) @here")
    # The same result again is no news.
    gate_failed(bench, column="[x](http://evil.example) @here")
    receiver.plan[:] = ["500", "500"]
    settings = {"url": "${ANA}"}
    assert (relay(bench, ana=settings).run().again, len(receiver.got)) == (1, 2)
    later = relay(bench, timedelta(minutes=5), ana=settings)
    assert later.run().sent == 1
    assert later.run().sent == 0
    assert len({request.body for request in receiver.got}) == 1
    title, text = told(receiver)[-1]
    assert title == "people: the gate failed on version 4"
    assert "not null x http evil example here: 3 of 5; ostler item I-1" in text
    assert "ostler gate people" in text
    with bench.parts.store.reading() as session:
        tables = ("outbox", "delivery", "audit_entry")
        kept = [session.connection().exec_driver_sql(f"SELECT * FROM {t}").all() for t in tables]
    out, err = capfd.readouterr()
    assert SECRET not in f"{kept}{out}{err}{caplog.text}{later.destinations}"


def test_one_message_per_run_for_those_whom_it_waits_for(
    bench: Workbench, receiver: Receiver
) -> None:
    wanted = [
        bench.park(("2", "city", "Lisbxn", "Lisbon")),
        bench.park(("3", "city", "N/A", None)),
    ]
    of_stewards = [
        one.model_copy(update={"verdict": one.verdict.model_copy(update={"roles": ("steward",)})})
        for one in wanted
    ]
    with bench.parts.store.transaction() as session:
        for _ in range(2):
            tell_run(session, "R-1", of_stewards, at=now())
    url = receiver.url.replace("http://", "json://")
    sent = relay(
        bench,
        steward={"url": f"{url}/s", "roles": ["steward"]},
        owner={"url": f"{url}/o", "roles": ["owner"]},
        ana={"url": f"{url}/a", "owner": "ana"},
        ben={"url": f"{url}/b", "owner": "ben"},
        orders={"url": f"{url}/d", "datasets": ["ord*"]},
    ).run()
    assert sent.sent == 2
    assert sorted(request.path for request in receiver.got) == ["/a", "/s"]
    [(title, text), _] = told(receiver)
    assert title == "people: 2 proposals wait for review"
    assert f"ostler review {wanted[0].id}" in text
    assert "for steward (2)" in text


def test_what_lapses_soon_is_told_once(bench: Workbench, receiver: Receiver) -> None:
    lapses = now() + timedelta(days=30)
    parked = bench.park(("2", "city", "Lisbxn", "Lisbon"), expires_at=lapses)
    ana = {"url": receiver.url.replace("http://", "json://"), "events": ["proposal.expiring"]}
    soon = lapses - timedelta(days=1)
    for at in (now(), soon, soon + timedelta(hours=1)):
        with bench.parts.store.transaction() as session:
            tell_expiring(session, at=at)
        relay(bench, ana=ana).run()
    [(title, text)] = told(receiver)
    assert title.startswith("people: 1 proposal waits until")
    assert f"ostler review {parked.id}" in text


def test_in_quiet_hours_nothing_is_sent_and_after_them_all(
    bench: Workbench, receiver: Receiver
) -> None:
    gate_failed(bench)
    begin, end = now() - timedelta(hours=1), now() + timedelta(hours=2)
    quiet = f"{begin:%H:%M}-{end:%H:%M}"
    ana = {"url": receiver.url.replace("http://", "json://"), "quiet": quiet}
    assert relay(bench, ana=ana).run().sent == 0
    assert receiver.got == []
    assert relay(bench, timedelta(hours=2, minutes=1), ana=ana).run().sent == 1


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
HOURS = st.builds(
    lambda a, b, c, d: f"{a:02}:{b:02}-{c:02}:{d:02}",
    *(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59)),
)


@given(
    at=st.integers(0, 365 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
    zone=ZONES,
    quiet=HOURS,
)
def test_quiet_hours_end_at_their_end(at: datetime, zone: str, quiet: str) -> None:
    to = Notify(url="json://localhost", quiet=quiet, zone=zone)
    hours = to.quiet_hours
    assert hours is not None
    first, last = hours
    sent = after_quiet(at, to)
    assert at <= sent <= at + timedelta(hours=25)
    local, then = at.astimezone(ZoneInfo(zone)).time(), sent.astimezone(ZoneInfo(zone))
    if sent == at:
        is_quiet = first <= local < last if first <= last else not (last <= local < first)
        assert not is_quiet
    else:
        # The clocks may skip the time at which it ends.
        away = abs((then.hour * 60 + then.minute) - (last.hour * 60 + last.minute))
        assert away in (0, 30, 60)


@given(st.text(max_size=80))
def test_a_name_from_data_is_only_a_name(name: str) -> None:
    shown = inert(name)
    assert len(shown) <= 60
    if shown != "(no name)":
        assert all(c.isalnum() or c in " _-" for c in shown)


@given(
    st.dictionaries(
        st.sampled_from(["dataset", "proposal", "item"]), st.text(max_size=50), max_size=3
    ),
    st.sampled_from(["proposal.published", "item.open", "execution.recorded"]),
)
def test_any_event_can_be_told_to_people(body: dict[str, JsonValue], kind: str) -> None:
    event = OutboxEvent("E-1", kind, body, now())
    said = json.loads(notice(event, "https://console.example.org/{proposal}"))
    assert all(line.isprintable() for line in [said["title"], *said["text"].split("\n")])


def test_an_event_that_there_is_not_is_refused(bench: Workbench) -> None:
    from ostler.core.errors import BadInput

    with pytest.raises(BadInput, match=r"notify.ana.events"):
        relay(bench, ana={"url": "json://localhost", "events": ["proposal.parkd"]})
