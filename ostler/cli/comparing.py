"""`ostler contract diff | check-compat`: who can go on after a contract changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ostler.cli import options
from ostler.cli.contract_texts import Which, named_contract
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.schema import Compatibility
    from ostler.tools.contracts.compatibility import Step
    from ostler.tools.contracts.contract import Contract

Dataset = Annotated[str, typer.Argument(help="The dataset.")]
File = Annotated[
    Path | None,
    typer.Option("--contract", exists=True, dir_okay=False, help="Another file than its own."),
]
Mode = Literal["backward", "forward", "full"]


def register(contracts: typer.Typer) -> None:
    """Add the commands to those of contracts."""
    contracts.command(
        epilog=example(
            "ostler contract diff people",
            "ostler contract diff people@1.0.0 people@1.2.0",
            "ostler contract diff old.odcs.yaml new.odcs.yaml",
        )
    )(diff)
    contracts.command(
        "check-compat",
        epilog=example(
            "ostler contract check-compat people",
            "ostler contract check-compat people --contract new.yaml --mode full",
        ),
    )(check_compat)


def diff(
    old: Annotated[
        str,
        typer.Argument(help="A contract file, people@1.2.0, or people@1: the first one seen."),
    ],
    new: Annotated[
        str,
        typer.Argument(help="Another; people is the file as it is now. Without: OLD's own file."),
    ] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """What changed between two contracts, and whether who reads the data can go on.

    With one dataset: from its published version to its file. Exits with 1 when the change breaks
    readers, so that a pipeline can stop.
    """
    from ostler.cli.output import print_json, say
    from ostler.tools.contracts.compatibility import compatibility_of, steps_between
    from ostler.tools.contracts.versions import level_of

    before = _contract(old, workspace, "file" if new else "published")
    steps = steps_between(before, _contract(new or old, workspace, "file"))
    whole = compatibility_of(steps)
    if as_json:
        print_json(
            {
                "compatibility": whole,
                "breaking": not whole.backward,
                "level": level_of(steps),
                "steps": [{**vars(step), "compatibility": step.compatibility} for step in steps],
            }
        )
    else:
        if steps:
            _print_steps(steps)
        words = "readers can go on" if whole.backward else "it breaks readers"
        say(f"{whole} compatibility: {words}" if steps else "nothing changed for readers")
    return 0 if whole.backward else 1


def _print_steps(steps: "tuple[Step, ...]") -> None:
    from ostler.cli.output import print_table

    print_table(
        ("", "what", "compatibility"),
        [
            ("" if step.compatibility.backward else "✗", step.words, step.compatibility)
            for step in steps
        ],
    )


def check_compat(
    dataset: Dataset,
    file: File = None,
    mode: Annotated[
        Mode, typer.Option(help="Who must be able to go on: readers of old data, of new, or both.")
    ] = "backward",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Whether a contract could be published: against the version in force, and every consumer.

    Consumers are the contracts under contracts/consumers/DATASET/. Exits with 1 when one cannot go
    on, or when the change is not compatible as --mode wants it.
    """
    from rich.text import Text

    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.cli.wording import count
    from ostler.tools.contracts.compatibility import compatibility_of, steps_between
    from ostler.tools.contracts.consumers import consumers_of, read_contract
    from ostler.tools.contracts.consuming import unmet

    with opened(workspace) as parts:
        parts.dataset(dataset)
        new = read_contract(file, dataset) if file else named_contract(parts, dataset, "file")
        published = _published(parts, dataset)
        steps = steps_between(published, new) if published else ()
        consumers = consumers_of(parts.workspace.contracts, dataset)
        lacking = {name: unmet(new, one) for name, one in sorted(consumers.items())}
    whole = compatibility_of(steps)
    good = _meets(whole, mode) and not any(lacking.values())
    if as_json:
        print_json(
            {
                "compatible": good,
                "compatibility": whole,
                "against": published.version if published else None,
                "steps": [{**vars(step), "compatibility": step.compatibility} for step in steps],
                "consumers": lacking,
            }
        )
        return 0 if good else 1
    if steps:
        _print_steps(steps)
    ok, no = Text("can go on", "green"), Text("cannot go on", "bold red")
    if lacking:
        rows = [(name, no if why else ok, "; ".join(why)) for name, why in lacking.items()]
        print_table(("consumer", "", "because"), rows)
    against = f"version {published.version}" if published else "nothing: no version is published"
    say(f"{whole} compatibility with {against}; {mode} is asked for")
    broken = sum(map(bool, lacking.values()))
    say(f"{broken} of {count(len(lacking), 'consumer')} cannot go on")
    return 0 if good else 1


def _meets(whole: "Compatibility", mode: Mode) -> bool:
    return (whole.backward or mode == "forward") and (whole.forward or mode == "backward")


def _published(parts: "Opened", dataset: str) -> "Contract | None":
    from ostler.store.registry import in_force, published_text
    from ostler.tools.contracts.parse import parse_contract

    with parts.store.reading() as session:
        now = in_force(session, dataset)
        text = published_text(session, now) if now else None
    return parse_contract(text, dataset=dataset, source="what is published") if text else None


def _contract(named: str, workspace: Path | None, alone: Which) -> "Contract":
    """A contract file, or one of a dataset's contracts by version or number."""
    from ostler.cli.opening import opened
    from ostler.core.errors import NotFound
    from ostler.tools.contracts.consumers import read_contract

    path = Path(named)
    if path.is_file():
        return read_contract(path, path.name.partition(".")[0])
    if path.suffix in (".yaml", ".yml"):
        raise NotFound(f"{named}: there is no such file")
    with opened(workspace) as parts:
        return named_contract(parts, named, alone)
