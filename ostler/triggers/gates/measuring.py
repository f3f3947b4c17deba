"""What a gate looks at: a version of a dataset, or a bare file, measured by a contract."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ostler.core.checks import CheckResult
from ostler.core.datasets import Dataset
from ostler.core.errors import BadInput
from ostler.core.items import Finding
from ostler.tables.delta import table_of
from ostler.tables.file_view import file_view
from ostler.tables.view import View
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.drift.findings import drift_findings
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure

SAMPLE = 10
"""Failing rows that a result names."""


@dataclass(frozen=True)
class Measured:
    """Every check on one state of a table, and what of it is a finding."""

    name: str
    """The dataset, or the file as the person named it."""
    version: int | None
    """None for a bare file."""
    rows: int
    results: tuple[CheckResult, ...]
    """The contract's checks, then those of drift."""
    findings: tuple[Finding, ...] = ()


def measure_dataset(
    dataset: Dataset,
    contract: Contract | None,
    known: Sequence[Dataset],
    *,
    version: int | None = None,
    reference: int | None = None,
    drift_only: bool = False,
    now: datetime,
) -> Measured:
    """A version of a dataset, the newest by default, by its contract and for drift.

    Drift is measured against the version `reference`, by default the one before data last came in.
    Foreign keys look into the datasets that are `known`. NotFound for a version that there is not.
    """
    table = table_of(dataset)
    view = table.view(version)
    if reference is None:
        reference = table.reference
    if reference is not None and reference >= view.version:
        reference = None
    checks = contract.checks if contract and not drift_only else ()
    by_name = {one.name: one for one in known}

    def newest(name: str) -> View | None:
        return table_of(by_name[name]).view() if name in by_name else None

    others = neighbours([one.rule for one in checks], table, newest, reference=reference)
    results = measure(view, checks, now=now, others=others, sample=SAMPLE)
    drift = () if reference is None else drift_findings(view, others[f"@{reference}"], now=now)
    findings = [
        Finding(dataset=dataset.name, version=view.version, result=one, source="contract")
        for one in results
        if not one.passed
    ] + [
        Finding(
            dataset=dataset.name, version=view.version, result=one, source="drift", evidence=why
        )
        for one, why in drift
        if not one.passed
    ]
    both = (*results, *(one for one, _ in drift))
    return Measured(dataset.name, view.version, view.row_count, both, tuple(findings))


def measure_file(
    data: Path,
    contract: Path,
    others: Mapping[str, Path],
    *,
    encoding: str = "utf-8",
    now: datetime,
    parsed: Callable[[str], None] = lambda _: None,
) -> Measured:
    """A bare file by a contract file; nothing is imported, nothing written.

    `others` are the files that foreign keys look into, by the name of their dataset. BadInput for a
    contract or a file that cannot be read.
    """
    checks = read_contract(contract, data.name.partition(".")[0]).checks
    parsed(f"{len(checks)} checks")
    with ExitStack() as files:
        view = files.enter_context(file_view(data, encoding=encoding))
        beside = {
            name: files.enter_context(file_view(path, encoding=encoding))
            for name, path in sorted(others.items())
        }
        results = measure(view, checks, now=now, others=beside, sample=SAMPLE)
        return Measured(str(data), None, view.row_count, results)


def read_contract(path: Path, dataset: str) -> Contract:
    """A contract file; `dataset` says which of its tables is meant (BadInput)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"{path}: there is no such file", "name the contract: --contract FILE"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    return parse_contract(text, dataset=dataset, source=str(path))
