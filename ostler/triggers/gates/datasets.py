"""A version of a dataset, measured for a gate."""

from collections.abc import Sequence
from datetime import datetime

from ostler.core.datasets import Dataset
from ostler.core.items import Finding
from ostler.tables.delta import table_of
from ostler.tables.view import View
from ostler.tools.contracts.contract import Contract
from ostler.tools.drift.findings import drift_findings
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure
from ostler.tools.states import States
from ostler.triggers.gates.measured import SAMPLE, Measured


def measure_dataset(
    dataset: Dataset,
    contract: Contract | None,
    known: Sequence[Dataset],
    *,
    version: int | None = None,
    reference: int | None = None,
    drift_only: bool = False,
    states: States | None = None,
    now: datetime,
) -> Measured:
    """A version of a dataset, the newest by default, by its contract and for drift.

    Drift is measured against the version `reference`, by default the one before data last came in.
    Foreign keys look into the datasets that are `known`; with `states` only new data files of a
    large table are read. NotFound for a version that there is not.
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
    results = measure(view, checks, now=now, others=others, sample=SAMPLE, states=states)
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
