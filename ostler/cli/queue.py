"""`ostler queue`, `show`, `approve` and `reject`: the console's work without the console."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example, in_parts, words

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.states import ProposalState
    from ostler.review.shown import Card

_CHANGES = 20
"""Of a card, as many as are printed unless more are asked for."""

Proposal = Annotated[str, typer.Argument(metavar="ID", help="A proposal, or the start of its id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog=example("ostler queue", "ostler queue --state published", "ostler queue --json")
    )(queue)
    app.command(
        epilog=example(
            "ostler show P-7K3Q", "ostler show P-7K3Q --changes 200", "ostler show P-7K3Q --unmask"
        )
    )(show)
    app.command(epilog=example("ostler approve P-7K3Q", "ostler approve P-7K3Q --digest 5f0c21aa"))(
        approve
    )
    app.command(
        cls=in_parts(wrong=2),
        epilog=example(
            'ostler reject P-7K3Q --because "these are two people"',
            'ostler reject P-7K3Q --because "no such city" --wrong 17 city --wrong 40 city',
        ),
    )(reject)


def queue(
    dataset: Annotated[str | None, typer.Argument(help="Only this dataset.")] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="State to show, or `all`; by default what waits. Repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """The proposals that wait, best first."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import age, print_json, print_table, say
    from ostler.cli.wording import count

    with opened(workspace) as parts:
        if dataset is not None:
            parts.subject(dataset)
        states = _states(state)
        lines = parts.desk.queue(states=states, dataset=dataset, limit=limit)
        counts = parts.desk.counts()
    if as_json:
        print_json([vars(line) for line in lines])
        return
    at = now()
    print_table(
        ("rank", "id", "dataset", "what", "cells", "rows", "verdict", "state", "age"),
        [
            (
                f"{line.score:.2f}",
                line.id,
                line.dataset,
                line.sentence,
                f"{line.cells:,}",
                f"{line.rows:,}",
                line.verdict,
                line.state.value,
                age(line.created_at, at),
            )
            for line in lines
        ],
        right=("rank", "cells", "rows", "age"),
        cut=("what",),
    )
    total = sum(counts.get(one, 0) for one in states)
    hidden = total - len(lines) if dataset is None else 0
    more = f", {hidden:,} more with --limit" if hidden > 0 else ""
    say(f"{count(len(lines), 'proposal')}{more}" if lines else "nothing waits for review")


def _states(wanted: list[str] | None) -> "tuple[ProposalState, ...]":
    from ostler.core.errors import BadInput
    from ostler.core.states import ProposalState

    known = {one.value: one for one in ProposalState}
    if not wanted:
        return (ProposalState.PARKED,)
    if "all" in wanted:
        return tuple(ProposalState)
    unknown = [one for one in wanted if one not in known]
    if unknown:
        raise BadInput(f"{unknown[0]!r} is not a state", f"use all, {', '.join(known)}")
    return tuple(known[one] for one in wanted)


