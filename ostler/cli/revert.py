"""`ostler revert`: published proposals undone, and what to do when others came on top."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.masking import Masks
    from ostler.core.proposals import Proposal
    from ostler.execution.reverting import Overtaken, Way


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler revert P-7K3Q",
            "ostler revert P-7K3Q --with-later",
            "ostler revert P-7K3Q --untouched",
        )
    )(revert)


def revert(
    proposal: Annotated[
        str, typer.Argument(metavar="ID", help="A published proposal, or the start of its id.")
    ],
    with_later: Annotated[
        bool,
        typer.Option("--with-later", help="Undo later proposals on the same cells with it."),
    ] = False,
    untouched: Annotated[
        bool,
        typer.Option("--untouched", help="Undo only the cells that nobody has changed since."),
    ] = False,
    yes: options.Yes = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Undo one published proposal; what came after it stays.

    Shows the inverse change, takes your vote for it, and executes it. When its cells were changed
    since, it shows by whom and asks which way out to take.
    """
    from ostler.cli.asking import decide, leave_to_others
    from ostler.cli.opening import opened
    from ostler.core.errors import BadInput
    from ostler.execution.reverting import Overtaken

    if with_later and untouched:
        raise BadInput("--with-later and --untouched are two ways out", "choose one of them")
    way: Way = "with-later" if with_later else "untouched" if untouched else "whole"
    with opened(workspace) as parts:
        try:
            inverse = propose_revert(parts, proposal, way)
        except Overtaken as error:
            known = parts.dataset(error.original.dataset)
            _show(error, parts.sight.masks(known), as_json)
            chosen = None if yes or as_json else _choice(error)
            if chosen is None:
                raise
            inverse = propose_revert(parts, proposal, chosen)
        if inverse.document_change is not None:
            # Whoever proposes a document does not vote on it.
            leave_to_others(parts, inverse, as_json=as_json)
            return 0
        return decide(parts, inverse, "Approve this revert?", "asked to revert", yes, as_json)


def propose_revert(parts: "Opened", proposal: str, way: "Way" = "whole") -> "Proposal":
    """Park the inverse of a published proposal."""
    from ostler.cli.asking import asker, contract_checks
    from ostler.execution.reverting import request_revert

    record = parts.desk.record(proposal)
    checks = contract_checks(parts, record.proposal.dataset)
    return request_revert(
        parts.execution, record, asker(parts, record.proposal.dataset), way, checks
    )


def _show(error: "Overtaken", masks: "Masks", as_json: bool) -> None:
    """Who changed the cells since: id, sentence, approval, time, and which cells."""
    from ostler.cli.output import print_json, print_table, say
    from ostler.cli.wording import count
    from ostler.core.masking import masked

    if as_json:
        print_json(
            {
                "proposal": error.original.id,
                "ways": error.ways,
                "untouched": error.untouched,
                "touched": error.touched,
                "later": [
                    {
                        "proposal": overlap.record.proposal.id,
                        "sentence": masked(overlap.record.proposal, masks).sentence,
                        "version": overlap.commit.version,
                        "at": overlap.commit.at,
                        "approvers": overlap.commit.approvers,
                        "cells": overlap.cells,
                        "sample": masked(overlap.sample, masks),
                    }
                    for overlap in error.overlaps
                ],
            }
        )
        return
    changed = count(error.touched, "change")
    say(f"{changed} of {error.original.id} can no longer be undone alone, {error.untouched:,} can")
    if error.overlaps:
        print_table(
            ("version", "at", "proposal", "approved by", "cells", "what"),
            [
                (
                    str(overlap.commit.version),
                    str(overlap.commit.at)[:16],
                    overlap.record.proposal.id,
                    ", ".join(overlap.commit.approvers),
                    _cells(
                        overlap.cells, [(c.row, c.column) for c in masked(overlap.sample, masks)]
                    ),
                    masked(overlap.record.proposal, masks).sentence,
                )
                for overlap in error.overlaps
            ],
            right=("version",),
            cut=("what",),
        )


def _cells(total: int, sample: list[tuple[str, str]]) -> str:
    named = ", ".join(f"{row} {column}" for row, column in sample)
    return f"{named} and {total - len(sample):,} more" if total > len(sample) else named


_WAYS: "dict[Way, str]" = {
    "with-later": "undo the later ones too",
    "untouched": "undo only what nobody has changed since",
}


def _choice(error: "Overtaken") -> "Way | None":
    """Which way out a person takes; None without a terminal, or when they take none."""
    from ostler.cli.output import say

    if not error.ways or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    for number, way in enumerate(error.ways, 1):
        say(f"  {number}  {_WAYS[way]}")
    say("  q  nothing")
    keys: dict[str, Way] = {str(number): way for number, way in enumerate(error.ways, 1)}
    answer = typer.prompt("Which?", default="q", err=True).strip().lower()
    return keys.get(answer)
