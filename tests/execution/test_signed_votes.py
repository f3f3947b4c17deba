"""A yes is a fact: votes are signed, checked when cast, at the claim and by the audit."""

from dataclasses import replace
from datetime import timedelta

import pytest
from shipped_rules import shipped_examples
from signing import Office, key_of, line_of, person
from state_database import StateDatabase
from workbench import CellChange, Workbench

from ostler.cli.opening import now
from ostler.core.canonical import canonical_json, digest_of
from ostler.core.errors import BadInput, Conflict, NotAllowed, OstlerError, VerificationFailed
from ostler.core.proposals import Proposal, Shown
from ostler.core.roster import ADMINISTRATOR, Holding, Key, Member, Roster, Trust
from ostler.core.states import ProposalState as S
from ostler.execution.reverting import request_revert
from ostler.execution.worker import work_once
from ostler.policies.policyset import default_site, load_policies
from ostler.policies.requests import Principal
from ostler.review.desk import Desk
from ostler.store import audit, ballots, rosters, sshsig, votes
from ostler.store.datasets import get_dataset, replace_dataset
from ostler.store.proposals import get_proposal
from ostler.store.transitions import move

MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")
OTHER: CellChange = ("3", "city", "N/A", None)

VOTE_COLUMNS = "proposal, proposal_digest, reviewer, decision, digest, at, signature"

OWNER_AND_STEWARD = """
@id("owner") @reason("An owner approves.") @owner("workspace") @votes("2") @role("owner")
permit (principal, action == Action::"apply_after_approval", resource);
@id("steward") @reason("And a steward.") @owner("workspace") @votes("2") @role("steward")
permit (principal, action == Action::"apply_after_approval", resource);
"""

ELSE = {
    **dict.fromkeys(("patch", "evidence", "contract", "policy"), "0" * 64),
    "base_version": 7,
    "outcome": "auto",
    "votes": 0,
    "roles": ("owner",),
}
"""For each thing that a vote binds to, another one."""


@pytest.fixture
def office(bench: Workbench) -> Office:
    return Office(bench)


def stricter(bench: Workbench) -> None:
    folder = bench.parts.workspace.policies
    (folder / "more.cedar").write_text(OWNER_AND_STEWARD, encoding="utf-8")


def test_a_signed_vote_is_cast_executed_and_verified(office: Office) -> None:
    made = office.bench.park(MEND)
    assert office.approve("ana", made) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    assert office.faults() == ()
    [ballot] = office.desk("ben").card(made.id).record.ballots
    assert ballot.key == sshsig.fingerprint(line_of("ana"))
    assert sshsig.verify(ballot.signature or "", ballots.VOTE, ballot.text.encode())
    assert ballot.text == canonical_json(ballot.vote)
    assert ballot.vote.shown == Shown(
        patch=office.bench.patch(MEND).digest,
        evidence=digest_of(made.dry_run),
        base_version=0,
        policy=office.bench.parts.policies.digest,
        outcome="votes",
        votes=1,
        roles=(),
    )
    assert not any(isinstance(value, float) for value in flat(ballot.vote.model_dump()))


def flat(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in flat(one)]
    if isinstance(value, (list, tuple)):
        return [leaf for one in value for leaf in flat(one)]
    return [value]


def test_without_a_roster_and_without_leave_nobody_votes(bench: Workbench) -> None:
    made = bench.park(MEND)
    desk = replace(bench.parts.desk, trust=Trust())
    assert "no roster says yet" in desk.card(made.id).refusal
    with pytest.raises(NotAllowed, match="votes are signed here") as refused:
        desk.approve(desk.card(made.id))
    assert "ostler identity init" in refused.value.hint
    # One that was cast on another machine, which allows it, does not count on this one.
    bench.vote(made)
    work_once(replace(bench.context, trust=Trust()))
    assert (bench.state(made), bench.commits(made)) == (S.DENIED, 0)
    assert bench.reason(made).endswith("the vote of ana is not signed")


