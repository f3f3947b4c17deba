"""`ostler checkout`: an earlier version, as a file to look at or as a proposal to go back to it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler checkout people@3",
            "ostler checkout people@3 then.csv",
            "ostler checkout people@3 some/folder",
            "ostler checkout people@3 --restore",
        )
    )(checkout)


def checkout(
    dataset: Annotated[str, typer.Argument(help="One version: people@3.")],
    target: Annotated[
        Path | None,
        typer.Argument(
            help="A file (.csv, .parquet, .jsonl) or a folder; by default people@3.parquet here."
        ),
    ] = None,
    restore: Annotated[
        bool,
        typer.Option("--restore", help="Propose to turn the table back into this version."),
    ] = False,
    unmask: options.Unmask = False,
    yes: options.Yes = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Give an earlier version as a read-only file; the dataset stays as it is.

    Values that the contract classifies are written as •••; --unmask writes those that you may read.
    With --restore it proposes the patch that leads back to it: with a dry run, a verdict and a
    vote, like any other change.
    """
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.core.errors import BadInput

    name, version = dataset_at(dataset)
    if restore and (target is not None or version is None):
        raise BadInput(
            "--restore needs a version and no file", f"ostler checkout {name}@3 --restore"
        )
    with opened(workspace) as parts:
        if restore and version is not None:
            return _restore(parts, name, version, yes, as_json)
        _write(parts, dataset, target, unmask=unmask, as_json=as_json)
    return 0


def _write(
    parts: "Opened", dataset: str, target: Path | None, *, unmask: bool, as_json: bool
) -> None:
    from ostler.cli.output import print_json, progress, say
    from ostler.cli.versions import say_masked, view_at, write_version
    from ostler.core.errors import Conflict

    view = view_at(parts, dataset)
    plain = f"{dataset.partition('@')[0]}@{view.version}.parquet"
    file = Path(plain) if target is None else target / plain if target.is_dir() else target
    if file.exists():
        raise Conflict(f"{file} exists", "name another file, or remove it first")
    with progress(f"writing {file.name}"):
        rows, hidden = write_version(parts, view, dataset, file, unmask=unmask)
    file.chmod(0o444)
    if as_json:
        facts = {"version": view.version, "rows": rows, "masked": hidden}
        print_json({"file": str(file), **facts})
    say(f"{file}: {rows:,} rows of version {view.version}, read-only; the dataset is as it was")
    say_masked(hidden)


def _restore(parts: "Opened", name: str, version: int, yes: bool, as_json: bool) -> int:
    from ostler.cli.asking import asker, contract_checks, decide
    from ostler.execution.restoring import request_restore

    proposal = request_restore(
        parts.execution,
        parts.dataset(name),
        version,
        asker(parts, name),
        contract_checks(parts, name),
    )
    return decide(parts, proposal, "Approve going back?", "asked to restore", yes, as_json)
