"""Drills: cards that are wrong on purpose look like any other, and nothing ever comes of them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from state_database import StateDatabase

from ostler.agents.grooming import groom
from ostler.cli.add import take
from ostler.cli.init import write_policies
from ostler.cli.opening import Opened, now
from ostler.cli.plain_card import plain_card
from ostler.config.workspace import create_workspace, open_workspace
from ostler.core.edits import Edit, Filler
from ostler.core.errors import Conflict
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.context import ExecutionContext
from ostler.execution.making.bench import Bench
from ostler.execution.making.drilling import make_drill
from ostler.execution.worker import work_once
from ostler.replay.verification import verify_workspace
from ostler.review.desk import Desk
from ostler.store import answers, proposals
from ostler.store.conduct import Conduct, conduct_of_reviewers
from ostler.store.seals import drills_of, seal_of
from ostler.tables.delta import table_of

S = ProposalState
KEY = b"a drill key of these tests"
PLACES = (("Lisbon", "1000"), ("Oslo", "2000"), ("Madrid", "3000"), ("Vienna", "4000"))
TYPOS = {4: "Lisbxn", 25: "Oslx", 34: "Mxdrid", 47: "Vienxa", 60: "Lxsbon", 81: "Osxo"}


@pytest.fixture(scope="module")
def groomed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a table in which some cities are misspelt, groomed once for all tests."""
    workspace = create_workspace(tmp_path_factory.mktemp("groomed") / "ws")
    write_policies(workspace.policies)
    parts = Opened(workspace)
    lines = ["name,city,zip"]
    for n in range(120):
        city, code = PLACES[n % 4]
        lines.append(f"p{n},{TYPOS.get(n, city)},{code}")
    (workspace.root / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    take(parts, workspace.root / "people.csv", "people", owner="ana")
    groom(parts.groomer, parts.dataset("people"), None, parts.datasets())
    parts.close()
    return workspace.root


@dataclass(frozen=True)
class Place:
    """A workspace in which there are drills."""

    parts: Opened

    @property
    def state(self) -> StateDatabase:
        return StateDatabase(self.parts.workspace.state_url)

    @property
    def context(self) -> ExecutionContext:
        return replace(self.parts.execution, drill_key=KEY)

    @property
    def table(self) -> list[tuple[object, ...]]:
        view = table_of(self.parts.dataset("people")).view()
        return view.query(f"SELECT name, city, zip FROM {view.source} ORDER BY name")

    def desk(self, person: str = "ana", key: bytes = KEY) -> Desk:
        return replace(self.parts.desk, reviewer=person, drill_key=key)

    def drill(self, key: bytes = KEY) -> Proposal:
        parts = self.parts
        policies, clock = parts.policies, parts.groomer.clock
        bench = Bench(parts.store, parts.patches, policies, clock, parts.workspace.contracts)
        made = make_drill(bench, key, ["people"])
        assert made is not None
        return made

    def drills(self) -> frozenset[str]:
        """The drills that there are."""
        with self.parts.store.reading() as session:
            return drills_of(session, KEY, [line.id for line in self.desk().queue()])

    def stands(self, made: Proposal) -> ProposalState:
        return self.desk().card(made.id).record.state

    def told(self, made: Proposal) -> list[str]:
        """The kinds of events that were told of a proposal."""
        sql = "SELECT kind FROM outbox WHERE body LIKE :like ORDER BY created_at, event_id"
        return [kind for (kind,) in self.state.rows(sql, like=f'%"{made.id}"%')]

    def conduct(self) -> tuple[Conduct, ...]:
        with self.parts.store.reading() as session:
            return conduct_of_reviewers(session)

    def learned(self) -> object:
        with self.parts.store.reading() as session:
            return answers.experience_of(session, "people")

    def faults(self) -> list[str]:
        parts = self.parts
        found = verify_workspace(parts.store, parts.objects, parts.patches, parts.datasets())
        return [f"{fault.subject}: {fault.message}" for fault in found]


@pytest.fixture
def place(
    groomed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Place]]:
    """Gives the groomed workspace, as it was, as often as it is asked for."""
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    given: list[Opened] = []

    def again() -> Place:
        for parts in given:
            parts.close()
        # At the same place: the tables are known by where they lie.
        kept = tmp_path / "kept"
        if not kept.exists():
            shutil.copytree(groomed, kept)
        shutil.rmtree(groomed)
        shutil.copytree(kept, groomed)
        given.append(Opened(open_workspace(groomed, search=False)))
        return Place(given[-1])

    yield again
    for parts in given:
        parts.close()
    shutil.rmtree(groomed)
    shutil.copytree(tmp_path / "kept", groomed)


