"""`ostler alert`: what monitors report, taken in by the same way as over HTTP, and looked at."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup
from typing_extensions import override

from ostler.cli import dead_letters, options
from ostler.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ostler.agents.grooming import Groomed
    from ostler.cli.opening import Opened
    from ostler.store.alerts import AlertGroup
    from ostler.triggers.alerts.taking import Taken

_TAKE = "take"


class _FileFirst(TyperGroup):
    """`ostler alert FILE` is `ostler alert take FILE`."""

    @override
    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        known = {*self.commands, "--help", "-h"}
        if any(not arg.startswith("-") or arg == "-" for arg in args) and known.isdisjoint(args):
            args = [_TAKE, *args]
        return super().parse_args(ctx, args)


alert = typer.Typer(
    cls=_FileFirst,
    help="Alerts: `ostler alert FILE` takes one in and grooms what it is about; the same alert "
    "twice is one run. Without a file: what fires.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
    epilog=example(
        "ostler alert drift.json",
        "dbt test; ostler alert target/run_results.json",
        "ostler alert snapshot.json --as evidently --dataset orders",
        "ostler alert",
        "ostler alert dead",
    ),
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dead_letters.register(alert)
    app.add_typer(alert, name="alert")


@alert.callback()
def fires(
    context: typer.Context, workspace: options.Workspace = None, as_json: options.Json = False
) -> None:
    """What fires."""
    if context.invoked_subcommand is None:
        list_alerts(None, everything=False, workspace=workspace, as_json=as_json)


@alert.command(
    _TAKE, hidden=True, epilog=example("ostler alert drift.json", "ostler alert take due")
)
def take(
    file: Annotated[str, typer.Argument(help="The alert as its monitor wrote it; - reads stdin.")],
    adapter: Annotated[
        str, typer.Option("--as", metavar="FORM", help="Its form; by default told by its content.")
    ] = "",
    dataset: Annotated[
        str, typer.Option(help="The dataset, where the alert does not name it.")
    ] = "",
    later: Annotated[
        bool, typer.Option("--later", help="Only take it in; a worker grooms.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Take an alert in and groom what it is about. The same alert twice is one run."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json
    from ostler.triggers.alerts.reading import Message

    body, source = _content(file)
    with opened(workspace) as parts:
        (taken,) = parts.intake.take([Message(body, adapter, dataset)])
        _tell_taken(taken, source)
        if later:
            if as_json:
                print_json(taken)
        else:
            groomed = _groom(parts, taken)
            if as_json:
                print_json(groomed)
    _refuse(taken, source)


@alert.command("list", epilog=example("ostler alert list", "ostler alert list orders --all"))
def list_alerts(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="Of one dataset alone.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is resolved.")] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """What fires, one line for each cause: how often, since when, and who looked into it."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import age, print_json, print_table, say
    from ostler.core.reports import AlertState
    from ostler.store.alerts import list_groups

    states = (AlertState.FIRING, AlertState.RESOLVED) if everything else (AlertState.FIRING,)
    with opened(workspace) as parts, parts.store.reading() as session:
        if dataset is not None:
            parts.dataset(dataset)
        found = list_groups(session, dataset=dataset, states=states, limit=1_000)
    if as_json:
        print_json([_plain(one) for one in found])
    elif not found:
        say("no alert is known" if everything else "nothing fires")
    else:
        print_table(
            ("id", "dataset", "state", "severity", "times", "last", "run", "what"),
            [
                (
                    *(one.id, one.alert.dataset, one.state.value, one.alert.severity.value),
                    *(f"{one.count:,}", age(one.last_at, now()), one.run or "waits"),
                    f"{one.alert.source}: {one.alert.summary}",
                )
                for one in found
            ],
            right=("times", "last"),
            cut=("what",),
        )


