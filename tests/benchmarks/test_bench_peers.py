"""The peers, and that neither names nor the order of columns carry anything."""

import pytest
from bench_tables import CLEAN, damaged, dirty_world
from csv_files import Table
from disguise import disguise
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import PEERS, agree, cluster, do_nothing, fingerprint
from scoring import score
from tables import make


def test_the_majority_of_a_group_repairs_what_disagrees() -> None:
    dirty = damaged(CLEAN, {(0, 1): "Lisbxn"})
    assert agree(dirty) == CLEAN


def test_a_favourite_value_is_no_dependency() -> None:
    rows = [[f"g{n % 4}", "yes" if n % 9 else "no"] for n in range(72)]
    table = Table(["group", "flag"], rows)
    assert agree(table) == table


def test_words_in_any_order_case_and_accent_collide() -> None:
    assert fingerprint("  Zoë, Café ") == fingerprint("cafe zoe")
    table = Table(["a"], [["New York"], ["New York"], ["york, new"], ["..."]])
    assert cluster(table).rows == [["New York"], ["New York"], ["New York"], ["..."]]


@pytest.mark.parametrize("world", ["places", "films", "shipments"])
@pytest.mark.parametrize("peer", PEERS)
def test_a_disguise_changes_no_score(world: str, peer: str) -> None:
    clean, dirty = make(world, 1, 300), dirty_world(world)
    plain = score(dirty, clean, PEERS[peer](dirty))
    for seed in range(4):
        worn = disguise(dirty.header, shuffle=True, rename=True, seed=seed)
        seen = PEERS[peer](worn.put_on(dirty))
        assert score(dirty, clean, worn.take_off(seen, dirty.header)) == plain
    assert (plain.changed == 0) == (PEERS[peer] is do_nothing) or world == "films"


@settings(deadline=None)
@given(st.integers(0, 1000), st.booleans(), st.booleans())
def test_a_disguise_comes_off(seed: int, shuffle: bool, rename: bool) -> None:
    worn = disguise(CLEAN.header, shuffle=shuffle, rename=rename, seed=seed)
    assert worn.take_off(worn.put_on(CLEAN), CLEAN.header) == CLEAN
    seen = worn.put_on(CLEAN)
    assert not (rename and set(seen.header) & set(CLEAN.header))
    for place, name in enumerate(seen.header):
        assert seen.rows[3][place] == CLEAN.rows[3][worn.position(name)]