def test_a_drill_is_wrong_and_the_same_every_time(place: Callable[[], Place]) -> None:
    first = place().drill()
    here = place()
    assert here.drill().id == first.id
    natures: set[str] = set()
    for number in range(12):
        here = place()
        made = here.drill(f"another key {number}".encode())
        changes = here.parts.patches.get(made.patch.digest).page(100)
        right = {str(n + 1): PLACES[n % 4][0] for n in range(120)}
        assert changes
        assert all(one.new != right[one.row] for one in changes if one.column == "city")
        desk = here.desk(key=f"another key {number}".encode())
        desk.reject(desk.card(made.id), "wrong")
        natures |= {n for (n,) in here.state.rows("SELECT drill FROM seal WHERE drill IS NOT NULL")}
        if natures == {"swapped", "neighbour", "backwards"}:
            break
    assert len(natures) > 1


def test_a_drill_looks_like_the_card_that_it_is_made_of(place: Callable[[], Place]) -> None:
    here = place()
    before = {line.id for line in here.desk().queue()}
    made = here.drill()
    lines = here.desk().queue()
    assert [line.id for line in lines if line.id not in before] == [made.id]
    cards = [here.desk().card(line.id) for line in lines]
    drill = next(card for card in cards if card.record.proposal.id == made.id)
    model = next(
        card
        for card in cards
        if card.record.proposal.draft.action.kind == "correct" and card is not drill
    )
    shown, other = (plain_card(card, (), ()) for card in (drill, model))
    assert list(shown) == list(other)
    alike = ("state", "reason", "run", "proposer", "trace", "expires_at", "votes", "escalated")
    assert [shown[name] for name in alike] == [other[name] for name in alike]
    assert drill.record.created_at == model.record.created_at
    # Every proposal that waits has a seal, and none of them is open.
    seals = here.state.rows("SELECT proposal, length(seal), salt, drill, opened_at FROM seal")
    assert sorted(seals) == sorted((line.id, 64, None, None, None) for line in lines)
    text = "".join(str(row) for row in here.state.rows("SELECT * FROM audit_entry"))
    assert "drill" not in text.replace('"drill":null', "")


@pytest.mark.parametrize(("decision", "outcome"), [("approve", "missed"), ("reject", "caught")])
def test_a_decision_on_a_drill_ends_it_and_says_so(
    place: Callable[[], Place], decision: str, outcome: str
) -> None:
    here = place()
    made, before = here.drill(), here.table
    desk = here.desk()
    card = desk.card(made.id)
    state = desk.approve(card) if decision == "approve" else desk.reject(card, "nonsense")
    assert state is S.DRILLED
    assert f"it was a drill, and you {outcome} it" in desk.card(made.id).record.reason
    work_once(here.context)
    assert (here.table, here.learned()) == (before, None)
    assert here.told(made) == ["proposal.parked", "proposal.drilled"]
    [ana] = here.conduct()
    counted = (ana.drills_seen, ana.drills_caught, ana.drills_missed, ana.catch_rate)
    assert counted == ((1, 0, 1, 0.0) if decision == "approve" else (1, 1, 0, 1.0))
    # Now that it is open, anybody sees that it was a drill from the beginning.
    sql = "SELECT seal, salt, drill, proposal_digest FROM seal WHERE proposal = :id"
    [(seal, salt, nature, digest)] = here.state.rows(sql, id=made.id)
    assert seal == seal_of(salt, nature, made.id, digest)
    assert here.faults() == []
    with pytest.raises(Conflict):
        here.desk("ben").approve(here.desk("ben").card(made.id))


