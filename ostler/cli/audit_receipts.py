"""`ostler audit receipt`: whether the votes that were cast here still stand in the log."""

from pathlib import Path
from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example


def register(audits: typer.Typer) -> None:
    """Add the command."""
    audits.command(
        epilog=example("ostler audit receipt --all", "ostler audit receipt 00000042.json")
    )(receipt)


def receipt(
    file: Annotated[Path | None, typer.Argument(help="A receipt.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All receipts of votes that were cast here.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Hold receipts of votes to the log; exits with 1 and names a vote that was hidden or changed.

    Each vote leaves a receipt in $XDG_STATE_HOME/ostler/receipts (~/.local/state by default), on
    the machine of whoever cast it.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.cli.wording import count
    from ostler.core.errors import BadInput, VerificationFailed
    from ostler.store.receipts import held_to_log, read_receipt

    if (file is None) != every:
        raise BadInput("name a receipt, or --all", "ostler audit receipt --all")
    with opened(workspace) as parts:
        found = list(parts.receipts.kept()) if file is None else [(file, read_receipt(file))]
        wrong: list[tuple[str, str]] = []
        with parts.store.reading() as session:
            for path, one in found:
                try:
                    problem = held_to_log(session, one)
                except VerificationFailed as error:
                    problem = f"the receipt itself does not hold: {error.message}"
                if problem:
                    wrong.append((str(path), problem))
        folder = parts.workspace.receipts
    if as_json:
        names = ("receipt", "problem")
        faults = [dict(zip(names, one, strict=True)) for one in wrong]
        print_json({"receipts": len(found), "faults": faults})
    elif wrong:
        print_table(("receipt", "the log does not keep what it says"), wrong)
    if wrong:
        say(f"{count(len(wrong), 'vote')} of {len(found)}: not as promised")
        return 1
    if not found:
        say(f"there are no receipts in {folder}")
        return 0
    say(f"{count(len(found), 'vote')}: in the log as promised")
    say("the rest of the log: ostler audit verify")
    return 0