def test_unsigned_votes_end_with_the_first_roster(bench: Workbench) -> None:
    made, later = bench.park(MEND), bench.park(OTHER)
    bench.vote(made)
    office = Office(bench, Trust(unsigned_votes=True))
    with pytest.raises(NotAllowed, match="not signed"):
        office.hand_in(office.statement(later, "ana"), None)
    work_once(office.context)
    assert bench.state(made) is S.DENIED
    assert "the vote of ana is not signed" in bench.reason(made)


def test_what_is_not_signed_by_its_reviewer_is_not_taken(office: Office) -> None:
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    yes = office.statement(made, "ana")
    with office.bench.parts.store.reading() as session:
        before = audit.head(session)
    with pytest.raises(NotAllowed, match="no key of theirs"):  # forged by somebody in the roster
        office.cast(yes, "ben")
    with pytest.raises(NotAllowed, match="no key of theirs"):  # and by nobody who is in it
        office.cast(yes, "eve")
    with pytest.raises(NotAllowed, match="agents never vote"):
        office.cast(office.statement(made, "planner"), "planner")
    with pytest.raises(VerificationFailed, match="made for 'ostler-roster'"):
        office.cast(yes, "ana", rosters.ROSTER)
    signature = sshsig.sign(key_of("ana"), ballots.VOTE, canonical_json(yes).encode())
    swapped = yes.model_copy(update={"decision": "reject"})
    with pytest.raises(VerificationFailed, match="does not hold"):
        office.hand_in(swapped, signature)
    replayed = yes.model_copy(update={"proposal": other.id, "digest": other.digest})
    with pytest.raises(OstlerError, match="rests on something else"):
        office.hand_in(replayed, signature)
    with pytest.raises(NotAllowed, match="not signed"):
        office.hand_in(yes, None)
    with pytest.raises(NotAllowed, match="says what it was cast on"):
        office.cast(office.statement(made, "ana", shown=None), "ana")
    assert {*ELSE} == {*Shown.model_fields}
    for name, value in ELSE.items():
        shown = Shown.of(made).model_copy(update={name: value})
        with pytest.raises(Conflict, match="rests on something else"):
            office.cast(office.statement(made, "ana", shown=shown), "ana")
    with office.bench.parts.store.reading() as session:
        assert audit.head(session) == before
    assert office.cast(yes, "ana") is S.APPROVED


def test_a_key_counts_from_its_beginning_to_its_end(office: Office) -> None:
    made, at = office.bench.park(MEND), now()
    ended = person("cy", valid_before=at - timedelta(hours=1))
    coming = person("dee", valid_after=at + timedelta(hours=1))
    office.install(*office.members[:2], ended, coming)
    for name in ("cy", "dee"):
        with pytest.raises(NotAllowed, match="valid now"):
            office.approve(name, made)
        with pytest.raises(NotAllowed, match="not valid then"):
            office.cast(office.statement(made, name), name)
    # Nor is it of use to date a vote back.
    with pytest.raises(NotAllowed, match="not valid then"):
        office.cast(office.statement(made, "dee", at=at - timedelta(days=9)), "dee")


def test_a_key_that_was_taken_out_since_voted_for_nothing(office: Office) -> None:
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    assert office.approve("cy", made) is S.APPROVED
    assert office.approve("ben", other) is S.APPROVED
    office.install(*(one for one in office.members if one.name != "cy"))
    work_once(office.context)
    assert (office.bench.state(made), office.bench.commits(made)) == (S.DENIED, 0)
    assert "no key of theirs" in office.bench.reason(made)
    assert office.bench.state(other) is S.PUBLISHED
    assert office.faults() == ()  # it was theirs when they voted


