"""`ostler check`: the contract and the drift, measured; a gate for pipelines."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example
from ostler.core.errors import BadInput

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.checks import CheckResult
    from ostler.core.datasets import Dataset
    from ostler.core.items import Finding
    from ostler.tools.quality.effort import Reading
    from ostler.triggers.gates.measured import Measured


class WhichEngine(StrEnum):
    """Who measures."""

    DUCKDB = "duckdb"
    POSTGRESQL = "postgresql"
    SPARK = "spark"
    AUTO = "auto"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler check people",
            "ostler check people --json",
            "ostler check orders@3",
            "ostler check customers --engine postgresql",
            "ostler check people --rows C-7K3QH2MA --limit 100",
            "ostler check people --rows C-7K3QH2MA --csv > failing.csv",
        )
    )(check)


def check(
    dataset: Annotated[str, typer.Argument(help="The dataset, or one version: people@3.")],
    rows: Annotated[
        str, typer.Option("--rows", metavar="CHECK", help="List the rows that fail one check.")
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000_000, help="So many rows at most.")
    ] = 20,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the rows as CSV; with --rows.")
    ] = False,
    no_states: Annotated[
        bool,
        typer.Option(
            "--no-states",
            help="Read everything, also what was measured before; slower, same result.",
        ),
    ] = False,
    engine: Annotated[
        WhichEngine,
        typer.Option(
            "--engine",
            help="Measure where the data lies: in PostgreSQL, by Spark; auto: what can be, there.",
        ),
    ] = WhichEngine.DUCKDB,
    unmask: options.Unmask = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Measure every check of the contract, and drift; exits with 1 when a gate fails.

    Of a large table only data files are read that were not measured before. What fails opens a
    backlog item. With --rows the rows that fail one check are listed instead: their keys, and the
    cells that the check looks at. Values that the contract classifies are shown as •••; --unmask
    shows them, if `readers` in ostler.yaml names a role of yours, and is logged.
    """
    if as_csv and (as_json or not rows):
        raise BadInput(
            "--csv prints rows, and nothing else", "ostler check DATASET --rows CHECK --csv"
        )
    from ostler.cli.failing import show_rows
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, progress, say

    with opened(workspace) as parts:
        name, version = dataset_at(dataset)
        there = _elsewhere(parts, name, version, engine, as_json)
        if there is not None:
            return there
        if rows:
            known = parts.current(name) if version is None else parts.dataset(name)
            show_rows(
                parts, known, version, rows, limit, unmask=unmask, as_json=as_json, as_csv=as_csv
            )
            return 0
        with progress(f"checking {name}"):
            known = parts.current(name) if version is None else parts.dataset(name)
            found = parts.measured(known, parts.contract(name), version=version, anew=no_states)
        results, findings, measured = found.results, found.findings, found.version
        reading = found.reading
        if version is None:
            _record(parts, known, found)
        contract, differs = parts.contract_text(name) is not None, parts.unpublished(name)
    failed = [r for r in results if not r.passed and r.check.gate]
    if as_json:
        print_json(
            {
                "dataset": name,
                "version": measured,
                "passed": not failed,
                "read": _read(reading),
                "checks": [{"id": r.check.id, **r.model_dump(mode="json")} for r in results],
            }
        )
    else:
        print_results(results, findings)
    if reading is not None:
        say(_told(reading))
    if not contract:
        say(f"{name} has no contract yet: ostler contract infer {name}")
    if differs:
        say(differs)
    if failed:
        say(f"{name}@{measured}: {len(failed)} of {len(results)} checks fail · ostler groom {name}")
    else:
        say(f"{name}@{measured}: {len(results)} checks, none fails that gates")
    return 1 if failed else 0


def _read(reading: "Reading | None") -> "dict[str, int] | None":
    """What had to be read, as JSON; nothing where all was."""
    if reading is None:
        return None
    return {"files": len(reading.read), "of": reading.files, "anew": len(reading.anew)}


def _told(reading: "Reading") -> str:
    from ostler.cli.wording import count

    files = f"{len(reading.read):,} of {reading.files:,} data files read"
    if not reading.anew:
        return files
    return f"{files}; {count(len(reading.anew), 'check')} could only be measured as a whole"


def _elsewhere(
    parts: "Opened", name: str, version: int | None, engine: WhichEngine, as_json: bool
) -> int | None:
    if engine is WhichEngine.DUCKDB:
        return None
    from ostler.cli.check_elsewhere import check_elsewhere

    return check_elsewhere(parts, name, version, engine, as_json=as_json)


def _record(parts: "Opened", dataset: "Dataset", found: "Measured") -> None:
    from ostler.cli.opening import now
    from ostler.triggers.gates.items import keep_findings

    with parts.store.transaction() as session:
        keep_findings(session, dataset, found, actor=parts.workspace.reviewer, at=now())


def print_results(results: "tuple[CheckResult, ...]", findings: "tuple[Finding, ...]" = ()) -> None:
    """Show what checks gave, the failing ones first."""
    from rich.text import Text

    from ostler.cli.output import print_line, print_table
    from ostler.cli.wording import threshold
    from ostler.core.sentences import describe_rule
    from ostler.review.text import visible

    def verdict(result: "CheckResult") -> Text:
        if result.passed:
            return Text("ok", "green")
        return Text("FAIL", "bold red") if result.check.gate else Text("warn", "yellow")

    print_table(
        ("", "id", "check", "observed", "threshold", "failing rows"),
        [
            (
                verdict(result),
                result.check.id,
                describe_rule(result.check.rule),
                result.observed,
                threshold(result.check),
                ", ".join(result.rows[:5]) + (" …" if len(result.rows) > 5 else ""),
            )
            for result in sorted(results, key=lambda r: r.passed)
        ],
    )
    for finding in findings:
        if finding.evidence:
            print_line(("  ", ""), visible(finding.evidence))
