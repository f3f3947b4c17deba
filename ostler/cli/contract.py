"""`ostler contract`: infer, lint and diff."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.tools.contracts.contract import Contract

contracts = typer.Typer(help="Contracts, in the Open Data Contract Standard.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from ostler.cli import registry

    registry.register(contracts)
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


@contracts.command(
    epilog=example(
        "ostler contract diff old.odcs.yaml new.odcs.yaml",
        "ostler contract diff people@1 people",
    )
)
def diff(
    old: Annotated[
        str, typer.Argument(help="A contract file, or people@1: the first recorded one.")
    ],
    new: Annotated[str, typer.Argument(help="Another; people is the file as it is now.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """What changed between two contracts, and whether who reads the data can go on.

    Exits with 1 when the change breaks readers, so that a pipeline can stop.
    """
    from ostler.cli.output import print_json, print_table, say
    from ostler.tools.contracts.compatibility import compatibility_of, steps_between

    steps = steps_between(_contract(old, workspace), _contract(new, workspace))
    whole = compatibility_of(steps)
    if as_json:
        print_json(
            {
                "compatibility": whole,
                "breaking": not whole.backward,
                "steps": [{**vars(step), "compatibility": step.compatibility} for step in steps],
            }
        )
    else:
        print_table(
            ("", "what", "compatibility"),
            [
                ("" if step.compatibility.backward else "✗", step.words, step.compatibility)
                for step in steps
            ],
        )
        words = "readers can go on" if whole.backward else "it breaks readers"
        say(f"{whole} compatibility: {words}" if steps else "nothing changed for readers")
    return 0 if whole.backward else 1


def _contract(named: str, workspace: Path | None) -> "Contract":
    """A contract file, or one of a dataset's recorded contracts by its number."""
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.core.errors import NotFound
    from ostler.store.contracts import contract_history, contract_text
    from ostler.tools.contracts.consumers import read_contract
    from ostler.tools.contracts.parse import parse_contract

    path = Path(named)
    if path.is_file():
        return read_contract(path, path.name.partition(".")[0])
    if path.suffix in (".yaml", ".yml"):
        raise NotFound(f"{named}: there is no such file")
    dataset, number = dataset_at(named)
    with opened(workspace) as parts:
        now = parts.contract(dataset)
        with parts.store.reading() as session:
            known = contract_history(session, dataset)
            if number is not None and 1 <= number <= len(known):
                text = contract_text(session, dataset, known[number - 1].digest)
                return parse_contract(text, dataset=dataset, source=named)
    if number is None and now is not None:
        return now
    raise NotFound(
        f"{named}: {len(known)} contracts of {dataset} are recorded",
        f"the first one is {dataset}@1, the file as it is now {dataset}",
    )
