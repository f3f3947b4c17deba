"""A model that answers well is heard: it orders and narrows, and everything it said is kept."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from asking import advice, card, card_of, good, model_at
from model_server import KEY, Answer, Ask, ModelServer, completion, wire
from workshop import Workshop, dirty_rows, open_workshop

from ostler.agents.advice import Reply
from ostler.core.actions import Replacement, ReplaceValues
from ostler.core.canonical import canonical_json, digest_of
from ostler.core.proposals import Draft
from ostler.replay.rerun import replay


@pytest.fixture(scope="module")
def plain(workshop: Workshop) -> tuple[Draft, ...]:
    """What the planner drafts alone."""
    return workshop.proposed(workshop.groom().run).drafts


def test_advice_orders_and_narrows(
    workshop: Workshop, server: ModelServer, plain: tuple[Draft, ...]
) -> None:
    server.follow(good)
    groomed = workshop.groom(model_at(server.url))
    drafts = workshop.proposed(groomed.run).drafts
    assert groomed.model == "answered"
    assert len(drafts) == len(plain) + 1

    (before, whole), (typos, narrowed) = card_of(plain, "city"), card_of(drafts, "city")
    struck, kept = whole.corrections[:2]
    left = whole.corrections[1:]
    assert narrowed == whole.model_copy(update={"corrections": left})
    assert typos.rationale == "The first is a town of its own."
    assert (typos.evidence, typos.tool) == (before.evidence, before.tool)
    added = drafts[-1]
    mapping = (Replacement(old=struck.old, new=kept.new),)
    assert added.action == ReplaceValues(column="city", mapping=mapping)
    assert (added.tool, added.rationale) == ("model:scripted", "It was moved.")
    assert added.evidence.confidence < before.evidence.confidence

    (sure, padded), (doubted, same) = card_of(plain, "phone"), card_of(drafts, "phone")
    assert same == padded
    assert doubted.evidence.confidence == round(sure.evidence.confidence / 2, 6)


def test_rationale_and_advice_reach_the_proposals(
    workshop: Workshop, server: ModelServer, plain: tuple[Draft, ...]
) -> None:
    server.follow(good)
    groomed = workshop.groom(model_at(server.url))
    proposals = {p.draft.action: p for p in workshop.judged(groomed.run).proposals}
    drafts = workshop.proposed(groomed.run).drafts
    typos, narrowed = card_of(drafts, "city")
    assert proposals[narrowed].draft == typos
    _, whole = card_of(plain, "city")
    assert len(narrowed.corrections) == len(whole.corrections) - 1
    assert proposals[drafts[-1].action].verdict.outcome == "votes"


def test_what_is_asked(workshop: Workshop, server: ModelServer, plain: tuple[Draft, ...]) -> None:
    server.follow(good)
    workshop.groom(model_at(server.url))
    [ask] = server.asked
    assert ask.path == "/v1/chat/completions"
    assert ask.headers["authorization"] == f"Bearer {KEY}"
    assert ask.body["model"] == "scripted"
    assert ask.body["response_format"]["json_schema"]["schema"] == Reply.model_json_schema()
    assert [d["id"] for d in ask.shown["drafts"]] == [f"d{n + 1}" for n in range(len(plain))]
    assert ask.text.count(KEY) == 0


def test_request_and_raw_reply_are_recorded(workshop: Workshop, server: ModelServer) -> None:
    said: list[str] = []

    def remember(ask: Ask) -> Answer:
        # Blanks that a parser would lose show that nothing was parsed.
        said.append(json.dumps(advice(ask), indent=3))
        return completion(said[0])

    server.follow(remember)
    groomed = workshop.groom(model_at(server.url))
    [call] = workshop.proposed(groomed.run).calls
    [ask] = server.asked
    system, user = (message["content"] for message in ask.body["messages"])
    assert call.reply.content == said[0]
    assert (call.reply.input_tokens, call.reply.output_tokens) == (10, 5)
    assert call.request == digest_of(
        {
            "model": "scripted",
            "system": system,
            "user": user,
            "reply_schema": Reply.model_json_schema(),
        }
    )
    assert user == canonical_json(ask.shown)


def test_the_trace_shows_the_call(workshop: Workshop, server: ModelServer) -> None:
    server.follow(good)
    groomed = workshop.groom(model_at(server.url))
    [call] = workshop.proposed(groomed.run).calls
    span = workshop.span(groomed.run, "chat ")
    assert (span.name, span.kind, span.status) == ("chat scripted", "client", "unset")
    assert span.attributes["groom.outcome"] == "answered"
    assert span.attributes["groom.content.ref"] == call.request
    assert span.attributes["gen_ai.usage.output_tokens"] == 5
    assert "groom.fallback.reason" not in span.attributes
    [asking] = [s for s in workshop.spans(groomed.run) if s.span_id == span.parent_id]
    assert asking.name == "invoke_agent propose"


def test_a_busy_server_is_asked_again(workshop: Workshop, server: ModelServer) -> None:
    server.follow(
        lambda ask: wire({"error": {"message": "slow down"}}, 429) if ask.number < 3 else good(ask)
    )
    groomed = workshop.groom(model_at(server.url, attempts=3))
    assert groomed.model == "answered"
    assert len(server.asked) == 3
    assert len({ask.text for ask in server.asked}) == 1


def test_what_was_drafted_already_is_not_proposed_twice(
    workshop: Workshop, server: ModelServer, plain: tuple[Draft, ...]
) -> None:
    def repeat(ask: Ask) -> Answer:
        typos, padded = card(ask, "city"), card(ask, "phone")
        again = [
            {
                "action": "replace_values",
                "draft": draft["id"],
                "values": [draft["members"][place]["old"]["id"]],
                "by": draft["members"][0]["new"]["id"],
            }
            for draft, place in ((padded, 0), (typos, 0), (padded, 1), (padded, 1))
        ]
        return completion(json.dumps({"advice": [], "additions": again}))

    server.follow(repeat)
    groomed = workshop.groom(model_at(server.url))
    assert groomed.model == "answered"
    assert workshop.proposed(groomed.run).drafts[:-1] == plain
    ids = [proposal.id for proposal in workshop.judged(groomed.run).proposals]
    assert len(set(ids)) == len(ids)


def test_a_run_replays_when_the_server_is_gone(workshop: Workshop) -> None:
    server = ModelServer()
    server.follow(good)
    groomed = workshop.groom(model_at(server.url))
    server.close()
    result = replay(workshop.parts.objects, workshop.record(groomed.run), workshop.parts.datasets())
    assert groomed.model == "answered"
    assert result.first_difference is None
    assert len(server.asked) == 1


def test_the_key_is_kept_nowhere(
    workshop: Workshop, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(ask: Ask) -> Answer:
        spoken = advice(ask)
        spoken["advice"][0]["rationale"] = f"I was called with {ask.headers['authorization']}"
        return completion(json.dumps(spoken))

    server.follow(echo)
    with caplog.at_level(logging.DEBUG):
        groomed = workshop.groom(model_at(server.url))
    assert groomed.model == "answered"
    assert KEY.encode() not in workshop.everything()
    assert KEY not in caplog.text
    rationales = [draft.rationale for draft in workshop.proposed(groomed.run).drafts]
    assert "I was called with Bearer [key]" in rationales


def test_the_command_asks_the_model_of_the_settings(server: ModelServer, tmp_path: Path) -> None:
    root = tmp_path / "here"
    shop = open_workshop(root, dirty_rows())
    shop.parts.close()
    settings = {"model": {"base_url": server.url, "name": "scripted", "temperature": 0.25}}
    (root / "ostler.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    server.follow(good)
    ran = subprocess.run(
        [sys.executable, "-m", "ostler", "groom", "people", "--json"],
        cwd=root,
        env={**os.environ, "OSTLER_MODEL_API_KEY": KEY, "OSTLER_REVIEWER": "ana"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["model"] == "answered"
    [ask] = server.asked
    assert ask.body["temperature"] == 0.25
    assert KEY not in ran.stdout + ran.stderr
