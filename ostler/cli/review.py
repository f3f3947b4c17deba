"""`ostler review`: the console; and how reviewers do."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.store.conduct import Conduct


def register(app: typer.Typer) -> None:
    """Add the command."""
    examples = (
        "ostler review",
        "ostler review P-7K3Q",
        "ostler review --drill orders",
        "ostler review --report",
    )
    app.command(epilog=example(*examples))(review)


def review(
    proposal: Annotated[
        str,
        typer.Argument(
            metavar="[ID]",
            help="A proposal to open it on, or the start of its id; with --drill a dataset.",
        ),
    ] = "",
    drill: Annotated[
        bool,
        typer.Option(
            "--drill", help="Put a card that is wrong on purpose into the queue, and end."
        ),
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Say how reviewers decide, and end.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Open the approval console; or see whether reviewers read what they approve."""
    from ostler.cli.opening import opened
    from ostler.core.errors import BadInput

    if drill and report:
        raise BadInput("--drill and --report are two things", "give one of them")
    if report and proposal:
        raise BadInput("--report is about everybody", "leave the id away")
    if as_json and not (drill or report):
        raise BadInput("the console prints no JSON", "use ostler queue --json, or --report --json")
    with opened(workspace) as parts:
        if report:
            return _report(parts, as_json)
        return _drill(parts, proposal, as_json) if drill else open_console(parts, proposal)


def open_console(parts: "Opened", proposal: str = "") -> int:
    """The console over an open workspace; `w` in it executes what was approved."""
    from ostler.cli.work import execute
    from ostler.tui.app import run_review
    from ostler.tui.state import Queue, opened_on

    begin = Queue()
    if proposal:
        record = parts.desk.record(proposal)
        begin = opened_on(record.proposal.id, record.state)
    return run_review(parts.desk, work=lambda: execute(parts), begin=begin)


def _drill(parts: "Opened", dataset: str, as_json: bool) -> int:
    """Make a drill and say that there is one, and not which."""
    from ostler.cli.output import print_json, say
    from ostler.cli.wording import count
    from ostler.core.errors import BadInput
    from ostler.core.states import ProposalState
    from ostler.execution.making.drilling import make_drill

    known = [parts.dataset(dataset)] if dataset else parts.datasets()
    names = [one.name for one in known]
    if make_drill(parts.bench, parts.workspace.drill_key(make=True), names) is None:
        raise BadInput(
            "there is no card to make a drill of: none that corrects cells waits or was executed",
            f"groom first: ostler groom {dataset or 'DATASET'}",
        )
    waiting = parts.desk.counts()[ProposalState.PARKED]
    if as_json:
        print_json({"waiting": waiting})
    else:
        say(f"one of the {count(waiting, 'proposal')} that wait is a drill now")
        say("next: ostler review; afterwards: ostler review --report")
    return 0


def _report(parts: "Opened", as_json: bool) -> int:
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.conduct import conduct_of_reviewers

    with parts.store.reading() as session:
        found = conduct_of_reviewers(session)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return 0
    if not found:
        say("nobody has voted yet")
        return 0
    numbers = (
        "votes",
        "approved",
        "rejected",
        "drills",
        "caught",
        "missed",
        "to decide",
        "an hour",
    )
    print_table(("reviewer", *numbers), [_line(one) for one in found], right=numbers)
    say(
        "to decide: median time from waiting to vote; an hour: approvals in the busiest one; "
        "drills that still wait are not counted"
    )
    return 0


def _line(one: "Conduct") -> tuple[str, ...]:
    caught = "" if one.catch_rate is None else f" ({100 * one.catch_rate:.0f} %)"
    return (
        one.reviewer,
        f"{one.votes:,}",
        f"{one.approvals:,}",
        f"{one.rejections:,} ({100 * one.rejection_share:.0f} %)",
        f"{one.drills_seen:,}",
        f"{one.drills_caught:,}{caught}",
        f"{one.drills_missed:,}",
        _span(one.seconds_to_decide),
        f"{one.approvals_in_busiest_hour:,}",
    )


def _span(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
