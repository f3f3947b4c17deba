"""The demo's data: the same every time, dirty as written down, and what the miners make of it."""

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from ostler.cli.demo_data import DemoFiles, Planted, write_demo
from ostler.core.actions import AskValues, Correct
from ostler.core.datasets import ROW_ID
from ostler.core.proposals import Draft
from ostler.tables.view import View, view_of
from ostler.tools.repair import compile_action
from ostler.tools.repair.duplicates import mine_duplicates
from ostler.tools.repair.grid import grid_of
from ostler.tools.repair.mining import mine
from ostler.triggers.alerts.reading import Message, read_message

FOUND = {
    # Typos in a product of two short words are left to the columns that decide it.
    "typo": 0.5,
    # What one small group of rows says against a frequent value is asked about, with the answer.
    "dependency": 0.6,
    "format": 0.8,
    "unit": 0.8,
    "duplicate": 0.8,
    "near duplicate": 0.8,
    "missing": 0.8,
    "filler": 0.8,
}
"""Share of the planted errors of each kind that cards put right at once."""
TOLD = 0.8
"""The same, with those that a question names together with what is right."""
MISTAKEN = 0.1
"""Share of the changes that each miner's cards may get wrong."""


def mined_on(view: View) -> tuple[Draft, ...]:
    """All cards of a first grooming."""
    grid = grid_of(view)
    return (*mine(grid, "demo"), *mine_duplicates(grid, "demo"))


def drafts_on(view: View) -> tuple[Draft, ...]:
    """The same but the question."""
    return tuple(draft for draft in mined_on(view) if not isinstance(draft.action, AskValues))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def view_over(rows: list[dict[str, str]]) -> View:
    columns = {name: pa.array([r[name] or None for r in rows], pa.string()) for name in rows[0]}
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    return view_of(pa.table({ROW_ID: numbers, **columns}), (ROW_ID,), hidden=(ROW_ID,))


def file_of(demo: DemoFiles, name: str) -> Path:
    return {"customers": demo.customers, "orders": demo.orders}[name]


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(tmp_path):
    first, again = write_demo(tmp_path / "a"), write_demo(tmp_path / "b")
    other = write_demo(tmp_path / "c", seed=8)
    for name in ("customers", "orders", "batch", "alert"):
        assert getattr(first, name).read_bytes() == getattr(again, name).read_bytes()
    assert first.planted == again.planted
    assert first.customers.read_bytes() != other.customers.read_bytes()


def test_every_planted_error_is_in_the_files(demo):
    for name in ("customers", "orders"):
        rows = rows_of(file_of(demo, name))
        for error in (e for e in demo.planted if e.dataset == name and e.column):
            assert rows[error.row - 1][error.column] != error.right
    assert demo.counts == Counter((e.dataset, e.kind) for e in demo.planted)
    assert {kind for _, kind in demo.counts} == FOUND.keys()


def test_orders_belong_to_customers(demo):
    known = {row["id"] for row in rows_of(demo.customers)}
    assert {row["customer_id"] for row in rows_of(demo.orders)} <= known
    ids = [row["id"] for path in (demo.orders, demo.batch) for row in rows_of(path)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["customers", "orders"])
def test_the_miners_find_what_was_planted_and_little_else(demo, name):
    view = view_over(rows_of(file_of(demo, name)))
    planted = {(str(e.row), e.column): e for e in demo.planted if e.dataset == name}
    found: set[Planted] = set()
    hits, misses = Counter[str](), Counter[str]()
    drafts = mined_on(view)
    for draft in drafts:
        for change in compile_action(draft.action, view).to_pylist():
            at = (change["row"], change["column"] if change["op"] == "set" else "")
            error = planted.get(at)
            if error and (change["op"] == "delete" or error.right == (change["new"] or "")):
                found.add(error)
                hits[draft.tool] += 1
            else:
                misses[draft.tool] += 1
    for miner in {**hits, **misses}:
        assert misses[miner] <= MISTAKEN * (hits[miner] + misses[miner]), miner
    asked = {
        planted[cell.row, cell.column]
        for draft in drafts
        if isinstance(draft.action, AskValues)
        for cell in draft.action.cells
        if (cell.row, cell.column) in planted
        and planted[cell.row, cell.column].right in [choice or "" for choice in cell.choices]
    }
    counts = Counter(error.kind for error in found)
    told = Counter(error.kind for error in found | asked)
    for (dataset, kind), count in demo.counts.items():
        if dataset == name:
            assert counts[kind] >= FOUND[kind] * count, (kind, counts[kind], count)
            assert told[kind] >= TOLD * count, (kind, told[kind], count)


@pytest.mark.parametrize("name", ["customers", "orders"])
def test_the_miners_are_quiet_on_the_data_without_its_errors(demo, name):
    rows = rows_of(file_of(demo, name))
    errors = [e for e in demo.planted if e.dataset == name]
    for error in errors:
        if error.column:
            rows[error.row - 1][error.column] = error.right
    extra = {error.row for error in errors if not error.column}
    view = view_over([row for number, row in enumerate(rows, start=1) if number not in extra])
    proposed = [
        (draft.tool, change["old"])
        for draft in drafts_on(view)
        for change in compile_action(draft.action, view).to_pylist()
    ]
    # An address that follows from the name is offered where it is missing, and nothing else is.
    derived = [tool for tool, old in proposed if tool == "repair.derived/2" and old is None]
    assert len(proposed) - len(derived) <= 0.001 * len(rows) * len(rows[0])
    assert len(derived) <= 0.025 * len(rows)


def test_the_batch_is_the_same_shop_in_cents_with_a_new_status(demo):
    orders, batch = rows_of(demo.orders), rows_of(demo.batch)
    assert list(orders[0]) == list(batch[0])
    assert max(float(row["unit_price"]) for row in orders) < min(
        float(row["unit_price"]) for row in batch
    )
    assert {row["status"] for row in batch} - {row["status"] for row in orders} == {"on hold"}


def test_once_the_batch_is_in_the_miners_see_the_cents(demo):
    orders, batch = rows_of(demo.orders), rows_of(demo.batch)
    view = view_over([*orders, *batch])
    drafts = [
        (draft, changes)
        for draft in drafts_on(view)
        if isinstance(draft.action, Correct)
        and (
            changes := [
                change
                for change in compile_action(draft.action, view).to_pylist()
                if change["column"] == "unit_price"
            ]
        )
    ]
    [(draft, mended)] = drafts
    assert draft.action.principle == "scale"
    assert len(mended) == len(batch)
    assert {c["new"] for c in mended} <= {row["unit_price"] for row in orders}


def test_the_alert_is_one_that_a_monitor_could_send(demo):
    document = json.loads(demo.alert.read_text(encoding="utf-8"))
    assert (document["version"], document["status"]) == ("4", "firing")
    [report] = read_message(Message(demo.alert.read_bytes()))
    assert (report.names, report.columns) == (("orders",), ("unit_price", "status"))
