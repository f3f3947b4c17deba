"""What people do besides voting is signed: nobody acts in another's name, and the audit sees it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from signing import Office, key_of, line_of, signer
from state_database import StateDatabase
from workbench import CellChange, Workbench

from ostler.cli.opening import now
from ostler.core.actions import Correct, Correction
from ostler.core.canonical import canonical_json
from ostler.core.deeds import Deed
from ostler.core.documents import SITE
from ostler.core.edits import Edit, Filler
from ostler.core.errors import Conflict, NotAllowed, NotFound, OstlerError, VerificationFailed
from ostler.core.proposals import Basis, Proposal
from ostler.core.rollout import Rollout
from ostler.core.roster import Trust
from ostler.core.states import ProposalState as S
from ostler.execution.document_changes import Asked, request_document
from ostler.execution.reverting import request_revert
from ostler.execution.revoking import promote, revoke
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal
from ostler.replay.erasing import erase_all
from ostler.review.desk import Desk
from ostler.review.sight import Sight
from ostler.store import activations, audit, deeds, proposals, seals, sshsig
from ostler.store.audit import AuditEntry
from ostler.store.promotions import note_promotion, promoted_by
from ostler.store.proposals import get_proposal
from ostler.store.transitions import move
from ostler.store.unmasking import record_unmasking

MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")
OTHER: CellChange = ("3", "city", "N/A", None)
SPELLINGS = Correct(
    principle="spelling",
    rule="rare values are spelt like frequent ones",
    corrections=(
        Correction(column="city", old="Lisbxn", new="Lisbon", rows=("2",)),
        Correction(column="city", old="N/A", new="Oslo", rows=("3",)),
    ),
)
DRILL_KEY = b"k" * 32


@pytest.fixture
def office(bench: Workbench) -> Office:
    return Office(bench)


def published(office: Office, *cells: CellChange) -> Proposal:
    made = office.bench.park(*cells)
    office.approve("ben", made)
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    return made


def park(office: Office, proposal: Proposal, *states: S, actor: str = "reverter") -> Proposal:
    """Park a document as it is and lead it through states, past everything that asks who did it."""
    with office.bench.parts.store.transaction() as session:
        proposals.park(session, proposal, S.PARKED, at=now(), actor=actor)
        for before, after in pairwise((S.PARKED, *states)):
            move(session, proposal.id, before, after, actor="executor", at=now())
    return proposal


def card(office: Office) -> Proposal:
    """A card that can be edited."""
    made = office.bench.park(MEND, OTHER)
    draft = made.draft.model_copy(
        update={"action": SPELLINGS, "basis": Basis(principle="spelling", columns=("city",))}
    )
    return park(office, made.model_copy(update={"id": "P-CARD", "draft": draft}), actor="groomer")


def revert(office: Office, made: Proposal, name: str, by: str = "") -> Proposal:
    with office.bench.parts.store.reading() as session:
        record = get_proposal(session, made.id)
    context = office.context_of(by or name)
    return request_revert(context, record, Principal(kind="person", name=name))


def with_key(desk: Desk, name: str) -> Desk:
    return replace(desk, sign=signer(name))


def kept(office: Office, kind: str = deeds.DONE) -> list[AuditEntry]:
    with office.bench.parts.store.reading() as session:
        return list(audit.of_kinds(session, (kind,)))


def head(office: Office) -> object:
    with office.bench.parts.store.reading() as session:
        return audit.head(session)


def add_entry(office: Office, deed: Deed, text: str, signature: str | None) -> None:
    """An entry as somebody with the database writes it."""
    with office.bench.parts.store.transaction() as session:
        audit.append(
            session,
            at=now(),
            actor=deed.person,
            kind=deeds.DONE,
            subject=deed.subject,
            payload={"deed": text, "signature": signature},
        )


def test_what_a_person_asks_for_is_signed_and_then_runs(office: Office) -> None:
    made = published(office, MEND)
    asked = revert(office, made, "ana")
    [entry] = kept(office)
    done = deeds.deed_in(entry)
    assert (done.deed.act, done.deed.subject, done.deed.documents) == (
        *("ask", asked.id),
        (asked.digest,),
    )
    assert sshsig.verify(done.signature or "", "ostler-deed", done.text.encode()) == line_of("ana")
    assert office.approve("ben", asked) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(made) is S.REVERTED
    assert office.faults() == ()


def test_nobody_asks_or_edits_in_another_s_name(office: Office) -> None:
    made, edited = published(office, MEND), card(office)
    before = head(office)
    with pytest.raises(NotFound, match="not my key"):
        revert(office, made, "ana", by="ben")
    with pytest.raises(NotAllowed, match="not in the roster"):
        revert(office, made, "eve")
    with pytest.raises(NotAllowed, match="is an agent"):
        revert(office, made, "planner")
    ana = office.desk("ana")
    struck = Edit(strike_cells=(("2", "city"),))
    with pytest.raises(NotFound, match="not my key"):
        with_key(ana, "ben").edit(ana.card(edited.id), struck)
    assert head(office) == before
    assert office.bench.state(edited) is S.PARKED


def test_an_edit_is_signed_by_its_editor_and_runs_by_somebody_else_s_vote(office: Office) -> None:
    edited, ana = card(office), office.desk("ana")
    made = ana.edit(ana.card(edited.id), Edit(fill=Filler(value="Oslo")))
    [entry] = kept(office)
    assert (entry.subject, entry.actor) == (made.id, "ana")
    with pytest.raises(NotAllowed, match="Nobody may approve what they proposed"):
        office.approve("ana", made)
    assert office.approve("ben", made) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    assert office.faults() == ()


@pytest.mark.parametrize("how", ["none", "moved", "rewritten", "own key", "other act"])
def test_what_is_written_into_the_database_in_a_person_s_name_does_not_run(
    office: Office, how: str
) -> None:
    made = published(office, MEND)
    asked = revert(office, made, "ana")
    [entry] = kept(office)
    genuine = deeds.deed_in(entry)
    forged = park(office, asked.model_copy(update={"id": "P-FORGED", "sentence": "Another"}))
    about = {"subject": forged.id, "documents": (forged.digest,), "act": "ask"}
    deed = genuine.deed.model_copy(update=about)
    text, signature = canonical_json(deed), genuine.signature
    if how == "moved":
        add_entry(office, deed, genuine.text, signature)
    elif how == "rewritten":
        add_entry(office, deed, text, signature)
    elif how == "own key":
        mine = sshsig.sign(key_of("ben"), deeds.DEED, text.encode())
        add_entry(office, deed, text, mine)
    elif how == "other act":
        deed = deed.model_copy(update={"act": "revoke"})
        text = canonical_json(deed)
        add_entry(office, deed, text, sshsig.sign(key_of("ana"), deeds.DEED, text.encode()))
    assert office.approve("ben", forged) is S.APPROVED
    work_once(office.context)
    assert (office.bench.state(forged), office.bench.commits(forged)) == (S.DENIED, 0)
    said = {
        "none": "ana has not signed that they asked for it",
        "moved": "is that of something else",
        "rewritten": "does not hold",
        "own key": "no key of theirs",
        "other act": "is not what was done",
    }[how]
    faults = [fault for fault in office.faults() if fault.startswith("P-FORGED: ")]
    assert any(said in fault for fault in faults)
    assert any("ana has not signed that they asked for it" in fault for fault in faults)
    # The genuine one is as good as before.
    assert office.approve("ben", asked) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(asked) is S.PUBLISHED


@pytest.mark.parametrize("proposer", ["ana", "reverter", "nobody"])
def test_whoever_a_document_names_must_have_signed_it(office: Office, proposer: str) -> None:
    """A name that stands for nobody, and an agent that only acts for people, too."""
    made = office.bench.park(MEND)
    copy = made.model_copy(update={"id": "P-FORGED", "proposer": proposer})
    park(office, copy)
    office.cast(office.statement(copy, "ben"), "ben")
    work_once(office.context)
    assert (office.bench.state(copy), office.bench.commits(copy)) == (S.DENIED, 0)
    why = f"{copy.id}: {proposer} has not signed that they asked for it"
    assert any(fault.startswith(why) for fault in office.faults())


def test_a_deed_counts_at_the_claim_by_todays_roster(office: Office) -> None:
    made = published(office, MEND)
    asked = revert(office, made, "cy")
    assert office.approve("ben", asked) is S.APPROVED
    office.install(*(one for one in office.members if one.name != "cy"))
    work_once(office.context)
    assert office.bench.state(asked) is S.DENIED
    assert "no key of theirs" in office.bench.reason(asked)
    assert office.faults() == ()  # it was theirs when they asked


def test_what_was_asked_for_before_the_first_roster_is_asked_for_again(bench: Workbench) -> None:
    unsigned = Trust(unsigned_votes=True)
    made = bench.approved(MEND)
    work_once(replace(bench.context, trust=unsigned))
    ana = Principal(kind="person", name="ana")
    record = bench.parts.desk.record(made.id)
    asked = request_revert(replace(bench.context, trust=unsigned), record, ana)
    office = Office(bench)
    assert kept(office) == []  # without a roster nothing is signed
    assert office.approve("ben", asked) is S.APPROVED
    work_once(office.context)
    assert bench.state(asked) is S.DENIED
    assert bench.reason(asked).endswith("ask for it again")
    assert office.faults() == ()
    again = revert(office, made, "ana")
    assert (again.id, office.approve("ben", again)) == (asked.id, S.APPROVED)
    work_once(office.context)
    assert bench.state(made) is S.REVERTED
    assert office.faults() == ()


def test_nobody_lifts_a_mask_in_another_s_name(office: Office) -> None:
    made = office.bench.park(MEND)
    sight = Sight(lambda _: {"city": "pii"}, {"pii": ["owner"]})
    ana = replace(office.desk("ana"), sight=sight)
    seen, before = ana.card(made.id), head(office)
    assert seen.masked == ("city",)
    with pytest.raises(NotFound, match="not my key"):
        with_key(ana, "ben").unmasked(seen)
    assert head(office) == before
    assert ana.unmasked(seen).masked == ana.unmasked(seen).masked == ()
    assert len(kept(office)) == len(kept(office, "values.unmasked")) == 2
    assert office.faults() == ()
    # One that somebody else writes has no deed, and a deed is good for one act.
    with office.bench.parts.store.transaction() as session:
        record_unmasking(session, made.id, ["city"], actor="ana", at=now())
    [fault] = office.faults()
    assert "ana has not signed that they lifted masks of it" in fault
    done = deeds.deed_in(kept(office)[0])
    with pytest.raises(Conflict), office.bench.parts.store.transaction() as session:
        deeds.keep(session, done, office.trust)
    add_entry(office, done.deed, done.text, done.signature)
    assert any("plays a deed of ana again" in one for one in office.faults())


def test_nobody_takes_back_in_another_s_name(office: Office, state_db: StateDatabase) -> None:
    made = office.bench.park(MEND)
    office.approve("ben", made)
    desk = office.desk("ana")
    ana = Principal(kind="person", name="ana")
    with pytest.raises(NotFound, match="not my key"):
        revoke(office.context_of("ben"), desk.record(made.id), ana, "no")
    assert office.bench.state(made) is S.APPROVED
    assert revoke(office.context_of("ana"), desk.record(made.id), ana, "no") is S.REVOKED
    work_once(office.context)
    assert office.bench.commits(made) == 0
    assert office.faults() == ()
    other = office.bench.park(OTHER)
    office.approve("ben", other)
    with office.bench.parts.store.transaction() as session:
        move(session, other.id, S.APPROVED, S.REVOKED, actor="ana", at=now(), because="no")
    assert any("ana has not signed that they took it back" in one for one in office.faults())


def test_a_promotion_in_another_s_name_lets_nothing_go(office: Office) -> None:
    plan = Rollout.model_validate({"canary": {"sample": "50%"}, "checks": 9, "promote": "hand"})
    made = office.bench.park(MEND, OTHER, rollout=plan)
    office.approve("ben", made)
    work_once(office.context)
    assert office.bench.state(made) is S.CANARY
    record, ana = office.desk("ana").record(made.id), Principal(kind="person", name="ana")
    with pytest.raises(NotFound, match="not my key"):
        promote(office.context_of("ben"), record, ana)
    with office.bench.parts.store.transaction() as session:
        said = promoted_by("ana", "")
        note_promotion(session, made, person="ana", said=said, at=now())
    work_once(office.context)
    assert office.bench.state(made) is S.CANARY
    assert any("ana has not signed that they promoted it" in one for one in office.faults())
    before = len(office.faults())
    promote(office.context_of("ana"), office.desk("ana").record(made.id), ana)
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    assert len(office.faults()) == before


def test_a_policy_set_that_nobody_signed_for_is_not_in_force(office: Office) -> None:
    folder = dict(office.bench.parts.policies.site)
    asked = Asked("policies", SITE, {**folder, "more.cedar": "// more"}, folder, "it is time")
    ana = Principal(kind="person", name="ana")
    before = head(office)
    with pytest.raises(NotFound, match="not my key"):
        request_document(office.context_of("ben"), asked, ana)
    assert head(office) == before
    genuine = request_document(office.context_of("ana"), asked, ana)
    forged = genuine.model_copy(update={"id": "P-FORGED"})
    with office.bench.parts.store.transaction() as session:
        proposals.park(session, forged, S.PARKED, at=now(), actor="ana")
    assert office.approve("ben", forged) is S.APPROVED
    with office.bench.parts.store.transaction() as session:
        for one, other in pairwise((S.APPROVED, S.EXECUTING, S.PUBLISHED)):
            move(session, forged.id, one, other, actor="executor", at=now())
        activations.activate(
            session,
            *("policies", SITE, asked.texts),
            replaces=0,
            proposal=forged.id,
            actor="executor",
            at=now(),
        )
    with pytest.raises(VerificationFailed, match="has not signed"):
        _ = office.bench.parts.policies


def test_who_edits_a_drill_signs_that_too(office: Office) -> None:
    drill = card(office)
    with office.bench.parts.store.transaction() as session:
        seals.seal_waiting(
            session, DRILL_KEY, at=now(), actor="groomer", drill=(drill.id, "swapped")
        )
    ana = replace(office.desk("ana"), drill_key=DRILL_KEY)
    edit = Edit(strike_cells=(("2", "city"),))
    with pytest.raises(NotFound, match="not my key"):
        with_key(ana, "ben").edit(ana.card(drill.id), edit)
    assert office.bench.state(drill) is S.PARKED
    with pytest.raises(OstlerError, match="it was a drill"):
        ana.edit(ana.card(drill.id), edit)
    assert office.bench.state(drill) is S.DRILLED
    assert len(kept(office)) == 1
    assert office.faults() == ()


def test_deeds_outlast_what_was_erased_of_their_acts(office: Office) -> None:
    made, other = published(office, MEND), office.bench.park(OTHER)
    office.approve("ben", other)
    desk, ana = office.desk("ana"), Principal(kind="person", name="ana")
    revoke(office.context_of("ana"), desk.record(other.id), ana, "no")
    asked = revert(office, made, "ana")
    office.approve("ben", asked)
    work_once(office.context)
    parts = office.bench.parts
    for name in (other.id, asked.id):
        erase_all(
            *(parts.store, parts.objects, parts.patches, name),
            because="request 114",
            deed=lambda subject, said: desk.deed("erase", subject, said),
            trust=office.trust,
            at=now(),
        )
    assert len(kept(office)) == 4
    assert office.faults() == ()