@pytest.mark.parametrize(
    "how", ["swapped", "unsigned", "replayed", "another key", "something else"]
)
def test_what_somebody_writes_into_the_database_is_no_vote(
    office: Office, state_db: StateDatabase, how: str
) -> None:
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    office.approve("ana", made)
    vote = office.statement(other, "ana")
    if how == "something else":
        shown = Shown.of(other).model_copy(update={"policy": ELSE["policy"]})
        vote = vote.model_copy(update={"shown": shown})
    text = canonical_json(vote)
    with office.bench.parts.store.reading() as session:
        genuine = get_proposal(session, made.id).ballots[0].signature
    signature = {
        "swapped": genuine,
        "unsigned": None,
        "replayed": genuine,
        "another key": sshsig.sign(key_of("eve"), ballots.VOTE, text.encode()),
        "something else": sshsig.sign(key_of("ana"), ballots.VOTE, text.encode()),
    }[how]
    digest = ballots_digest(text)
    if how == "replayed":
        state_db.edit(
            f"""INSERT INTO vote ({VOTE_COLUMNS})
               SELECT :id, :digest, reviewer, decision, digest, at, signature FROM vote""",
            id=other.id,
            digest=other.digest,
        )
    else:
        insert = "INSERT INTO document (digest, body) VALUES (:digest, :body)"
        state_db.edit(insert, digest=digest, body=text)
        state_db.edit(
            f"""INSERT INTO vote ({VOTE_COLUMNS})
               SELECT :id, :shown, reviewer, decision, :digest, at, :signature FROM vote""",
            id=other.id,
            shown=other.digest,
            digest=digest,
            signature=signature,
        )
    state_db.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=other.id)
    work_once(office.context)
    assert office.bench.state(other) in (S.FAILED, S.DENIED)
    assert office.bench.commits(other) == 0
    if how == "something else":
        assert office.bench.reason(other) == f"ana voted on {other.id} as it is not"
    assert office.bench.state(made) is S.PUBLISHED
    assert any(other.id in fault for fault in office.faults())


def ballots_digest(text: str) -> str:
    from ostler.core.canonical import digest_bytes

    return digest_bytes(text.encode())


def test_a_key_without_an_administrator_s_signature_counts_for_nothing(
    office: Office, state_db: StateDatabase
) -> None:
    made = office.bench.park(MEND)
    mine = Member(
        name="eve",
        kind="person",
        keys=(Key(line=line_of("eve")),),
        roles=(Holding(role=ADMINISTRATOR),),
    )
    for key in ("eve", "ben"):
        with pytest.raises(VerificationFailed, match="no key of an administrator"):
            office.install(*office.members, mine, by=key)
    # Straight into the database, all of it as it ought to be but for the key.
    text = office.text(*office.members, mine)
    state_db.edit(
        "INSERT INTO document (digest, body) VALUES (:digest, :body)",
        digest=ballots_digest(text),
        body=text,
    )
    state_db.edit(
        """INSERT INTO roster (number, digest, signature, installed_at)
           SELECT 2, :digest, :signature, installed_at FROM roster""",
        digest=ballots_digest(text),
        signature=sshsig.sign(key_of("eve"), rosters.ROSTER, text.encode()),
    )
    with pytest.raises(NotAllowed, match="not in the roster"):
        office.approve("eve", made)
    with pytest.raises(NotAllowed, match="no key of theirs"):
        office.cast(office.statement(made, "eve"), "eve")
    assert any("roster 2 counts for nothing" in fault for fault in office.faults())
    # A roster that is gone is not the same as none: nobody votes unsigned then.
    state_db.edit("DELETE FROM roster")
    with pytest.raises(VerificationFailed, match="gone"):
        replace(office.desk("ana"), trust=Trust(unsigned_votes=True)).card(made.id)


def test_rosters_follow_one_another_from_a_root_that_an_auditor_knows(office: Office) -> None:
    first = office.text(*office.members)
    office.install(*office.members, person("dee", ADMINISTRATOR), by="ana")
    office.install(*office.members[1:], person("dee", ADMINISTRATOR), by="dee")
    with pytest.raises(Conflict, match="does not follow"):
        signature = sshsig.sign(key_of("dee"), rosters.ROSTER, first.encode())
        with office.bench.parts.store.transaction() as session:
            rosters.install(session, first, signature, office.trust, actor="dee", at=now())
    with pytest.raises(VerificationFailed, match="no key of an administrator"):
        office.install(*office.members, by="ana")  # no longer one
    assert office.faults() == ()
    assert office.faults(Trust(root=line_of("ana"))) == ()
    [fault, *_] = office.faults(Trust(root=line_of("eve")))
    assert "the root here is" in fault


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1]",
        '{"number": 1, "number": 2, "members": []}',
        '{"number": 1, "members": [{"name": "a", "kind": "agent", "roles": [{"role": "owner"}]}]}',
    ],
)
def test_what_is_no_roster_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="this is no roster"):
        rosters.read_roster(text)
    members = (person("ana", ADMINISTRATOR), person("cy"))
    roster = Roster(number=1, members=members)
    assert rosters.read_roster(rosters.roster_text(roster)) == roster


