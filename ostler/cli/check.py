"""`ostler check`: the contract and the drift, measured; a gate for pipelines."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.checks import CheckResult
    from ostler.core.datasets import Dataset
    from ostler.core.items import Finding
    from ostler.tools.quality.effort import Reading


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
        )
    )(check)


def check(
    dataset: Annotated[str, typer.Argument(help="The dataset, or one version: people@3.")],
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
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Measure every check of the contract, and drift; exits with 1 when a gate fails.

    Of a large table only data files are read that were not measured before. What fails opens a
    backlog item.
    """
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, progress, say

    with opened(workspace) as parts:
        name, version = dataset_at(dataset)
        if engine is not WhichEngine.DUCKDB:
            from ostler.cli.check_elsewhere import check_elsewhere

            there = check_elsewhere(parts, name, version, engine, as_json=as_json)
            if there is not None:
                return there
        with progress(f"checking {name}"):
            known = parts.current(name) if version is None else parts.dataset(name)
            results, findings, measured, reading = _measure(parts, known, version, no_states)
        if version is None:
            _record(parts, known, findings)
        contract, differs = parts.contract_text(name) is not None, parts.unpublished(name)
    failed = [r for r in results if not r.passed and r.check.gate]
    if as_json:
        print_json(
            {
                "dataset": name,
                "version": measured,
                "passed": not failed,
                "read": _read(reading),
                "checks": results,
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


def _measure(
    parts: "Opened", dataset: "Dataset", version: int | None, no_states: bool
) -> "tuple[tuple[CheckResult, ...], tuple[Finding, ...], int, Reading | None]":
    from ostler.cli.opening import now
    from ostler.core.items import Finding
    from ostler.tables.delta import table_of
    from ostler.tables.view import View
    from ostler.tools.drift.findings import drift_findings
    from ostler.tools.neighbours import neighbours
    from ostler.tools.quality.measure import measured

    table = table_of(dataset)
    view = table.view(version)
    reference = table.reference
    if reference is not None and reference >= view.version:
        reference = None
    contract = parts.contract(dataset.name)
    checks = contract.checks if contract else ()
    names = {known.name: known for known in parts.datasets()}

    def newest(name: str) -> View | None:
        return table_of(names[name]).view() if name in names else None

    rules = [one.rule for one in checks]
    others = neighbours(rules, table, newest, reference=reference)
    states = None if no_states else parts.states
    found = measured(view, checks, now=now(), others=others, states=states)
    results = found.results
    drift = () if reference is None else drift_findings(view, others[f"@{reference}"], now=now())
    findings = [
        Finding(dataset=dataset.name, version=view.version, result=r, source="contract")
        for r in results
        if not r.passed
    ] + [
        Finding(
            dataset=dataset.name, version=view.version, result=r, source="drift", evidence=sentence
        )
        for r, sentence in drift
        if not r.passed
    ]
    return (*results, *(r for r, _ in drift)), tuple(findings), view.version, found.reading


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


def _record(parts: "Opened", dataset: "Dataset", findings: "tuple[Finding, ...]") -> None:
    from ostler.agents.items import item_of
    from ostler.cli.opening import now
    from ostler.store.findings import record_finding
    from ostler.store.items import upsert_item

    if not findings:
        return
    at, actor = now(), parts.workspace.reviewer
    with parts.store.transaction() as session:
        for finding in findings:
            record_finding(session, finding, actor=actor, at=at)
            upsert_item(session, item_of(dataset, finding), actor=actor, at=at)


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
        ("", "check", "observed", "threshold", "failing rows"),
        [
            (
                verdict(result),
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