def show(
    proposal: Proposal,
    changes: Annotated[int, typer.Option(min=0, help="How many changes to print.")] = _CHANGES,
    unmask: options.Unmask = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """One proposal in full: what, why, the diff, the proof, the verdict."""
    from ostler.cli.cards import print_card
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json
    from ostler.cli.plain_card import plain_card

    with opened(workspace) as parts:
        card = parts.desk.card(proposal)
        if unmask:
            card = parts.desk.unmasked(card)
        found = parts.desk.changes(card, changes)
        choices = parts.desk.choices(card, changes)
    if as_json:
        print_json(plain_card(card, found, choices))
    else:
        print_card(card, found, choices)


def approve(
    proposals: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Proposals, or the starts of their ids.")
    ],
    because: Annotated[str, typer.Option(help="Why; kept with the vote.")] = "",
    digest: Annotated[
        list[str] | None,
        typer.Option(
            help="Of what you were shown, or its start, one per ID; anything else is refused."
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Vote for proposals, exactly as you were shown them; `ostler work` then executes them.

    Where votes are signed, say with --digest what `ostler show` showed you; at a terminal you are
    shown it now otherwise, and asked.
    """
    from ostler.cli.keys import asked
    from ostler.cli.opening import opened
    from ostler.core.states import ProposalState

    with opened(workspace) as parts:
        # All are looked up before the first vote is cast, so that a typing mistake costs nothing.
        cards = [parts.desk.card(one) for one in proposals]
        _shown(parts, cards, digest or [])
        asked(parts)
        states = [parts.desk.approve(card, because) for card in cards]
        _tell(parts, cards, states, as_json)
        if not as_json and ProposalState.APPROVED in states:
            from ostler.cli.output import say

            say("next: ostler work --once")


def _shown(parts: "Opened", cards: "list[Card]", digests: list[str]) -> None:
    """Refuse what the voter was not shown; where votes are signed, show what no digest names."""
    import sys

    from ostler.cli.asking import confirmed
    from ostler.cli.cards import print_card
    from ostler.core.errors import BadInput, Conflict

    if digests:
        if len(digests) != len(cards) or any(len(digest) < 8 for digest in digests):
            raise BadInput("--digest has 8 characters or more, and there is one for each proposal")
        for card, digest in zip(cards, digests, strict=True):
            name, known = card.record.proposal.id, card.record.digest
            if not known.startswith(digest.lower()):
                raise Conflict(
                    f"proposal {name} is not what you were shown: it is {known}",
                    f"look at it again: ostler show {name}",
                )
    elif parts.desk.signing:
        for card in cards:
            name, known = card.record.proposal.id, card.record.digest
            said = f"ostler approve {name} --digest {known[:12]}"
            if not sys.stdin.isatty():
                raise BadInput(
                    f"say with --digest what you were shown of {name}",
                    f"look at it (ostler show {name}), then: {said}",
                )
            print_card(card, parts.desk.changes(card, _CHANGES), parts.desk.choices(card, _CHANGES))
            if not confirmed(f"Approve exactly this, {known[:12]}?"):
                raise BadInput(f"{name} was not approved", f"when you are sure: {said}")


def reject(
    proposals: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Proposals, or the starts of their ids.")
    ],
    because: Annotated[str, typer.Option(help="Why; kept, and shown to others.")],
    wrong: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROW COLUMN", help="A cell that it would set wrongly. Repeatable; teaches."
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Vote against proposals; they will not be proposed again."""
    from ostler.cli.keys import asked
    from ostler.cli.opening import opened
    from ostler.core.errors import BadInput

    cells = [(row, column) for row, column in words("--wrong", wrong, "ROW", "COLUMN")]
    if cells and len(proposals) > 1:
        raise BadInput("--wrong is about one proposal", "reject one at a time")
    with opened(workspace) as parts:
        cards = [parts.desk.card(one) for one in proposals]
        asked(parts)
        states = [parts.desk.reject(card, because, cells) for card in cards]
        _tell(parts, cards, states, as_json)


def _tell(
    parts: "Opened", cards: "list[Card]", states: "list[ProposalState]", as_json: bool
) -> None:
    from ostler.cli.output import print_json, say
    from ostler.core.states import ProposalState

    pairs = [(card.record.proposal, state) for card, state in zip(cards, states, strict=True)]
    reasons = {
        proposal.id: parts.desk.card(proposal.id).record.reason
        for proposal, state in pairs
        if state is ProposalState.DRILLED
    }
    if as_json:
        print_json(
            [
                {"proposal": p.id, "state": state, **({"because": r} if r else {})}
                for p, state in pairs
                for r in (reasons.get(p.id, ""),)
            ]
        )
        return
    for card, (proposal, state) in zip(cards, pairs, strict=True):
        said = "signed" if parts.desk.signing else "UNSIGNED"
        say(f"your vote is {said} and binds to digest {card.record.digest}")
        if proposal.id in reasons:
            say(f"{proposal.id}: {reasons[proposal.id]}")
            continue
        if state is ProposalState.PARKED:
            votes = len(parts.desk.card(proposal.id).record.votes)
            say(f"{proposal.id}: {votes} of {proposal.verdict.votes} votes")
        else:
            say(f"{proposal.id} is {state.value}")
