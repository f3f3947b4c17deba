"""`ostler answer`: what the cells that a question asks about ought to say."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example, in_parts, words

if TYPE_CHECKING:
    from ostler.core.edits import Said


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        cls=in_parts(set=3, missing=2, leave=2),
        epilog=example(
            "ostler answer P-7K3Q --set 17 city Lisbon --leave 40 city",
            "ostler answer P-7K3Q --missing 12 phone",
            "ostler answer P-7K3Q --file answers.json",
        ),
    )(answer)


def answer(
    proposal: Annotated[
        str, typer.Argument(metavar="ID", help="A question, or the start of its id.")
    ],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ROW COLUMN VALUE", help="It ought to say this. Repeatable."),
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(metavar="ROW COLUMN", help="It ought to be empty (missing). Repeatable."),
    ] = None,
    leave: Annotated[
        list[str] | None,
        typer.Option(metavar="ROW COLUMN", help="It is right as it is. Repeatable."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help='A JSON list of {"row", "column", "value"} (null is missing) or '
            '{"row", "column", "right": true}; - reads standard input.',
        ),
    ] = None,
    because: Annotated[str, typer.Option(help="Why; kept with the answer.")] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Answer a question; what is typed waits for somebody else's approval.

    Cells that are not named are left without an answer.
    """
    from ostler.cli.keys import asked
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.core.edits import Said

    said = [
        *(
            Said(row=row, column=column, value=value)
            for row, column, value in words("--set", values, "ROW", "COLUMN", "VALUE")
        ),
        *(Said(row=row, column=column) for row, column in words("--missing", missing, *_CELL)),
        *(
            Said(row=row, column=column, right=True)
            for row, column in words("--leave", leave, *_CELL)
        ),
        *(_read(file) if file is not None else ()),
    ]
    with opened(workspace) as parts:
        card = parts.desk.card(proposal)
        asked(parts)
        made = parts.desk.answer(card, said, because)
        state = parts.desk.card(card.record.proposal.id).record.state
    name = card.record.proposal.id
    if as_json:
        print_json({"proposal": name, "state": state, "made": made.id if made else None})
    elif made is None:
        say(f"{name} is answered: what you looked at is right as it is")
    else:
        say(f"{name} is answered; {made.id} sets {made.patch.cells} cells as you typed them")
        say(f"next: somebody else approves it: ostler approve {made.id}")


_CELL = ("ROW", "COLUMN")


def _read(file: str) -> "list[Said]":
    """The answers in a file, or on standard input; BadInput for anything else."""
    from pydantic import TypeAdapter, ValidationError

    from ostler.core.edits import Said
    from ostler.core.errors import BadInput

    text = read_text(file)
    try:
        found: object = json.loads(text)
        return TypeAdapter(list[Said]).validate_python(found)
    except (ValidationError, ValueError, RecursionError) as error:
        what = (
            f"{error.error_count()} mistakes" if isinstance(error, ValidationError) else "no JSON"
        )
        raise BadInput(
            f"{file} is not a list of answers: {what}",
            'write [{"row": "17", "column": "city", "value": "Lisbon"}]',
        ) from None


def read_text(file: str) -> str:
    """A file's text, or that of standard input for `-` (BadInput)."""
    from ostler.core.errors import BadInput

    try:
        if file == "-":
            return sys.stdin.buffer.read().decode()
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error
