"""What a person says beyond yes and no: edits, answers to questions, and what comes of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from state_database import KINDS, StateDatabase

from ostler.agents.grooming import groom
from ostler.cli.add import take
from ostler.cli.groom import due_runs
from ostler.cli.init import write_policies
from ostler.cli.opening import Opened
from ostler.config.workspace import Workspace, create_workspace
from ostler.core.actions import AskedCell, AskValues, Correct, Correction
from ostler.core.checks import Dependency
from ostler.core.edits import Edit, Filler, Said
from ostler.core.errors import BadInput, Conflict, NotAllowed
from ostler.core.experience import Experience, Struck
from ostler.core.proposals import Alternative, Basis, Draft, Evidence, Proposal
from ostler.core.roster import Trust
from ostler.core.states import ProposalState
from ostler.execution.making.bench import Bench
from ostler.execution.worker import work_once
from ostler.policies.judgement import judge
from ostler.policies.requests import question_of
from ostler.replay.rerun import replay
from ostler.replay.verification import verify_workspace
from ostler.review.desk import Desk
from ostler.review.shown import Card
from ostler.store import answers, due, proposals, runs
from ostler.tables.delta import table_of
from ostler.tables.patches import make
from ostler.tools.repair.compile import compile_action

S = ProposalState
PLACES = (("Lisbon", "1000"), ("Oslo", "2000"), ("Madrid", "3000"), ("Vienna", "4000"))
TYPOS = {4: "Lisbxn", 25: "Oslx", 34: "Mxdrid", 47: "Vienxa", 60: "Lxsbon", 81: "Osxo"}

UNSIGNED = Trust(unsigned_votes=True)


class Office:
    """A workspace with a table of people in which some cities are misspelt, and two people."""

    def __init__(self, root: Path, state: str) -> None:
        made = create_workspace(root)
        write_policies(made.policies)
        settings = made.settings.model_copy(update={"reviewer": "ana", "state": state})
        self.parts = Opened(Workspace(made.root, settings))
        lines = ["name,city,zip"]
        for n in range(120):
            city, code = PLACES[n % 4]
            lines.append(f"p{n},{TYPOS.get(n, city)},{code}")
        (root / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        take(self.parts, root / "people.csv", "people", owner="ana")

    def desk(self, person: str) -> Desk:
        parts = self.parts
        clock, policies = parts.groomer.clock, parts.policies
        bench = Bench(parts.store, parts.patches, policies, clock, parts.workspace.contracts)
        return Desk(parts.store, parts.patches, policies, person, (), clock, bench, trust=UNSIGNED)

    def groom(self) -> str:
        return groom(
            self.parts.groomer, self.parts.dataset("people"), None, self.parts.datasets()
        ).run

    def park(self, draft: Draft, name: str, votes: int = 1) -> Card:
        """A proposal as a run leaves it, after the one that the run made."""
        desk, parts = self.desk("ana"), self.parts
        like = desk.card(desk.queue()[0].id).record.proposal
        view = table_of(parts.dataset("people")).view()
        patch = make(compile_action(draft.action, view), view.columns)
        parts.patches.put(patch)
        made = like.model_copy(
            update={
                "id": name,
                "draft": draft,
                "patch": patch.summary(view.version),
                "verdict": like.verdict.model_copy(update={"votes": votes}),
            }
        )
        with parts.store.transaction() as session:
            proposals.park(session, made, S.PARKED, at=datetime.now(UTC), actor="proposer")
        return desk.card(made.id)

    def card(self, name: str = "P-CARD", votes: int = 1, **more: object) -> Card:
        """A card that corrects the misspelt cities; of one no row is named."""
        corrections = [
            Correction(
                column="city", old=typo, new=PLACES[n % 4][0], rows=() if n == 4 else (str(n + 1),)
            )
            for n, typo in TYPOS.items()
        ]
        rule = "rows with the same zip have the same city"
        draft = Draft(
            action=Correct(principle="consensus", rule=rule, corrections=tuple(corrections)),
            rule=Dependency(determinants=("zip",), dependent="city"),
            evidence=Evidence(confidence=0.95, summary=rule),
            tool="repair.consensus/2",
            basis=Basis(principle="consensus", columns=("city",), band="sure", expected=5.7),
        )
        return self.park(draft.model_copy(update=more), name, votes)

    def question(self, *cells: AskedCell) -> Card:
        draft = self.card().record.proposal.draft
        return self.park(draft.model_copy(update={"action": AskValues(cells=cells)}), "P-OTHERONE")

    def state(self, proposal: Proposal) -> ProposalState:
        return self.desk("ana").card(proposal.id).record.state

    def cities(self) -> dict[str, str]:
        view = table_of(self.parts.dataset("people")).view()
        return dict(view.query(f"SELECT {view.row}, city FROM {view.source}"))

    def work(self) -> None:
        work_once(self.parts.execution)


@pytest.fixture
def office(state_db: StateDatabase, tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "ws").mkdir()
    made = Office(tmp_path / "ws", state_db.url)
    made.groom()
    yield made
    made.parts.close()


def corrections(card: Card) -> tuple[Correction, ...]:
    action = card.record.proposal.draft.action
    assert isinstance(action, Correct)
    return action.corrections


@pytest.mark.parametrize("state_kind", KINDS)
def test_an_edit_is_the_editors_proposal_and_somebody_else_approves_it(office: Office) -> None:
    card, ana = office.card(), office.desk("ana")
    whole, first, second = corrections(card)[:3]
    strike = Struck(column=first.column, old=first.old, new=first.new)
    cells = (("5", "city"), (second.rows[0], "city"))
    made = ana.edit(card, Edit(strike=(strike,), strike_cells=cells), "not these")

    assert made.patch.cells == card.record.proposal.patch.cells - 3
    assert (made.proposer, made.follows) == ("ana", card.record.proposal.id)
    assert office.state(card.record.proposal) is S.SUPERSEDED
    assert ana.card(card.record.proposal.id).made == (made.id,)
    with pytest.raises(NotAllowed, match="Nobody may approve what they proposed"):
        ana.approve(ana.card(made.id))
    ben = office.desk("ben")
    assert ben.approve(ben.card(made.id)) is S.APPROVED
    office.work()
    assert office.state(made) is S.PUBLISHED
    left = {city for city in office.cities().values() if city not in dict(PLACES)}
    assert left == {whole.old, first.old, second.old}


def test_what_is_edited_is_tried_again_and_what_it_promises_follows(office: Office) -> None:
    card, ana, ben = office.card(), office.desk("ana"), office.desk("ben")
    first = ana.edit(card, Edit(strike_cells=(("5", "city"),)))
    left = [(one.rows[0], "city") for one in corrections(card)[1:3]]
    made = ben.edit(ben.card(first.id), Edit(strike_cells=tuple(left)))

    def failing(proposal: Proposal) -> tuple[int, int, int]:
        [effect] = [one for one in proposal.dry_run.effects if one.check.rule == card_rule]
        [criterion] = [one for one in proposal.acceptance if one.check.rule == card_rule]
        return effect.before, effect.after, criterion.max_failing

    card_rule = card.record.proposal.draft.rule
    assert [failing(one) for one in (first, made)] == [(6, 1, 1), (6, 3, 3)]
    cells = [{(one.row, one.column) for one in each.dry_run.sample} for each in (first, made)]
    assert cells[0] - cells[1] == {*left}
    assert made.rank != first.rank


DRIFTED = """
@id("drifted") @reason("What has drifted is seen by two.") @owner("o") @votes("2")
permit (principal, action == Action::"apply_after_approval", resource)
when { context.drift_permille > 300 && context.track == "capability" };
"""


def test_an_edit_keeps_the_drift_and_track_of_what_it_edits(office: Office) -> None:
    (office.parts.workspace.policies / "more.cedar").write_text(DRIFTED, encoding="utf-8")
    usual = office.card().record.proposal
    about = {"drift_permille": 500, "track": "capability"}
    question = question_of(usual.verdict).model_copy(update=about)
    verdict = judge(office.desk("ana").policies, question)
    assert verdict.votes == 2
    drifted = usual.model_copy(update={"id": "P-DRIFTED", "verdict": verdict})
    with office.parts.store.transaction() as session:
        proposals.park(session, drifted, S.PARKED, at=datetime.now(UTC), actor="proposer")
    ana, gone = office.desk("ana"), corrections(office.desk("ana").card("P-DRIFTED"))[1]
    strike = Struck(column=gone.column, old=gone.old, new=gone.new)
    made = ana.edit(ana.card("P-DRIFTED"), Edit(strike=(strike,)))
    assert made.verdict.votes == 2
    assert question_of(made.verdict).model_dump().items() >= about.items()
    ben = office.desk("ben")
    assert ben.approve(ben.card(made.id)) is S.PARKED


CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
status: draft
version: 1.0.0
schema:
  - name: people
    properties:
      - {name: city, logicalType: string}
"""


