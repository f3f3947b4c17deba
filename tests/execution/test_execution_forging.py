"""Who can write into the database, and holds no reviewer's key, gets nothing executed."""

from itertools import pairwise

import pytest
from workbench import Workbench

from ostler.cli.opening import now
from ostler.core.documents import SITE
from ostler.core.errors import VerificationFailed
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.document_changes import Asked, request_document
from ostler.execution.worker import work_once
from ostler.policies.judgement import judge
from ostler.policies.requests import Principal, question_of
from ostler.store import activations, proposals
from ostler.store.transitions import move

S = ProposalState

MEND = ("2", "city", "Lisbxn", "Lisbon")

AT_ONCE = """
@id("at-once") @reason("r") @owner("ana")
permit (principal, action == Action::"auto_apply", resource);
"""

LIES: tuple[dict[str, object], ...] = (
    {"rows": 1, "cells": 1},
    {"exact": True, "taint": ()},
    {"action_kind": "reformat.trim"},
    {"columns": ("name",)},
)


def forged(bench: Workbench, made: Proposal, lie: dict[str, object]) -> Proposal:
    """A copy of a card whose request and verdict are what suits, parked as approved."""
    request = question_of(made.verdict).model_copy(update=lie)
    verdict = judge(bench.parts.policies, request).model_copy(update={"outcome": "auto"})
    copy = made.model_copy(update={"id": f"{made.id}-2", "verdict": verdict})
    with bench.parts.store.transaction() as session:
        proposals.park(session, copy, ProposalState.APPROVED, at=now(), actor="groomer")
    return copy


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: next(iter(lie)))
def test_a_request_that_its_patch_contradicts_fails(
    bench: Workbench, lie: dict[str, object]
) -> None:
    made = bench.park(MEND, ("3", "city", "N/A", None))
    copy = forged(bench, made, lie)
    work_once(bench.context)
    assert bench.state(copy) is ProposalState.FAILED
    assert bench.reason(copy).startswith("its request is not what its patch does")
    assert bench.column("city")[1:3] == ["Lisbxn", "N/A"]


def test_auto_is_what_todays_policy_says_of_the_true_facts(bench: Workbench) -> None:
    copy = forged(bench, bench.park(MEND), {"row_share_permille": 1, "confidence_permille": 1000})
    work_once(bench.context)
    assert bench.state(copy) is ProposalState.DENIED
    assert bench.column("city")[1] == "Lisbxn"


def test_the_audit_names_what_went_on_without_votes_and_was_not_let_through(
    bench: Workbench,
) -> None:
    copy = forged(bench, bench.park(MEND), {"rows": 7})
    with bench.parts.store.transaction() as session:
        for before, after in pairwise((S.APPROVED, S.EXECUTING, S.PUBLISHED)):
            move(session, copy.id, before, after, actor="executor", at=now())
    assert f"{copy.id}: it went on without votes, but no run found it" in bench.faults()


def test_a_policy_set_that_a_row_activates_counts_for_nothing(bench: Workbench) -> None:
    folder = dict(bench.parts.policies.site)
    asked = Asked("policies", SITE, {**folder, "more.cedar": AT_ONCE}, folder, "it is time")
    ana = Principal(kind="person", name="ana")
    made = request_document(bench.context, asked, ana)
    with bench.parts.store.transaction() as session:
        for before, after in pairwise((S.PARKED, S.APPROVED, S.EXECUTING, S.PUBLISHED)):
            move(session, made.id, before, after, actor="executor", at=now())
        activations.activate(
            session,
            "policies",
            SITE,
            asked.texts,
            replaces=0,
            proposal=made.id,
            actor="executor",
            at=now(),
        )
    with pytest.raises(VerificationFailed, match="was not voted for"):
        _ = bench.parts.policies
    assert any("without a vote" in fault for fault in bench.faults())
