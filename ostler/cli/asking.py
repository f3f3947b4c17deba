"""What a person asked for, shown to them, voted on by them and executed."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.checks import Check
    from ostler.core.proposals import Proposal
    from ostler.core.states import ProposalState
    from ostler.policies.requests import Principal


def asker(parts: "Opened", dataset: str) -> "Principal":
    """Whoever is at the keyboard, in the roles that they have for a dataset, ready to sign."""
    from ostler.cli.keys import asked

    asked(parts)
    return parts.desk.person(dataset)


def contract_checks(parts: "Opened", dataset: str) -> "tuple[Check, ...]":
    """Every check of the dataset's contract, so that a dry run shows what gets worse."""
    contract = parts.contract(dataset)
    return contract.checks if contract else ()


def confirmed(question: str) -> bool:
    """Whether a person says yes; without an answer it is no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)
        return False


def leave_to_others(parts: "Opened", proposal: "Proposal", *, as_json: bool) -> None:
    """Show what was proposed and say how it is decided."""
    from ostler.cli.cards import print_card
    from ostler.cli.output import print_json, say

    card = parts.desk.card(proposal.id)
    if as_json:
        change = proposal.document_change or proposal.announced
        print_json({"proposal": proposal.id, "state": card.record.state, "change": change})
    else:
        print_card(card, ())
    say(f"{proposal.id} waits for review: ostler review, or ostler approve {proposal.id}")


def decide(
    parts: "Opened", proposal: "Proposal", question: str, because: str, yes: bool, as_json: bool
) -> int:
    """Show it, ask for a vote, execute it when that is enough; gives the exit code."""
    from ostler.cli.cards import print_card
    from ostler.cli.keys import asked
    from ostler.cli.output import print_json, progress, say
    from ostler.cli.work import execute
    from ostler.core.states import OPEN, ProposalState
    from ostler.review.text import visible

    card = parts.desk.card(proposal.id)
    if not as_json:
        print_card(card, parts.desk.changes(card, 20))
    asked(parts)
    if card.record.state is ProposalState.PARKED and card.refusal:
        said = f"{proposal.id} waits for somebody else to approve it: {card.refusal}"
    elif yes or confirmed(question):
        said = _waits(parts, proposal, parts.desk.approve(card, because))
    else:
        said = f"{proposal.id} waits for review: ostler approve {proposal.id}"
    if not said:
        with progress(f"changing {proposal.dataset}"):
            said = execute(parts)
    shown = parts.desk.card(proposal.id).record
    final = shown.state
    if as_json:
        announced = shown.proposal.announced
        told = {"change": announced} if announced else {}
        print_json({"proposal": proposal.id, "state": final, **told})
    say(visible(said))
    return 0 if final in (ProposalState.PUBLISHED, *OPEN) else 1


def _waits(parts: "Opened", proposal: "Proposal", state: "ProposalState") -> str:
    """What it waits for; empty when it can be executed."""
    from ostler.core.states import ProposalState
    from ostler.execution.contract_ground import awaited

    if state is not ProposalState.APPROVED:
        roles = proposal.verdict.roles
        who = f", one of them of {' and of '.join(roles)}" if roles else ""
        return f"{proposal.id} waits for {proposal.verdict.votes} votes{who}"
    waiting = awaited(parts.execution, proposal)
    if not waiting or proposal.announced is None:
        return ""
    return (
        f"{proposal.id} is approved; `ostler work` publishes it on "
        f"{proposal.announced.deprecated_until}, or when the contracts of "
        f"{', '.join(waiting)} no longer name the column"
    )