def test_each_approval_fills_one_seat_and_the_proposer_none(office: Office) -> None:
    stricter(office.bench)
    both = person("ana", ADMINISTRATOR, "owner", "steward")
    office.install(both, *office.members[1:])
    made = office.bench.park(MEND)
    assert made.verdict.roles == ("owner", "steward")
    assert office.approve("ana", made) is S.PARKED
    assert office.approve("cy", made) is S.PARKED  # enough people, but nobody in the other seat
    assert office.approve("ben", made) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    assert office.faults() == ()


def test_a_newer_vote_takes_the_place_of_the_older_one_and_a_rejection_is_final(
    office: Office,
) -> None:
    stricter(office.bench)
    made = office.bench.park(MEND)
    assert office.approve("ana", made) is S.PARKED
    assert office.approve("ben", made) is S.APPROVED
    assert office.reject("ana", made) is S.REJECTED
    for name in ("ana", "ben", "cy"):
        with pytest.raises(Conflict, match="is rejected already"):
            office.cast(office.statement(made, name), name)
    with office.bench.parts.store.reading() as session:
        cast = [one.kind for one in audit.entries(session, subject=made.id)]
        said = {v.reviewer: v.decision for v in get_proposal(session, made.id).votes}
    assert said == {"ana": "reject", "ben": "approve"}
    assert cast.count("vote.cast") == 3  # all are kept
    work_once(office.context)
    assert (office.bench.state(made), office.bench.commits(made)) == (S.REJECTED, 0)
    assert office.faults() == ()


def test_an_auditor_decides_nothing_where_the_site_says_so(office: Office) -> None:
    rule = shipped_examples("auditors-never-vote")
    (office.bench.parts.workspace.policies / "more.cedar").write_text(rule, encoding="utf-8")
    office.install(*office.members, person("dee", "owner", "auditor"))
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    for vote in (office.approve, office.reject):
        with pytest.raises(NotAllowed, match="Who audits what is decided does not decide it"):
            vote("dee", made)
    # Past the desk, and without a word of being one.
    assert office.cast(office.statement(made, "dee", roles=("owner",)), "dee") is S.APPROVED
    assert office.approve("ana", other) is S.APPROVED
    work_once(office.context)
    assert (office.bench.state(made), office.bench.state(other)) == (S.DENIED, S.PUBLISHED)


def test_somebody_stands_in_until_it_ends(office: Office) -> None:
    stricter(office.bench)
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    given = office.delegate("ana", "cy", "owner")
    assert office.desk("cy").person("people").roles == ("owner",)
    with pytest.raises(NotAllowed, match="does not hold the role"):
        office.delegate("ben", "cy", "owner")
    with pytest.raises(Conflict, match="stands in for ana as owner already"):
        office.delegate("ana", "ben", "owner")
    assert [office.approve(name, made) for name in ("cy", "ben")] == [S.PARKED, S.APPROVED]
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    assert [office.approve(name, other) for name in ("cy", "ben")] == [S.PARKED, S.APPROVED]
    with office.bench.parts.store.transaction() as session:
        rosters.withdraw(session, given.id, actor="ana", at=now())
    assert office.desk("cy").person("people").roles == ()
    work_once(office.context)
    assert office.bench.state(other) is S.DENIED
    assert office.bench.reason(other).endswith("An approval by owner is needed.")
    assert office.faults() == ()


