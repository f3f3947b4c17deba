"""`ostler contract infer | show | lint`; comparing and the registry stand beside it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import comparing, options, registry
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.tools.contracts.contract import Contract
    from ostler.tools.contracts.infer import Read
    from ostler.tools.contracts.overview import Overview

contracts = typer.Typer(help="Contracts, in the Open Data Contract Standard.", no_args_is_help=True)

Dataset = Annotated[str, typer.Argument(help="The dataset.")]
File = Annotated[
    Path | None,
    typer.Option("--contract", exists=True, dir_okay=False, help="Another file than its own."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    comparing.register(contracts)
    registry.register(contracts)
    app.add_typer(contracts, name="contract")


@contracts.command(
    epilog=example("ostler contract infer people", "ostler contract infer people --propose")
)
def infer(
    dataset: Dataset,
    propose: Annotated[
        bool,
        typer.Option(
            "--propose", help="Write no file: propose what the data shows, for people to vote on."
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a contract that is there.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Draft a contract from the data: each rule with its support and how sure it is.

    The draft is a file for a person to edit. With --propose it waits for votes instead; where there
    is a contract already, only what it does not say yet is proposed, as warnings. A column keeps
    the class that it has, and no value of one that is masked is quoted.
    """
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, progress, say
    from ostler.core.errors import Conflict
    from ostler.storage.refusals import written
    from ostler.tables.delta import table_of
    from ostler.tools.contracts.infer import infer as read_off
    from ostler.tools.contracts.parse import parse_contract

    with opened(workspace) as parts:
        known = parts.current(dataset)
        path: Path = parts.workspace.contract(dataset)
        if path.exists() and not (force or propose):
            raise Conflict(
                f"{path} is there already",
                "propose what it does not say yet with --propose, or write over it with --force",
            )
        with progress(f"drafting a contract for {dataset}"):
            classes = parts.classes(dataset) or {}
            inferred = read_off(table_of(known).view(), known, now=now(), classes=classes)
        if propose:
            from ostler.cli.inferring import propose_inferred

            return propose_inferred(parts, dataset, inferred, as_json=as_json)
        checks = parse_contract(inferred.text, dataset=dataset, source=path.name).checks
        with written(path):
            path.parent.mkdir(exist_ok=True)
            path.write_text(inferred.text, encoding="utf-8")
        shown = path.relative_to(parts.workspace.root)
        if as_json:
            print_json({"file": str(shown), "rules": [plain_read(one) for one in inferred.rules]})
        else:
            print_reads(inferred.rules)
        say(f"{shown}: {len(checks)} checks, a draft")
        say(f"next: read and edit it, then ostler check {dataset}")
        return 0


def print_reads(rules: "tuple[Read, ...]") -> None:
    """Rules that were read off a table, with what speaks for each."""
    from ostler.cli.output import print_table
    from ostler.core.sentences import describe_rule

    print_table(
        ("it seems that", "holds for", "at least"),
        [
            (
                describe_rule(one.rule),
                f"{one.holding:,} of {one.total:,}",
                f"{100 * one.sure:.1f} %",
            )
            for one in rules
        ],
        right=("holds for", "at least"),
    )


def plain_read(one: "Read") -> dict[str, object]:
    """A rule that was read off a table, for programs."""
    from ostler.core.sentences import describe_rule

    return {
        "rule": one.rule,
        "sentence": describe_rule(one.rule),
        "holding": one.holding,
        "total": one.total,
        "sure": one.sure,
    }


@contracts.command(
    epilog=example(
        "ostler contract show people",
        "ostler contract show people@1.2.0 --text > people.odcs.yaml",
    )
)
def show(
    contract: Annotated[str, typer.Argument(help="The dataset, or a version: people@1.2.0.")],
    as_text: Annotated[bool, typer.Option("--text", help="Its text, exactly.")] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """A contract for people: who answers, service levels, columns, promises."""
    from ostler.cli.contract_texts import named_text
    from ostler.cli.opening import opened
    from ostler.cli.output import print_exactly, print_json
    from ostler.tools.contracts.overview import overview
    from ostler.tools.contracts.parse import parse_contract

    with opened(workspace) as parts:
        dataset, text = named_text(parts, contract, "in force")
        if as_text:
            print_exactly(text)
            return
        read = parse_contract(text, dataset=dataset, source=contract)
        seen = overview(text, dataset=dataset, source=contract)
    if as_json:
        print_json({**seen.model_dump(), "checks": read.checks, "unmeasured": read.unmeasured})
    else:
        _print_overview(seen, read)


def _print_overview(seen: "Overview", contract: "Contract") -> None:
    from ostler.cli.output import print_line, print_table
    from ostler.core.sentences import describe_rule
    from ostler.review.text import visible

    print_line((visible(seen.name), "bold"), f"  {visible(seen.version)} {visible(seen.status)}")
    facts = (
        ("domain", (seen.domain,)),
        ("purpose", (seen.purpose,)),
        ("owner", (seen.owner or contract.owner,)),
        ("team", seen.team),
        ("roles", seen.roles),
        ("servers", seen.servers),
        ("support", seen.support),
        ("service levels", seen.sla),
        ("read by", contract.downstream),
    )
    for name, lines in facts:
        for place, line in enumerate(filter(None, lines)):
            print_line(f"{name if not place else '':<15} ", visible(line))
    print_line("")
    print_table(
        ("column", "type", "class", "what it is"),
        [(c.name, c.type, c.classification, c.description) for c in seen.columns],
    )
    print_line("")
    print_table(
        ("promise", "when it fails"),
        [
            (describe_rule(check.rule), "stops a pipeline" if check.gate else "warns")
            for check in contract.checks
        ],
    )
    for said in contract.unmeasured:
        print_line(("not measured: ", "dim"), visible(said))


@contracts.command(
    epilog=example("ostler contract lint people", "ostler contract lint people --json")
)
def lint(
    dataset: Dataset,
    file: File = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Every problem of a contract file, with its line and what to do; exits with 1 on errors."""
    from rich.text import Text

    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.core.errors import NotFound
    from ostler.storage.paths import read_text
    from ostler.tables.delta import table_of
    from ostler.tools.contracts.lint import LEVELS
    from ostler.tools.contracts.lint import lint as problems_of

    with opened(workspace) as parts:
        table = table_of(parts.dataset(dataset))
        shown = str(file or parts.workspace.contract(dataset).relative_to(parts.workspace.root))
        text = read_text(file) if file else parts.file_text(dataset)
        if text is None:
            raise NotFound(
                f"there is no contract for {dataset}", f"draft one: ostler contract infer {dataset}"
            )
        columns = table.view().column_names
        problems = problems_of(text, dataset=dataset, source=shown, columns=columns)
    errors = sum(one.level == "error" for one in problems)
    if as_json:
        print_json({"file": shown, "errors": errors, "problems": problems})
        return 1 if errors else 0
    styles = {"error": "bold red", "warning": "yellow", "hint": "dim"}
    print_table(
        ("line", "", "what", "what to do"),
        [
            (str(one.line or ""), Text(one.level, styles[one.level]), one.message, one.hint)
            for one in problems
        ],
        right=("line",),
    )
    counts = [(level, sum(one.level == level for one in problems)) for level in LEVELS]
    said = ", ".join(f"{n} {level}{'' if n == 1 else 's'}" for level, n in counts if n)
    say(f"{shown}: {said or 'no mistakes'}")
    return 1 if errors else 0
