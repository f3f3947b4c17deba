"""Votes on what was erased, and seats of those who stood in: an auditor still sees what is wrong.

The attacker may write the database and the files and makes the whole log agree; what they do not
have is the key of anybody who votes.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from forging import Entry, forge
from signing import Office, key_of, person
from workbench import CellChange, build

from ostler.cli.opening import now
from ostler.core.canonical import canonical_json, digest_bytes
from ostler.core.proposals import Proposal, Vote
from ostler.core.roster import ADMINISTRATOR
from ostler.core.states import ProposalState as S
from ostler.execution.worker import work_once
from ostler.replay.erasing import erase_all
from ostler.replay.verification import examine_workspace
from ostler.store import audit, ballots, escalating, projection, proposals, sshsig, transitions
from ostler.store.models import ProposalRow
from ostler.store.proposals import get_proposal

MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")
OTHER: CellChange = ("3", "city", "N/A", None)
STANDS_IN = """
@id("owner") @reason("An owner approves.") @owner("workspace")
@votes("2") @role("owner") @sla("24h") @escalates("lead")
permit (principal, action == Action::"apply_after_approval", resource);
"""
REASON = "request 114"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("OSTLER_REVIEWER", "ana")
    bench = build(tmp_path / "ws")
    yield Office(bench)
    bench.parts.close()


@pytest.fixture
def erased(office: Office) -> tuple[Proposal, Vote]:
    """A proposal that was approved, published and erased, and the vote on it."""
    made = office.bench.park(MEND)
    office.approve("ana", made)
    with office.bench.parts.store.reading() as session:
        [ballot] = get_proposal(session, made.id).ballots
    work_once(office.context)
    erase(office, made)
    assert office.faults() == ()
    return made, ballot.vote


def erase(office: Office, made: Proposal) -> None:
    parts, desk = office.bench.parts, office.desk("ana")
    erase_all(
        *(parts.store, parts.objects, parts.patches, made.id),
        because=REASON,
        deed=lambda subject, said: desk.deed("erase", subject, said),
        trust=office.trust,
        at=now(),
    )


def audit_entries(office: Office) -> tuple[audit.AuditEntry, ...]:
    with office.bench.parts.store.reading() as session:
        return audit.entries(session)


def lead_by_hand(office: Office, made: Proposal, *states: S) -> None:
    """Somebody leads a proposal through states, with all the entries that belong to it."""
    with office.bench.parts.store.transaction() as session:
        for before, after in pairwise(states):
            transitions.move(session, made.id, before, after, actor="executor", at=now())


def signed(vote: Vote, by: str) -> str:
    return sshsig.sign(key_of(by), ballots.VOTE, canonical_json(vote).encode())


def replace_vote(office: Office, made: Proposal, vote: Vote, signature: str | None) -> None:
    """Put another vote in the place of the one on a proposal, everywhere, in an agreeing log."""
    text = canonical_json(vote)
    digest = digest_bytes(text.encode())

    def edit(entries: list[Entry]) -> list[Entry]:
        [cast] = [e for e in entries if (e["kind"], e["subject"]) == ("vote.cast", made.id)]
        row = cast["payload"]["row"]  # type: ignore[index]
        row["key"] = [vote.proposal, vote.digest, vote.reviewer]
        row["set"] |= {"digest": digest, "signature": signature, "decision": vote.decision}
        return entries

    quoted = "NULL" if signature is None else f"'{signature}'"
    body = text.replace("'", "''")
    forge(
        office.bench.parts.workspace.root,
        edit,
        f"DELETE FROM document WHERE digest = (SELECT digest FROM vote WHERE proposal = '{made.id}'"
        f" AND digest <> '{digest}')",
        f"INSERT OR IGNORE INTO document (digest, body) VALUES ('{digest}', '{body}')",
        f"UPDATE vote SET proposal = '{vote.proposal}', proposal_digest = '{vote.digest}', "
        f"reviewer = '{vote.reviewer}', digest = '{digest}', signature = {quoted} "
        f"WHERE proposal = '{made.id}'",
    )


Forged = Callable[[Vote], tuple[Vote, str | None]]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda v: (v, None), "is not signed"),
        (lambda v: (v, signed(v, "eve")), "no key of theirs"),
        (lambda v: (v, signed(v.model_copy(update={"nonce": "1" * 32}), "ana")), "does not hold"),
        (
            lambda v: (
                v.model_copy(update={"reviewer": "planner"}),
                signed(v.model_copy(update={"reviewer": "planner"}), "planner"),
            ),
            "agents never vote",
        ),
        (
            lambda v: (
                v.model_copy(update={"digest": "0" * 64}),
                signed(v.model_copy(update={"digest": "0" * 64}), "ana"),
            ),
            "cast on what did not wait then",
        ),
        (
            lambda v: (
                v.model_copy(update={"proposal": "P-OTHER"}),
                signed(v.model_copy(update={"proposal": "P-OTHER"}), "ana"),
            ),
            "entered as what it is not",
        ),
    ],
    ids=["unsigned", "another key", "swapped", "agent", "other document", "other proposal"],
)
def test_a_forged_vote_on_what_was_erased_is_named(
    office: Office, erased: tuple[Proposal, Vote], how: Forged, said: str
) -> None:
    made, vote = erased
    replace_vote(office, made, *how(vote))
    assert any(fault.startswith(f"{made.id}: ") and said in fault for fault in office.faults())


def test_a_key_that_was_not_the_voter_s_yet_does_not_hold_on_what_was_erased(
    office: Office,
) -> None:
    """By the place in the log: what the vote says of its time is its writer's word."""
    made = office.bench.park(MEND)
    office.approve("ana", made)
    work_once(office.context)
    erase(office, made)
    office.install(*office.members, person("dee", "owner"))
    vote = office.statement(made, "dee")
    replace_vote(office, made, vote, signed(vote, "dee"))
    assert any("no key of theirs" in fault for fault in office.faults())


