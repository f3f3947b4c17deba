"""The clean tables hold what their worlds promise, at any seed."""

from collections import defaultdict

import pytest
from csv_files import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import WORLDS, make

DECIDED = {
    "places": [("site_id", "site"), ("site_id", "postcode"), ("postcode", "town"),
               ("town", "county"), ("state_code", "state"), ("measure_code", "measure")],
    "products": [("brand", "maker"), ("maker", "origin"), ("category", "vat_percent")],
    "people": [("town", "postcode"), ("employer", "seat")],
    "matches": [("home", "ground"), ("ground", "capacity"), ("result", "home_points")],
    "films": [("director", "country"), ("country", "language"), ("released", "year")],
    "sensors": [("station", "latitude"), ("station", "elevation")],
    "statistics": [("country", "code"), ("country", "capital"), ("country", "area")],
    "shipments": [("shipment", "departure"), ("shipment", "arrival"), ("shipment", "weight_t")],
    "measurements": [],
    "indicators": [("country_name", "country_code"), ("series", "series_code")],
    "casts": [("release_date", "year")],
    "members": [("member_no", "email"), ("last_name", "first_name")],
    "catalogue": [("id", "model")],
    "roster": [("club", "league")],
    "survey": [("town", "district"), ("age", "age_group")],
    "licences": [("licence", "address"), ("kind", "risk")],
    "archive": [("shelf", "title"), ("town", "region")],
}  # fmt: skip


def decides(table: Table, left: str, right: str) -> bool:
    """Whether every value of one column comes with a single one of the other."""
    groups: dict[str, set[str]] = defaultdict(set)
    a, b = table.header.index(left), table.header.index(right)
    for row in table.rows:
        groups[row[a]].add(row[b])
    return all(len(values) == 1 for values in groups.values())


@pytest.mark.parametrize("world", sorted(WORLDS))
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(30, 300))
def test_a_world_keeps_its_rules(world: str, seed: int, rows: int) -> None:
    table = make(world, seed, rows)
    assert len(table.rows) == rows
    assert {len(row) for row in table.rows} == {len(table.header)}
    assert len(set(table.header)) == len(table.header)
    for left, right in DECIDED[world]:
        assert decides(table, left, right), (left, right)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_parts_make_sums(seed: int) -> None:
    table = make("statistics", seed, 60)
    at = {name: place for place, name in enumerate(table.header)}
    for row in table.rows:
        assert int(row[at["women"]]) + int(row[at["men"]]) == int(row[at["population"]])


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_a_seed_names_a_table(world: str) -> None:
    assert make(world, 5, 100) == make(world, 5, 100)
    assert make(world, 5, 100) != make(world, 6, 100)
