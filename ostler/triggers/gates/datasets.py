"""A version of a dataset, measured: what `ostler check`, gates and watchers look at."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ostler.core.checks import Check, CheckResult
from ostler.core.datasets import Dataset
from ostler.core.items import Finding
from ostler.core.masks import hides_ids, withheld
from ostler.tables.delta import table_of
from ostler.tables.view import View
from ostler.tools.drift.findings import drift_findings
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measured
from ostler.tools.states import States
from ostler.triggers.gates.measured import SAMPLE, Measured


def measure_dataset(
    dataset: Dataset,
    checks_of: Callable[[int], Sequence[Check]],
    classes: Mapping[str, str],
    known: Sequence[Dataset],
    *,
    version: int | None = None,
    reference: int | None = None,
    states: States | None = None,
    now: datetime,
) -> Measured:
    """A version of a dataset, the newest by default, by its checks and for drift.

    Args:
        dataset: What is measured.
        checks_of: The checks for a version; their limits may have been learned from earlier ones.
        classes: The classification of columns; what it hides is named in no result.
        known: The datasets that foreign keys look into.
        version: NotFound when there is none.
        reference: What drift is measured against; by default the version before data last came in.
        states: What was measured before, so that only new data files of a large table are read.
        now: The clock that freshness is measured against.
    """
    table = table_of(dataset)
    view = table.view(version)
    if reference is None:
        reference = table.reference
    if reference is not None and reference >= view.version:
        reference = None
    checks = checks_of(view.version)
    by_name = {one.name: one for one in known}

    def newest(name: str) -> View | None:
        return table_of(by_name[name]).view() if name in by_name else None

    others = neighbours([one.rule for one in checks], table, newest, reference=reference)
    sample = 0 if hides_ids(dataset.key, classes) else SAMPLE
    found = measured(view, checks, now=now, others=others, sample=sample, states=states)
    results = found.results
    drift = [
        (one, withheld(why, one.check.rule.columns, classes))
        for one, why in (
            () if reference is None else drift_findings(view, others[f"@{reference}"], now=now)
        )
    ]

    def finding(result: CheckResult, source: str, why: str = "") -> Finding:
        return Finding.model_validate(
            {
                "dataset": dataset.name,
                "version": view.version,
                "result": result,
                "source": source,
                "evidence": why,
            }
        )

    return Measured(
        dataset.name,
        view.version,
        view.row_count,
        (*results, *(one for one, _ in drift)),
        (
            *(finding(one, "contract") for one in results if not one.passed),
            *(finding(one, "drift", why) for one, why in drift if not one.passed),
        ),
        found.reading,
    )
