"""The life of a proposal: parking, voting, claiming, and every move in between."""

from datetime import datetime

import pytest
import store_samples as samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from ostler.core.errors import Conflict, InternalError, NotAllowed, NotFound
from ostler.core.proposals import Proposal, Vote
from ostler.core.states import TRANSITIONS, ProposalState
from ostler.store import audit, claims, executions, proposals, transitions, votes
from ostler.store.engine import Store
from ostler.store.objects import Objects
from ostler.store.proposals import Parked
from ostler.store.verify import verify_store

S = ProposalState


def park(
    session: Session, proposal: Proposal, state: S = S.PARKED, at: datetime = samples.NOON
) -> Parked:
    return proposals.park(session, proposal, state, at=at, actor="agent")


def cast(session: Session, vote: Vote, needed: int = 1, roles: tuple[str, ...] = ()) -> S:
    return votes.cast(session, vote, votes_needed=needed, roles_needed=roles)


def move(session: Session, source: S, target: S, seconds: float = 1, because: str = "") -> None:
    at = samples.later(seconds)
    transitions.move(session, "P-AAAAAAAA", source, target, actor="someone", at=at, because=because)


def test_a_parked_proposal_is_read_as_it_was_given(store: Store) -> None:
    given_one = samples.proposal(expires_at=samples.later(3600))
    with store.transaction() as session:
        assert park(session, given_one) is Parked.NEW
        assert park(session, samples.proposal(run="R-2")) is Parked.KNOWN
    with store.reading() as session:
        record = proposals.get_proposal(session, "p-aaa")
    assert (record.proposal, record.digest) == (given_one, given_one.digest)
    assert (record.state, record.votes, record.owner) == (S.PARKED, (), "")
    assert record.created_at == record.changed_at == samples.NOON


@pytest.mark.parametrize("state", [S.STALE, S.EXPIRED, S.DENIED])
def test_what_went_away_is_parked_again_with_its_new_document(store: Store, state: S) -> None:
    first, second = samples.proposal(), samples.proposal(run="R-2", score=7.0)
    with store.transaction() as session:
        park(session, first)
        cast(session, samples.vote(first), needed=2)
        move(session, S.PARKED, state)
        assert park(session, second, at=samples.later(2)) is Parked.PARKED_AGAIN
        record = proposals.get_proposal(session, first.id)
        assert (record.proposal, record.state, record.votes) == (second, S.PARKED, ())
        assert [r.proposal.rank.score for r in proposals.queue(session)] == [7.0]
        # The vote on what was shown before counts for nothing, and its reviewer may vote again.
        assert cast(session, samples.vote(second), needed=2) is S.PARKED
        assert len(proposals.votes_on(session, first.id, first.digest)) == 1


@pytest.mark.parametrize("state", [S.REJECTED, S.APPROVED])
def test_what_was_decided_stays_decided(store: Store, state: S) -> None:
    with store.transaction() as session:
        park(session, samples.proposal())
        move(session, S.PARKED, state)
        assert park(session, samples.proposal(run="R-2")) is Parked.KNOWN
        assert proposals.get_proposal(session, "P-AAAAAAAA").state is state


@pytest.mark.parametrize("state", [S.DENIED, S.APPROVED])
def test_a_verdict_without_people_is_kept_with_its_reason(store: Store, state: S) -> None:
    with store.transaction() as session:
        assert park(session, samples.proposal(), state) is Parked.NEW
        record = proposals.get_proposal(session, "P-AAAAAAAA")
        assert (record.state, record.reason) == (state, "one vote")
        assert park(session, samples.proposal(run="R-2"), state) is Parked.KNOWN


def test_a_proposal_begins_nowhere_else(store: Store) -> None:
    with store.transaction() as session, pytest.raises(InternalError):
        park(session, samples.proposal(), S.PUBLISHED)


def test_the_queue_is_ordered_by_score_then_id(store: Store) -> None:
    with store.transaction() as session:
        for name, score in (("P-B", 2.0), ("P-C", 2.0), ("P-A", 2.0), ("P-Z", 9.5), ("P-0", 1.0)):
            park(session, samples.proposal(name, score))
        park(session, samples.proposal("P-D", 99.0), S.DENIED)
        park(session, samples.proposal("P-O", 5.0, dataset="customers"))
    with store.reading() as session:

        def ids(**limits: object) -> list[str]:
            return [r.proposal.id for r in proposals.queue(session, **limits)]

        assert ids() == ["P-Z", "P-O", "P-A", "P-B", "P-C", "P-0"]
        assert ids(limit=2, offset=1) == ["P-O", "P-A"]
        assert ids(offset=4) == ["P-C", "P-0"]
        assert ids(dataset="customers") == ["P-O"]
        assert ids(states=(S.DENIED, S.PARKED), limit=2) == ["P-D", "P-Z"]
        counted = proposals.counts(session)
    assert (counted[S.PARKED], counted[S.DENIED], counted[S.STALE]) == (6, 1, 0)
    assert tuple(counted) == tuple(S)


