"""What patches are said to do is what measuring with them on the table gives."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    Dependency,
    Drift,
    ForeignKey,
    Freshness,
    Learned,
    NearDuplicates,
    NotNull,
    Range,
    RowCount,
    Unique,
)
from ostler.core.errors import BadInput
from ostler.core.proposals import DryRun
from ostler.core.row_rules import Format, Holds, LengthBetween, RequiredIf
from ostler.core.table_rules import (
    Agreement,
    Balance,
    Declared,
    Fairness,
    Gaps,
    Schema,
    Total,
    Volume,
)
from ostler.tables.engine import connect
from ostler.tables.patches import CHANGES, Patch, Stale, make
from ostler.tables.staging import apply
from ostler.tables.view import View, view_of
from ostler.tools.dry_run import Trial, dry_run, dry_runs
from ostler.tools.quality.measure import measure

DUCKDB = connect()
NOW = datetime(2026, 1, 3, 12, tzinfo=UTC)
COLUMNS = {
    "a": [None, "a", "b", "Ä"],
    "change": [None, "1", "2", "9007199254740993"],
    "number": [None, "0.0", "-0.0", "0.5", "nan", "inf"],
    "at": [None, "2026-01-01 00:00:00", "2026-01-03 11:00:00", "2026-01-04 00:00:00"],
}
KINDS = {"a": "VARCHAR", "change": "BIGINT", "number": "DOUBLE", "at": "TIMESTAMP"}
RULES: list[AnyRule] = [
    NotNull(column="a"),
    AcceptedValues(column="change", values=("1",)),
    Range(column="number", minimum=0, maximum=0.2),
    Unique(on=("a",)),
    Unique(on=("number", "change")),
    Dependency(determinants=("a",), dependent="change"),
    Dependency(determinants=("number", "a"), dependent="at"),
    ForeignKey(on=("a",), dataset="t", references=("a",)),
    Freshness(column="at", max_age_hours=24),
    RowCount(minimum=3, maximum=5),
    NearDuplicates(on=("a",), rows=("1", "3")),
    Drift(column="a", reference=0, statistic="chi2", limit=0.2),
    NotNull(column="gone"),
    RequiredIf(column="change", when="number >= 0"),
    LengthBetween(column="a", minimum=2),
    Format(column="a", format="country"),
    Format(column="change", format="luhn"),
    Holds(holds="change * 2 - number > 0.5 or at is missing"),
    Holds(holds="if days('2026-01-01', at) > 1 then a != 'b'"),
    Balance(left="change", right="number", by=("a",)),
    Balance(left="change", right="number", tolerance=1),
    Total(column="number", by=("a",), dataset="t", references=("a",), equals="change"),
    Agreement(column="number", on=("a",), dataset="t", references=("a",), equals="number"),
    Volume(column="at", every="day", minimum=1, maximum=2),
    Gaps(column="at", every_hours=30, by=("a",)),
    Schema(declared=(Declared(column="a"),)),
    Fairness(column="a", outcome="number >= 0", limit=0.3, minimum_size=1),
]
CELLS = st.tuples(*(st.sampled_from(values) for values in COLUMNS.values()))


def view_from(rows: list[tuple[str | None, ...]], hidden: bool) -> View:
    key = "_ostler_row" if hidden else "id"
    cells = {n: pa.array([row[i] for row in rows], pa.string()) for i, n in enumerate(COLUMNS)}
    DUCKDB.register("g", pa.table({"k": pa.array(range(1, len(rows) + 1), pa.int64()), **cells}))
    typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in KINDS.items())
    DUCKDB.execute(f"CREATE OR REPLACE TEMP TABLE t AS SELECT k AS {key}, {typed} FROM g")
    return view_of("t", (key,), hidden=(key,) if hidden else (), connection=DUCKDB)


def patch_of(data: st.DataObject, view: View, rows: int) -> Patch:
    """Cells that are set, rows that go and rows that come."""
    cells = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in view.column_names)
    changes: list[dict[str, Any]] = []

    def add(op: str, row: str, column: str, old: str | None, new: str | None) -> None:
        changes.append({"op": op, "row": row, "column": column, "old": old, "new": new})

    for row, *old in view.query(f"SELECT {view.row}, {cells} FROM t ORDER BY 1"):
        what = data.draw(st.sampled_from(["leave", "set", "delete"]))
        for name, value in zip(view.column_names, old, strict=True):
            if what == "delete":
                add("delete", row, name, value, None)
            elif what == "set" and name in COLUMNS and data.draw(st.booleans()):
                add("set", row, name, value, data.draw(st.sampled_from(COLUMNS[name])))
    for number in range(rows + 1, rows + 1 + data.draw(st.integers(0, 2))):
        for name in view.column_names:
            new = data.draw(st.sampled_from(COLUMNS[name])) if name in COLUMNS else str(number)
            add("insert", str(number), name, None, new)
    return make(pa.Table.from_pylist(changes, schema=CHANGES), view.columns)


@settings(max_examples=30)
@given(rows=st.lists(CELLS, max_size=7), hidden=st.booleans(), data=st.data())
def test_effects_are_what_measuring_with_the_patch_gives(
    rows: list[tuple[str | None, ...]], hidden: bool, data: st.DataObject
) -> None:
    view = view_from(rows, hidden)
    others = {"t": view, "@0": view}
    checks = [Check(rule=rule) for rule in RULES]
    before = measure(view, checks[1:], now=NOW, others=others, sample=0)
    patches = [patch_of(data, view, len(rows)) for _ in range(data.draw(st.integers(1, 3)))]
    trials = [Trial(patch, data.draw(st.sampled_from(RULES))) for patch in patches]
    found = dry_runs(view, trials, before, now=NOW, others=others, sample=3)
    for trial, run in zip(trials, found, strict=True):
        assert isinstance(run, DryRun), run
        assert run.effects[0].check.rule == trial.mends
        staged = apply(trial.patch, view)
        tried = [effect.check for effect in run.effects]
        assert [c.rule for c in tried[1:]] == [r for r in RULES[1:] if r != trial.mends]
        expected = measure(staged, tried, now=NOW, others=others, sample=0)
        assert [(e.check.rule, e.after) for e in run.effects] == [
            (result.check.rule, result.failing) for result in expected
        ]
        assert all(effect.total == len(rows) for effect in run.effects)
    assert DUCKDB.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE starts_with(table_name, 'ostler')"
    ).fetchall() == [(0,)]


def test_learned_limits_are_held_to_what_a_patch_leaves() -> None:
    view = view_from([("a", "1", None, None)] * 3, hidden=True)
    learned = Learned(low=3, high=4, because="usually 3 to 4 rows")
    check = Check(rule=RowCount(), learned=learned)
    gone = [
        {"op": "delete", "row": "1", "column": name, "old": old, "new": None}
        for name, old in zip(COLUMNS, ("a", "1", None, None), strict=True)
    ]
    patch = make(pa.Table.from_pylist(gone, schema=CHANGES), view.columns)
    before = measure(view, [check], now=NOW, sample=0)
    run = dry_run(view, patch, before, mends=RULES[0], now=NOW, others={}, sample=1)
    assert [(e.before, e.after) for e in run.effects[1:]] == [(0, 1)]
    assert before[0].observed == "3 rows; usually 3 to 4 rows"


def test_a_patch_that_does_not_fit_says_so_and_spoils_no_other() -> None:
    view = view_from([("a", "1", "0.5", None)], hidden=False)

    def setting(column: str, old: str, new: str) -> Patch:
        change = {"op": "set", "row": "1", "column": column, "old": old, "new": new}
        return make(pa.Table.from_pylist([change], schema=CHANGES), view.columns)

    mends = NotNull(column="a")
    patches = [setting("a", "x", "b"), setting("id", "1", "2"), setting("a", "a", "b")]
    stale, key, good = dry_runs(
        view, [Trial(p, mends) for p in patches], [], now=NOW, others={}, sample=3
    )
    assert isinstance(stale, Stale)
    assert stale.message == "row 1, 'a' no longer holds what it did"
    assert isinstance(key, BadInput) and "key column" in key.message
    assert isinstance(good, DryRun) and good.context[0][1][1] == ("a", "a")
    with pytest.raises(Stale):
        dry_run(view, patches[0], [], mends=mends, now=NOW, others={}, sample=3)
