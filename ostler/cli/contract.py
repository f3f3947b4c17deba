"""`ostler contract`: infer and lint."""

from pathlib import Path
from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

contracts = typer.Typer(help="Contracts, in the Open Data Contract Standard.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(contracts, name="contract")


@contracts.command(epilog=example("ostler contract infer people"))
def infer(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    force: Annotated[
        bool, typer.Option("--force", help="Write over a contract that is there.")
    ] = False,
    workspace: options.Workspace = None,
) -> None:
    """Draft a contract from the data, for a person to edit."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import progress, say
    from ostler.core.errors import Conflict
    from ostler.tables.delta import table_of
    from ostler.tools.contracts.infer import infer_contract
    from ostler.tools.contracts.parse import parse_contract

    with opened(workspace) as parts:
        known = parts.current(dataset)
        path: Path = parts.workspace.contract(dataset)
        if path.exists() and not force:
            raise Conflict(f"{path} is there already", "write over it with --force")
        with progress(f"drafting a contract for {dataset}"):
            text = infer_contract(table_of(known).view(), known, now=now())
        checks = parse_contract(text, dataset=dataset, source=path.name).checks
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(f"{path.relative_to(parts.workspace.root)}: {len(checks)} checks, a draft")
        say(f"next: read and edit it, then ostler check {dataset}")


@contracts.command(epilog=example("ostler contract lint people"))
def lint(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    workspace: options.Workspace = None,
) -> None:
    """Say whether a contract can be used; every mistake with its place."""
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.core.errors import NotFound

    with opened(workspace) as parts:
        parts.dataset(dataset)
        contract = parts.contract(dataset)
        if contract is None:
            raise NotFound(
                f"there is no contract for {dataset}", f"draft one: ostler contract infer {dataset}"
            )
        say(f"{dataset}: {len(contract.checks)} checks, no mistakes")