def test_a_stand_in_ends_on_its_day(office: Office) -> None:
    stricter(office.bench)
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    office.delegate("ana", "cy", "owner", days=2)

    def after(days: int, name: str) -> Desk:
        return replace(office.desk(name), clock=lambda: now() + timedelta(days=days))

    roles = [after(days, "cy").person("people").roles for days in (0, 1, 3)]
    assert roles == [("owner",), ("owner",), ()]
    assert [office.approve(name, made) for name in ("cy", "ben")] == [S.PARKED, S.APPROVED]
    late = [after(3, name) for name in ("cy", "ben")]
    assert [one.approve(one.card(other.id)) for one in late] == [S.PARKED, S.PARKED]
    assert office.faults() == ()
    # What the stand-in approved in time is not executed when the time is over.
    work_once(replace(office.context, clock=lambda: now() + timedelta(days=3)))
    assert (office.bench.state(made), office.bench.commits(made)) == (S.DENIED, 0)
    assert office.bench.reason(made).endswith("An approval by owner is needed.")


def test_a_role_counts_for_the_datasets_and_tags_that_it_is_held_for(office: Office) -> None:
    bench = office.bench
    rule = OWNER_AND_STEWARD.replace("steward", "lead")
    (bench.parts.workspace.policies / "more.cedar").write_text(rule, encoding="utf-8")
    held = (Holding(role="owner", datasets=("other",)), Holding(role="lead", tags=("pii",)))
    office.install(*office.members, person("dee").model_copy(update={"roles": held}))
    bench.copy("other")

    def tagged(*tags: str) -> None:
        with bench.parts.store.transaction() as session:
            changed = get_dataset(session, "people").model_copy(update={"tags": tags})
            replace_dataset(session, changed, actor="ana", at=now())

    dee = office.desk("dee")
    assert [dee.person(name).roles for name in ("people", "other")] == [(), ("owner",)]
    made, other, third = (bench.park(one) for one in (MEND, OTHER, ("1", "name", "Ana", "Anna")))
    assert [office.approve(name, made) for name in ("ana", "dee", "ben")] == [S.PARKED] * 3
    # Past the desk: to say that one has a role is not to have it.
    office.approve("ana", third)
    office.cast(office.statement(third, "dee", roles=("lead", "owner")), "dee")
    tagged("pii")
    assert dee.person("people").roles == ("lead",)
    assert [office.approve(name, other) for name in ("ana", "dee")] == [S.PARKED, S.APPROVED]
    tagged("eu")
    work_once(office.context)
    for proposal in (other, third):
        assert (bench.state(proposal), bench.commits(proposal)) == (S.DENIED, 0)
        assert bench.reason(proposal).endswith("An approval by lead is needed.")


def test_what_lost_its_votes_waits_again(office: Office) -> None:
    made, other = office.bench.park(MEND), office.bench.park(OTHER)
    assert office.approve("cy", made) is office.approve("ben", other) is S.APPROVED
    office.install(*(one for one in office.members if one.name != "cy"))
    with office.bench.parts.store.transaction() as session:
        assert votes.recount(session, office.trust, actor="ana", at=now()) == (made.id,)
    assert (office.bench.state(made), office.bench.state(other)) == (S.PARKED, S.APPROVED)
    assert office.approve("ana", made) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    assert office.faults() == ()


def test_nobody_stands_in_for_who_votes_or_who_asked(office: Office) -> None:
    stricter(office.bench)
    office.install(*office.members, person("dee", "owner"))
    office.delegate("ana", "cy", "owner")
    office.delegate("dee", "ben", "owner")
    made = office.bench.park(MEND)
    assert office.approve("ana", made) is S.PARKED
    # The same authority twice: as herself, and by who stands in for her.
    assert office.approve("cy", made) is S.PARKED
    assert office.approve("ben", made) is S.APPROVED
    asked = roster_roles(office, "cy", proposer="Ana ")
    assert asked == ()
    assert roster_roles(office, "cy", proposer="proposer") == ("owner",)


def roster_roles(office: Office, name: str, proposer: str) -> tuple[str, ...]:
    with office.bench.parts.store.reading() as session:
        who = ballots.electorate(session, office.trust, now())
    return ballots.roles_on(who, name, office.bench.dataset, (proposer,))


