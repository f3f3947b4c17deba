"""`ostler watch`: what the settings schedule, done when it is due."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.datasets import Dataset
    from ostler.store.schedules import Standing
    from ostler.triggers.gates.measured import Measured
    from ostler.triggers.schedules.plan import Schedule
    from ostler.triggers.schedules.watcher import Fired, Watcher


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example("ostler watch", "ostler watch orders --once", "ostler watch --plan --json")
    )(watch)


def watch(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DATASET]...", help="Only what is scheduled for these."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    show_plan: Annotated[
        bool, typer.Option("--plan", help="Show what is scheduled, and do nothing.")
    ] = False,
    poll_seconds: Annotated[
        float, typer.Option("--poll", min=0.2, help="Seconds between two looks.")
    ] = 5,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Check, gate, groom and open recurring items at their times, as ostler.yaml says.

    Any number may run: each due time is dealt with once. What was missed is caught up once.
    With --once, exits with 1 when something could not be done.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.cli.wording import count
    from ostler.cli.work import relay, stopping
    from ostler.triggers.schedules.plan import plan

    with opened(workspace) as parts:
        planned = plan(parts.workspace.settings, datasets or [])
        if show_plan:
            _show_plan(parts, planned, as_json)
            return 0
        if not planned:
            say("nothing is scheduled: see watch: and recurring: in ostler.yaml")
            return 0
        # Made first: a mistake in the settings is said before anything is done.
        outside, watcher = parts.relay, _watcher(parts, planned)
        if once:
            fired = watcher.run(lambda one: _tell(one, as_json))
            relay(outside)
            if not fired:
                say("nothing is due: ostler watch --plan says when it is")
            return 1 if any(one.failed for one in fired) else 0
        say(f"watching {count(len(planned), 'schedule')}; ctrl-c ends it")
        stop = stopping()
        while not stop.is_set():
            watcher.run(lambda one: _tell(one, as_json))
            relay(outside)
            stop.wait(poll_seconds)
        return 0


def _watcher(parts: "Opened", planned: "tuple[Schedule, ...]") -> "Watcher":
    from ostler.store.owners import this_process
    from ostler.triggers.schedules.actions import actions
    from ostler.triggers.schedules.versions import Versions
    from ostler.triggers.schedules.watcher import Watcher

    def look(name: str, drift_only: bool) -> "tuple[Dataset, Measured]":
        dataset, contract = parts.current(name), parts.contract(name)
        return dataset, parts.measured(dataset, contract, drift_only=drift_only)

    return Watcher(
        store=parts.store,
        plan=planned,
        actions=actions(look),
        newest=Versions(parts.dataset),
        owner=this_process(),
    )


def _tell(fired: "Fired", as_json: bool) -> None:
    from ostler.cli.output import print_json, say
    from ostler.review.text import visible

    schedule = fired.schedule
    if as_json:
        print_json(
            {
                "schedule": schedule.id,
                "what": schedule.what,
                "dataset": schedule.dataset,
                "due": fired.mark,
                "outcome": fired.outcome,
                "failed": fired.failed,
            }
        )
    else:
        say(visible(f"{schedule.what} ({schedule.when}): {fired.outcome}"))


def _show_plan(parts: "Opened", planned: "tuple[Schedule, ...]", as_json: bool) -> None:
    from ostler.cli.opening import now
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.schedules import standings

    at = now()
    with parts.store.reading() as session:
        known = {one.id: one for one in standings(session)}
    rows = [(one, one.next(at), known.get(one.id)) for one in planned]
    if as_json:
        print_json([_plain(*row) for row in rows])
    elif rows:
        print_table(
            ("what", "when", "next", "last", "outcome"),
            [_row(*row) for row in rows],
            cut=("outcome",),
        )
    else:
        say("nothing is scheduled: see watch: and recurring: in ostler.yaml")


def _plain(
    schedule: "Schedule", coming: datetime | None, known: "Standing | None"
) -> dict[str, object]:
    return {
        "schedule": schedule.id,
        "what": schedule.what,
        "dataset": schedule.dataset,
        "when": schedule.when,
        "next": coming,
        "last": known.done if known else None,
        "outcome": known.outcome if known else None,
    }


def _row(
    schedule: "Schedule", coming: datetime | None, known: "Standing | None"
) -> tuple[str, ...]:
    last = known.done if known and known.outcome else ""
    if last and not schedule.cron:
        last = f"version {int(last)}"
    elif last:
        last = _local(datetime.fromisoformat(last))
    outcome = known.outcome if known else "not begun: ostler watch has not run yet"
    return schedule.what, schedule.when, _local(coming) if coming else "", last, outcome


def _local(at: datetime) -> str:
    return f"{at.astimezone():%a %d %b %H:%M}"
