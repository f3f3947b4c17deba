"""The miners of text: each finds what was planted and leaves sound tables alone."""

import random
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pytest
from text_grids import text_grid

from ostler.tables.view import view_of
from ostler.tools.repair.candidates import Candidates, Ground
from ostler.tools.repair.grid import Grid, grid_of
from ostler.tools.repair.miners import MINERS

PRINCIPLES = ("spelling", "case", "blanks", "order", "encoding", "suffix", "alias")
TOWNS = (
    "Saint Brévin", "Long Marsh", "Old Harbour", "Upper Kettle", "Stonebridge", "Weatherby",
    "Ashcombe", "Quarrington", "Deepdale", "Mill Hollow", "Fernhill", "Castle Rising",
)  # fmt: skip
STREETS = ("Street", "Lane", "Avenue", "Square")
FIRMS = ("Baker and Sons", "Northern Timber", "Harvest Foods", "Delta Freight", "Union Glass")

Row = dict[str, str | None]


def table(rows: int = 400) -> list[Row]:
    """Sound rows: towns and firms repeat, an address hardly ever does."""
    rng = random.Random(7)
    found: list[Row] = []
    for _ in range(rows):
        town = rng.choice(TOWNS)
        found.append(
            {
                "town": town,
                "firm": rng.choice(FIRMS),
                "address": f"{rng.randrange(1, 200)} {rng.choice(TOWNS).split()[-1]}"
                f" {rng.choice(STREETS)}",
                "code": f"{town[:2].upper()}-{TOWNS.index(town) * 37 + 100}",
            }
        )
    return found


def grid(rows: Sequence[Mapping[str, str | None]]) -> Grid:
    columns = {"key": [str(at) for at in range(len(rows))]}
    columns |= {name: [row[name] for row in rows] for name in rows[0]}  # type: ignore[dict-item]
    schema = pa.schema([(name, pa.string()) for name in columns])
    return grid_of(view_of(pa.table(columns, schema=schema), ("key",)))


def mined(principle: str, rows: Sequence[Row]) -> dict[tuple[int, str], tuple[str | None, float]]:
    """What one miner would write into which cells, and how sure it is."""
    given = grid(rows)
    return {
        (row, given.columns[place].name): (new, score)
        for one in MINERS[principle](Ground(given))
        if isinstance(one, Candidates)
        for row, place, new, score in zip(
            one.rows.tolist(), one.places.tolist(), one.news, one.scores.tolist(), strict=True
        )
    }


def _swapped(value: str) -> str:
    at = len(value) // 2
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


def _misread(value: str) -> str:
    return value.encode().decode("cp1252", "replace")


DAMAGE: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("spelling", "town", _swapped),
    ("spelling", "town", lambda value: value[:3] + "q" + value[4:]),
    ("case", "town", str.upper),
    ("case", "address", str.swapcase),
    ("blanks", "town", lambda value: value + " ."),
    ("blanks", "address", lambda value: value.replace(" ", "  ")),
    ("blanks", "firm", lambda value: value.replace(" ", "\u00a0")),
    ("order", "town", lambda value: value[::-1]),
    ("order", "address", lambda value: " ".join(reversed(value.split()))),
    ("order", "address", lambda value: value[::-1]),
    ("encoding", "town", _misread),
    ("encoding", "town", lambda value: value.replace("é", "?")),
    ("encoding", "town", lambda value: value.replace("é", "&eacute;")),
    ("alias", "firm", lambda value: value.replace(" and ", " & ")),
    ("alias", "firm", lambda value: f"{value[0]}. {value.split(' ', 1)[1]}"),
)


