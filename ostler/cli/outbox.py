"""`ostler outbox`: what is on its way to the outside, and what did not get there."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.store.deliveries import Delivery

EventId = Annotated[
    str, typer.Argument(metavar="ID", help="An event, or the start of its id; or ID/DESTINATION.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Events on their way to the destinations of ostler.yaml.",
        invoke_without_command=True,
        rich_markup_mode="markdown",
        epilog=example("ostler outbox", "ostler outbox send", "ostler outbox retry --dead"),
    )
    group.callback()(outbox)
    group.command(epilog=example("ostler outbox send"))(send)
    group.command(epilog=example("ostler outbox retry E-4f1c", "ostler outbox retry --dead"))(retry)
    group.command(epilog=example("ostler outbox drop E-4f1c"))(drop)
    group.command("test", epilog=example("ostler outbox test notify:ana"))(test_destination)
    app.add_typer(group, name="outbox")


def outbox(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was sent or dropped, for thirty days.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """What waits, what is retried and when, and what was given up and why."""
    if context.invoked_subcommand is not None:
        return
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.deliveries import list_deliveries

    with opened(workspace) as parts, parts.store.reading() as session:
        found = list_deliveries(session, settled=everything)
        kinds = {one.name: one.where for one in parts.relay.destinations}
    if as_json:
        print_json([_plain(one) for one in found])
        return
    if found:
        print_table(
            ("event", "kind", "to", "state", "tries", "next", "last answer"),
            [_row(one) for one in found],
            right=("tries",),
            cut=("last answer",),
        )
    elif kinds:
        say(f"nothing waits; told are: {', '.join(kinds)}")
    else:
        say("nobody is told: name destinations under effects: or notify: in ostler.yaml")


def send(workspace: options.Workspace = None, as_json: options.Json = False) -> int:
    """Send now what is due; exits with 1 when something was given up."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.cli.wording import count
    from ostler.core.errors import Conflict

    with opened(workspace) as parts:
        relayed = parts.relay.run()
    if relayed.busy:
        raise Conflict("another process is sending at this moment", "see: ostler outbox")
    if as_json:
        dead = [one.key for one in relayed.dead]
        print_json({"sent": relayed.sent, "again": relayed.again, "dead": dead})
    else:
        say(
            f"{count(relayed.sent, 'event')} sent, {relayed.again:,} to be tried again, "
            f"{len(relayed.dead):,} given up"
        )
    return 1 if relayed.dead else 0


def retry(
    event: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="An event, or the start of its id."),
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Everything that was given up.")] = False,
    workspace: options.Workspace = None,
) -> None:
    """Try again, from the beginning, what waits or was given up; under the same key."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.cli.wording import count
    from ostler.core.errors import BadInput
    from ostler.store.deliveries import DeliveryState, find, list_deliveries, reopen

    if (event is None) is not dead:
        raise BadInput("name an event, or say --dead", "see: ostler outbox")
    with opened(workspace) as parts, parts.store.transaction() as session:
        if event is not None:
            found = find(session, event)
        else:
            waiting = list_deliveries(session)
            found = tuple(one for one in waiting if one.state is DeliveryState.DEAD)
        # What could not be put into words has nothing to be sent.
        found = tuple(one for one in found if one.body)
        reopen(session, found, at=now())
    say(f"{count(len(found), 'delivery', 'deliveries')} due now: ostler outbox send")


def drop(event: EventId, workspace: options.Workspace = None) -> None:
    """Give up for good what waits or is dead of an event."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.cli.wording import count
    from ostler.store.deliveries import drop as give_up
    from ostler.store.deliveries import find

    with opened(workspace) as parts, parts.store.transaction() as session:
        found = find(session, event)
        give_up(session, found, at=now())
    say(f"{count(len(found), 'delivery', 'deliveries')} dropped")


def test_destination(
    destination: Annotated[
        str, typer.Argument(metavar="NAME", help="A destination, as ostler outbox names it.")
    ],
    workspace: options.Workspace = None,
) -> int:
    """Send a test message to a destination now; exits with 1 when it does not get there."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.core.errors import NotFound
    from ostler.execution.relay.sending import Result
    from ostler.review.text import visible
    from ostler.store.outbox import OutboxEvent, event_id

    at = now()
    event = OutboxEvent(event_id("test", str(at)), "ostler.test", {"dataset": "test"}, at)
    with opened(workspace) as parts, parts.store.reading() as session:
        known = {one.name: one for one in parts.relay.destinations}
        if destination not in known:
            raise NotFound(
                f"there is no destination {destination!r}",
                f"there are: {', '.join(known) or 'none; see docs/effects.md'}",
            )
        to = known[destination]
        answer = to.send(f"{event.id}/{to.name}", to.body(session, event))
    say(visible(f"{destination}: {answer.text}"))
    return 0 if answer.result is Result.SENT else 1


def _row(one: "Delivery") -> tuple[str, ...]:
    from ostler.store.deliveries import DeliveryState

    waits = one.state is DeliveryState.PENDING
    state = "retrying" if waits and one.attempts else one.state.value
    due = f"{one.next_at.astimezone():%d %b %H:%M:%S}" if waits else ""
    return one.event[:10], one.kind, one.destination, state, str(one.attempts), due, one.answer


def _plain(one: "Delivery") -> dict[str, object]:
    return {
        "event": one.event,
        "kind": one.kind,
        "destination": one.destination,
        "state": one.state,
        "attempts": one.attempts,
        "next_at": one.next_at,
        "answer": one.answer,
        "created_at": one.created_at,
    }
