"""A revert undoes one proposal and leaves what came after it."""

import pytest
from workbench import CellChange, Workbench, outsider_sets

from ostler.core.errors import Conflict, NotAllowed
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.reverting import request_revert
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal
from ostler.store import proposals

ANA = Principal(kind="person", name="ana")


def published(bench: Workbench, *cells: CellChange) -> Proposal:
    made = bench.approved(*cells)
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    return made


def asked(bench: Workbench, proposal: Proposal, person: Principal = ANA) -> Proposal:
    """The inverse of a proposal, parked."""
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, proposal.id)
    return request_revert(bench.context, record, person)


def reverted(bench: Workbench, proposal: Proposal) -> Proposal:
    inverse = asked(bench, proposal)
    bench.vote(inverse)
    work_once(bench.context)
    return inverse


def refusal(bench: Workbench, proposal: Proposal) -> tuple[str, str]:
    """What is said instead of parking an inverse."""
    with pytest.raises(Conflict) as caught:
        asked(bench, proposal)
    return caught.value.message, caught.value.hint


def test_a_revert_undoes_its_own_and_leaves_later_changes(bench: Workbench) -> None:
    first = published(bench, ("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None))
    second = published(bench, ("2", "name", "Ben", "Benn"))
    third = published(bench, ("4", "city", "Oslo", "Bergen"))
    inverse = reverted(bench, first)
    assert bench.column("city") == ["Lisbon", "Lisbxn", "N/A", "Bergen", "Oslo"]
    assert bench.column("name")[1] == "Benn"
    assert [bench.state(p) for p in (first, second, third, inverse)] == [
        ProposalState.REVERTED,
        ProposalState.PUBLISHED,
        ProposalState.PUBLISHED,
        ProposalState.PUBLISHED,
    ]
    assert bench.reason(first) == f"by {inverse.id}"
    assert bench.item_state(first) is ItemState.REOPENED
    assert bench.faults() == ()


def test_one_of_a_batch_is_reverted_alone(bench: Workbench) -> None:
    one = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    other = bench.approved(("3", "city", "N/A", None))
    work_once(bench.context)
    reverted(bench, one)
    assert bench.column("city")[1:3] == ["Lisbxn", None]
    assert bench.state(other) is ProposalState.PUBLISHED


def test_a_revert_waits_for_a_vote_like_everything_else(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    inverse = asked(bench, made)
    assert work_once(bench.context) == ()
    assert bench.state(inverse) is ProposalState.PARKED
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.column("city")[1] == "Lisbon"


def test_what_was_overtaken_names_what_to_revert_first(bench: Workbench) -> None:
    before = published(bench, ("2", "city", "Lisbxn", "Lisboa"))
    made = published(bench, ("2", "city", "Lisboa", "Lisbon"))
    published(bench, ("3", "city", "N/A", None))
    third = published(bench, ("2", "city", "Lisbon", "Porto"))
    fourth = published(bench, ("2", "city", "Porto", "Faro"))
    message, hint = refusal(bench, made)
    assert message == f"later changes touched the same cells as {made.id}: row 2, 'city'"
    assert hint == f"revert these first, in this order: {fourth.id}, {third.id}"
    for proposal in (fourth, third, made, before):
        reverted(bench, proposal)
    assert bench.column("city") == ["Lisbon", "Lisbxn", None, "Oslo", "Oslo"]
    assert bench.faults() == ()


def test_what_an_outsider_overtook_is_for_a_person(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    outsider_sets(bench.table, "2", "city", "Porto")
    message, hint = refusal(bench, made)
    assert "row 2, 'city'" in message
    assert hint == "the table was changed by somebody else; set the cells by hand"
    assert bench.state(made) is ProposalState.PUBLISHED


def test_only_what_is_published_can_be_reverted(bench: Workbench) -> None:
    waiting = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    assert "is approved, so there is nothing to revert" in refusal(bench, waiting)[0]
    work_once(bench.context)
    reverted(bench, waiting)
    assert "is reverted, so there is nothing to revert" in refusal(bench, waiting)[0]


def test_a_revert_that_policy_denies_is_not_even_parked(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    with pytest.raises(NotAllowed, match="An agent may not revert"):
        asked(bench, made, Principal(kind="agent", name="proposer"))
    with bench.parts.store.reading() as session:
        assert proposals.counts(session)[ProposalState.PARKED] == 0