@alert.command(epilog=example("ostler alert show G-4f1c"))
def show(
    group: Annotated[str, typer.Argument(metavar="ID", help="A cause, or the start of its id.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """One cause: what its monitor says, what it saw, and the proposals of the run that it woke."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line
    from ostler.cli.wording import count
    from ostler.review.text import visible
    from ostler.store.alerts import get_group
    from ostler.store.proposals import of_run

    with opened(workspace) as parts, parts.store.reading() as session:
        found = get_group(session, group)
        proposals = of_run(session, found.run) if found.run else ()
    if as_json:
        print_json({**_plain(found), "proposals": proposals})
        return
    one = found.alert
    on = f" on {', '.join(one.columns)}" if one.columns else ""
    lines = {
        "": f"{found.id} {found.state.value}: {one.summary}",
        "dataset": one.dataset,
        "rule": f"{one.rule}{on}",
        "severity": one.severity.value,
        "reported by": f"{one.source}, {count(found.count, 'time')}",
        "first": f"{found.first_at:%Y-%m-%d %H:%M:%S %Z}",
        "last": f"{found.last_at:%Y-%m-%d %H:%M:%S %Z}",
        "observed": ", ".join(f"{name} {number}" for name, number in one.observed),
        "run": f"{found.run} on version {found.version}" if found.run else "none yet",
        "proposals": ", ".join(proposals),
    }
    for name, value in lines.items():
        if value:
            print_line((f"{name:>12}  ", "dim"), visible(value))


@alert.command(epilog=example("ostler alert due"))
def due(workspace: options.Workspace = None, as_json: options.Json = False) -> int:
    """Datasets that wait for a run; exits with 1 when one was given up."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.due import list_due

    with opened(workspace) as parts, parts.store.reading() as session:
        found = list_due(session)
    if as_json:
        print_json([vars(one) for one in found])
    elif not found:
        say("no dataset waits for a run")
    else:
        print_table(
            ("dataset", "state", "tries", "next", "because", "problem"),
            [
                (
                    one.dataset,
                    "waits" if one.waits else "given up",
                    str(one.attempts),
                    f"{one.next_at.astimezone():%d %b %H:%M:%S}" if one.waits else "",
                    one.because,
                    one.problem,
                )
                for one in found
            ],
            right=("tries",),
            cut=("because", "problem"),
        )
    return 1 if any(not one.waits for one in found) else 0


def _content(file: str) -> tuple[bytes, str]:
    from ostler.core.errors import BadInput
    from ostler.triggers.alerts.reading import BODY_BYTES

    # One byte more than may be, so that it is known to be too long without reading all of it.
    try:
        if file == "-":
            return _standard_input(BODY_BYTES + 1), "standard input"
        with Path(file).open("rb") as opened_file:
            return opened_file.read(BODY_BYTES + 1), file
    except FileNotFoundError:
        raise BadInput(f"{file}: there is no such file") from None
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error


def _standard_input(most: int) -> bytes:
    binary = getattr(sys.stdin, "buffer", None)
    return binary.read(most) if binary else sys.stdin.read(most).encode()


def _groom(parts: "Opened", taken: "Taken") -> "list[Groomed]":
    """Groom what an alert is about, now, and say how it ended."""
    from ostler.cli.groom import due_runs, tell, tell_ran
    from ostler.core.reports import AlertState
    from ostler.store.alerts import get_group

    with parts.store.reading() as session:
        groups = [get_group(session, name) for name in taken.groups]
    firing = [group for group in groups if group.state is AlertState.FIRING]
    groomed: list[Groomed] = []
    runs = due_runs(parts)
    for name in sorted({group.alert.dataset for group in firing}):
        ran = runs.next(name)
        if ran is not None and ran.error is not None:
            raise ran.error
        if ran is not None and ran.groomed:
            groomed += ran.groomed
            tell_ran(parts, ran)
            continue
        before = _before([group for group in firing if group.alert.dataset == name])
        for one in before:
            tell(parts, one)
        groomed += before
    return groomed


def _before(groups: "Sequence[AlertGroup]") -> "list[Groomed]":
    """The runs that looked into some causes before."""
    from ostler.agents.grooming import Groomed
    from ostler.cli.output import say

    known = {group.run: group for group in groups if group.run}
    if not known:
        say("another process is grooming it: ostler alert due")
    return [
        Groomed(
            run=run,
            dataset=group.alert.dataset,
            version=group.version or 0,
            findings=0,
            repeated=True,
        )
        for run, group in sorted(known.items())
    ]


def _tell_taken(taken: "Taken", source: str) -> None:
    from ostler.cli.output import say
    from ostler.cli.wording import count
    from ostler.review.text import visible

    if taken.alerts:
        kinds = ((taken.known, "repeated"), (taken.passed, "passed"))
        also = ", ".join(f"{number:,} {what}" for number, what in kinds if number)
        say(visible(f"{source}: {count(taken.new, 'new alert')}" + (f", {also}" if also else "")))
    elif not taken.refused:
        say(visible(f"{source}: it reports nothing"))


def _refuse(taken: "Taken", source: str) -> None:
    """What was not taken is an error, however much was."""
    from ostler.core.errors import BadInput

    if taken.refused:
        again = f"then: ostler alert retry {taken.dead_letter}"
        raise BadInput(f"{source}: {taken.refused[0]}", f"{taken.hint}; {again}")


def _plain(one: "AlertGroup") -> dict[str, object]:
    return {
        **one.alert.model_dump(mode="json"),
        "state": one.state,
        "count": one.count,
        "first_at": one.first_at,
        "last_at": one.last_at,
        "run": one.run or None,
        "version": one.version,
    }
