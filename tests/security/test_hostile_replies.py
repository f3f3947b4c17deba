"""A corpus of hostile replies of a model: at most advice, marked as such, that people approve.

Each reply has a table of its own in one workspace, beside the same table groomed without a model.
"""

import csv
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from asking import model_at
from console_screen import console, drawn, screen
from hostile_replies import REPLIES, drafts
from model_server import KEY, Answer, Ask, ModelServer, completion
from watching import at_home, watched
from workshop import Workshop, dirty_rows, open_workshop, write_csv

from ostler.cli.add import take
from ostler.cli.cards import print_card
from ostler.core.proposals import Change, Proposal
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once
from ostler.store.proposals import ProposalRecord, queue
from ostler.tables.delta import table_of
from ostler.tables.exporting import export
from ostler.tui.state import opened_on

RAW = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
COLUMNS = ("city", "phone")
ROWS = [[row[0], row[2]] for row in dirty_rows()[:32]]
OUTCOMES = ("other kinds", "raw", "unapproved", "left")
"""What none of them may come to: another type of action ran, the terminal got it raw, what ran is
not what was approved, something was reached for outside of the workspace."""

Cells = dict[str, tuple[str | None, ...]]


WORDS = [reply for family, _, reply in REPLIES if family == "words"]


@dataclass
class Case:
    """A reply, and what came of it."""

    family: str
    name: str
    dataset: str
    proposals: tuple[Proposal, ...] = ()
    advice: bool = False
    """Whether anything of it is on a card."""
    approved: dict[str, tuple[Change, ...]] = field(default_factory=dict[str, tuple[Change, ...]])
    """By proposal what the card that a person approved says will change."""
    executed: int = 0
    """How many of its cards."""
    found: set[str] = field(default_factory=set[str])
    """Of the outcomes."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    made = open_workshop(tmp_path_factory.mktemp("replies") / "here", ROWS, COLUMNS)
    yield made
    made.parts.close()


def pairs(proposal: Proposal) -> set[tuple[str, str | None, str | None]]:
    """Column, old and new value of each replacement of a proposal."""
    action = proposal.draft.action
    return {
        *((one.column, one.old, one.new) for one in getattr(action, "corrections", ())),
        *((getattr(action, "column", ""), x.old, x.new) for x in getattr(action, "mapping", ())),
    }


def shown(record: ProposalRecord, workshop: Workshop, capsys: Any) -> str:
    """A card as `ostler show` prints it."""
    desk = workshop.parts.desk
    card = desk.card(record.proposal.id)
    capsys.readouterr()
    print_card(card, desk.changes(card, 20), desk.choices(card, 20))
    return str(capsys.readouterr().out)


def is_raw(text: str) -> bool:
    """Whether a terminal would act on a text, or not show some of it; colours are ours."""
    plain = re.sub(r"\x1b\[[0-9;]*[mH]", "", text)
    return any(c != "\n" and unicodedata.category(c) in RAW for c in plain)


def cells_of(workshop: Workshop, dataset: str) -> Cells:
    view = table_of(workshop.parts.dataset(dataset)).view()
    found = view.query(f"SELECT {view.row}, {', '.join(COLUMNS)} FROM {view.source}")
    return {str(row): tuple(values) for row, *values in found}


def approve(workshop: Workshop, case: Case, proposal: Proposal) -> bool:
    """Approve a card and note what it says will change; False for a question."""
    desk = workshop.parts.desk
    card = desk.card(proposal.id)
    if card.refusal:
        return False
    case.approved[proposal.id] = desk.changes(card, 1_000)
    desk.approve(card)
    return True


def of_the_model(proposal: Proposal) -> bool:
    return proposal.draft.tool == "model:scripted"


async def test_whatever_a_model_says_is_advice_that_people_approve(
    workshop: Workshop,
    server: ModelServer,
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Groomed, shown, approved, executed, exported; counted by what it came to."""
    parts, root = workshop.parts, workshop.parts.workspace.root
    clean = workshop.judged(workshop.groom().run).proposals
    before = cells_of(workshop, "people")
    cases = [Case(family, name, f"t{n:02}") for n, (family, name, _) in enumerate(REPLIES)]
    source = write_csv(root / "again.csv", ROWS, COLUMNS)
    for case in cases:
        take(parts, source, case.dataset, owner="ana")
    (tmp_path / "out").mkdir()
    with at_home(tmp_path, monkeypatch):
        for case, (_, _, reply) in zip(cases, REPLIES, strict=True):
            server.follow(reply)
            with watched() as reached:
                groomed = workshop.groom(model_at(server.url, attempts=1), dataset=case.dataset)
            assert len(server.asked) == 1, case
            assert KEY not in str(workshop.span(groomed.run, "chat ")), case
            case.proposals = workshop.judged(groomed.run).proposals
            judged_as_before(case, clean)
            if reached.outside(root):
                case.found.add("left")
            assert cells_of(workshop, case.dataset) == before, "nothing runs unapproved"
        assert {one.state for one in workshop.queue()} == {ProposalState.PARKED}
        with watched() as reached:
            await everything_is_shown_and_approved(workshop, cases, capsys)
            work_once(parts.execution)
            kinds = {one.draft.action.kind for one in clean}
            for case in cases:
                look_at_what_ran(workshop, case, before, kinds, tmp_path / "out")
            told = [run("log", "--limit", "10000", "-w", root), run("item", "-w", root)]
            told.append(run("queue", "--state", "all", "--limit", "1000", "-w", root))
            assert run("audit", "verify", "-w", root).code == 0
        everybody = [
            *(["left"] if reached.outside(root, tmp_path / "out") else []),
            *(["raw"] if any(is_raw(one.out + one.err) for one in told) else []),
        ]
        for case in cases:
            case.found.update(everybody)
    with capsys.disabled():
        print(table(cases))
    assert {case.name: case.found for case in cases if case.found} == {}
    assert len(cases) >= 40
    # What does not fit is not used at all, and what is plausible and wrong a person has to see.
    advised = Counter(case.family for case in cases if case.advice)
    assert advised["schema"] == advised["id"] == 0 and advised["wrong"] >= 2
    assert advised["words"] == len(WORDS)


