"""Contracts drafted from tables: what they promise, what they leave out, and that they are read."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import (
    AcceptedValues,
    AnyRule,
    Dependency,
    NotNull,
    Pattern,
    Range,
    RejectedValues,
    RowCount,
    TypeIs,
    Unique,
)
from ostler.core.datasets import Dataset
from ostler.tables.view import View, connect, view_of
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.infer import infer_contract
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.quality.measure import measure

DUCKDB = connect()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUBLIC = Path(__file__).resolve().parents[4] / "shared" / "data"
CITIES = {"Bonn": "NW", "Köln": "NW", "Kiel": "SH", "Ulm": "BW", "Jena": "TH", "Gera": "TH"}
Cells = list[str | None]


def view_from(columns: dict[str, Cells]) -> View:
    rows = len(next(iter(columns.values())))
    data = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    table = pa.table({"_ostler_row": pa.array(range(rows), pa.int64()), **data})
    key = ("_ostler_row",)
    return view_of(table, key, hidden=key, connection=DUCKDB)


def dataset_of(**more: object) -> Dataset:
    return Dataset.model_validate({"name": "orders", "owner": "ana", "uri": "", **more})


def drafted(columns: dict[str, Cells], **more: object) -> tuple[str, Contract]:
    text = infer_contract(view_from(columns), dataset_of(**more), now=NOW)
    return text, parse_contract(text, dataset="orders", source="orders.odcs.yaml")


def rules_of(columns: dict[str, Cells]) -> list[AnyRule]:
    return [check.rule for check in drafted(columns)[1].checks]


def orders(n: int, seed: int = 1) -> dict[str, Cells]:
    random = Random(seed)
    cities = [random.choice(list(CITIES)) for _ in range(n)]
    return {
        "order": [str(1000 + i) for i in range(n)],
        "ordered at": [f"2025-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(n)],
        "amount, EUR": [f"{random.lognormvariate(3, 0.8):.2f}" for _ in range(n)],
        "quantity": [str(random.randint(1, 9)) for _ in range(n)],
        "paid": [random.choice(["true", "false"]) for _ in range(n)],
        "city": list(cities),
        "state": [CITIES[city] for city in cities],
        "phone": [f"0{random.randrange(10**8, 10**9)}" for _ in range(n)],
        "item": [f"{random.choice('ABC')}{random.choice('XY')}-{i % 50:04d}" for i in range(n)],
        "note": [f"say {random.random()} to {random.choice(cities)}" for _ in range(n)],
    }


def test_a_clean_table_promises_what_it_shows() -> None:
    text, contract = drafted(orders(600))
    rules = [check.rule for check in contract.checks]
    assert contract.types == {
        "order": "integer",
        "ordered at": "date",
        "amount, EUR": "number",
        "quantity": "integer",
        "paid": "boolean",
        "city": "string",
        "state": "string",
        "phone": "string",
        "item": "string",
        "note": "string",
    }
    assert all(NotNull(column=name) in rules for name in contract.types)
    assert [rule.on for rule in rules if isinstance(rule, Unique)] == [("order",), ("phone",)]
    assert AcceptedValues(column="city", values=tuple(sorted(CITIES))) in rules
    assert Pattern(column="phone", regex="[0-9]{10}") in rules
    assert Pattern(column="item", regex="[A-Z]{2}-[0-9]{4}") in rules
    assert [r for r in rules if isinstance(r, Dependency)] == [
        Dependency(determinants=("city",), dependent="state")
    ]
    assert RowCount(minimum=300) in rules
    ranges = {rule.column: rule for rule in rules if isinstance(rule, Range)}
    assert set(ranges) == {"amount, EUR", "quantity"}
    assert all(rule.minimum == 0 for rule in ranges.values())
    assert contract.owner == "ana"
    assert text.startswith("# A draft")


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(100, 400))
def test_a_clean_table_keeps_the_contract_that_is_drafted_from_it(seed: int, n: int) -> None:
    columns = orders(n, seed)
    results = measure(view_from(columns), drafted(columns)[1].checks, now=NOW)
    kept = [r for r in results if not isinstance(r.check.rule, Range | AcceptedValues | Pattern)]
    assert all(result.passed for result in kept)
    assert all(result.failing <= 0.03 * result.total for result in results)


def test_mistakes_do_not_become_promises_and_are_found_by_the_draft() -> None:
    columns = orders(1000)
    columns["city"][17] = "Bnon"
    columns["state"][3] = "XX"
    columns["amount, EUR"][5] = "99999999"
    columns["quantity"][7] = "three"
    columns["phone"][9] = "call me"
    columns["order"][11] = columns["order"][10]
    columns["item"][13] = None
    text, contract = drafted(columns)
    results = measure(view_from(columns), contract.checks, now=NOW)
    found = {(r.check.rule.kind, *r.check.rule.columns): r.rows for r in results if not r.passed}
    assert found == {
        ("accepted_values", "city"): ("17",),
        ("accepted_values", "state"): ("3",),
        ("dependency", "city", "state"): ("3",),
        ("range", "amount, EUR"): ("5",),
        ("type", "quantity"): ("7",),
        ("pattern", "phone"): ("9",),
        ("unique", "order"): ("10", "11"),
        ("not_null", "item"): ("13",),
    }
    assert "holds for 999 of 1,000 rows (99.9 %)" in text
    assert "Holds for 999 of 1,000 rows (99.9 %)." in text


def test_guesses_warn_and_facts_of_the_table_stop() -> None:
    gates = {check.rule.kind: check.gate for check in drafted(orders(600))[1].checks}
    assert {kind for kind, gate in gates.items() if gate} == {"type", "not_null", "unique"}


def test_texts_that_hide_a_missing_value_are_named_and_spoil_no_type() -> None:
    n = 400
    amounts: Cells = [str(i % 90 + 0.5) for i in range(n)]
    for i in range(0, n, 4):
        amounts[i] = ("N/A", "unknown", " - ")[i % 3]
    words: Cells = ["none", "some", "all", "NULL"] * (n // 4)
    rules = rules_of({"amount": amounts, "share": words})
    assert RejectedValues(column="amount", values=(" - ", "N/A", "unknown")) in rules
    assert TypeIs(column="amount", type="number") in rules
    assert NotNull(column="amount") not in rules
    # Among words, "none" may be an answer.
    assert RejectedValues(column="share", values=("NULL",)) in rules
    assert AcceptedValues(column="share", values=("all", "none", "some")) in rules


def test_a_frequent_misspelling_is_left_out_and_another_number_is_not() -> None:
    kinds: Cells = ["red"] * 500 + ["blue"] * 300 + ["rxd"] * 8
    floors: Cells = ["floor 1"] * 700 + ["floor 2"] * 100 + ["floor 3"] * 8
    rules = rules_of({"kind": kinds, "floor": floors})
    assert AcceptedValues(column="floor", values=("floor 1", "floor 2", "floor 3")) in rules
    assert AcceptedValues(column="kind", values=("blue", "red")) in rules


def test_numbers_that_name_things_get_no_range() -> None:
    random = Random(3)
    shops = [random.randrange(1, 40) for _ in range(500)]
    rules = rules_of(
        {"shop": [str(s * 37) for s in shops], "name": [f"shop of {s:x}" for s in shops]}
    )
    assert not [rule for rule in rules if isinstance(rule, Range)]
    assert [r.determinants for r in rules if isinstance(r, Dependency)] == [("shop",), ("name",)]


def test_of_equal_columns_the_first_stands_for_all_and_what_follows_is_left_out() -> None:
    random = Random(3)
    shops = [random.randrange(60) for _ in range(900)]
    rules = rules_of(
        {
            "code": [f"s{s}" for s in shops],
            "name": [f"shop {chr(97 + s % 26)}{s}" for s in shops],
            "street": [f"street {s * 7}" for s in shops],
            "town": [f"town {s % 20}" for s in shops],
            "land": [f"land {s % 20 % 5}" for s in shops],
        }
    )
    pairs = [(*r.determinants, r.dependent) for r in rules if isinstance(r, Dependency)]
    assert pairs == [
        ("code", "name"),
        ("code", "street"),
        ("code", "town"),
        ("name", "code"),
        ("town", "land"),
    ]


def test_a_large_table_is_sampled_and_its_ids_are_ids_all_the_same() -> None:
    table = DUCKDB.sql("SELECT i AS _ostler_row, i + 7 AS id FROM range(400001) x(i)")
    key = ("_ostler_row",)
    view = view_of(table.to_arrow_table(), key, hidden=key, connection=DUCKDB)
    text = infer_contract(view, dataset_of(), now=NOW)
    rules = [c.rule for c in parse_contract(text, dataset="orders", source="x").checks]
    assert Unique(on=("id",)) in rules
    assert not [rule for rule in rules if isinstance(rule, Range)]


def test_chance_makes_no_dependency() -> None:
    random = Random(5)
    columns: dict[str, Cells] = {
        f"c{k}": [str(random.randrange(k + 2)) for _ in range(500)] for k in range(6)
    }
    assert not [rule for rule in rules_of(columns) if isinstance(rule, Dependency)]


def test_what_the_dataset_declares_stands_in_the_draft() -> None:
    columns = orders(100)
    dataset = dataset_of(key=("order",), protected=("city",), downstream=("report: weekly",))
    data = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    view = view_of(pa.table(data), ("order",), connection=DUCKDB)
    text = infer_contract(view, dataset, now=NOW)
    contract = parse_contract(text, dataset="orders", source="x")
    assert "primaryKey: true" in text
    assert [c.rule for c in contract.checks].count(Unique(on=("order",))) == 1
    assert contract.protected == ("city",)
    assert contract.downstream == ("report: weekly",)


cells = st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["1", "x", "N/A", "- a", "2.0"]))
names = st.text(min_size=1, max_size=12).filter(
    # DuckDB compares names without regard to case and refuses a NUL; our own key is one of them.
    lambda name: "\x00" not in name and name.casefold() != "_ostler_row"
)


@settings(deadline=None, max_examples=50)
@given(
    names=st.lists(names, min_size=1, max_size=3, unique_by=str.lower),
    patterns=st.lists(st.lists(cells, min_size=1, max_size=3), min_size=3, max_size=3),
    copies=st.integers(0, 40),
)
def test_whatever_a_table_is_called_and_holds_its_draft_is_read_and_measured(
    names: list[str], patterns: list[list[str | None]], copies: int
) -> None:
    columns: dict[str, Cells] = {
        name: [pattern[i % len(pattern)] for i in range(copies)]
        for name, pattern in zip(names, patterns, strict=False)
    }
    text, contract = drafted(columns)
    assert set(contract.types) == set(columns)
    results = measure(view_from(columns), contract.checks, now=NOW)
    assert not [r for r in results if "is missing" in r.observed]
    assert infer_contract(view_from(columns), dataset_of(), now=NOW) == text


@pytest.mark.parametrize("name", ["hospital", "beers", "flights"])
def test_a_public_table_gets_a_draft_that_finds_some_of_its_mistakes(name: str) -> None:
    path = PUBLIC / name / "dirty.csv"
    if not path.exists():
        pytest.skip(f"the public table {path} is not here")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    view = view_from({c: [row[i] or None for row in rows] for i, c in enumerate(header)})
    text = infer_contract(view, dataset_of(), now=NOW)
    contract = parse_contract(text, dataset="orders", source="x")
    results = measure(view, contract.checks, now=NOW)
    assert any(not result.passed for result in results)
    assert infer_contract(view, dataset_of(), now=NOW) == text
