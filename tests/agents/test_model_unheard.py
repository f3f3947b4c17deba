"""Whatever a model or its server does wrong, the run ends in the planner's own proposals."""

import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from asking import advice, good, model_at
from model_server import KEY, Answer, Ask, ModelServer, Script, completion, wire
from workshop import Workshop, open_workshop

from ostler.agents.outputs import Proposed


class Bad(NamedTuple):
    """What a server does, what that is called, and how often it is asked (of two attempts)."""

    script: Script
    outcome: str
    asked: int = 1
    says: str = ""


def said(content: str | None, finish: str = "stop", **message: Any) -> Script:
    return lambda _: completion(content, finish, **message)


def spoilt(change: Callable[[dict[str, Any]], None]) -> Script:
    """A good reply with one thing wrong in it."""

    def answer(ask: Ask) -> Answer:
        reply = advice(ask)
        change(reply)
        return completion(json.dumps(reply))

    return answer


def set_to(value: object, *path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(reply: dict[str, Any]) -> None:
        place: Any = reply
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def within(text: str) -> Script:
    """A good reply with something around it."""
    return lambda ask: completion(text.format(json.dumps(advice(ask))))


BAD = {
    "fenced": Bad(within("```json\n{}\n```"), "nonsense"),
    "prose": Bad(within("Sure! Here is what I think: {}"), "nonsense"),
    "cut by length": Bad(said('{"advice": [', "length"), "truncated"),
    "a wrong type": Bad(spoilt(set_to("all", "advice", 0, "strike")), "nonsense"),
    "an extra key": Bad(spoilt(set_to("DROP TABLE x", "sql")), "nonsense"),
    "an unknown draft": Bad(spoilt(set_to("d9", "advice", 0, "draft")), "nonsense", says="d9"),
    "an unknown member": Bad(spoilt(set_to(["m9"], "advice", 0, "strike")), "nonsense", says="m9"),
    "an unknown value": Bad(spoilt(set_to("v99", "additions", 0, "by")), "nonsense", says="v99"),
    "nothing": Bad(said(""), "nonsense"),
    "null": Bad(said(None), "nonsense"),
    "half a character": Bad(said('{"advice": [], "x": "\ud800"}'), "nonsense"),
    "a refusal": Bad(said(None, refusal="I cannot do that."), "refused", says="I cannot do that."),
    "filtered": Bad(said("", "content_filter"), "filtered"),
    "too busy": Bad(lambda _: wire({"error": {"message": "slow down"}}, 429), "error", 2),
    "broken": Bad(lambda _: wire({"error": {"message": "boom"}}, 500), "error", 2, "boom"),
    "bad request": Bad(lambda _: wire({"error": {"message": "no schema"}}, 400), "error"),
    "a wrong key": Bad(
        lambda ask: wire({"error": {"message": f"wrong: {ask.headers['authorization']}"}}, 401),
        "error",
        says="wrong: Bearer [key]",
    ),
    "elsewhere": Bad(lambda _: Answer(status=307, headers={"Location": "/v1/other"}), "error"),
    "silence": Bad(lambda _: Answer(stay="hang"), "timeout", 2),
    "no end": Bad(lambda _: Answer(stay="drip"), "timeout", 2),
    "hanging up": Bad(lambda _: Answer(stay="drop"), "down", 2),
    "a page": Bad(lambda _: Answer(b"<html>gateway</html>"), "nonsense"),
    "a page that says JSON": Bad(
        lambda _: Answer(b"<html>", headers={"Content-Type": "application/json"}), "nonsense"
    ),
    "another document": Bad(lambda _: wire({"hello": "world"}), "nonsense"),
    "no choices": Bad(lambda _: wire({"id": "x", "choices": []}), "nonsense"),
    "too deep": Bad(
        lambda _: Answer(b"[" * 200_000, headers={"Content-Type": "application/json"}), "nonsense"
    ),
}


@pytest.fixture(scope="module")
def plain(workshop: Workshop) -> Proposed:
    """What comes out without a model."""
    return workshop.proposed(workshop.groom().run)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_the_planner_decides_alone(
    bad: Bad,
    workshop: Workshop,
    server: ModelServer,
    plain: Proposed,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.follow(bad.script)
    timeout = 0.4 if bad.outcome == "timeout" else 30
    with caplog.at_level(logging.DEBUG):
        groomed = workshop.groom(model_at(server.url, timeout=timeout))

    proposed = workshop.proposed(groomed.run)
    assert (proposed.drafts, proposed.tools) == (plain.drafts, plain.tools)
    assert groomed.known
    assert groomed.waiting == ()
    assert len(server.asked) == bad.asked

    [call] = proposed.calls
    assert groomed.model == call.reply.outcome == bad.outcome
    assert bad.says in call.reply.detail
    span = workshop.span(groomed.run, "chat ")
    assert span.status == "error"
    assert span.attributes["groom.outcome"] == bad.outcome
    reason = f"fell back to the planner: {bad.outcome}: {call.reply.detail}"
    assert span.attributes["groom.fallback.reason"] == span.message == reason

    assert KEY not in caplog.text
    assert KEY.encode() not in workshop.everything()


def test_nobody_listens(workshop: Workshop, plain: Proposed) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        groomed = workshop.groom(model_at(f"http://127.0.0.1:{bound.getsockname()[1]}/v1"))
    assert groomed.model == "down"
    assert workshop.proposed(groomed.run).drafts == plain.drafts


@pytest.mark.parametrize(
    "url", ["not a url", "ftp://127.0.0.1/v1", "http://no.such.host.invalid/v1"]
)
def test_an_address_that_leads_nowhere(url: str, workshop: Workshop, plain: Proposed) -> None:
    groomed = workshop.groom(model_at(url))
    assert groomed.model == "down"
    assert workshop.proposed(groomed.run).drafts == plain.drafts


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("", "Bearer none"),
        (f" {KEY}\n", f"Bearer {KEY}"),
        ("ключ-который-не-латиница", None),
        ("two\nlines: of-a-key", None),
    ],
)
def test_an_odd_key_ends_no_run(
    key: str,
    sent: str | None,
    workshop: Workshop,
    server: ModelServer,
    plain: Proposed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OSTLER_MODEL_API_KEY", key)
    server.follow(good)
    groomed = workshop.groom(model_at(server.url, attempts=1))
    assert [ask.headers["authorization"] for ask in server.asked] == [sent] * (sent is not None)
    assert (groomed.model == "answered") == (sent is not None)
    if sent is None:
        assert workshop.proposed(groomed.run).drafts == plain.drafts
        assert key.encode() not in workshop.everything()


def test_nothing_to_advise_on_asks_nobody(server: ModelServer, tmp_path: Path) -> None:
    clean = open_workshop(tmp_path / "clean", [["Coldwater", "VT", "200-555-0001"]])
    server.follow(good)
    groomed = clean.groom(model_at(server.url))
    clean.parts.close()
    assert groomed.model == ""
    assert server.asked == []
