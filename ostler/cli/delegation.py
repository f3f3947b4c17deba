"""`ostler identity delegate` and `withdraw`: who stands in for whom."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.identity import identities
from ostler.cli.keys import asked
from ostler.cli.options import example
from ostler.cli.roster_changes import electorate_now, roster_needed, tell_parked


def register(app: typer.Typer) -> None:
    """Add the commands, under `ostler identity`."""
    until = "ostler identity delegate ben --role owner --until 2026-12-31"
    identities.command(epilog=example(until))(delegate)
    identities.command(epilog=example("ostler identity withdraw D-7K3QH2MA"))(withdraw)


def delegate(
    name: Annotated[str, typer.Argument(help="Who stands in for you.")],
    role: Annotated[str, typer.Option(help="In which role of yours.")],
    until: Annotated[datetime, typer.Option(help="The last day (UTC).", formats=["%Y-%m-%d"])],
    workspace: options.Workspace = None,
) -> None:
    """Let somebody act in a role of yours until the end of a day; signed by you."""
    from secrets import token_hex

    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.core.canonical import canonical_json
    from ostler.core.errors import BadInput
    from ostler.core.roster import Delegation
    from ostler.review.identity import name_of
    from ostler.store import rosters

    with opened(workspace) as parts:
        roster, who, at = roster_needed(parts).roster, electorate_now(parts), now()
        ends = until.replace(tzinfo=UTC) + timedelta(days=1)
        if ends <= at:
            raise BadInput(f"{until:%Y-%m-%d} is over", "name a day that is to come")
        me = name_of(who, parts.workspace.reviewer)
        taker = roster.member(name)
        made = Delegation(
            delegator=me,
            delegate=taker.name if taker else name,
            role=role,
            since=at,
            until=ends,
            nonce=token_hex(16),
        )
        member = roster.member(me)
        lines = member.keys_at(at) if member else ()
        asked(parts)
        signature = parts.keyring.sign(lines, rosters.DELEGATION, canonical_json(made).encode())
        with parts.store.transaction() as session:
            rosters.delegate(session, roster, made, signature, at=at)
        say(f"{made.id}: {made.delegate} is {role} for you until {until:%Y-%m-%d}")


def withdraw(
    delegation: Annotated[str, typer.Argument(metavar="ID", help="Of a delegation.")],
    workspace: options.Workspace = None,
) -> None:
    """End a delegation now. It only takes rights away, and so needs no signature."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.store.rosters import withdraw as end
    from ostler.store.votes import recount

    with opened(workspace) as parts:
        with parts.store.transaction() as session:
            me, at = parts.workspace.reviewer, now()
            end(session, delegation, actor=me, at=at)
            again = recount(session, parts.trust, actor=me, at=at)
        say(f"{delegation} is withdrawn")
        tell_parked(again)
