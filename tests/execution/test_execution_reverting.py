"""A revert undoes one proposal and leaves what came after it."""

import pytest
from workbench import CellChange, Workbench, outsider_adds, outsider_sets

from ostler.core.actions import Revert
from ostler.core.canonical import canonical_json
from ostler.core.errors import Conflict, NotAllowed
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.restoring import request_restore
from ostler.execution.reverting import Overtaken, Way, request_revert
from ostler.execution.worker import work_once
from ostler.policies.requests import Principal
from ostler.store import proposals
from ostler.tables.staging import digest_of_view

ANA = Principal(kind="person", name="ana")


def published(bench: Workbench, *cells: CellChange) -> Proposal:
    made = bench.approved(*cells)
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    return made


def asked(
    bench: Workbench, proposal: Proposal, person: Principal = ANA, way: Way = "whole"
) -> Proposal:
    """The inverse of a proposal, parked."""
    with bench.parts.store.reading() as session:
        record = proposals.get_proposal(session, proposal.id)
    return request_revert(bench.context, record, person, way)


def reverted(bench: Workbench, proposal: Proposal, way: Way = "whole") -> Proposal:
    inverse = asked(bench, proposal, way=way)
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
    assert hint == f"undo them too: ostler revert {made.id} --with-later"
    for proposal in (fourth, third, made, before):
        reverted(bench, proposal)
    assert bench.column("city") == ["Lisbon", "Lisbxn", None, "Oslo", "Oslo"]
    assert bench.faults() == ()


def test_what_an_outsider_overtook_is_for_a_person(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    outsider_sets(bench.table, "2", "city", "Porto")
    message, hint = refusal(bench, made)
    assert "row 2, 'city'" in message
    assert hint == "set the cells by hand: nothing of it is as it left it"
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


def standing(bench: Workbench, *made: Proposal) -> list[str]:
    return [bench.state(proposal).value for proposal in made]


def overtaken(bench: Workbench, proposal: Proposal, way: Way = "whole") -> Overtaken:
    with pytest.raises(Overtaken) as caught:
        asked(bench, proposal, way=way)
    return caught.value


def test_later_changes_go_with_it_as_one_patch_with_one_vote(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    beside = published(bench, ("3", "city", "N/A", None))
    # Its other cell was changed again, so that one has to go as well.
    second = published(bench, ("2", "city", "Lisbon", "Porto"), ("4", "city", "Oslo", "Bergen"))
    third = published(bench, ("4", "city", "Bergen", "Troms"), ("4", "name", "Dan", "Dani"))
    before = overtaken(bench, made)
    assert [overlap.record.proposal.id for overlap in before.overlaps] == [third.id, second.id]
    assert [overlap.cells for overlap in before.overlaps] == [1, 1]
    assert before.overlaps[0].commit.approvers == ("ana",)
    assert before.ways == ("with-later",)
    versions = bench.table.version
    inverse = reverted(bench, made, "with-later")
    assert bench.table.version == versions + 1
    assert bench.column("city") == ["Lisbon", "Lisbxn", None, "Oslo", "Oslo"]
    assert bench.column("name")[3] == "Dan"
    assert standing(bench, made, second, third, beside, inverse) == [
        *["reverted"] * 3,
        *["published"] * 2,
    ]
    assert inverse.sentence == f"Undo {made.id} and the 2 later changes on its cells"
    assert bench.faults() == ()


def test_only_what_nobody_touched_is_reverted_and_the_rest_is_recorded(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None))
    later = published(bench, ("2", "city", "Lisbon", "Porto"))
    inverse = reverted(bench, made, "untouched")
    assert bench.column("city")[1:3] == ["Porto", "N/A"]
    assert standing(bench, made, later, inverse) == ["published"] * 3
    action = inverse.draft.action
    assert action.kind == "revert"
    [left] = bench.parts.patches.get(action.remaining).page(10)
    assert (left.row, left.column, left.new) == ("2", "city", "Lisbxn")
    assert "1 of its cells are left" in inverse.draft.evidence.summary
    assert bench.item_state(made) is ItemState.REOPENED
    assert bench.faults() == ()


def test_what_an_outsider_overtook_can_go_only_where_it_is_untouched(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None))
    outsider_sets(bench.table, "2", "city", "Porto")
    found = overtaken(bench, made, "with-later")
    assert (found.overlaps, found.ways) == ((), ("untouched",))
    assert (found.untouched, found.touched) == (1, 1)
    reverted(bench, made, "untouched")
    assert bench.column("city")[1:3] == ["Porto", "N/A"]


