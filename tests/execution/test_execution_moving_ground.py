"""The table moves on under what was approved: what is touched is stale, the rest applies."""

from workbench import Workbench, hooked, outsider_adds, outsider_sets

from ostler.core.states import ItemState, ProposalState
from ostler.execution.worker import work_once


def test_a_cell_that_an_outsider_changed_makes_a_patch_stale(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    outsider_sets(bench.table, "2", "city", "Porto")
    before = bench.digest
    [outcome] = work_once(bench.context)
    assert (outcome.state, outcome.version) == (ProposalState.STALE, None)
    assert bench.state(made) is ProposalState.STALE
    assert bench.reason(made) == "row 2, 'city' no longer holds what it did"
    assert bench.digest == before
    assert bench.item_state(made) is ItemState.OPEN
    assert bench.faults() == ()


def test_a_cell_that_another_proposal_changed_makes_a_patch_stale(bench: Workbench) -> None:
    first = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    work_once(bench.context)
    # Parked on what was there before, as a run that began before the publish would have done.
    second = bench.approved(("2", "city", "Lisbxn", "Porto"), ("3", "city", "N/A", None))
    work_once(bench.context)
    assert bench.state(first) is ProposalState.PUBLISHED
    assert bench.state(second) is ProposalState.STALE
    assert bench.column("city") == ["Lisbon", "Lisbon", "N/A", "Oslo", "Oslo"]


def test_of_two_in_a_batch_that_want_one_cell_the_first_approved_has_it(bench: Workbench) -> None:
    late = bench.park(("2", "city", "Lisbxn", "Porto"))
    early = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    bench.vote(late)
    work_once(bench.context)
    assert bench.state(early) is ProposalState.PUBLISHED
    assert bench.state(late) is ProposalState.STALE
    assert bench.column("city")[1] == "Lisbon"


def test_a_change_elsewhere_in_the_row_and_the_file_does_not_matter(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    outsider_sets(bench.table, "2", "name", "Benjamin")
    outsider_sets(bench.table, "3", "city", "Faro")
    outsider_adds(bench.table, ("Fay", "Lisbxn", "fay@example.org"))
    whole = bench.digest_with(made)
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.digest == whole
    assert bench.column("city") == ["Lisbon", "Lisbon", "Faro", "Oslo", "Oslo", "Lisbxn"]
    assert bench.column("name")[1] == "Benjamin"


def test_a_cell_that_changes_at_the_last_moment_makes_a_patch_stale(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    cities = iter(["Porto"])

    def change() -> None:
        for city in cities:
            outsider_sets(bench.table, "2", "city", city)

    work_once(hooked(bench.context, commit=change))
    assert bench.state(made) is ProposalState.STALE
    assert bench.column("city")[1] == "Porto"
    assert bench.loose_files() == []


def test_a_deleted_row_makes_a_patch_stale(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    bench.table.handle().delete("_ostler_row = 2")
    work_once(bench.context)
    assert bench.state(made) is ProposalState.STALE
    assert bench.column("city") == ["Lisbon", "N/A", "Oslo", "Oslo"]


def test_parked_proposals_that_a_publish_overtook_become_stale(bench: Workbench) -> None:
    overtaken = bench.park(("2", "city", "Lisbxn", "Porto"))
    untouched = bench.park(("3", "city", "N/A", None))
    bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    work_once(bench.context)
    assert bench.state(overtaken) is ProposalState.STALE
    assert bench.reason(overtaken) == "row 2, 'city' has changed since version 0"
    assert bench.state(untouched) is ProposalState.PARKED
    bench.vote(untouched)
    work_once(bench.context)
    assert bench.column("city")[1:3] == ["Lisbon", None]
    assert bench.faults() == ()