def test_an_edit_is_judged_by_the_contract_that_counts_when_it_runs(office: Office) -> None:
    card = office.card()
    office.parts.workspace.contract("people").write_text(CONTRACT)
    gone = corrections(card)[1]
    strike = Struck(column=gone.column, old=gone.old, new=gone.new)
    made = office.desk("ana").edit(card, Edit(strike=(strike,)))
    assert question_of(card.record.proposal.verdict).contract_version == ""
    assert question_of(made.verdict).contract_version == "1.0.0"


def test_what_an_edit_says_is_learned(office: Office) -> None:
    card = office.card()
    gone = corrections(card)[1]
    strike = Struck(column=gone.column, old=gone.old, new=gone.new)
    office.desk("ana").edit(card, Edit(strike=(strike,)))
    with office.parts.store.reading() as session:
        known = answers.experience_of(session, "people")
        elsewhere = answers.experience_of(session, "other")
    assert known
    [said] = known.answers
    assert (said.decision, said.struck, said.refused) == ("edit", (strike,), (gone,))
    assert elsewhere
    assert (elsewhere.answers[0].basis, elsewhere.answers[0].refused) == (said.basis, ())


def test_another_direction_or_one_value_for_all_takes_the_cards_place(office: Office) -> None:
    one = corrections(office.card())[0]
    turned = one.model_copy(update={"new": "Elsewhere"})
    action = Correct(principle="consensus", rule="", corrections=(turned,))
    ana = office.desk("ana")
    turned = office.card("P-OPEN", alternatives=(Alternative(label="back", action=action),))
    [choice] = ana.choices(turned, 5)
    assert (choice.number, choice.label, choice.cells) == (1, "back", 1)
    made = ana.edit(turned, Edit(direction="1", fill=Filler(value=None)))
    assert made.draft.basis
    assert made.draft.basis.direction == "back"
    [change] = ana.changes(ana.card(made.id), 5)
    assert (change.old, change.new) == (one.old, None)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(),
        Edit(direction="2"),
        Edit(strike=(Struck(column="city", old="Lisbon", new="Oslo"),)),
        Edit(strike_cells=(("1", "zip"),)),
        Edit(strike_cells=(("no such row", "city"),)),
        Edit(fill=Filler(value="x" * 10_001)),
    ],
)
def test_an_edit_that_does_not_fit_changes_nothing(office: Office, edit: Edit) -> None:
    card = office.card()
    with pytest.raises(BadInput):
        office.desk("ana").edit(card, edit)
    assert office.state(card.record.proposal) is S.PARKED
    with office.parts.store.reading() as session:
        assert answers.experience_of(session, "people") is None