def test_an_outsider_on_top_of_later_changes_does_not_unwind(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    published(bench, ("2", "city", "Lisbon", "Porto"))
    outsider_sets(bench.table, "2", "city", "Faro")
    assert overtaken(bench, made, "with-later").ways == ()


def test_reverting_a_revert_brings_the_fix_and_its_state_back(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    first = reverted(bench, made)
    second = reverted(bench, first)
    assert bench.column("city")[1] == "Lisbon"
    assert standing(bench, made, first, second) == ["published", "reverted", "published"]
    assert bench.reason(made) == f"its revert was undone by {second.id}"
    assert bench.item_state(made) is ItemState.DONE
    third = reverted(bench, second)
    assert bench.column("city")[1] == "Lisbxn"
    assert standing(bench, made, first, second, third) == [
        "reverted",
        "published",
        "reverted",
        "published",
    ]
    assert bench.item_state(made) is ItemState.REOPENED
    assert bench.faults() == ()


def test_the_same_revert_can_be_asked_for_again_after_it_was_taken_back(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    first = reverted(bench, made)
    reverted(bench, first)
    again = reverted(bench, made)
    assert again.id != first.id
    assert again.patch.digest == first.patch.digest
    assert bench.column("city")[1] == "Lisbxn"
    assert standing(bench, made, first, again) == ["reverted", "reverted", "published"]


def test_a_pair_of_a_change_and_its_revert_stands_in_nobodys_way(bench: Workbench) -> None:
    made = published(bench, ("2", "city", "Lisbxn", "Lisbon"), ("3", "city", "N/A", None))
    gone = published(bench, ("2", "city", "Lisbon", "Porto"))
    undo = reverted(bench, gone)
    third = published(bench, ("3", "city", None, "Faro"), ("2", "city", "Lisbon", "Braga"))
    inverse = reverted(bench, made, "with-later")
    assert bench.column("city")[1:3] == ["Lisbxn", "N/A"]
    assert standing(bench, made, gone, undo, third, inverse) == [
        "reverted",
        "reverted",
        "published",
        "reverted",
        "published",
    ]


def test_an_old_version_is_restored_by_a_proposal_like_any_other(bench: Workbench) -> None:
    first = published(bench, ("2", "city", "Lisbxn", "Lisbon"))
    second = published(bench, ("3", "city", "N/A", None))
    undo = reverted(bench, first)
    outsider_adds(bench.table, ("Fay", "Rome", "fay@example.org"))
    wanted = digest_of_view(bench.table.view(1))
    asked_for = request_restore(bench.context, bench.dataset, 1, ANA)
    assert bench.state(asked_for) is ProposalState.PARKED
    assert (asked_for.patch.cells, asked_for.patch.deleted) == (2, 1)
    bench.vote(asked_for)
    work_once(bench.context)
    assert bench.digest == wanted
    assert standing(bench, first, second, undo) == ["published", "reverted", "reverted"]
    assert bench.item_state(asked_for) is ItemState.DONE
    assert bench.faults() == ()
    reverted(bench, asked_for)
    assert standing(bench, first, second, undo) == ["reverted", "published", "published"]
    with pytest.raises(Conflict, match="as it was in version"):
        request_restore(bench.context, bench.dataset, bench.table.version, ANA)


def test_a_revert_from_before_there_were_ways_out_keeps_its_digest() -> None:
    assert canonical_json(Revert(proposal="P-1")) == '{"kind":"revert","proposal":"P-1"}'
