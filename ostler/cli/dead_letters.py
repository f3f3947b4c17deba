"""`ostler alert dead`, `retry`, `drop`: what was sent and could not be taken for an alert."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.store.dead_letters import DeadLetter
    from ostler.triggers.alerts.taking import Taken


def register(group: typer.Typer) -> None:
    """Add the commands to those of `ostler alert`."""
    group.command(epilog=example("ostler alert dead", "ostler alert dead D-4f1c"))(dead)
    group.command(epilog=example("ostler alert retry D-4f1c", "ostler alert retry --all"))(retry)
    group.command(epilog=example("ostler alert drop D-4f1c"))(drop)


def dead(
    letter: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One of them, with what was sent.")
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """What was sent and could not be taken, and why."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line, print_table, say
    from ostler.review.text import visible
    from ostler.store.dead_letters import get_letter, list_letters

    with opened(workspace) as parts, parts.store.reading() as session:
        found = (get_letter(session, letter),) if letter else list_letters(session, 1_000)
    if as_json:
        print_json([_plain_letter(one, whole=letter is not None) for one in found])
    elif letter:
        for name, value in _plain_letter(found[0], whole=True).items():
            print_line((f"{name:>12}  ", "dim"), visible(str(value), 4_000))
    elif not found:
        say("nothing was refused")
    else:
        print_table(
            ("id", "form", "times", "bytes", "last", "why"),
            [
                (
                    *(one.id, one.adapter or "any", f"{one.count:,}", f"{one.size:,}"),
                    f"{one.received_at.astimezone():%d %b %H:%M}" if one.received_at else "",
                    one.reason,
                )
                for one in found
            ],
            right=("times", "bytes"),
            cut=("why",),
        )


def retry(
    letter: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A dead letter, or the start of its id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that was kept whole.")] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Take dead letters in again, after mending; exits with 1 when one is refused again."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.cli.wording import count
    from ostler.core.errors import BadInput
    from ostler.store.dead_letters import get_letter, list_letters

    if (letter is None) is not everything:
        raise BadInput("name a dead letter, or say --all", "see: ostler alert dead")
    with opened(workspace) as parts:
        with parts.store.reading() as session:
            if letter is not None:
                found = (get_letter(session, letter),)
            else:
                found = tuple(one for one in list_letters(session) if one.body is not None)
        taken = [parts.intake.retry(one) for one in found]
    again = [one for one in taken if one.refused]
    for one in again:
        _tell_refused(one)
    if as_json:
        print_json(taken)
    alerts = sum(one.new for one in taken)
    say(f"{count(len(taken) - len(again), 'letter')} taken in, {count(alerts, 'new alert')}")
    if alerts:
        say("next: ostler groom --due, or ostler work")
    return 1 if again else 0


def drop(
    letter: Annotated[str, typer.Argument(metavar="ID", help="A dead letter, or its beginning.")],
    workspace: options.Workspace = None,
) -> None:
    """Delete a dead letter; the log keeps its digest and why it was refused."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.store.dead_letters import end_letter, get_letter

    with opened(workspace) as parts, parts.store.transaction() as session:
        found = get_letter(session, letter)
        actor = parts.workspace.reviewer
        end_letter(session, found, "alert.dropped", actor=actor, at=now())
    say(f"{found.id} dropped")


def _tell_refused(taken: "Taken") -> None:
    from ostler.cli.output import say
    from ostler.review.text import visible

    for reason in taken.refused:
        say(visible(f"{taken.dead_letter}: {reason}"))


def _plain_letter(one: "DeadLetter", *, whole: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "id": one.id,
        "adapter": one.adapter or None,
        "reason": one.reason,
        "count": one.count,
        "size": one.size,
        "sha256": one.sha256,
        "headers": dict(one.headers),
        "received_at": one.received_at,
        "kept": one.body is not None,
    }
    if whole and one.body is not None:
        told["body"] = one.body.decode("utf-8", errors="backslashreplace")
    return told
