"""`ostler audit erase`: personal data goes, the log stays provable."""

from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example


def register(audits: typer.Typer) -> None:
    """Add the command."""
    audits.command(
        epilog=example(
            "ostler audit erase P-7K3QH2MA --because 'request 114 of a customer'",
            "ostler audit erase R-20260301-1 --because 'kept for 90 days'",
        )
    )(erase)


def erase(
    subject: Annotated[str, typer.Argument(help="A proposal or a run, by its id.")],
    because: Annotated[str, typer.Option(help="Why; kept in the log, so name nobody in it.")],
    yes: options.Yes = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Erase the data in what is recorded of a proposal or a run; the log keeps that it was erased.

    Of a proposal: its text and samples, its patch and what undid it, answers, reasons. Of a run:
    what it was told of the data and what its steps handed on, so that it cannot be replayed any
    more. Votes, states, times and every hash stay, and what differs otherwise is still found. The
    table's own versions are not touched: ostler gc releases old ones.
    """
    from ostler.cli.keys import asked
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, say
    from ostler.core.errors import BadInput
    from ostler.replay.erasing import erase_all

    if not because.strip():
        raise BadInput("erasing needs a reason", "say it with --because")
    if not yes and not as_json:
        typer.confirm(f"erase what is recorded of {subject}, for good?", abort=True, err=True)
    with opened(workspace) as parts:
        asked(parts)
        name, erased = erase_all(
            parts.store,
            parts.objects,
            parts.patches,
            subject,
            because=because,
            deed=lambda subject, said: parts.desk.deed("erase", subject, said),
            trust=parts.trust,
            at=now(),
        )
    if as_json:
        print_json({"erased": name, **erased.model_dump(mode="json")})
    say(f"erased of {name}: {erased.counted or 'nothing that was left'}")
    say("next: ostler audit verify")
