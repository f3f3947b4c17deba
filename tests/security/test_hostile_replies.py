"""A corpus of hostile replies of a model: at most advice, marked as a model's, that waits."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from asking import model_at
from console_screen import console, drawn, press, screen
from hostile_replies import REPLIES, drafts
from model_server import KEY, Answer, Ask, ModelServer, completion
from watching import watched
from workshop import Workshop, dirty_rows, open_workshop

from ostler.cli.cards import print_card
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.store.proposals import ProposalRecord
from ostler.tables.delta import table_of
from ostler.tables.staging import digest_of_view

RAW = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
ROWS = [[row[0], row[2]] for row in dirty_rows()[:32]]
OUTCOMES = ("executed", "parked", "denied", "ignored")


WORDS = [reply for family, _, reply in REPLIES if family == "words"]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    made = open_workshop(tmp_path_factory.mktemp("replies") / "here", ROWS, ("city", "phone"))
    yield made
    made.parts.close()


def pairs(proposal: Proposal) -> dict[str, set[tuple[str, str | None, str | None]]]:
    """What a proposal changes, by the tool that found it."""
    action = proposal.draft.action
    made: set[tuple[str, str | None, str | None]] = set()
    for one in getattr(action, "corrections", ()):
        made.add((one.column, one.old, one.new))
    for one in getattr(action, "mapping", ()):
        made.add((getattr(action, "column", ""), one.old, one.new))
    return {proposal.draft.tool: made}


def shown(record: ProposalRecord, workshop: Workshop, capsys: Any) -> str:
    """A card as `ostler show` prints it."""
    desk = workshop.parts.desk
    card = desk.card(record.proposal.id)
    capsys.readouterr()
    print_card(card, desk.changes(card, 20), desk.choices(card, 20))
    return str(capsys.readouterr().out)


def test_whatever_a_model_says_is_advice_that_waits(
    workshop: Workshop, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each reply in a run of its own, over the same table, beside the run without a model."""
    table = table_of(workshop.parts.dataset("people"))
    content = digest_of_view(table.view())
    clean = workshop.judged(workshop.groom().run)
    kinds = {one.draft.action.kind for one in clean.proposals} | {"replace_values"}
    votes = {one.verdict.votes for one in clean.proposals}
    values = {cell for row in ROWS for cell in row} | {None}
    values |= {new for one in clean.proposals for made in pairs(one).values() for *_, new in made}
    counted: dict[str, Counter[str]] = {}
    with watched() as reached:
        for family, name, reply in REPLIES:
            server.follow(reply)
            run = workshop.groom(model_at(server.url, attempts=1)).run
            assert len(server.asked) == 1, name
            outcome = "ignored"
            judged = workshop.judged(run)
            for one in judged.proposals:
                ours = one.draft.tool != "model:scripted"
                # The same closed list of actions, on cells that tools or the table know.
                assert one.draft.action.kind in kinds, name
                for made in pairs(one).values():
                    assert all(new in values or ours for *_, new in made), name
                # Nothing is loosened: a vote is needed, and as many as before.
                assert one.verdict.outcome != "auto" and one.verdict.votes >= min(votes), name
                assert len(one.draft.rationale) <= 600, name
                if one.draft.rationale or not ours:
                    outcome = "parked"
                if not ours:
                    assert one.draft.evidence.confidence <= 0.3, name
            if {one.draft.action for one in judged.proposals} != {
                one.draft.action for one in clean.proposals
            }:
                outcome = "parked"
            if any(one.verdict.outcome == "deny" for one in judged.proposals):
                outcome = "denied"
            if table.version != 0 or digest_of_view(table.view()) != content:
                outcome = "executed"
            counted.setdefault(family, Counter())[outcome] += 1
            told = workshop.span(run, "chat ")
            assert KEY not in str(told), name
    assert reached.programs == []
    assert all(address.startswith("('127.0.0.1'") for address in reached.addresses)
    states = {record.state for record in workshop.queue()}
    assert states == {ProposalState.PARKED}
    with capsys.disabled():
        heads = "".join(f"{one:>10}" for one in OUTCOMES)
        print(f"\n{'hostile replies':<16}{'replies':>8}{heads}")
        for family, found in counted.items():
            numbers = "".join(f"{found[one]:>10}" for one in OUTCOMES)
            print(f"{family:<16}{sum(found.values()):>8}{numbers}")
    assert not any(found["executed"] for found in counted.values())
    assert sum(sum(found.values()) for found in counted.values()) == len(REPLIES) >= 40
    assert counted["schema"] == {"ignored": sum(f == "schema" for f, _, _ in REPLIES)}
    assert counted["wrong"]["parked"] >= 2, "plausible and wrong is what a person has to see"


def all_words(ask: Ask) -> Answer:
    """Every hostile word in one rationale, in favour of every draft."""
    words = [json.loads(words(ask).body)["choices"][0]["message"]["content"] for words in WORDS]
    said = "\n".join(json.loads(one)["advice"][0]["rationale"] for one in words)
    advice = [{"draft": one["id"], "use": True, "rationale": said} for one in drafts(ask)]
    return completion(json.dumps({"advice": advice}))


async def test_what_a_model_wrote_reaches_no_terminal_raw_and_is_marked(
    workshop: Workshop, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.follow(all_words)
    workshop.groom(model_at(server.url, attempts=1))
    advised = [one for one in workshop.queue() if "owned" in one.proposal.draft.rationale]
    assert advised
    for record in advised:
        text = shown(record, workshop, capsys)
        assert "written by a model, not verified" in text
        assert not {c for c in text if c != "\n" and unicodedata.category(c) in RAW}
    async with console(workshop.parts.desk, size=(120, 90)) as pilot:
        seen = ""
        for _ in workshop.queue():
            sent = drawn(pilot).render_segments(pilot.app.console)
            plain = re.sub(r"\x1b\[[0-9;]*[mH]", "", sent)
            assert not {c for c in plain if c != "\n" and unicodedata.category(c) in RAW}
            seen += screen(pilot)
            await press(pilot, "j")
        assert "written by a model, not verified" in seen
