"""An approval is looked at again when it would take effect, and nothing else is ever applied."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from state_database import StateDatabase
from workbench import CellChange, Workbench, interrupted

from ostler.cli.opening import now
from ostler.core.errors import VerificationFailed
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.worker import work_once
from ostler.policies.policyset import default_site, load_policies

MEND: CellChange = ("2", "city", "Lisbxn", "Lisbon")

TWO_VOTES = """
@id("two-votes") @reason("A change needs two approvals.") @owner("workspace") @votes("2")
permit (principal, action == Action::"apply_after_approval", resource);
"""

FREEZE = """
@id("freeze") @reason("The table is frozen.") @owner("workspace")
forbid (principal, action == Action::"apply_after_approval", resource);
"""

NO_VOTE_FOR_ANA = """
@id("ana-is-away") @reason("Ana's account was closed.") @owner("workspace")
forbid (principal == Person::"ana", action == Action::"vote", resource);
"""


def later(**ahead: float) -> Callable[[], datetime]:
    """A clock that is ahead."""
    return lambda: now() + timedelta(**ahead)


def nothing_came_of_it(bench: Workbench, proposal: Proposal) -> bool:
    changed = [commit for commit in bench.table.history() if commit.proposals or commit.files]
    return not changed and bench.commits(proposal) == 0 and not bench.loose_files()


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (FREEZE, "today's policy says no: The table is frozen."),
        (TWO_VOTES, "today's policy says no: 1 more approval needed."),
        (NO_VOTE_FOR_ANA, "today's policy says no: 1 more approval needed."),
    ],
)
def test_a_policy_that_changed_after_the_approval_denies(
    bench: Workbench, policy: str, reason: str
) -> None:
    made = bench.approved(MEND)
    stricter = load_policies({**default_site(), "more.cedar": policy})
    work_once(replace(bench.context, policies=stricter))
    assert (bench.state(made), bench.reason(made)) == (ProposalState.DENIED, reason)
    assert nothing_came_of_it(bench, made)
    assert bench.faults() == ()


def test_who_is_denied_does_not_hold_up_the_others(bench: Workbench) -> None:
    one_vote = bench.approved(MEND)
    both = bench.park(("3", "city", "N/A", None))
    bench.vote(both, who="ben")
    stricter = load_policies({**default_site(), "more.cedar": NO_VOTE_FOR_ANA})
    work_once(replace(bench.context, policies=stricter))
    assert bench.state(one_vote) is ProposalState.DENIED
    assert bench.state(both) is ProposalState.PUBLISHED
    assert bench.column("city")[1:3] == ["Lisbxn", None]


def test_an_edited_vote_counts_for_nothing(bench: Workbench, state_db: StateDatabase) -> None:
    made = bench.approved(MEND)
    other = bench.approved(("3", "city", "N/A", None))
    changed = state_db.edit(
        """UPDATE document SET body = replace(body, :before, :after)
           WHERE digest = (SELECT digest FROM vote WHERE proposal = :id)""",
        before='"reviewer":"ana"',
        after='"reviewer":"eve"',
        id=made.id,
    )
    assert changed == 1
    work_once(bench.context)
    assert bench.state(made) is ProposalState.FAILED
    assert "does not match its digest: it was edited" in bench.executions(made)[0].because
    assert bench.state(other) is ProposalState.PUBLISHED
    assert bench.column("city")[1:3] == ["Lisbxn", None]


def test_a_vote_on_something_else_counts_for_nothing(
    bench: Workbench, state_db: StateDatabase
) -> None:
    harmless = bench.approved(("3", "city", "N/A", None))
    made = bench.park(MEND)
    state_db.edit(
        """INSERT INTO vote (proposal, proposal_digest, reviewer, decision, digest, at)
           SELECT :id, :digest, reviewer, decision, digest, at FROM vote WHERE proposal = :other""",
        id=made.id,
        digest=made.digest,
        other=harmless.id,
    )
    state_db.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=made.id)
    work_once(bench.context)
    assert bench.state(made) is ProposalState.FAILED
    assert bench.reason(made).endswith(f"was passed off as one on {made.id}")
    assert bench.state(harmless) is ProposalState.PUBLISHED
    assert bench.column("city")[1:3] == ["Lisbxn", None]


def test_an_approval_without_a_vote_is_none(bench: Workbench, state_db: StateDatabase) -> None:
    made = bench.park(MEND)
    state_db.edit("UPDATE proposal SET state = 'approved' WHERE id = :id", id=made.id)
    work_once(bench.context)
    assert bench.state(made) is ProposalState.DENIED
    assert nothing_came_of_it(bench, made)


def test_an_edited_proposal_is_named_and_never_applied(
    bench: Workbench, state_db: StateDatabase
) -> None:
    made = bench.approved(MEND)
    state_db.edit(
        """UPDATE document SET body = replace(body, :before, :after)
           WHERE digest = (SELECT digest FROM proposal WHERE id = :id)""",
        before='"cells":1',
        after='"cells":2',
        id=made.id,
    )
    with pytest.raises(VerificationFailed, match=made.id):
        work_once(bench.context)
    assert nothing_came_of_it(bench, made)


def test_a_patch_file_with_another_patch_in_it_is_never_applied(bench: Workbench) -> None:
    made = bench.approved(MEND)
    other = bench.patch(("2", "city", "Lisbxn", "Elsewhere"))
    patches = bench.parts.patches
    patches.path(made.patch.digest).write_bytes(patches.path(other.digest).read_bytes())
    work_once(bench.context)
    assert bench.state(made) is ProposalState.FAILED
    assert "does not hold the patch that its name says" in bench.reason(made)
    assert nothing_came_of_it(bench, made)


def test_a_patch_file_that_is_gone_is_named(bench: Workbench) -> None:
    made = bench.approved(MEND)
    bench.parts.patches.path(made.patch.digest).unlink()
    work_once(bench.context)
    assert bench.state(made) is ProposalState.FAILED
    assert "is missing" in bench.reason(made)
    assert nothing_came_of_it(bench, made)


def test_an_approval_that_waits_for_too_long_lapses(bench: Workbench) -> None:
    made = bench.approved(MEND, expires_at=later(days=1)())
    work_once(replace(bench.context, clock=later(days=2)))
    assert bench.state(made) is ProposalState.EXPIRED
    assert nothing_came_of_it(bench, made)
    assert work_once(replace(bench.context, clock=later(days=3))) == ()
    assert nothing_came_of_it(bench, made)


def test_what_nobody_decided_lapses(bench: Workbench) -> None:
    made = bench.park(MEND, expires_at=later(days=1)())
    work_once(replace(bench.context, clock=later(days=2)))
    assert bench.state(made) is ProposalState.EXPIRED
    assert nothing_came_of_it(bench, made)


def test_a_claim_that_a_worker_left_before_it_published_lapses_too(bench: Workbench) -> None:
    made = bench.approved(MEND, expires_at=later(days=1)())
    with pytest.raises(KeyboardInterrupt):
        work_once(replace(bench.context, telemetry=interrupted("groom.execute prepare")))
    assert bench.state(made) is ProposalState.EXECUTING
    work_once(replace(bench.context, clock=later(days=2)))
    assert bench.state(made) is ProposalState.EXPIRED
    assert nothing_came_of_it(bench, made)
    assert bench.faults() == ()


@pytest.mark.parametrize("decide", ["reject while parked", "reject after the approval"])
def test_what_was_rejected_is_never_applied(bench: Workbench, decide: str) -> None:
    made = bench.park(MEND)
    if decide == "reject after the approval":
        bench.vote(made)
    bench.vote(made, "reject", who="ben")
    assert work_once(bench.context) == ()
    assert bench.state(made) is ProposalState.REJECTED
    assert nothing_came_of_it(bench, made)
    assert bench.faults() == ()
