"""Columns that are stored with types give what their text would give, on odd values of each."""

from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Check,
    ForeignKey,
    NearDuplicates,
    Range,
    RejectedValues,
    RowRule,
    TypeIs,
)
from ostler.tables.engine import connect
from ostler.tables.view import View, view_of
from ostler.tools.quality.measure import failing_rows

DUCKDB = connect()
NOW = datetime(2026, 1, 1, tzinfo=UTC)

KINDS = {
    "BIGINT": ["0", "1", "-1", "9007199254740993", "-9223372036854775808", "9223372036854775807"],
    "TINYINT": ["0", "1", "127", "-128"],
    "UBIGINT": ["0", "1", "18446744073709551615", "9007199254740993"],
    "HUGEINT": ["0", "1267650600228229401496703205376", "-9", "18446744073709551617"],
    "DOUBLE": ["0.0", "-0.0", "1.0", "0.1", "1e300", "5e-324", "nan", "inf", "-inf"],
    "FLOAT": ["0.0", "0.1", "1.5", "16777217", "nan"],
    "DECIMAL(9,2)": ["0", "0.10", "-1.55", "1234567.89"],
    "DECIMAL(38,10)": ["0.1", "9007199254740993.0000000001", "-1"],
    "BOOLEAN": ["true", "false"],
    "DATE": ["0001-01-01", "2026-02-28", "9999-12-31", "infinity", "0044-03-15 (BC)"],
    "TIMESTAMP": ["0001-01-01", "2026-02-28", "2026-02-28 10:00:00.000005", "-infinity"],
    "TIMESTAMP WITH TIME ZONE": ["2026-02-28 00:00:00+00", "2026-02-28 01:00:00+02", "infinity"],
    "TIME": ["00:00:00", "10:30:00.000001"],
    "VARCHAR": ["", "1", "0.1", "nan", "2026-02-28", "10:30", "x", "Größe\u0301", "1_0"],
    "BIGINT[]": ["[]", "[1, NULL]"],
    "STRUCT(a BIGINT)": ["{'a': 1}"],
}
TEXTS = ["", "0", "1", "-1", "01", "1.0", "0.1", "true", "nan", "2026-02-28", "9007199254740993",
         "18446744073709551615", "999999999999999999999999", "-0", "[]"]  # fmt: skip
BOUND = st.none() | st.sampled_from([0.0, 0.1, -1.0, 2.0**53, 1e300, float(2**53 + 2)])
OPERATOR = st.sampled_from(["<", "<=", "=", "!=", ">=", ">"])
LISTED = st.lists(st.sampled_from(TEXTS), max_size=4).map(tuple)
RULES: st.SearchStrategy[AnyRule] = st.one_of(
    st.builds(AcceptedValues, column=st.just("a"), values=LISTED),
    st.builds(RejectedValues, column=st.just("a"), values=LISTED),
    st.builds(Range, column=st.just("a"), minimum=BOUND, maximum=BOUND),
    st.builds(
        TypeIs,
        column=st.just("a"),
        type=st.sampled_from(
            ["string", "integer", "number", "boolean", "date", "timestamp", "time"]
        ),
    ),
    st.builds(RowRule, left=st.just("a"), right=st.just("b"), operator=OPERATOR),
    st.just(ForeignKey(on=("a",), dataset="t", references=("b",))),
    st.builds(NearDuplicates, on=st.just(("a",)), rows=LISTED),
)


def stored(kinds: dict[str, str], rows: list[tuple[str | None, ...]]) -> tuple[View, View]:
    """The same rows twice: in their types, and as the text of each cell."""
    cells = {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(kinds)}
    DUCKDB.register("given", pa.table({"id": pa.array(range(len(rows)), pa.int64()), **cells}))
    typed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in kinds.items())
    texts = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in kinds)
    DUCKDB.execute(f"CREATE OR REPLACE TEMP TABLE typed AS SELECT id, {typed} FROM given")
    DUCKDB.execute(
        f"CREATE OR REPLACE TEMP TABLE texts AS SELECT id::TEXT AS id, {texts} FROM typed"
    )
    DUCKDB.unregister("given")
    one, other = (view_of(name, ("id",), connection=DUCKDB) for name in ("typed", "texts"))
    return one, other


@settings(max_examples=150)
@given(data=st.data(), rule=RULES)
def test_a_stored_type_changes_nothing(data: st.DataObject, rule: AnyRule) -> None:
    kinds = {name: data.draw(st.sampled_from(list(KINDS))) for name in "ab"}
    cells = [st.none() | st.sampled_from(KINDS[kind]) for kind in kinds.values()]
    rows = data.draw(st.lists(st.tuples(*cells), max_size=6))
    check = Check(rule=rule)
    typed, texts = (
        failing_rows(view, check, now=NOW, others={"t": view}, limit=100)
        for view in stored(kinds, rows)
    )
    assert typed == texts, kinds