def test_an_erasing_of_the_attacker_s_own_is_listed_and_hides_no_vote(office: Office) -> None:
    """A rejection and all of it goes, and an entry of the attacker's explains the gap."""
    parts, made = office.bench.parts, office.bench.park(MEND)
    office.reject("ben", made)
    with parts.store.transaction() as session:
        [cast] = [e for e in audit.entries(session, subject=made.id) if e.kind == "vote.cast"]
        detail = {"payloads": [{"index": cast.index, "row": None}], "because": "tidying"}
        audit.append(
            session,
            at=now(),
            actor="eve",
            kind="audit.erased",
            subject=made.id,
            payload={"detail": detail},
        )
        execute = session.connection().exec_driver_sql
        bare = "UPDATE audit_entry SET payload = '', salt = ''"
        execute(f'{bare} WHERE "index" = {cast.index}')
        execute(f"DELETE FROM vote WHERE proposal = '{made.id}'")
        told = str(cast.payload["row"]["set"]["digest"])  # type: ignore[index,call-overload]
        execute(f"DELETE FROM document WHERE digest = '{told}'")
    found = examine_workspace(
        parts.store, parts.objects, parts.patches, parts.datasets(), trust=office.trust
    )
    own = audit_entries(office)[-1].index
    assert [(one.subject, one.message) for one in found.faults] == [
        (made.id, f"what entry {cast.index} said of a vote is gone"),
        (made.id, f"eve has not signed that they erased what is recorded of it (entry {own})"),
    ]
    [listed] = found.erased
    assert listed.message == f"1 payload of {made.id} by eve: tidying"


@pytest.mark.parametrize("auto", [False, True])
def test_what_went_on_without_a_vote_is_named_when_it_is_erased_too(
    office: Office, *, auto: bool
) -> None:
    made = office.bench.park(MEND)
    if auto:
        verdict = made.verdict.model_copy(update={"outcome": "auto", "votes": 0})
        made = made.model_copy(update={"id": "P-AUTO", "verdict": verdict})
        with office.bench.parts.store.transaction() as session:
            proposals.park(session, made, S.APPROVED, at=now(), actor="groomer")
    else:
        lead_by_hand(office, made, S.PARKED, S.APPROVED)
    lead_by_hand(office, made, S.APPROVED, S.EXECUTING, S.PUBLISHED)
    erase(office, made)
    why = f"{made.id}: it went on without a vote, and what its verdict was is erased"
    assert office.faults() == (() if auto else (why,))


def test_too_few_votes_are_named_by_what_the_voters_signed(office: Office) -> None:
    policies = office.bench.parts.workspace.policies
    (policies / "more.cedar").write_text(STANDS_IN, encoding="utf-8")
    made = office.bench.park(MEND)
    assert office.approve("ben", made) is office.approve("cy", made) is S.PARKED
    lead_by_hand(office, made, S.PARKED, S.APPROVED, S.EXECUTING, S.PUBLISHED)
    erase(office, made)
    why = f"{made.id}: it is published with too few votes: one of owner would be needed"
    assert office.faults() == (why,)


@pytest.mark.parametrize("who", ["nobody", "lead", "lead afterwards"])
def test_of_what_was_escalated_the_seats_are_counted_with_the_stand_ins(
    office: Office, who: str
) -> None:
    policies = office.bench.parts.workspace.policies
    (policies / "more.cedar").write_text(STANDS_IN, encoding="utf-8")
    office.install(person("ana", ADMINISTRATOR), *office.members[1:], person("lea", "lead"))
    made = office.bench.park(MEND)
    store = office.bench.parts.store
    if who != "lead afterwards":
        with store.transaction() as session:
            later = now().replace(year=now().year + 1)
            assert escalating.escalate(session, at=later, actor="executor") == (made.id,)
    assert office.approve("cy", made) is S.PARKED
    state = office.approve("ben" if who == "nobody" else "lea", made)
    assert state is (S.APPROVED if who == "lead" else S.PARKED)
    if who == "lead":
        work_once(office.context)
    else:
        lead_by_hand(office, made, S.PARKED, S.APPROVED, S.EXECUTING, S.PUBLISHED)
    if who == "lead afterwards":
        event = projection.Event(now(), "executor", "proposal.escalated", made.id)
        with store.transaction() as session:
            columns = {"escalated_to": '["lead"]'}
            projection.change(session, event, ProposalRow, (made.id,), columns, only_if={})
    missing = f"{made.id}: it is published with too few votes: one of owner would be needed"
    found = [fault for fault in office.faults() if "no version carries it" not in fault]
    assert found == ([] if who == "lead" else [missing])