def test_enough_approvals_of_the_needed_roles_approve(store: Store) -> None:
    on = samples.proposal()
    with store.transaction() as session:
        park(session, on)
        first = samples.vote(on, "ana", roles=("owner",))
        second = samples.vote(on, "bo", seconds=2, because="looks right")
        third = samples.vote(on, "cy", seconds=3, roles=("steward",))
        roles = ("owner", "steward")
        assert cast(session, first, 2, roles) is S.PARKED
        assert cast(session, second, 2, roles) is S.PARKED
        assert cast(session, third, 2, roles) is S.APPROVED
        record = proposals.get_proposal(session, on.id)
        assert record.votes == (first, second, third)
        assert record.decided_at == samples.later(3)


@pytest.mark.parametrize("before", [S.PARKED, S.APPROVED])
def test_one_reject_rejects(store: Store, before: S) -> None:
    on = samples.proposal()
    with store.transaction() as session:
        park(session, on, before)
        no = samples.vote(on, "bo", "reject", because="these are not blanks")
        assert cast(session, no, 3) is S.REJECTED
        assert proposals.get_proposal(session, on.id).reason == "these are not blanks"


def test_votes_that_are_refused_leave_no_trace(store: Store) -> None:
    on = samples.proposal(expires_at=samples.later(100))
    refused: list[tuple[Vote, type[Exception], str]] = [
        (samples.vote(on, seconds=100), Conflict, "expired"),
        (samples.vote(samples.proposal(run="R-2")), Conflict, "changed since you saw it"),
        (samples.vote(on), NotAllowed, "voted on proposal P-AAAAAAAA already"),
        # Who has voted votes by one name; another spelling of it is nobody else.
        (samples.vote(on, "Ana "), NotAllowed, "ana has voted on proposal P-AAAAAAAA already"),
        (samples.vote(on, "ANA", decision="reject"), NotAllowed, "already"),
    ]
    with store.transaction() as session:
        park(session, on)
        cast(session, samples.vote(on), 2)
        before = audit.head(session)
        for vote, error, sentence in refused:
            with pytest.raises(error, match=sentence):
                cast(session, vote, 2)
        with pytest.raises(NotFound):
            cast(session, samples.vote(samples.proposal("P-NONE")))
        with pytest.raises(NotFound):
            cast(session, samples.vote(on, "bo", proposal="P-AAA"), 2)
        assert audit.head(session) == before


@pytest.mark.parametrize(
    ("state", "decision"),
    [(S.APPROVED, "approve"), (S.REJECTED, "approve"), (S.REJECTED, "reject"), (S.STALE, "reject")],
)
def test_what_is_decided_cannot_be_voted_on(store: Store, state: S, decision: str) -> None:
    on = samples.proposal()
    with store.transaction() as session:
        park(session, on)
        move(session, S.PARKED, state)
        with pytest.raises(Conflict, match=f"is {state} already"):
            cast(session, samples.vote(on, "bo", decision))


def test_a_move_is_a_compare_and_set(store: Store) -> None:
    with store.transaction() as session:
        park(session, samples.proposal())
        with pytest.raises(Conflict, match="is parked, not approved"):
            move(session, S.APPROVED, S.EXECUTING)
        with pytest.raises(InternalError, match="parked to published"):
            move(session, S.PARKED, S.PUBLISHED)
        with pytest.raises(NotFound):
            at = samples.NOON
            transitions.move(session, "P-NONE", S.PARKED, S.APPROVED, actor="a", at=at)
        assert [e.kind for e in audit.entries(session)] == ["proposal.parked"]


def test_what_waited_too_long_expires(store: Store) -> None:
    soon, late = samples.later(50), samples.later(5000)
    with store.transaction() as session:
        park(session, samples.proposal("P-A", expires_at=soon))
        park(session, samples.proposal("P-B", expires_at=soon), S.APPROVED)
        park(session, samples.proposal("P-C", expires_at=late))
        park(session, samples.proposal("P-D"))
        park(session, samples.proposal("P-E", expires_at=soon), S.DENIED)
        assert claims.expire(session, at=soon, actor="clock") == ()
        assert claims.expire(session, at=samples.later(51), actor="clock") == ("P-A", "P-B")
        assert claims.expire(session, at=samples.later(51), actor="clock") == ()
        assert proposals.get_proposal(session, "P-B").state is S.EXPIRED


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_sequence_of_allowed_moves_folds_to_the_rows(
    store: Store, objects: Objects, data: st.DataObject
) -> None:
    with store.transaction() as session:
        name = f"P-{audit.head(session).size}"
        park(session, samples.proposal(name))
        state = S.PARKED
        for turn in range(data.draw(st.integers(0, 8))):
            source = data.draw(st.just(state) | st.sampled_from(S))
            target = data.draw(st.sampled_from(TRANSITIONS[source] or (S.PARKED,)))
            try:
                transitions.move(
                    session, name, source, target, actor="x", at=samples.later(turn), because="y"
                )
            except (Conflict, InternalError):
                assert source is not state or target not in TRANSITIONS[state]
                continue
            state = target
        assert proposals.get_proposal(session, name).state is state
        assert executions.execution_of(session, name) is None
    assert verify_store(store, objects) == ()