def test_an_edit_needs_somebody_else_s_signature(office: Office) -> None:
    made = office.bench.park(MEND)
    mine = made.model_copy(update={"id": "P-EDITED", "proposer": "ana", "follows": made.id})
    with office.bench.parts.store.transaction() as session:
        from ostler.store import proposals

        proposals.park(session, mine, S.PARKED, at=now(), actor="ana")
    with pytest.raises(NotAllowed, match="Nobody may approve what they proposed"):
        office.approve("ana", mine)
    assert office.approve("ben", mine) is S.APPROVED


def test_a_vote_is_on_what_was_shown_and_on_nothing_else(office: Office) -> None:
    made = office.bench.park(MEND)
    seen = office.desk("ana").card(made.id)
    changed = made.model_copy(update={"sentence": "Set other cells", "run": "R-2"})
    with office.bench.parts.store.transaction() as session:
        from ostler.store import proposals, transitions

        move = transitions.move
        move(session, made.id, S.PARKED, S.STALE, actor="worker", at=now())
        proposals.park(session, changed, S.PARKED, at=now(), actor="groomer")
    with pytest.raises(Conflict, match="changed since you saw it"):
        office.desk("ana").approve(seen)
    assert office.bench.state(made) is S.PARKED


def test_expiry_is_a_no(office: Office) -> None:
    made: Proposal = office.bench.park(MEND, expires_at=now() + timedelta(days=1))
    late = replace(office.desk("ana"), clock=lambda: now() + timedelta(days=2))
    with pytest.raises(Conflict, match="expired"):
        late.approve(late.card(made.id))
    work_once(replace(office.context, clock=lambda: now() + timedelta(days=2)))
    assert office.bench.state(made) is S.EXPIRED
    assert load_policies(default_site()).digest == made.verdict.policy


def ask_revert(office: Office, made: Proposal, name: str) -> Proposal:
    with office.bench.parts.store.reading() as session:
        record = get_proposal(session, made.id)
    return request_revert(office.context_of(name), record, Principal(kind="person", name=name))


def test_who_asks_for_a_change_never_approves_it(office: Office) -> None:
    made = office.bench.park(MEND)
    office.approve("ben", made)
    work_once(office.context)
    assert office.bench.state(made) is S.PUBLISHED
    asked = ask_revert(office, made, "ana")
    assert (asked.proposer, asked.requester) == ("reverter", "ana")
    with pytest.raises(NotAllowed, match="Nobody may approve what they proposed"):
        office.approve("ana", asked)
    # A vote past the desk is kept and counts for nothing, neither now nor at the claim.
    office.cast(office.statement(asked, "ana"), "ana")
    assert office.bench.state(asked) is S.PARKED
    with office.bench.parts.store.transaction() as session:
        move(session, asked.id, S.PARKED, S.APPROVED, actor="eve", at=now())
    work_once(office.context)
    assert office.bench.state(asked) is S.DENIED
    again = ask_revert(office, made, "ana")
    assert office.approve("ben", again) is S.APPROVED
    work_once(office.context)
    assert office.bench.state(made) is S.REVERTED
    assert office.faults() == ()


def test_who_is_alone_does_not_approve_what_they_asked_for(office: Office) -> None:
    made = office.bench.park(MEND)
    office.approve("ana", made)
    work_once(office.context)
    asked = ask_revert(office, made, "ana")
    with pytest.raises(NotAllowed) as refused:
        office.approve("ana", asked)
    assert refused.value.hint.startswith("somebody else of the roster")
    office.install(office.members[0], office.members[-1])
    with pytest.raises(NotAllowed, match="Nobody may approve what they proposed") as refused:
        office.approve("ana", asked)
    assert refused.value.hint.endswith("have somebody added who can: ostler identity add")
    office.cast(office.statement(asked, "ana"), "ana")
    assert office.bench.state(asked) is S.PARKED
    # They may say no to it.
    assert office.reject("ana", asked) is S.REJECTED
    again = ask_revert(office, made, "ana")
    office.install(*office.members[:2])
    assert office.approve("ben", again) is S.APPROVED
