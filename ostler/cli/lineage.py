"""`ostler lineage`: what is made from what, as others told us, as declared, as we did it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlmodel import Session

    from ostler.store.lineage import Edge

lineage = typer.Typer(
    help="What is made from what: in from OpenLineage, out through lineage: in ostler.yaml.",
    no_args_is_help=True,
)

_DEEPEST = 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(lineage, name="lineage")


@lineage.command(
    "import", epilog=example("ostler lineage import events.jsonl", "ostler lineage import - < f")
)
def import_(
    file: Annotated[Path, typer.Argument(help="JSON lines of OpenLineage events; - for input.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Learn from other systems' OpenLineage events what is made from what; all or nothing."""
    import sys

    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, say
    from ostler.cli.wording import count
    from ostler.core.errors import BadInput
    from ostler.store.lineage import record_edges
    from ostler.tools.lineage.reading import LINE_BYTES, edges_of

    with opened(workspace) as parts:
        namespace = parts.workspace.settings.lineage.namespace
        source = "standard input" if str(file) == "-" else file.name
        try:
            if str(file) == "-":
                lines = iter(lambda: sys.stdin.buffer.readline(LINE_BYTES + 1), b"")
                found = set(edges_of(lines, namespace=namespace, source=source))
            else:
                with file.open("rb") as opened_file:
                    lines = iter(lambda: opened_file.readline(LINE_BYTES + 1), b"")
                    found = set(edges_of(lines, namespace=namespace, source=source))
        except OSError as error:
            raise BadInput(f"{file} cannot be read: {error.strerror}") from error
        with parts.store.transaction() as session:
            new = record_edges(session, found, actor=parts.workspace.reviewer, at=now())
    if as_json:
        print_json({"edges": len(found), "new": new})
    say(f"{count(len(found), 'edge')} in {source}, {new:,} of them new")


@lineage.command(epilog=example("ostler lineage alias postgres://db:5432/shop.people people"))
def alias(
    name: Annotated[str, typer.Argument(help="What another system calls it: NAMESPACE/NAME.")],
    dataset: Annotated[str, typer.Argument(help="Our dataset.")],
    workspace: options.Workspace = None,
) -> None:
    """Say that another system's dataset is one of ours, also for what was imported before."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.review.text import visible
    from ostler.store.lineage import record_alias

    with opened(workspace) as parts, parts.store.transaction() as session:
        record_alias(session, name, dataset, actor=parts.workspace.reviewer, at=now())
    say(f"{visible(name)} is {dataset}")


@lineage.command(
    epilog=example("ostler lineage show people", "ostler lineage show people --column city")
)
def show(
    dataset: Annotated[str, typer.Argument(help="A dataset, ours or another system's.")],
    column: Annotated[str, typer.Option(help="One column of it.")] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Everything up- and downstream, and where each edge was learnt."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line
    from ostler.core.errors import NotFound
    from ostler.review.text import visible
    from ostler.store.lineage import aliases, edges

    with opened(workspace) as parts:
        with parts.store.reading() as session:
            name = aliases(session).get(dataset, dataset)
            known = (*edges(session), *_own(session, name))
        if not any(name in (one.source, one.target) for one in known):
            # One of ours that nothing is known of is no mistake; an unknown name is.
            parts.dataset(name)
    wanted = [one for one in known if bool(one.source_column) is bool(column)]
    if column and not any(
        (name, column) in ((one.source, one.source_column), (one.target, one.target_column))
        for one in wanted
    ):
        raise NotFound(f"no lineage is known of {name}.{column}", f"ostler lineage show {name}")
    trees = {way: list(_walk(wanted, (name, column), way)) for way in ("upstream", "downstream")}
    if as_json:
        print_json(
            {"dataset": name, "column": column or None}
            | {
                way: [
                    {"depth": depth, "name": place[0], "column": place[1] or None, "learnt": learnt}
                    for depth, place, learnt in tree
                ]
                for way, tree in trees.items()
            }
        )
        return
    print_line((visible(f"{name}.{column}" if column else name), "bold"))
    for way, tree in trees.items():
        print_line((way, "dim"), "" if tree else ": nothing known")
        for depth, (other, part), learnt in tree:
            shown = visible(f"{other}.{part}" if part else other)
            print_line("  " * depth + shown, (f"  {visible(learnt)}", "dim"))


def _own(session: "Session", dataset: str) -> "tuple[Edge, ...]":
    """Edges between columns that our own executions made."""
    from ostler.core.states import ProposalState
    from ostler.store.lineage import Edge
    from ostler.store.proposals import queue
    from ostler.tools.lineage.columns import reads_of

    records = queue(session, states=(ProposalState.PUBLISHED,), dataset=dataset)
    return tuple(
        Edge(dataset, dataset, source, target, f"our execution of {record.proposal.id}")
        for record in records
        for target, sources in sorted(reads_of(record.proposal.draft.action).columns.items())
        for source in sources
        if source != target
    )


def _walk(
    known: "list[Edge]", start: tuple[str, str], way: str
) -> "Iterator[tuple[int, tuple[str, str], str]]":
    """Depth first, each place once: (depth, (dataset, column), where the edge was learnt)."""
    following: dict[tuple[str, str], list[tuple[tuple[str, str], str]]] = {}
    for one in sorted(known):
        source, target = (one.source, one.source_column), (one.target, one.target_column)
        begin, end = (source, target) if way == "downstream" else (target, source)
        following.setdefault(begin, []).append((end, one.learnt))
    seen = {start}
    left = [(1, place, learnt) for place, learnt in reversed(following.get(start, []))]
    while left:
        depth, place, learnt = left.pop()
        if place in seen:
            continue
        seen.add(place)
        yield min(depth, _DEEPEST), place, learnt
        left += [(depth + 1, other, told) for other, told in reversed(following.get(place, []))]
