"""Policies and prompts through the gate: others vote, one transaction, taken back, verified."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import text
from workbench import Workbench, hooked

from ostler.agents.prompts import prompt_in_force
from ostler.cli.opening import now
from ostler.core.documents import SITE, DocumentKind
from ostler.core.errors import BadInput, Conflict, NotAllowed, VerificationFailed
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.execution.document_changes import Asked, request_document
from ostler.execution.reverting import request_revert
from ostler.execution.revoking import revoke
from ostler.execution.worker import work_once
from ostler.policies.judgement import judge
from ostler.policies.policyset import default_site, load_policies
from ostler.policies.requests import ChangeRequest, Principal
from ostler.store import activations
from ostler.tui.card import Shown, card_lines

S = ProposalState
ANA = Principal(kind="person", name="ana")
USUAL = dict(default_site())
RULE = '@id("{}") @reason("r") @owner("ana") '
EVERYTHING_AT_ONCE = RULE.format("at-once") + (
    'permit (principal, action == Action::"auto_apply", resource);'
)
TWO = RULE.format("two") + (
    '@votes("2") permit (principal, action == Action::"apply_after_approval", resource);'
)
NO_NEW_ONES = RULE.format("frozen") + (
    'forbid (principal, action == Action::"propose", resource == Dataset::"(workspace)");'
)


def ask(
    bench: Workbench, texts: Mapping[str, str], because: str = "it is time", **more: str
) -> Proposal:
    asked = Asked("policies", SITE, texts, dict(bench.parts.policies.site), because)
    return request_document(bench.context, replace(asked, **more), ANA)


def with_rule(rule: str) -> dict[str, str]:
    return {**USUAL, "more.cedar": rule + "\n"}


def activate(bench: Workbench, proposal: Proposal, who: str = "ben") -> Proposal:
    bench.vote(proposal, who=who)
    work_once(bench.context)
    assert bench.state(proposal) is S.PUBLISHED, bench.reason(proposal)
    return proposal


def in_force(bench: Workbench) -> dict[str, str]:
    return dict(bench.parts.policies.site)


def numbers(bench: Workbench, document: DocumentKind = "policies", name: str = SITE) -> list[int]:
    with bench.parts.store.reading() as session:
        return [one.number for one in activations.versions(session, document, name)]


def test_a_set_is_in_force_when_others_said_so_and_the_folder_no_longer_counts(
    bench: Workbench,
) -> None:
    folder = bench.parts.workspace.policies
    proposal = ask(bench, with_rule(TWO))
    with pytest.raises(NotAllowed, match="what they proposed"):
        bench.vote(proposal, who="ana")
    assert work_once(bench.context) == ()
    assert in_force(bench) == USUAL
    activate(bench, proposal)
    assert in_force(bench) == with_rule(TWO)
    assert bench.item_state(proposal) is ItemState.DONE
    # What lies in the folder is a wish from now on, whatever it says.
    (folder / "more.cedar").write_text(EVERYTHING_AT_ONCE, encoding="utf-8")
    (folder / "site.cedar").write_text("this is no policy", encoding="utf-8")
    assert in_force(bench) == with_rule(TWO)
    assert bench.park(("1", "city", "Lisbxn", "Lisbon")).verdict.votes == 2
    assert bench.faults() == ()


def test_what_was_approved_before_is_judged_by_what_came_into_force_meanwhile(
    bench: Workbench,
) -> None:
    cell = bench.approved(("1", "city", "Lisbxn", "Lisbon"))
    stricter = ask(bench, with_rule(TWO))
    bench.vote(stricter, who="ben")
    # In one pass, with policies that were read before it began.
    outcomes = work_once(bench.context)
    assert [outcome.proposal.id for outcome in outcomes] == [stricter.id, cell.id]
    assert [bench.state(one) for one in (stricter, cell)] == [S.PUBLISHED, S.DENIED]
    assert "1 more approval needed" in bench.reason(cell)


def test_the_set_in_force_judges_and_what_is_not_sound_is_not_asked(bench: Workbench) -> None:
    with pytest.raises(BadInput, match=r"more\.cedar:1:.*@id"):
        ask(bench, with_rule("permit (principal, action, resource);"))
    with pytest.raises(BadInput, match="nobody could put other policies in force"):
        ask(bench, with_rule(NO_NEW_ONES))
    with pytest.raises(BadInput, match="needs a reason"):
        ask(bench, with_rule(TWO), because=" ")
    only_owners = RULE.format("owners") + (
        'forbid (principal is Person, action == Action::"propose", '
        'resource == Dataset::"(workspace)") unless { principal.roles.contains("owner") };'
    )
    owner = Principal(kind="person", name="ana", roles=("owner",))
    asked = Asked("policies", SITE, with_rule(only_owners), USUAL, "owners only")
    activate(bench, request_document(bench.context, asked, owner))
    # The new set would let anybody; the one in force does not.
    with pytest.raises(NotAllowed, match="policy denies it"):
        ask(bench, USUAL)
    assert len(bench.parts.desk.queue()) == 0
    assert bench.faults() == ()


def test_a_console_that_was_opened_before_goes_by_the_new_set(bench: Workbench) -> None:
    desk = replace(bench.parts.desk, reviewer="dan")
    cell = bench.park(("1", "city", "Lisbxn", "Lisbon"))
    assert desk.card(cell.id).refusal == ""
    not_dan = RULE.format("not-dan") + (
        'forbid (principal == Person::"dan", action == Action::"vote", resource);'
    )
    activate(bench, ask(bench, with_rule(not_dan)))
    card = desk.card(cell.id)
    assert card.refusal
    with pytest.raises(NotAllowed, match="dan may not approve"):
        desk.approve(card)


def test_no_policy_activates_itself(bench: Workbench) -> None:
    activate(bench, ask(bench, with_rule(EVERYTHING_AT_ONCE)))
    for proposal in (ask(bench, USUAL), ask_prompt(bench, "Be brief.\n")):
        assert (proposal.verdict.outcome, proposal.verdict.votes) == ("votes", 1)
        everything = load_policies(with_rule(EVERYTHING_AT_ONCE))
        recorded = ChangeRequest.model_validate_json(proposal.verdict.request)
        assert judge(everything, recorded).outcome == "votes"
        assert bench.state(proposal) is S.PARKED
    work_once(bench.context)
    assert numbers(bench) == [1]


def test_what_a_set_would_change_is_on_the_card(bench: Workbench) -> None:
    (bench.parts.workspace.policies / "more.cedar").write_text(TWO, encoding="utf-8")
    bench.park(("1", "city", "Lisbxn", "Lisbon"))
    hostile = "\x1b]8;;http://x\x07[@click=app.quit]"
    hidden = f"// {hostile}\u2028forbid (principal, action, resource);\n{EVERYTHING_AT_ONCE}"
    proposal = ask(bench, with_rule(hidden))
    change = proposal.document_change
    assert change is not None
    says = {trial.says: trial.answer for trial in change.trials}
    assert says["1 of 1 verdicts that were given would be others, 1 of them looser"] == "bad"
    assert any(one.startswith("looser: 1 on people: 2 votes → 1 vote, by one-vote") for one in says)
    assert any(
        one.startswith("refuted: `auto_apply`") and answer == "bad" for one, answer in says.items()
    )
    [comment] = [line for file in change.files for line in file.diff.split("\n") if "forbid" in line
                 and file.name == "more.cedar"]  # fmt: skip
    assert comment.startswith("+// "), "a comment is not shown as a rule of its own"
    card = bench.parts.desk.card(proposal.id)
    lines = card_lines(Shown(card, (), False), 80, now())
    assert all(line.cell_length <= 80 for line in lines)
    shown = " ".join("\n".join(line.plain for line in lines).split())
    assert "\x1b" not in shown
    assert "\u2028" not in shown
    for words in ("the site policies, version 1", "more.cedar", "looser: 1 on people", "as before"):
        assert words in shown


def test_of_two_on_one_version_one_counts_and_what_counted_before_comes_back(
    bench: Workbench,
) -> None:
    first, second = ask(bench, with_rule(TWO)), ask(bench, with_rule(EVERYTHING_AT_ONCE))
    waiting = ask(bench, {**USUAL, "words.cedar": "// words\n"})
    bench.vote(first, who="ben")
    bench.vote(second, who="ben")
    work_once(bench.context)
    assert [bench.state(one) for one in (first, second, waiting)] == [S.PUBLISHED, S.STALE, S.STALE]
    with pytest.raises(Conflict, match="says exactly that"):
        ask(bench, with_rule(TWO))
    back = revert(bench, first)
    assert back.verdict.votes == 2, "the set that goes is the one that judges"
    bench.vote(back, who="ben")
    work_once(bench.context)
    assert in_force(bench) == with_rule(TWO)
    activate(bench, back, "cid")
    assert in_force(bench) == USUAL
    assert bench.state(first) is S.REVERTED
    with pytest.raises(Conflict, match="version 2 of the site policies is in force by now"):
        revert(bench, first, published=False)
    assert numbers(bench) == [1, 2]
    taken = ask(bench, with_rule(TWO))
    bench.vote(taken, who="ben")
    record = bench.parts.desk.card(taken.id).record
    assert revoke(bench.context, record, ANA, "not yet") is S.REVOKED
    work_once(bench.context)
    assert numbers(bench) == [1, 2]
    assert bench.faults() == ()


def revert(bench: Workbench, proposal: Proposal, *, published: bool = True) -> Proposal:
    record = bench.parts.desk.card(proposal.id).record
    return request_revert(
        bench.context, record if published else replace(record, state=S.PUBLISHED), ANA
    )


def test_a_worker_that_dies_activates_once(bench: Workbench) -> None:
    proposal = ask(bench, with_rule(TWO))
    bench.vote(proposal, who="ben")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_once(hooked(bench.context, activate=die))
    assert numbers(bench) == []
    with pytest.raises(KeyboardInterrupt):
        work_once(bench.context, die)
    assert numbers(bench) == [1]
    work_once(bench.context)
    assert bench.state(proposal) is S.PUBLISHED
    assert numbers(bench) == [1]
    assert bench.faults() == ()


def test_a_set_that_nobody_voted_on_is_named_and_an_edited_one_is_not_used(
    bench: Workbench,
) -> None:
    voted = activate(bench, ask(bench, with_rule(TWO)))
    other = ask(bench, with_rule(EVERYTHING_AT_ONCE))
    with bench.parts.store.transaction() as session:
        # By somebody who writes a proper log entry, too.
        activations.activate(
            session,
            "policies",
            SITE,
            with_rule(EVERYTHING_AT_ONCE),
            replaces=1,
            proposal=other.id,
            actor="executor",
            at=now(),
        )
    assert bench.faults() == (f"policies/site@2: {other.id} is not what people approved it by",)
    with bench.parts.store.transaction() as session:
        session.connection().execute(text("DELETE FROM activation WHERE number = 1"))
    named = "\n".join(bench.faults())
    assert "activation policies site 1: the log has this row, the table does not" in named
    assert f"{voted.id} is published, but no version of a document is from it" in named
    with bench.parts.store.transaction() as session:
        session.connection().execute(
            text("UPDATE document SET body = replace(body, 'at-once', 'at-ease')")
        )
    with pytest.raises(VerificationFailed, match="was edited"):
        _ = bench.parts.policies


def ask_prompt(bench: Workbench, words: str) -> Proposal:
    shipped = {"advice": prompt_in_force(bench.parts.store, "advice", bench.parts.trust).text}
    asked = Asked("prompt", "advice", {"advice": words}, shipped, "our units are metric")
    return request_document(bench.context, asked, ANA)


def test_a_prompt_counts_when_others_said_so_and_the_shipped_one_comes_back(
    bench: Workbench,
) -> None:
    shipped = prompt_in_force(bench.parts.store, "advice", bench.parts.trust)
    proposal = ask_prompt(bench, "Units are metric.\n")
    assert prompt_in_force(bench.parts.store, "advice", bench.parts.trust) == shipped
    activate(bench, proposal)
    assert (
        prompt_in_force(bench.parts.store, "advice", bench.parts.trust).text
        == "Units are metric.\n"
    )
    assert in_force(bench) == USUAL
    activate(bench, revert(bench, proposal))
    assert prompt_in_force(bench.parts.store, "advice", bench.parts.trust).text == shipped.text
    assert numbers(bench, "prompt", "advice") == [1, 2]
    assert bench.faults() == ()