def judged_as_before(case: Case, clean: tuple[Proposal, ...]) -> None:
    """The same closed list of actions on cells that tools or the table know; nothing loosened."""
    values = {cell for row in ROWS for cell in row} | {None}
    values |= {new for one in clean for *_, new in pairs(one)}
    for one in case.proposals:
        ours = not of_the_model(one)
        assert ours or all(new in values for *_, new in pairs(one)), case
        assert one.verdict.outcome == "votes", case
        assert one.verdict.votes >= min(other.verdict.votes for other in clean), case
        assert len(one.draft.rationale) <= 600, case
        assert ours or one.draft.evidence.confidence <= 0.3, case
        case.advice |= not ours or bool(one.draft.rationale)
    actions = {one.draft.action for one in case.proposals}
    case.advice |= actions != {one.draft.action for one in clean}


async def everything_is_shown_and_approved(
    workshop: Workshop, cases: list[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    """The cards that the model had a hand in; where it had none, the first one as it would be.

    Each as `show` prints it; those with a word of the model in the console as well.
    """
    by_id = {one.proposal.id: one for one in workshop.queue()}
    advised: list[tuple[Case, Proposal]] = []
    for case in cases:
        has_a_hand = [x for x in case.proposals if x.draft.rationale or of_the_model(x)]
        advised += [(case, one) for one in has_a_hand]
        for one in has_a_hand or case.proposals:
            if is_raw(shown(by_id[one.id], workshop, capsys)):
                case.found.add("raw")
            if not has_a_hand and approve(workshop, case, one):
                break
    for case, one in advised:
        begin = opened_on(one.id, ProposalState.PARKED)
        async with console(workshop.parts.desk, size=(120, 90), begin=begin) as pilot:
            assert one.id in screen(pilot), case
            if is_raw(drawn(pilot).render_segments(pilot.app.console)):
                case.found.add("raw")
        approve(workshop, case, one)


def look_at_what_ran(
    workshop: Workshop, case: Case, before: Cells, kinds: set[str], folder: Path
) -> None:
    """Hold a table and its export against what was approved of what ran."""
    with workshop.parts.store.reading() as session:
        done = queue(session, states=(ProposalState.PUBLISHED,), dataset=case.dataset)
    assert done, case
    if not {one.proposal.draft.action.kind for one in done} <= kinds:
        case.found.add("other kinds")
    expected = {row: list(values) for row, values in before.items()}
    for one in done:
        for change in case.approved.get(one.proposal.id, ()):
            expected[change.row][COLUMNS.index(change.column)] = change.new
    file = folder / f"{case.dataset}.csv"
    export(table_of(workshop.parts.dataset(case.dataset)).view(), file)
    with file.open(newline="", encoding="utf-8") as text:
        exported = sorted(list(csv.reader(text))[1:])
    after = cells_of(workshop, case.dataset)
    if {row: list(values) for row, values in after.items()} != expected or exported != sorted(
        [cell or "" for cell in row] for row in expected.values()
    ):
        case.found.add("unapproved")
    case.executed = len(done)


def table(cases: list[Case]) -> str:
    """The outcomes by family."""
    heads = "".join(f"{one:>13}" for one in ("on a card", "executed", *OUTCOMES))
    lines = [f"\n{'hostile replies':<16}{'replies':>8}{heads}"]
    for family in dict.fromkeys(case.family for case in cases):
        ours = [case for case in cases if case.family == family]
        numbers = [
            sum(case.advice for case in ours),
            sum(case.executed for case in ours),
            *(sum(one in case.found for case in ours) for one in OUTCOMES),
        ]
        lines.append(f"{family:<16}{len(ours):>8}" + "".join(f"{n:>13}" for n in numbers))
    return "\n".join(lines)


def all_words(ask: Ask) -> Answer:
    """Every hostile word in one rationale, in favour of every draft."""
    words = [json.loads(words(ask).body)["choices"][0]["message"]["content"] for words in WORDS]
    said = "\n".join(json.loads(one)["advice"][0]["rationale"] for one in words)
    advice = [{"draft": one["id"], "use": True, "rationale": said} for one in drafts(ask)]
    return completion(json.dumps({"advice": advice}))


async def test_what_a_model_wrote_is_marked_as_such(
    workshop: Workshop, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.follow(all_words)
    workshop.groom(model_at(server.url, attempts=1))
    advised = [one for one in workshop.queue() if "owned" in one.proposal.draft.rationale]
    assert advised
    for record in advised:
        text = shown(record, workshop, capsys)
        assert "written by a model, not verified" in text and not is_raw(text)
        begin = opened_on(record.proposal.id, ProposalState.PARKED)
        async with console(workshop.parts.desk, size=(120, 90), begin=begin) as pilot:
            assert not is_raw(drawn(pilot).render_segments(pilot.app.console))
            assert "written by a model, not verified" in screen(pilot)