@pytest.mark.parametrize("state_kind", KINDS)
def test_what_is_typed_for_a_question_waits_for_somebody_else(office: Office) -> None:
    doubted = [AskedCell(row=str(row), column="city", old=old, because="rare")
               for row, old in ((5, "Lisbxn"), (26, "Oslx"), (2, "Oslo"))]  # fmt: skip
    card, ana, ben = office.question(*doubted), office.desk("ana"), office.desk("ben")
    with pytest.raises(BadInput, match="is a question"):
        ben.approve(card)
    for said in (
        [],
        [Said(row="1", column="city", value="Paris")],
        [Said(row="5", column="city", value="A"), Said(row="5", column="city", right=True)],
        [Said(row="5", column="city", value="x" * 20_000)],
    ):
        with pytest.raises(BadInput):
            ana.answer(card, said)
    made = ana.answer(
        card,
        [Said(row="5", column="city", value="Lisbon"), Said(row="2", column="city", right=True)],
    )
    assert made
    assert (made.patch.cells, made.proposer, made.follows) == (1, "ana", "P-OTHERONE")
    assert office.state(card.record.proposal) is S.ANSWERED
    with pytest.raises(Conflict):
        ben.answer(card, [Said(row="5", column="city", right=True)])
    with pytest.raises(NotAllowed):
        ana.approve(ana.card(made.id))
    ben.approve(ben.card(made.id))
    office.work()
    assert office.cities()["5"] == "Lisbon"
    with office.parts.store.reading() as session:
        known = answers.experience_of(session, "people")
        waiting = due.list_due(session)
    assert known
    assert [(t.row, t.old, t.new) for t in known.taught] == [
        ("5", "Lisbxn", "Lisbon"),
        ("2", "Oslo", "Oslo"),
    ]
    assert [one.dataset for one in waiting if one.waits] == ["people"]


