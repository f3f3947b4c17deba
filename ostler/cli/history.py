"""`ostler log`, `diff`, `revert` and `export`: what happened to a table, and undoing it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from rich.text import Text

    from ostler.cli.opening import Opened
    from ostler.core.proposals import Proposal
    from ostler.tables.view import View


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=example("ostler log", "ostler log people", "ostler log --limit 500"))(log)
    app.command(epilog=example("ostler diff people@3 people@4"))(diff)
    app.command(epilog=example("ostler revert P-7K3Q"))(revert)
    app.command(
        epilog=example("ostler export people out.csv", "ostler export people@0 before.parquet")
    )(export)


def log(
    dataset: Annotated[
        str | None, typer.Argument(help="The versions of this dataset; by default the audit log.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """The audit log, or the versions of one dataset."""
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        if dataset is None:
            _audit_log(parts, limit, as_json)
        else:
            _versions(parts, dataset, limit, as_json)


def _audit_log(parts: "Opened", limit: int, as_json: bool) -> None:
    from ostler.cli.output import print_json, print_table
    from ostler.store.audit import latest_entries

    with parts.store.reading() as session:
        found = latest_entries(session, limit)
    if as_json:
        print_json([vars(entry) for entry in found])
        return
    print_table(
        ("#", "at", "who", "what", "subject"),
        [
            (str(entry.index), _time(entry.at), entry.actor, entry.kind, entry.subject)
            for entry in found
        ],
        right=("#",),
    )


def _versions(parts: "Opened", dataset: str, limit: int, as_json: bool) -> None:
    from ostler.cli.output import print_json, print_table
    from ostler.tables.delta import table_of

    commits = table_of(parts.dataset(dataset)).history(limit)
    if as_json:
        print_json(commits)
        return
    print_table(
        ("version", "at", "proposals", "approved by"),
        [
            (
                str(commit.version),
                _time(commit.at),
                ", ".join(commit.proposals) or f"data came in ({commit.operation.lower()})",
                ", ".join(commit.approvers),
            )
            for commit in commits
        ],
        right=("version",),
    )


def _time(at: object) -> str:
    return str(at)[:19]


def diff(
    before: Annotated[str, typer.Argument(help="A version: people@3.")],
    after: Annotated[str, typer.Argument(help="Another: people@4.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many changes.")] = 100,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """What changed between two versions, cell by cell."""
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.core.errors import BadInput
    from ostler.tables.staging import between

    (name, _), (other, _) = dataset_at(before), dataset_at(after)
    if name != other:
        raise BadInput(f"{before} and {after} are not versions of one dataset")
    with opened(workspace) as parts:
        patch = between(view_at(parts, before), view_at(parts, after))
    changes = patch.page(limit)
    total = patch.changes.num_rows
    if as_json:
        print_json({"digest": patch.digest, "total": total, "changes": changes})
        return
    print_table(
        ("", "row", "column", "before", "after"),
        [
            (
                {"set": "~", "insert": "+", "delete": "-"}[change.op],
                change.row,
                change.column,
                _shown(change.old),
                _shown(change.new),
            )
            for change in changes
        ],
    )
    more = f", {total - len(changes):,} more with --limit" if total > len(changes) else ""
    say(f"{len(changes):,} changes{more}")


def _shown(cell: str | None) -> "Text":
    from rich.text import Text

    from ostler.review.text import visible_cell

    return Text(visible_cell(cell, 60))


def view_at(parts: "Opened", text: str) -> "View":
    """The view of `people@3`, or of the newest version of `people`."""
    from ostler.cli.naming import dataset_at
    from ostler.tables.delta import table_of

    name, version = dataset_at(text)
    return table_of(parts.dataset(name)).view(version)


def revert(
    proposal: Annotated[
        str, typer.Argument(metavar="ID", help="A published proposal, or the start of its id.")
    ],
    yes: options.Yes = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Undo one published proposal; what came after it stays.

    Shows the inverse change, takes your vote for it, and executes it.
    """
    from ostler.cli.cards import print_card
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.core.states import ProposalState

    with opened(workspace) as parts:
        inverse = propose_revert(parts, proposal)
        card = parts.desk.card(inverse.id)
        if not as_json:
            print_card(card, parts.desk.changes(inverse.patch.digest, 20))
        if not yes and not typer.confirm("Approve this revert?", err=True):
            say(f"{inverse.id} waits for review")
            return 0
        state = parts.desk.approve(card, "asked to revert")
        outcome = parts_work(parts) if state is ProposalState.APPROVED else f"{inverse.id}: {state}"
        final = parts.desk.card(inverse.id).record.state
    if as_json:
        print_json({"proposal": inverse.id, "state": final})
    say(outcome)
    return 0 if final in (ProposalState.PUBLISHED, ProposalState.PARKED) else 1


def propose_revert(parts: "Opened", proposal: str) -> "Proposal":
    """Park the inverse of a published proposal."""
    from ostler.execution.reverting import request_revert
    from ostler.policies.requests import Principal

    desk = parts.desk
    person = Principal(kind="person", name=desk.reviewer, roles=desk.roles)
    return request_revert(parts.execution, desk.card(proposal).record, person)


def parts_work(parts: "Opened") -> str:
    """Execute what is approved now."""
    from ostler.cli.work import execute

    return execute(parts)


def export(
    dataset: Annotated[str, typer.Argument(help="The dataset, or one version: people@3.")],
    file: Annotated[Path, typer.Argument(help="Where to; .csv, .parquet or .jsonl.")],
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe", help="Put a quote before texts that a spreadsheet would run."
        ),
    ] = False,
    workspace: options.Workspace = None,
) -> None:
    """Write a version of a dataset to a file."""
    from ostler.cli.opening import opened
    from ostler.cli.output import progress, say
    from ostler.tables.exporting import export as write

    with opened(workspace) as parts, progress(f"writing {file.name}"):
        view = view_at(parts, dataset)
        rows = write(view, file, spreadsheet_safe=spreadsheet_safe)
    say(f"{file}: {rows:,} rows of version {view.version}")
