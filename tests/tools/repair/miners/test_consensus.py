"""Consensus: planted errors are found, exceptions and clean tables are left alone."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from text_grids import text_grid

from ostler.tools.repair.candidates import Candidates, Ground
from ostler.tools.repair.grid import Grid
from ostler.tools.repair.miners.consensus import mine_consensus

Row = list[str | None]
Cells = dict[tuple[int, int], str | None]


def towns(rng: Random, rows: int) -> list[Row]:
    """A code, a town and a region that hang together, and a column that hangs on nothing."""
    known = [[f"{1000 + 37 * n}", f"Town {chr(65 + n)}{n}", f"Region {n % 4}"] for n in range(20)]
    return [[*rng.choice(known), rng.choice("abcdefgh")] for _ in range(rows)]


def grid_from(rows: list[Row]) -> Grid:
    names = ("code", "town", "region", "chance")
    return text_grid({name: [row[n] for row in rows] for n, name in enumerate(names)})


def found(rows: list[Row], least: float = 0.5) -> dict[tuple[int, int], str | None]:
    """What is proposed with at least such a score, by row and column."""
    return {
        (int(row), int(place)): new
        for one in mine_consensus(Ground(grid_from(rows)))
        if isinstance(one, Candidates)
        for row, place, new, score in zip(one.rows, one.places, one.news, one.scores, strict=True)
        if score >= least
    }


def planted_in(rng: Random, clean: list[Row], rate: float) -> tuple[list[Row], Cells]:
    """The rows with errors in all columns that hang together, and what those cells should hold."""
    dirty = [list(row) for row in clean]
    planted: Cells = {}
    for row in range(len(dirty)):
        for place in range(3):
            if rng.random() < rate:
                wrong = rng.choice((None, f"{clean[row][place]}x", rng.choice(clean)[place]))
                if wrong != clean[row][place]:
                    dirty[row][place], planted[row, place] = wrong, clean[row][place]
    return dirty, planted


def tellable(cell: tuple[int, int], dirty: list[Row], clean: list[Row], planted: Cells) -> bool:
    """Whether the rest of its row still says what a cell should hold.

    A code or a town must be left that names the place. Where the cell holds another place's value,
    all the rest must be right, and must not fit that other place as well.
    """
    row, place = cell
    others = [at for at in range(3) if at != place]
    if not any(at < 2 and (row, at) not in planted for at in others):
        return False
    region_of = {row[at]: row[2] for row in clean for at in (0, 1)}
    foreign = [at for at in range(3) if (row, at) in planted and at_home(dirty[row][at], clean)]
    if foreign != ([place] if place in foreign else []):
        return False
    if place not in foreign:
        return True
    sound = all((row, at) not in planted for at in others)
    return sound and (place == 2 or region_of[dirty[row][place]] != clean[row][2])


def at_home(value: str | None, clean: list[Row]) -> bool:
    return any(value in row[:3] for row in clean)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_planted_errors_are_found_and_put_right(seed: int) -> None:
    rng = Random(seed)
    clean = towns(rng, 400)
    wrong = mended = tell = right = proposed = 0
    for rate in (0.02, 0.06, 0.12):
        dirty, planted = planted_in(rng, clean, rate)
        news = found(dirty)
        told = [cell for cell in planted if tellable(cell, dirty, clean, planted)]
        good = sum(planted.get(cell) == new for cell, new in news.items())
        # A fifth or so of what is planted leaves a row that fits several places, or none.
        assert len(told) >= 0.6 * len(planted)
        mended += sum(news.get(cell, "") == planted[cell] for cell in told)
        wrong, tell = wrong + len(planted), tell + len(told)
        right, proposed = right + good, proposed + len(news)
    assert mended >= 0.85 * tell
    assert right >= 0.7 * wrong
    assert right >= 0.9 * proposed


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_is_proposed_on_a_clean_table(seed: int) -> None:
    rows = towns(Random(seed), 400)
    assert found(rows) == {}


def test_a_value_that_several_rows_of_a_group_share_is_no_error() -> None:
    rows = towns(Random(1), 600)
    exceptional = [n for n, row in enumerate(rows) if row[0] == "1000"][:8]
    for n in exceptional:
        rows[n][2] = "Region 3"
    assert found(rows, 0.9) == {}


def test_where_the_determinant_is_what_is_wrong_the_others_are_left_alone() -> None:
    rows = towns(Random(2), 400)
    rows[7] = ["1037", *rows[7][1:]] if rows[7][0] != "1037" else ["1074", *rows[7][1:]]
    truth = next(row[0] for row in rows if row[1] == rows[7][1] and row is not rows[7])
    assert found(rows) == {(7, 0): truth}


def test_a_pair_of_columns_decides_what_neither_does_alone() -> None:
    rng = Random(3)
    table = {(a, b): f"{a}{b} {rng.randrange(9)}" for a in "pqrst" for b in "uvwxy"}
    pairs = [rng.choice(list(table)) for _ in range(500)]
    rows: list[Row] = [[a, b, table[a, b], rng.choice("abc")] for a, b in pairs]
    was, rows[11][2] = rows[11][2], None
    assert found(rows) == {(11, 2): was}


def test_what_a_thing_never_has_is_not_filled_from_others() -> None:
    rows = towns(Random(4), 400)
    for row in rows:
        if row[0] == "1000":
            row[2] = None
    assert found(rows) == {}


def test_the_same_table_gives_the_same_candidates() -> None:
    rows = towns(Random(5), 300)
    rows[3][1], rows[9][2] = "Twon A0", None
    listed = [list(mine_consensus(Ground(grid_from(rows)))) for _ in range(2)]
    assert [repr(one) for one in listed[0]] == [repr(one) for one in listed[1]]
