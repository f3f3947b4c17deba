"""What a person asked for, shown to them, voted on by them and executed."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.checks import Check
    from ostler.core.proposals import Proposal
    from ostler.policies.requests import Principal


def asker(parts: "Opened") -> "Principal":
    """Whoever is at the keyboard."""
    from ostler.policies.requests import Principal

    return Principal(kind="person", name=parts.desk.reviewer, roles=parts.desk.roles)


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


def decide(
    parts: "Opened", proposal: "Proposal", question: str, because: str, yes: bool, as_json: bool
) -> int:
    """Show it, ask for a vote, execute it when that is enough; gives the exit code."""
    from ostler.cli.cards import print_card
    from ostler.cli.output import print_json, say
    from ostler.cli.work import execute
    from ostler.core.states import OPEN, ProposalState

    card = parts.desk.card(proposal.id)
    if not as_json:
        print_card(card, parts.desk.changes(proposal.patch.digest, 20))
    if yes or confirmed(question):
        state = parts.desk.approve(card, because)
        outcome = execute(parts) if state is ProposalState.APPROVED else f"{proposal.id}: {state}"
    else:
        outcome = f"{proposal.id} waits for review: ostler approve {proposal.id}"
    final = parts.desk.card(proposal.id).record.state
    if as_json:
        print_json({"proposal": proposal.id, "state": final})
    say(outcome)
    return 0 if final in (ProposalState.PUBLISHED, *OPEN) else 1
