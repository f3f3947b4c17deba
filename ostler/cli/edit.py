"""`ostler edit`: a card made narrower, turned or filled, before somebody approves it."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example, in_parts, words

if TYPE_CHECKING:
    from ostler.core.edits import Edit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        cls=in_parts(strike=3, strike_cell=2),
        epilog=example(
            "ostler edit P-7K3Q --strike city Paris Pariss",
            "ostler edit P-7K3Q --strike-cell 17 city",
            "ostler edit P-7K3Q --direction 1",
            "ostler edit P-7K3Q --fill -1",
        ),
    )(edit)


def edit(
    proposal: Annotated[str, typer.Argument(metavar="ID", help="A card, or the start of its id.")],
    strike: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN OLD NEW", help="Leave this change out everywhere. Repeatable."
        ),
    ] = None,
    strike_cell: Annotated[
        list[str] | None,
        typer.Option(metavar="ROW COLUMN", help="Leave this cell as it is. Repeatable."),
    ] = None,
    direction: Annotated[
        str, typer.Option(metavar="LABEL|N", help="Take this alternative instead.")
    ] = "",
    fill: Annotated[
        str | None, typer.Option(metavar="VALUE", help="Give all its cells this value instead.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help='The same as JSON: {"strike": [{"column", "old", "new"}], "strike_cells": '
            '[[row, column]], "direction": "", "fill": {"value": null}}, where null is missing; '
            "- reads standard input.",
        ),
    ] = None,
    because: Annotated[str, typer.Option(help="Why; kept with the edit.")] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Make another proposal of a card; it takes the card's place and somebody else approves it."""
    from ostler.cli.answer import read_text
    from ostler.cli.keys import asked
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.cli.wording import count
    from ostler.core.edits import Edit, Filler
    from ostler.core.errors import BadInput
    from ostler.core.experience import Struck

    wanted = Edit(
        direction=direction,
        strike=tuple(
            Struck(column=column, old=old, new=new)
            for column, old, new in words("--strike", strike, "COLUMN", "OLD", "NEW")
        ),
        strike_cells=tuple(
            (row, column) for row, column in words("--strike-cell", strike_cell, "ROW", "COLUMN")
        ),
        fill=None if fill is None else Filler(value=fill),
    )
    if file is not None:
        if wanted != Edit():
            raise BadInput("say the edit in options or in a file, not in both")
        wanted = _read(file, read_text(file))
    with opened(workspace) as parts:
        card = parts.desk.card(proposal)
        asked(parts)
        made = parts.desk.edit(card, wanted, because)
    name = card.record.proposal.id
    if as_json:
        print_json({"proposal": name, "state": "superseded", "made": made.id})
    else:
        say(f"{name} is superseded by {made.id}, which sets {count(made.patch.cells, 'cell')}")
        say(f"next: somebody else approves it: ostler approve {made.id}")


def _read(file: str, text: str) -> "Edit":
    from pydantic import ValidationError

    from ostler.core.edits import Edit
    from ostler.core.errors import BadInput

    try:
        return Edit.model_validate_json(text)
    except ValidationError as error:
        raise BadInput(
            f"{file} is not an edit: {error.error_count()} mistakes", "see: ostler edit --help"
        ) from None
