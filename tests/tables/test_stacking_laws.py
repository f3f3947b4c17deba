"""Many patches at once do what they do one after the other, on random tables and orders."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.datasets import ROW_ID
from ostler.tables.patches import Patch, Stale, empty_patch, normal
from ostler.tables.stacking import moved_under, stacked
from ostler.tables.staging import apply, between, digest_of_view, mismatches
from ostler.tables.view import View, view_of

COLUMNS = ("a", "row", "number")
Rows = dict[int, tuple[str | None, ...]]

cells = st.one_of(st.none(), st.sampled_from(["", "x", "y", "-0.0", "é\x1b"]))
rows = st.dictionaries(st.integers(1, 5), st.tuples(*(cells for _ in COLUMNS)), max_size=5)


def view(table: Rows) -> View:
    data = {ROW_ID: pa.array(list(table), pa.int64())} | {
        name: pa.array([cells[i] for cells in table.values()], pa.string())
        for i, name in enumerate(COLUMNS)
    }
    return view_of(pa.table(data), (ROW_ID,), hidden=(ROW_ID,))


@st.composite
def patches(draw: st.DrawFn, base: View) -> list[Patch]:
    """Some that fit the base, some that fit what another one leaves, some that never fitted."""
    found: list[Patch] = []
    state = base
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.sampled_from([base, state])) if draw(st.booleans()) else view(draw(rows))
        state = view(draw(rows))
        found.append(part_of(between(start, state), draw(st.sampled_from([1, 2, 7]))))
    return found


def part_of(patch: Patch, rows: int) -> Patch:
    """The changes of its first rows only, so that patches often do not meet."""
    kept = sorted({change.row for change in patch.page(1000)})[:rows]
    mask = pa.array([row in kept for row in patch.changes.column("row").to_pylist()], pa.bool_())
    return normal(patch.changes.filter(mask))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_batch_gives_what_its_patches_give_one_by_one(data: st.DataObject) -> None:
    base = view(data.draw(rows))
    given_patches = data.draw(patches(base))
    one_by_one, refusals = base, list[bool]()
    for patch in given_patches:
        try:
            one_by_one = apply(patch, one_by_one)
            refusals.append(False)
        except Stale:
            refusals.append(True)
    whole, refused = stacked(empty_patch(), given_patches, base)
    assert [stale is not None for stale in refused] == refusals
    assert digest_of_view(apply(whole, base)) == digest_of_view(one_by_one)
    assert whole.digest == between(base, one_by_one).digest


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_each_patch_is_told_by_itself_what_moved_under_it(data: st.DataObject) -> None:
    base = view(data.draw(rows))
    given_patches = data.draw(patches(base))
    alone = [next(iter(mismatches(patch, base, limit=1)), None) for patch in given_patches]
    assert list(moved_under(given_patches, base)) == alone
