"""`ostler gate`: a dataset or a bare file, measured by its contract, for CI and pipelines."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from datetime import datetime

    from rich.text import Text

    from ostler.core.datasets import Dataset
    from ostler.core.errors import BadInput
    from ostler.triggers.gates.report import GateReport, Judged

_LAST = "last-published"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler gate data/orders.csv --contract contracts/orders.odcs.yaml",
            "ostler gate data/orders.csv --junit gate.xml --markdown $GITHUB_STEP_SUMMARY",
            "ostler gate orders --against last-published --open-items",
        )
    )(gate)


def gate(
    what: Annotated[
        str,
        typer.Argument(metavar="DATASET|FILE", help="A dataset, orders or orders@3; or a file."),
    ],
    contract: Annotated[
        Path | None,
        typer.Option(help="Contract file; by default the dataset's, or the one near the file."),
    ] = None,
    other: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE", help="Of a bare file: what a foreign key refers to; repeat it."
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="How a bare text file is encoded.")] = "utf-8",
    against: Annotated[
        str,
        typer.Option(
            metavar="VERSION|last-published",
            help="Fail only for what is worse than in this version of the dataset.",
        ),
    ] = "",
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[
        str, typer.Option(metavar="FILE|-", help="Append a Markdown summary to this file.")
    ] = "",
    open_items: Annotated[
        bool,
        typer.Option(
            "--open-items", help="What fails opens its backlog item; what holds again closes it."
        ),
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Stop a pipeline when data breaks its contract: exits with 0 passed, 1 failed, 2 wrong use.

    A bare file needs no workspace; nothing is imported or written.
    """
    from datetime import UTC, datetime

    from ostler.cli.output import print_json, say
    from ostler.triggers.gates.pairing import is_file

    now = datetime.now(UTC)
    if "://" in what:
        raise _wrong(
            f"{what} is no file on this machine", f"take it under care: ostler add {what} --key id"
        )
    if is_file(what):
        if against or open_items:
            used = "--against" if against else "--open-items"
            raise _wrong(
                f"{used} is for a dataset, and {what} is a file",
                f"take it under care: ostler add {what}",
            )
        report = _of_file(what, contract, other or [], encoding, now)
    else:
        if other:
            raise _wrong("--other is for a bare file", "a dataset's foreign keys look at datasets")
        report = _of_dataset(what, contract, against, open_items, workspace, now)
    _write(report, junit, markdown, now)
    if as_json:
        from ostler.triggers.gates.report import Outcome

        counts = {outcome.value: len(report.of(outcome)) for outcome in Outcome}
        print_json({**report.model_dump(mode="json"), "passed": report.passed, "counts": counts})
    elif markdown != "-":
        show(report)
    say(sentence(report))
    return 0 if report.passed else 1


def _of_file(
    what: str, contract: Path | None, other: list[str], encoding: str, now: "datetime"
) -> "GateReport":
    from ostler.cli.output import progress
    from ostler.triggers.gates.files import measure_file
    from ostler.triggers.gates.pairing import contract_of, others_of
    from ostler.triggers.gates.report import judge

    data = Path(what)
    with progress(f"checking {what}") as bar:
        return judge(
            measure_file(
                data,
                contract or contract_of(data),
                others_of(other),
                encoding=encoding,
                now=now,
                parsed=bar,
            )
        )


def _of_dataset(
    what: str,
    contract: Path | None,
    against: str,
    open_items: bool,
    workspace: Path | None,
    now: "datetime",
) -> "GateReport":
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.cli.output import progress
    from ostler.core.errors import NotFound
    from ostler.triggers.gates.files import read_contract
    from ostler.triggers.gates.items import keep_items
    from ostler.triggers.gates.report import judge

    name, version = dataset_at(what)
    if open_items and version is not None:
        raise _wrong("items are about what is now", f"leave the version out: ostler gate {name}")
    with opened(workspace) as parts, progress(f"checking {name}"):
        dataset = parts.current(name) if version is None else parts.dataset(name)
        promised = read_contract(contract, name) if contract else parts.contract(name)
        if promised is None:
            raise NotFound(
                f"there is no contract for {name}", f"draft one: ostler contract infer {name}"
            )
        at = _base(dataset, against)
        base = None if at is None else parts.measured(dataset, promised, version=at)
        measured = parts.measured(dataset, promised, version=version, reference=at)
        report = judge(measured, base)
        if open_items:
            with parts.store.transaction() as session:
                actor = parts.workspace.reviewer
                keep_items(session, dataset, measured, report, actor=actor, at=now)
    return report


def _base(dataset: "Dataset", against: str) -> int | None:
    """The version that a gate is held against."""
    from ostler.tables.delta import table_of

    if not against:
        return None
    if against == _LAST:
        return next((c.version for c in table_of(dataset).history() if c.proposals), 0)
    if not against.isdecimal():
        raise _wrong(f"--against {against!r} is no version", f"write a number, or {_LAST}")
    return int(against)


def _write(report: "GateReport", junit: Path | None, markdown: str, now: "datetime") -> None:
    from ostler.storage.refusals import written
    from ostler.triggers.gates.junit import junit as as_junit
    from ostler.triggers.gates.markdown import markdown as as_markdown

    if junit is not None:
        with written(junit):
            junit.write_text(as_junit((report,), now=now), encoding="utf-8")
    if markdown == "-":
        sys.stdout.write(as_markdown((report,)))
    elif markdown:
        # What CI servers give is one file for all steps of a job.
        with written(markdown), Path(markdown).open("a", encoding="utf-8") as file:
            file.write(as_markdown((report,)))


def show(report: "GateReport") -> None:
    """What does not pass, as a table."""
    from ostler.cli.output import print_table
    from ostler.core.sentences import describe_rule
    from ostler.triggers.gates.report import Outcome

    odd = [one for one in report.checks if one.outcome is not Outcome.PASSED]
    if odd:
        print_table(
            ("", "check", "observed", "failing rows", "what to do"),
            [
                (
                    _verdict(one),
                    describe_rule(one.result.check.rule),
                    one.result.observed
                    + ("" if one.before is None else f", before {one.before:,}"),
                    ", ".join(one.result.rows[:5]) + (" …" if one.result.failing > 5 else ""),
                    one.advice,
                )
                for one in odd
            ],
        )


def _verdict(one: "Judged") -> "Text":
    from rich.text import Text

    from ostler.triggers.gates.report import Outcome

    styles = {
        Outcome.FAILED: ("FAIL", "bold red"),
        Outcome.KNOWN: ("known", "yellow"),
        Outcome.WARNED: ("warn", "yellow"),
    }
    return Text(*styles[one.outcome])


def sentence(report: "GateReport") -> str:
    """The verdict in one line, of harmless text."""
    from ostler.cli.wording import count
    from ostler.review.text import visible
    from ostler.triggers.gates.report import Outcome

    failed, known, warned = (
        len(report.of(outcome)) for outcome in (Outcome.FAILED, Outcome.KNOWN, Outcome.WARNED)
    )
    verdict = f"{failed:,} of {count(len(report.checks), 'check')} fail" if failed else "passed"
    rest = [(known, f"no worse than in version {report.against}"), (warned, "warned of")]
    also = ", ".join(f"{number:,} {what}" for number, what in rest if number)
    return f"{visible(report.shown)}: {verdict}" + (f" ({also})" if also else "")


def _wrong(message: str, hint: str) -> "BadInput":
    from ostler.core.errors import BadInput

    return BadInput(message, hint)
