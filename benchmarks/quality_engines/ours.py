"""Our side of the quality benchmark, by the functions that `ostler check` and the agents use.

    python ours.py check|dry-run|profile|drift JOB.json STATES [PATCHES]

Whatever follows the engine's functions is in here. STATES is the folder of what was measured
before; what it does not hold is measured.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pydantic import TypeAdapter
from quality_child import Job, finish, read_job

from ostler.core.checks import AnyRule, Check, CheckResult
from ostler.core.errors import UserError
from ostler.tables.delta import VersionedTable
from ostler.tables.lean import leave_pandas_out
from ostler.tables.patches import CHANGES, Patch, make
from ostler.tables.staging import apply
from ostler.tables.view import View
from ostler.tools.drift.checks import drift_checks
from ostler.tools.drift.measure import measure_profiles
from ostler.tools.drift.profile import profile_of
from ostler.tools.dry_run import Trial, dry_runs
from ostler.tools.quality.measure import measure
from ostler.tools.states import States

CELLS = 1_000
"""Of each patch."""
COMPARED = 2
"""So many patches are also put on the table and measured whole, which has to give the same."""
FIXES = {
    "status": "CASE WHEN i % 2 = 0 THEN 'paid' ELSE 'Payed' END",
    "quantity": "CASE WHEN i % 3 = 0 THEN '500' ELSE '5' END",
    "country": "CASE WHEN i % 2 = 0 THEN 'AT' ELSE 'XX' END",
    "invoice": "lag(invoice) OVER (ORDER BY i)",
    "customer_id": "CASE WHEN i % 5 = 0 THEN '-1' ELSE '1' END",
    "email": "CASE WHEN i % 2 = 0 THEN 'post@mail.example' END",
    "city": "lag(city) OVER (ORDER BY i)",
    "unit_price": "CASE WHEN i % 7 = 0 THEN '-1' ELSE '1' END",
    "discount": "CASE WHEN i % 2 = 0 THEN '0.5' END",
    "phone": "replace(phone, '+', '00')",
}
"""What patches set, column by column: some of it mends, some of it breaks."""


def check(job: Job, states: States) -> dict[str, int]:
    """How many rows fail each check."""
    return _failing(
        job, measure(_orders(job), _checks(job), now=job.now, others=_others(job), states=states)
    )


def tried(job: Job, states: States, patches: Sequence[Patch], view: View) -> list[dict[str, int]]:
    """How many rows would fail each check, patch by patch."""
    checks, others = _checks(job), _others(job)
    measured = measure(view, checks, now=job.now, others=others, states=states)
    runs = dry_runs(
        view,
        [Trial(patch, checks[0].rule) for patch in patches],
        measured,
        now=job.now,
        others=others,
        sample=10,
        states=states,
    )
    names = {one.rule: name for name, one in zip(job.checks, checks, strict=True)}
    return [
        {} if isinstance(run, UserError) else {names[e.check.rule]: e.after for e in run.effects}
        for run in runs
    ]


def drift(job: Job, states: States) -> dict[str, dict[str, list[float]]]:
    """The statistics of each column against version 0, and how far each may be off."""
    table = VersionedTable(str(job.folder / "orders"), ("order_id",))
    current = profile_of(table.view(), job.drifting, states)
    reference = profile_of(table.view(0), job.drifting, states)
    rules = [one.rule for one in drift_checks(current, reference, 0)]
    found: dict[str, dict[str, list[float]]] = {column: {} for column in job.drifting}
    for result in measure_profiles(current, reference, rules):
        found[result.rule.column][result.rule.statistic] = [result.value, result.error]
    return found


def patches_of(view: View, count: int) -> list[Patch]:
    """Patches of rows from all over the table."""
    chosen = f"""SELECT *, row_number() OVER (ORDER BY hash(order_id), order_id) - 1 AS i
                 FROM (SELECT order_id, {", ".join(FIXES)} FROM {view.source}
                       ORDER BY hash(order_id), order_id LIMIT {count * CELLS})"""
    rows = view.arrow(chosen)
    columns = list(FIXES)
    made: list[Patch] = []
    view.connection.register("chosen", rows)
    for number in range(count):
        column = columns[number % len(columns)]
        changes = view.arrow(
            f"""SELECT 'set' AS op, CAST(order_id AS VARCHAR) AS "row", '{column}' AS "column",
                       CAST({column} AS VARCHAR) AS old, {FIXES[column]} AS new
                FROM chosen WHERE i >= {number * CELLS} AND i < {(number + 1) * CELLS}"""
        )
        made.append(make(pa.table(changes).cast(CHANGES), view.columns))
    view.connection.unregister("chosen")
    return made


def _orders(job: Job) -> View:
    return VersionedTable(str(job.folder / "orders"), ("order_id",)).view()


def _others(job: Job) -> dict[str, View]:
    return {"customers": VersionedTable(str(job.folder / "customers"), ("customer_id",)).view()}


def _checks(job: Job) -> list[Check]:
    rules: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)
    return [Check(rule=rules.validate_python(rule)) for rule in job.checks.values()]


def _failing(job: Job, results: Sequence[CheckResult]) -> dict[str, int]:
    return {name: result.failing for name, result in zip(job.checks, results, strict=True)}


def main() -> None:
    """Do one of the four, without pandas as the command line does."""
    leave_pandas_out()
    what, job, states = sys.argv[1], read_job(sys.argv[2]), States(Path(sys.argv[3]))
    match what:
        case "check":
            finish(lambda: check(job, states))
        case "profile":
            table = VersionedTable(str(job.folder / "orders"), ("order_id",))
            profile_of(table.view(0), job.drifting, states)
        case "drift":
            finish(lambda: drift(job, states))
        case _:
            view = _orders(job)
            patches = patches_of(view, int(sys.argv[4]))
            finish(
                lambda: tried(job, states, patches, view),
                then=lambda found: _wrong(job, view, patches, found),
            )


def _wrong(job: Job, view: View, patches: Sequence[Patch], found: list[dict[str, int]]) -> int:
    """At how many checks the dry run says something else than the table with the patch on it."""
    wrong = 0
    for place in _spread(len(patches)):
        staged = apply(patches[place], view)
        whole = _failing(job, measure(staged, _checks(job), now=job.now, others=_others(job)))
        wrong += sum(found[place].get(name) != count for name, count in whole.items())
    return wrong


def _spread(count: int) -> list[int]:
    return sorted({step * count // COMPARED for step in range(COMPARED)} if count else set())


if __name__ == "__main__":
    main()