@pytest.mark.parametrize("state", ["approved", "executing"])
@pytest.mark.parametrize("key", [KEY, b"", b"the key of somewhere else"])
def test_a_drill_never_runs_whatever_its_state_says(
    place: Callable[[], Place], state: str, key: bytes
) -> None:
    here = place()
    made, before = here.drill(), here.table
    here.state.edit(
        "UPDATE proposal SET state = :state, owner = 'gone:1', lease_until = :then WHERE id = :id",
        state=state,
        then="2020-01-01T00:00:00.000000Z",
        id=made.id,
    )
    for _ in range(2):
        work_once(replace(here.context, drill_key=key))
    assert here.table == before
    assert here.stands(made) is (S.DRILLED if key == KEY else S.APPROVED)
    # With the key it ends, and what waits beside it runs.
    desk = here.desk()
    [card, *_] = [line for line in desk.queue() if line.id != made.id and line.columns == ("city",)]
    desk.approve(desk.card(card.id))
    work_once(here.context)
    assert here.stands(made) is S.DRILLED
    assert here.table != before
    assert desk.card(card.id).record.state is S.PUBLISHED


def test_a_reviewer_without_the_key_teaches_nothing_by_it(place: Callable[[], Place]) -> None:
    here = place()
    made, before = here.drill(), here.table
    afar = here.desk("ben", key=b"")
    assert afar.approve(afar.card(made.id)) is S.APPROVED
    work_once(replace(here.context, drill_key=b""))
    assert (here.stands(made), here.table) == (S.APPROVED, before)
    work_once(here.context)
    assert (here.stands(made), here.table) == (S.DRILLED, before)
    assert here.learned() is None
    [ben] = here.conduct()
    assert (ben.reviewer, ben.drills_missed, ben.drills_caught) == ("ben", 1, 0)
    assert here.faults() == []


def test_an_edit_of_a_drill_makes_nothing_of_it(place: Callable[[], Place]) -> None:
    here = place()
    made = here.drill()
    desk = here.desk()
    waiting = len(desk.queue())
    with pytest.raises(Conflict, match="it was a drill"):
        desk.edit(desk.card(made.id), Edit(fill=Filler(value="Porto")))
    assert here.stands(made) is S.DRILLED
    assert len(desk.queue()) == waiting - 1


def test_what_was_made_of_a_drill_never_runs(place: Callable[[], Place]) -> None:
    here = place()
    drill, before = here.drill(), here.table
    keyless = here.desk("ben", key=b"")
    with pytest.raises(Conflict, match="is sealed, and no drill key here opens it"):
        keyless.edit(keyless.card(drill.id), Edit(fill=Filler(value="Porto")))
    made = drill.model_copy(update={"id": f"{drill.id}-2", "follows": drill.id})
    with here.parts.store.transaction() as session:
        proposals.park(session, made, S.PARKED, at=now(), actor="groomer")
    here.desk().approve(here.desk().card(made.id))
    work_once(here.context)
    assert here.table == before
    assert here.stands(made) is not S.PUBLISHED


def test_the_worker_makes_drills_at_the_rate_that_is_set(place: Callable[[], Place]) -> None:
    here = place()
    desk = here.desk()
    context = replace(here.context, drills_per_hundred=50)
    question = next(line for line in desk.queue() if line.asks)
    card = next(line for line in desk.queue() if not line.asks)
    desk.reject(desk.card(question.id), "no")
    work_once(context)
    # One vote asks for half a drill; two ask for one, and no more until it has ended.
    assert here.drills() == frozenset()
    desk.approve(desk.card(card.id))
    work_once(context)
    made = here.drills()
    work_once(context)
    assert (len(made), here.drills()) == (1, made)


def test_without_a_card_there_is_no_drill(tmp_path: Path) -> None:
    parts = Opened(create_workspace(tmp_path / "ws"))
    bench = Bench(parts.store, parts.patches, parts.policies, parts.groomer.clock, None)
    assert make_drill(bench, KEY, []) is None
    parts.close()
