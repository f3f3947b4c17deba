"""`ostler trace` and `ostler replay`: what a run did, and whether it does the same again."""

import re
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.replay.rerun import Replayed
    from ostler.telemetry.spans import TreeLine

Policy = Literal["both", "recorded", "today"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=example("ostler trace", "ostler trace R-7K3Q", "ostler trace P-AB2C"))(trace)
    app.command(epilog=example("ostler replay R-7K3Q", "ostler replay R-7K3Q --policy today"))(
        replay
    )


def trace(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run, a proposal, or a trace id; none lists runs."),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Draw the tree of what a run, and the execution of its proposals, did."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json
    from ostler.telemetry.spans import read_trace, tree

    with opened(workspace) as parts:
        if run is None:
            _list(parts, as_json)
            return
        traces = [read_trace(parts.workspace.spans, one) for one in _traces(parts, run)]
    if as_json:
        print_json(traces)
        return
    for spans in traces:
        _draw(spans[0].trace_id, tree(spans))


def _list(parts: "Opened", as_json: bool) -> None:
    from ostler.cli.opening import now
    from ostler.cli.output import age, print_json, print_table
    from ostler.store.runs import latest_runs

    with parts.store.reading() as session:
        found = latest_runs(session, 50)
    if as_json:
        print_json(
            [{"run": one.id, "state": one.state, "dataset": one.inputs.dataset} for one in found]
        )
        return
    at = now()
    print_table(
        ("run", "dataset", "version", "state", "steps", "age"),
        [
            (
                one.id,
                one.inputs.dataset,
                str(one.inputs.version),
                one.state.value,
                str(len(one.steps)),
                age(one.started_at, at),
            )
            for one in found
        ],
        right=("version", "steps", "age"),
    )


def _traces(parts: "Opened", name: str) -> list[str]:
    """Trace ids of a run and of the executions of what it proposed; of a proposal; or itself."""
    from ostler.core.states import ProposalState
    from ostler.store.executions import executions_of
    from ostler.store.proposals import get_proposal, queue
    from ostler.store.runs import get_run
    from ostler.telemetry.traceparent import derived

    with parts.store.reading() as session:
        if name.upper().startswith("P-"):
            records = [get_proposal(session, name)]
            run = records[0].proposal.run
        elif name.upper().startswith("R-"):
            run = get_run(session, name).id
            records = [
                record
                for record in queue(session, states=tuple(ProposalState))
                if record.proposal.run == run
            ]
        else:
            return [name]
        executed = [
            execution.trace
            for record in records
            for execution in executions_of(session, record.proposal.id)
            if execution.trace
        ]
    ids = [parent.split("-")[1] for parent in (derived("run", run), *executed)]
    return list(dict.fromkeys(ids))


def _draw(trace_id: str, lines: "tuple[TreeLine, ...]") -> None:
    from ostler.cli.output import print_line
    from ostler.review.text import visible

    print_line((f"trace {trace_id}", "bold"))
    for line in lines:
        failed = line.status == "error"
        facts = "  ".join(f"{visible(key)}={_short(value)}" for key, value in line.attributes)
        print_line(
            "  " * line.depth,
            ("✗ " if failed else "· ", "bold red" if failed else "dim"),
            visible(line.name),
            f"  {line.duration_ms:,.0f} ms  ",
            (facts, "dim"),
        )
        if line.message:
            print_line("  " * line.depth, ("    " + visible(line.message), "red"))
        for link in line.links:
            print_line("  " * line.depth, (f"    from trace {link}", "dim"))


def _short(value: str) -> str:
    from ostler.review.text import visible

    return value[:12] if re.fullmatch("[0-9a-f]{64}", value) else visible(value, 60)


def replay(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run, or the start of its id.")],
    policy: Annotated[
        Policy,
        typer.Option(
            help="Replay under the recorded policy set, under today's, or under both when "
            "today's is another."
        ),
    ] = "both",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Run it again from its recorded inputs and compare every step; exits with 1 on a difference.

    When the policies have changed since, it is also run under today's.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, progress
    from ostler.replay.rerun import replay as run_again
    from ostler.store.runs import get_run

    results: list[Replayed] = []
    with opened(workspace) as parts:
        with parts.store.reading() as session:
            record = get_run(session, run)
        changed = parts.policies.digest != record.inputs.policy
        if policy != "today":
            with progress(f"replaying {record.id}"):
                results.append(run_again(parts.objects, record, parts.datasets()))
        if policy == "today" or (policy == "both" and changed):
            with progress(f"replaying {record.id} under today's policy"):
                again = run_again(parts.objects, record, parts.datasets(), parts.policies)
                results.append(again)
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print_replay(result)
    return 1 if any(result.first_difference for result in results) else 0


def _print_replay(result: "Replayed") -> None:
    from rich.text import Text

    from ostler.cli.output import print_table, say
    from ostler.review.text import visible

    print_table(
        ("step", "recorded", "replayed", ""),
        [
            (
                step.step,
                step.recorded[:16],
                step.replayed[:16],
                Text("equal", "green") if step.equal else Text("differs", "bold red"),
            )
            for step in result.steps
        ],
        title=f"{result.run}, under the recorded policy set"
        if result.policy == "recorded"
        else f"{result.run}, under today's policy set",
    )
    first = result.first_difference
    if first is None:
        say(f"{result.run}: every step is equal")
    else:
        say(f"{result.run}: the first step that differs is {first.step}: {visible(first.detail)}")
