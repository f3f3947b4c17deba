"""What is approved is published, whole, once, and says who approved it."""

import pytest
from workbench import ONE_MAIL_EACH, Workbench, hooked, outsider_adds, outsider_sets

from ostler.core.errors import Conflict
from ostler.core.states import ItemState, ProposalState
from ostler.execution.worker import work_once
from ostler.tables.staging import between


def test_an_approved_proposal_is_published_with_everything_that_speaks_for_it(
    bench: Workbench,
) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    [outcome] = work_once(bench.context)
    assert (outcome.state, outcome.version, outcome.because) == (ProposalState.PUBLISHED, 1, "")
    commit = bench.table.history()[0]
    assert (commit.version, commit.proposals) == (1, (made.id,))
    assert (commit.patches, commit.approvers) == ((made.patch.digest,), ("ana",))
    [execution] = bench.executions(made)
    assert commit.trace == execution.trace != ""
    assert (execution.version_before, execution.version_after) == (0, 1)
    assert execution.commit == "people@1"
    assert [check.failing for check in execution.checks] == [0]
    assert between(bench.table.view(0), bench.table.view()).digest == made.patch.digest
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.item_state(made) is ItemState.DONE
    assert bench.faults() == ()


def test_all_approved_proposals_of_a_dataset_become_one_commit(bench: Workbench) -> None:
    made = [
        bench.approved(("2", "city", "Lisbxn", "Lisbon")),
        bench.approved(("3", "city", "N/A", None)),
        bench.approved(("1", "name", "Ana", "Anna"), ("2", "name", "Ben", "Benn")),
    ]
    whole = bench.digest_with(*made)
    outcomes = work_once(bench.context)
    assert [outcome.proposal.id for outcome in outcomes] == [p.id for p in made]
    assert {outcome.version for outcome in outcomes} == {1}
    assert bench.table.version == 1
    assert bench.table.history()[0].proposals == tuple(p.id for p in made)
    assert bench.digest == whole
    assert bench.loose_files() == []
    assert work_once(bench.context) == ()


def test_a_proposal_that_breaks_its_own_criterion_fails_and_the_rest_goes_through(
    bench: Workbench,
) -> None:
    good = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    bad = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )
    outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org"))
    whole = bench.digest_with(good)
    work_once(bench.context)
    assert bench.state(good) is ProposalState.PUBLISHED
    assert bench.state(bad) is ProposalState.FAILED
    assert "fails in 2 rows, 0 are allowed" in bench.reason(bad)
    assert bench.digest == whole
    assert bench.commits(bad) == 0
    assert bench.faults() == ()


def test_the_culprit_is_told_from_those_that_share_its_criterion(bench: Workbench) -> None:
    good = bench.approved(
        ("2", "mail", "ben@example.org", "benn@example.org"), criterion=ONE_MAIL_EACH
    )
    bad = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )
    outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org"))
    whole = bench.digest_with(good)
    work_once(bench.context)
    assert (bench.state(good), bench.state(bad)) == (ProposalState.PUBLISHED, ProposalState.FAILED)
    assert bench.digest == whole


def test_of_those_that_cannot_stand_together_the_first_approved_goes_first(
    bench: Workbench,
) -> None:
    """One leaves per round, so this takes more rounds than a graph makes by default."""
    outsider_adds(
        bench.table, *((f"N{number}", "Oslo", f"{number}@example.org") for number in range(11))
    )
    made = [
        bench.approved(
            (str(6 + number), "mail", f"{number}@example.org", "all@example.org"),
            criterion=ONE_MAIL_EACH,
        )
        for number in range(11)
    ]
    whole = bench.digest_with(made[0])
    work_once(bench.context)
    assert [bench.state(p) for p in made] == [ProposalState.PUBLISHED] + [ProposalState.FAILED] * 10
    assert bench.digest == whole


def test_criteria_that_fail_after_publishing_undo_the_commit_and_reopen_the_item(
    bench: Workbench,
) -> None:
    good = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    bad = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )
    context = hooked(
        bench.context, commit=lambda: outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org"))
    )
    work_once(context)
    assert bench.column("mail")[3:] == ["dan@example.org", "eva@example.org", "new@example.org"]
    assert bench.column("city")[1] == "Lisbon"
    assert bench.state(bad) is ProposalState.FAILED
    assert "after publishing" in bench.reason(bad)
    assert bench.reason(bad).endswith("it was undone")
    assert bench.item_state(bad) is ItemState.REOPENED
    assert bench.state(good) is ProposalState.PUBLISHED
    assert bench.item_state(good) is ItemState.DONE
    assert bench.table.history()[0].proposals == (f"undo/{bad.id}",)
    [execution] = bench.executions(bad)
    assert [check.failing for check in execution.checks] == [2]
    assert bench.faults() == ()


def test_a_commit_that_cannot_be_undone_any_more_is_said_to_stand(bench: Workbench) -> None:
    bad = bench.approved(
        ("4", "mail", "dan@example.org", "new@example.org"), criterion=ONE_MAIL_EACH
    )
    context = hooked(
        bench.context,
        commit=lambda: outsider_adds(bench.table, ("Fay", "Oslo", "new@example.org")),
        undo=lambda: outsider_sets(bench.table, "4", "mail", "other@example.org"),
    )
    work_once(context)
    assert bench.column("mail")[3] == "other@example.org"
    assert bench.state(bad) is ProposalState.PUBLISHED
    assert "could not be undone: row 4, 'mail' no longer holds what it did" in bench.reason(bad)
    assert bench.item_state(bad) is ItemState.REOPENED
    assert bench.faults() == ()


def test_a_writer_that_was_faster_is_built_upon(bench: Workbench) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    once = iter([lambda: outsider_sets(bench.table, "5", "city", "Bergen")])
    work_once(hooked(bench.context, commit=lambda: next(once, lambda: None)()))
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.column("city") == ["Lisbon", "Lisbon", "N/A", "Oslo", "Bergen"]
    assert bench.loose_files() == []


def test_a_writer_that_is_always_faster_is_named_and_later_the_work_is_done(
    bench: Workbench,
) -> None:
    made = bench.approved(("2", "city", "Lisbxn", "Lisbon"))
    names = iter(["Bergen", "Moss", "Bodo", "Voss", "Alta", "Hamar"])
    busy = hooked(
        bench.context, commit=lambda: outsider_sets(bench.table, "5", "city", next(names))
    )
    with pytest.raises(Conflict, match="people keeps changing: 5 attempts to publish failed"):
        work_once(busy)
    assert bench.column("city")[1] == "Lisbxn"
    assert bench.loose_files() == []
    assert bench.state(made) is ProposalState.EXECUTING
    work_once(bench.context)
    assert bench.state(made) is ProposalState.PUBLISHED
    assert bench.column("city")[1] == "Lisbon"
    assert bench.faults() == ()