def test_a_groom_by_hand_does_what_was_due(office: Office) -> None:
    asked = AskedCell(row="5", column="city", old="Lisbxn", because="rare")
    ana, parts = office.desk("ana"), office.parts
    ana.answer(office.question(asked), [Said(row="5", column="city", value="Lisbon")])
    with parts.store.reading() as session:
        assert [one.dataset for one in due.list_due(session) if one.waits] == ["people"]
    due_runs(parts).whole("people")
    with parts.store.reading() as session:
        assert [one for one in due.list_due(session) if one.waits] == []


def test_an_answer_is_kept_with_all_that_comes_of_it_or_not_at_all(office: Office) -> None:
    asked = AskedCell(row="5", column="city", old="Lisbxn", because="rare")
    said = [Said(row="5", column="city", value="Lisbon")]
    card, ana, ben = office.question(asked), office.desk("ana"), office.desk("ben")
    made = ana.answer(card, said)
    assert made
    ben.reject(ben.card(made.id), "it is another place")
    again = card.record.proposal.model_copy(update={"id": "P-ASKAGAIN"})
    with office.parts.store.transaction() as session:
        proposals.park(session, again, S.PARKED, at=datetime.now(UTC), actor="proposer")
    before = ana.newest()
    with pytest.raises(Conflict, match="proposed before"):
        ana.answer(ana.card("P-ASKAGAIN"), said)
    assert ana.newest() == before
    assert office.state(again) is S.PARKED


@pytest.mark.parametrize("state_kind", KINDS)
def test_a_run_learns_from_what_was_answered_and_replays_to_the_same(office: Office) -> None:
    ana, card = office.desk("ana"), office.card()
    first = corrections(card)[0]
    with pytest.raises(BadInput, match="does not change"):
        ana.reject(card, "no", [("1", "city")])
    ana.reject(card, "these are names of their own", [("5", "city")])
    run = office.groom()
    with office.parts.store.reading() as session:
        record = runs.get_run(session, run)
        [answer] = answers.answers_to(session, "P-CARD")
    assert answer.card
    assert (answer.card.decision, answer.card.refused) == ("reject", corrections(card))
    assert answer.card.struck == (Struck(column="city", old=first.old, new=first.new),)
    assert record.inputs.experience
    given = Experience.model_validate(office.parts.objects.get(record.inputs.experience))
    assert given.answers == (answer.card,)
    replayed = replay(office.parts.objects, record, office.parts.datasets())
    assert replayed.first_difference is None
    parts = office.parts
    assert verify_workspace(parts.store, parts.objects, parts.patches, parts.datasets()) == ()


def test_the_queue_is_what_the_newest_run_says(office: Office) -> None:
    ben = office.desk("ben")
    gone, voted = office.card("P-NOTAGAIN"), office.card("P-VOTEDON", votes=2)
    assert ben.approve(voted) is S.PARKED
    made = ben.edit(office.card("P-EDITED"), Edit(fill=Filler(value="Rome")))
    office.groom()
    assert office.state(gone.record.proposal) is S.WITHDRAWN
    assert office.state(voted.record.proposal) is S.PARKED
    assert office.state(made) is S.PARKED
    # Found again, it waits again.
    office.card("P-NOTAGAIN")
    assert office.state(gone.record.proposal) is S.PARKED
