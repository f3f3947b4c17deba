"""`ostler close`: a person says that a backlog item is done."""

from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example('ostler close I-7K3Q --because "retrained on orders@12"'))(close)


def close(
    item_id: Annotated[str, typer.Argument(metavar="ID", help="An item, or the start of its id.")],
    because: Annotated[str, typer.Option(help="Why it is done; kept in the log.")],
    workspace: options.Workspace = None,
) -> None:
    """Say that a backlog item is done; a check of it that fails later opens it again."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.core.errors import BadInput, Conflict
    from ostler.core.states import ItemState
    from ostler.store.items import get_item, set_item_state

    if not because.strip():
        raise BadInput("say why it is done", 'as in --because "retrained on orders@12"')
    with opened(workspace) as parts, parts.store.transaction() as session:
        found = get_item(session, item_id)
        if found.state is ItemState.DONE:
            raise Conflict(f"{found.item.id} is done already")
        set_item_state(
            session,
            found.item.id,
            ItemState.DONE,
            actor=parts.workspace.reviewer,
            at=now(),
            because=because.strip(),
        )
    say(f"{found.item.id} done")