@pytest.mark.parametrize(("principle", "column", "damage"), DAMAGE)
def test_a_miner_finds_what_was_planted(
    principle: str, column: str, damage: Callable[[str], str]
) -> None:
    sound = table()
    dirty = [dict(row) for row in sound]
    planted: list[int] = []
    for at in range(3, len(dirty), 20):
        value = sound[at][column]
        assert value is not None
        if len(value) > 7 and damage(value) != value:
            dirty[at][column] = damage(value)
            planted.append(at)
    found = mined(principle, dirty)
    right = [at for at in planted if found.get((at, column), ("", 0))[0] == sound[at][column]]
    sure = {cell for cell, (_, score) in found.items() if score >= 0.75}
    assert planted
    assert len(right) >= 0.8 * len(planted)
    assert len(sure - {(at, column) for at in planted}) <= 0.001 * 4 * len(dirty)


@pytest.mark.parametrize("principle", PRINCIPLES)
def test_a_sound_table_is_left_alone(principle: str) -> None:
    proposed = [cell for cell, (_, score) in mined(principle, table()).items() if score >= 0.5]
    assert len(proposed) <= 0.001 * 4 * 400


@pytest.mark.parametrize("principle", PRINCIPLES)
def test_the_same_table_gives_the_same(principle: str) -> None:
    dirty = table()
    for at in range(0, 400, 9):
        dirty[at]["town"] = _swapped(str(dirty[at]["town"])).upper()
    assert mined(principle, dirty) == mined(principle, dirty)


def test_a_value_at_the_end_of_another_goes_where_it_belongs() -> None:
    dirty = table()
    for at in range(0, 400, 20):
        dirty[at]["town"], dirty[at]["firm"] = f"{dirty[at]['town']} {dirty[at]['firm']}", None
    found = mined("suffix", dirty)
    for at in range(0, 400, 20):
        assert found[at, "town"][0] == table()[at]["town"]
        assert found[at, "firm"][0] == table()[at]["firm"]
        assert found[at, "firm"][1] >= 0.9


def test_names_that_are_near_by_nature_are_no_misspellings() -> None:
    rng = random.Random(3)
    names = ["Anna", "Anne", "Hanna", "Hanne", "Jana", "Jane", "Nana", "Dana", "Lana", "Lane"]
    given = [*(rng.choice(names) for _ in range(300)), "Hana", "Jann"]
    rows: list[Row] = [{"name": name, "n": str(at)} for at, name in enumerate(given)]
    assert all(score < 0.75 for _, score in mined("spelling", rows).values())


def test_another_digit_in_a_quantity_is_no_misspelling() -> None:
    rng = random.Random(5)
    rows: list[Row] = [{"length": f"{rng.randrange(80, 180)} min"} for _ in range(600)]
    assert all(score < 0.5 for _, score in mined("spelling", rows).values())


@pytest.mark.parametrize(
    "names", [("São Paulo", "Zürich", "Łódź", "Ñuñoa"), ("Αθήνα", "Πάτρα"), ("東京", "大阪")]
)
def test_other_languages_are_not_damage(names: tuple[str, ...]) -> None:
    rows: list[Row] = [{"name": names[at % len(names)]} for at in range(100)]
    assert not mined("encoding", rows)
    assert not mined("case", rows)
    assert not mined("blanks", rows)


def test_abbreviations_keep_their_stop() -> None:
    rows: list[Row] = [{"firm": f"{name} Inc."} for name in FIRMS for _ in range(20)]
    assert not mined("blanks", rows)


def test_what_stands_both_ways_round_in_many_rows_is_two_values() -> None:
    codes: list[str | None] = [("GB", "BG", "SE", "ES", "IT")[row % 5] for row in range(2000)]
    codes += ["BG", "ES"] * 20
    ground = Ground(text_grid({"code": codes}))
    assert not list(MINERS["order"](ground))


def test_a_filler_is_no_value_in_an_unusual_case() -> None:
    towns = ["Bergen", "Malaga", "Lyon", "Graz"] * 30
    rows: list[Row] = [{"town": town} for town in [*towns, *["none"] * 4, "GRAZ"]]
    assert {new for new, _ in mined("case", rows).values()} == {"Graz"}
