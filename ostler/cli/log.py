"""`ostler log`: the audit log, or the versions of a table."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.tables.delta import Commit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler log", "ostler log people", "ostler log --limit 500"))(log)


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
    from ostler.tables.released import released_from

    table = table_of(parts.dataset(dataset))
    commits = table.history(limit)
    if as_json:
        print_json(commits)
        return
    gone = released_from(table.uri)
    print_table(
        ("version", "at", "proposals", "approved by"),
        [
            (
                str(commit.version),
                _time(commit.at),
                _what(commit) + (", released" if commit.version in gone else ""),
                ", ".join(commit.approvers),
            )
            for commit in commits
        ],
        right=("version",),
    )


def _what(commit: "Commit") -> str:
    if commit.upkeep:
        return f"{commit.upkeep}, nothing changed"
    return ", ".join(commit.proposals) or f"data came in ({commit.operation.lower()})"


def _time(at: object) -> str:
    return str(at)[:19]
