"""`ostler contract publish | history | promote`: the registry of contracts."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.execution.contract_changes import Asked
    from ostler.store.registry import Published

Because = Annotated[str, typer.Option(help="Why; people see it when they vote, and in history.")]
Migration = Annotated[
    str, typer.Option(help="How consumers get over it; needed when it breaks one.")
]
Until = Annotated[
    datetime | None,
    typer.Option(
        "--deprecated-until",
        formats=["%Y-%m-%d"],
        help="Not in force before this day while a consumer's contract still names what goes.",
    ),
]
Propose = Annotated[
    bool, typer.Option("--propose", help="Only propose it; others vote, in ostler review.")
]


def register(contracts: typer.Typer) -> None:
    """Add the commands to those of contracts."""
    contracts.command(
        epilog=example(
            'ostler contract publish people --because "phones are checked now"',
            "ostler contract publish people --propose",
        )
    )(publish)
    contracts.command(
        epilog=example("ostler contract history people", "ostler contract history people --json")
    )(history)
    contracts.command(
        epilog=example("ostler contract promote people --from staging --to production")
    )(promote)


def publish(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    file: Annotated[
        Path | None,
        typer.Option("--contract", exists=True, dir_okay=False, help="Another file than its own."),
    ] = None,
    because: Because = "",
    migration: Migration = "",
    deprecated_until: Until = None,
    propose: Propose = False,
    yes: options.Yes = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Make the contract file the contract in force, under its next version.

    It is proposed, voted on and executed like any other change. The version is computed: a change
    that breaks readers is major, more or other promises are minor, words are a patch.
    """
    from ostler.cli.opening import opened
    from ostler.core.canonical import digest_bytes
    from ostler.core.errors import NotFound
    from ostler.execution.contract_changes import Asked
    from ostler.storage.paths import read_text

    with opened(workspace) as parts:
        parts.dataset(dataset)
        if file is None:
            text, path = parts.file_text(dataset), parts.workspace.contract(dataset)
            source = str(path.relative_to(parts.workspace.root))
        else:
            text, source = read_text(file), str(file)
        if text is None:
            there = parts.contract_text(dataset) is not None
            raise NotFound(
                f"there is no file {source}",
                f"begin with what is published: ostler contract show {dataset} --text > {source}"
                if there
                else f"draft one: ostler contract infer {dataset}",
            )
        asked = Asked(
            text=text,
            source=source,
            copy="" if file else digest_bytes(text.encode()),
            because=because,
            migration=migration,
            deprecated_until=deprecated_until.date() if deprecated_until else None,
        )
        return ask(parts, dataset, asked, propose=propose, yes=yes, as_json=as_json)


def ask(
    parts: "Opened", dataset: str, asked: "Asked", *, propose: bool, yes: bool, as_json: bool
) -> int:
    """Propose a contract; unless others are to vote, take the asker's vote and execute it."""
    from ostler.cli.asking import asker, decide, leave_to_others
    from ostler.cli.output import progress
    from ostler.execution.contract_changes import request_contract

    with progress(f"measuring the promises on {dataset}"):
        proposal = request_contract(parts.execution, dataset, asked, asker(parts, dataset))
    if not propose:
        because = asked.because or "asked for the change"
        return decide(parts, proposal, "Approve this change?", because, yes, as_json)
    leave_to_others(parts, proposal, as_json=as_json)
    return 0


def history(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Published versions of a contract: when, who, why, and whether readers could go on."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.store.registry import versions

    with opened(workspace) as parts:
        parts.dataset(dataset)
        with parts.store.reading() as session:
            known = versions(session, dataset)
        lines = [_line(parts, version) for version in reversed(known)]
        differs = parts.unpublished(dataset)
    if as_json:
        print_json(lines)
    elif lines:
        print_table(
            ("version", "published", "compatibility", "approved by", "proposal", "why"),
            [
                (
                    line.version,
                    f"{line.published_at:%Y-%m-%d %H:%M}",
                    line.compatibility or "the first one",
                    ", ".join(line.approved_by),
                    line.proposal,
                    line.because,
                )
                for line in lines
            ],
            cut=("why",),
        )
    if not lines:
        say(f"no contract of {dataset} is published: ostler contract publish {dataset}")
    elif differs:
        say(differs)


@dataclass(frozen=True)
class Line:
    """A published version, with who said yes to it and why."""

    version: str
    number: int
    published_at: datetime
    compatibility: str
    approved_by: tuple[str, ...]
    proposal: str
    because: str
    digest: str


def _line(parts: "Opened", version: "Published") -> Line:
    from ostler.store.proposals import get_proposal

    with parts.store.reading() as session:
        record = get_proposal(session, version.proposal)
    change = record.proposal.contract_change
    return Line(
        version=version.version,
        number=version.number,
        published_at=version.published_at,
        compatibility=version.compatibility,
        approved_by=tuple(sorted(v.reviewer for v in record.votes if v.decision == "approve")),
        proposal=version.proposal,
        because=(change.because if change else "") or record.proposal.sentence,
        digest=version.digest,
    )


def promote(
    dataset: Annotated[str, typer.Argument(help="The dataset, as the environments call it.")],
    source: Annotated[str, typer.Option("--from", help="The environment that has the contract.")],
    target: Annotated[str, typer.Option("--to", help="The environment that is to have it.")],
    because: Because = "",
    migration: Migration = "",
    deprecated_until: Until = None,
    propose: Propose = False,
    yes: options.Yes = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Make the contract of one environment the one of another, after showing how they differ.

    Environments are named under `environments:` in ostler.yaml. What is shown is measured on the
    data of the environment that is to have it.
    """
    from ostler.cli.opening import opened
    from ostler.core.canonical import digest_bytes
    from ostler.core.errors import NotFound
    from ostler.execution.contract_changes import Asked
    from ostler.store.registry import in_force, published_text

    with opened(workspace) as parts:
        settings = parts.workspace.settings
        here, there = (settings.in_environment(dataset, name) for name in (source, target))
        parts.dataset(here)
        parts.dataset(there)
        with parts.store.reading() as session:
            version = in_force(session, here)
            text = published_text(session, version) if version else ""
        if version is None:
            raise NotFound(
                f"no contract of {here} is published, so there is nothing to promote",
                f"publish it first: ostler contract publish {here}",
            )
        said = because or f"{version.version} of {source}, as {here} has it"
        copy = parts.file_text(there)
        asked = Asked(
            text=text,
            source=f"version {version.version} of {here}",
            copy=digest_bytes(copy.encode()) if copy and not parts.unpublished(there) else "",
            raise_version=True,
            because=said,
            migration=migration,
            deprecated_until=deprecated_until.date() if deprecated_until else None,
        )
        return ask(parts, there, asked, propose=propose, yes=yes, as_json=as_json)
