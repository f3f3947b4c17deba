"""`ostler revoke`, `abort` and `promote`: what is approved is taken back, or followed through."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened

Proposal = Annotated[str, typer.Argument(metavar="ID", help="A proposal, or the start of its id.")]
Because = Annotated[str, typer.Option(help="Why; kept, and shown to others.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=example('ostler revoke P-7K3Q --because "the source was corrected"'))(revoke)
    app.command(epilog=example('ostler abort P-7K3Q --because "complaints from the north"'))(abort)
    app.command(epilog=example("ostler promote P-7K3Q"))(promote)


def revoke(
    proposal: Proposal,
    because: Because,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Take back what was approved, also while a worker is at it; it is never applied afterwards.

    A canary that is out already is taken out of the table again.
    """
    from ostler.cli.asking import asker
    from ostler.cli.opening import opened
    from ostler.execution.revoking import revoke as take_back

    with opened(workspace) as parts:
        record = parts.desk.record(proposal)
        state = take_back(parts.execution, record, asker(parts, record.proposal.dataset), because)
        _tell(parts, record.proposal.id, state.value, as_json)


def abort(
    proposal: Proposal,
    because: Because,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """End a canary: what it published is taken out of the table again, the rest is never applied.

    The same as `ostler revoke`, for proposals of which a part is out.
    """
    from ostler.cli.asking import asker
    from ostler.cli.opening import opened
    from ostler.core.errors import Conflict
    from ostler.core.states import ProposalState
    from ostler.execution.revoking import revoke as take_back

    with opened(workspace) as parts:
        record = parts.desk.record(proposal)
        name = record.proposal.id
        if record.state not in (ProposalState.CANARY, ProposalState.EXECUTING):
            raise Conflict(
                f"proposal {name} is {record.state}, so no canary of it is out",
                "take back what is only approved with: ostler revoke",
            )
        state = take_back(parts.execution, record, asker(parts, record.proposal.dataset), because)
        _tell(parts, name, state.value, as_json)


def promote(
    proposal: Proposal,
    because: Annotated[str, typer.Option(help="Why; kept.")] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Let the rest of a patch follow its canary; `ostler work` then publishes it."""
    from ostler.cli.asking import asker
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.execution.revoking import promote as let_go

    with opened(workspace) as parts:
        record = parts.desk.record(proposal)
        let_go(parts.execution, record, asker(parts, record.proposal.dataset), because)
        if as_json:
            _tell(parts, record.proposal.id, "canary", as_json)
        else:
            say(f"{record.proposal.id} is promoted; next: ostler work --once")


def _tell(parts: "Opened", proposal: str, state: str, as_json: bool) -> None:
    from ostler.cli.output import print_json, say
    from ostler.review.text import visible

    reason = parts.desk.record(proposal).reason
    if as_json:
        print_json({"proposal": proposal, "state": state, "because": reason})
    else:
        say(visible(f"{proposal} is {state}: {reason}"))
