"""What the cards of a first grooming change in small tables, and what they leave alone."""

from collections.abc import Callable
from random import Random

import pyarrow as pa
import pytest
from repair_tables import Cells, applied, changes, news, text_view

from ostler.core.actions import AskValues
from ostler.core.base import Cell
from ostler.core.checks import Dependency, RejectedValues
from ostler.core.proposals import Draft
from ostler.tables.view import View, view_of
from ostler.tools.repair.grid import grid_of
from ostler.tools.repair.miners import MINERS
from ostler.tools.repair.mining import mine

Column = list[str | None]


def cards(view: View) -> tuple[Draft, ...]:
    """All but the question."""
    mined = mine(grid_of(view), "t")
    return tuple(draft for draft in mined if not isinstance(draft.action, AskValues))


def only(view: View) -> Draft:
    (draft,) = cards(view)
    return draft


def changed(view: View) -> Cells:
    return [change for draft in cards(view) for change in changes(draft.action, view)]


def replaced(view: View) -> dict[Cell, Cell]:
    """Old values and what becomes of them."""
    return {old: new for _, _, _, old, new in changed(view)}


@pytest.mark.parametrize("principle", MINERS)
def test_tables_with_nothing_in_them_are_no_problem(principle: str) -> None:
    empty = text_view(a=[], b=[])
    void = text_view(a=[None] * 4, b=[None] * 4)
    keys_only = view_of(pa.table({"id": ["a", "b"]}), ("id",))
    for view in (empty, void, keys_only):
        assert mine(grid_of(view), "t", principles=(principle,)) == ()


PHONES: Column = ["555-1234", "555-8765", "555-9988"]
SCORES: Column = [str(20 + n) for n in range(40)]
COUNTS: Column = [str(n) for n in range(40)]
DAYS: Column = [f"2024-0{1 + n // 10}-{10 + n % 10}" for n in range(40)]
NUMBERS: Column = [f"201-555-{1000 + n}" for n in range(40)]

FILLERS: dict[str, tuple[Column, set[str]]] = {
    "in any case and with blanks": ([*PHONES, "N/A ", "null", "-"] * 3, {"N/A ", "null", "-"}),
    "any word among numbers": (
        ["12", "7", "93", "44", "none", "51", "unknown", "8"],
        {"none", "unknown"},
    ),
    "a few of many": (["n/a"] * 5 + ["x", "y", "z", "u", "v"] * 19, {"n/a"}),
    "nines": ([*SCORES, *["9999"] * 6], {"9999"}),
    "less than none": ([*COUNTS, *["-1"] * 6], {"-1"}),
    "the first day": ([*DAYS, *["1900-01-01"] * 6], {"1900-01-01"}),
    "noughts alone": ([*NUMBERS, *["000-000-0000"] * 6], {"000-000-0000"}),
}


@pytest.mark.parametrize("name", FILLERS)
def test_what_stands_for_nothing_becomes_missing(name: str) -> None:
    cells, fillers = FILLERS[name]
    view = text_view(a=cells)
    draft = only(view)
    assert replaced(view) == dict.fromkeys(fillers)
    assert isinstance(draft.rule, RejectedValues)
    assert set(draft.rule.values) == fillers
    assert len(changed(view)) == sum(cell in fillers for cell in cells)


def test_a_marker_here_and_there_is_believed_most() -> None:
    said = {name: only(text_view(a=cells)) for name, (cells, _) in FILLERS.items()}
    believed = {name: draft.evidence.confidence for name, draft in said.items()}
    assert believed.pop("a few of many") > max(0.87, *believed.values())


def test_a_filler_in_a_typed_column_is_found_too() -> None:
    view = view_of(pa.table({"id": list(range(46)), "n": [*range(40), *[-1] * 6]}), ("id",))
    assert replaced(view) == {"-1": None}


KILOS = {"lamp": 1.85, "bowl": 0.78, "pan": 2.65, "stool": 3.12}
PLAIN: Column = [f"name {n}" for n in range(30)]
ISO: Column = [f"2024-03-{n:02d}" for n in range(1, 29)]

WRITTEN: dict[str, tuple[Column, dict[str, str]]] = {
    "blanks that few values have": (
        [*PLAIN, " name 3", "name  4"],
        {"31": "name 3", "32": "name 4"},
    ),
    "marks between thousands": (
        ["850", "1,234", "920", "12,500.5", "77", "310", "45", "68"],
        {"2": "1234", "4": "12500.5"},
    ),
    "a unit behind some numbers": (
        ["12", "15", "11", "14 kg", "13kg", "16", "12", "15"],
        {"4": "14", "5": "13"},
    ),
    "dates as the unambiguous ones say": (
        [*ISO, "25/12/2023", "03/04/2023", "7 May 2023"],
        {"29": "2023-12-25", "30": "2023-04-03", "31": "2023-05-07"},
    ),
    "rare spellings": (
        ["Birmingham"] * 30 + ["Manchester"] * 25 + ["Brimingham", "Manchestr", "MANCHESTER."],
        {"56": "Birmingham", "57": "Manchester", "58": "Manchester"},
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_values_are_written_as_the_others_are(name: str) -> None:
    cells, right = WRITTEN[name]
    view = text_view(a=cells)
    assert {row: new for _, row, _, _, new in changed(view)} == right


def test_one_unit_in_several_spellings_is_dropped() -> None:
    view = text_view(a=["12.0 oz", "16 oz.", "12 OZ", "24 ounce"] * 5)
    assert replaced(view) == {"12.0 oz": "12", "16 oz.": "16", "12 OZ": "12", "24 ounce": "24"}


@pytest.mark.parametrize(
    ("usual", "odd", "written"),
    [
        (["wren", "heron", "jay", "rook"], "KESTREL", str.lower),
        (["WREN", "HERON", "JAY", "ROOK"], "kestrel", str.upper),
        (["Ann Wren", "Bob Heron", "Cy Jay"], "dora rook", str.title),
    ],
)
def test_a_few_values_in_another_case_are_written_like_the_rest(
    usual: list[str], odd: str, written: Callable[[str], str]
) -> None:
    names = [written(f"{name} {chr(97 + n)}{chr(97 + n)}") for n in range(9) for name in usual]
    assert replaced(text_view(a=[*names, odd])) == {odd: written(odd)}


SOUND: dict[str, dict[str, Column]] = {
    "a word that may be a category": {"a": ["private", "public", "none", "private", "none"] * 20},
    "little else than the marker": {"a": ["n/a"] * 95 + ["x", "y", "z", "u", "v"]},
    **{
        f"{filler} once": {"a": [*others, filler]}
        for filler, others in (
            ("9999", SCORES),
            ("-1", COUNTS),
            ("1900-01-01", DAYS),
            ("000-000-0000", NUMBERS),
        )
    },
    "blanks of a frequent value": {"a": ["one  two"] * 10 + ["three"] * 30},
    "codes with their zeros": {"a": ["01907", "02138", "10001", "90210", "12.50"]},
    "two decimals throughout": {"a": ["12.50", "3.25", "8.75", "10.00", "6.45", "7.15"]},
    "one unit in one spelling": {"a": ["12 oz", "16 oz", "24 oz"] * 5},
    "two units": {"a": ["5 kg", "3 kg", "4500 g", "5200 g", "4 kg", "4800 g"] * 3},
    "halves of the day": {"a": ["7 am", "8 pm", "9 am", "6 pm"] * 4},
    "numbers and another unit": {"a": ["5", "6", "5.5", "5200 g", "4700 g", "6100 g"] * 3},
    "addresses": {"a": ["12 Main Street", "14 Elm Road", "3 Oak Lane", "77 Main Street"] * 3},
    "dates in one form": {"a": [f"{n}/3/2024" for n in range(1, 29)]},
    **{
        f"{rare} beside {frequent}": {"a": [frequent] * 40 + ["Elsewhere"] * 40 + [rare]}
        for rare, frequent in (
            ("Austria", "Australia"),
            ("Iran", "Iraqi"),
            ("scip-inf-2", "scip-inf-1"),
            ("Mali", "Malawi"),
            ("male", "female"),
            ("7:10 p.m.", "7:10 a.m."),
            ("al-2", "ak-2"),
        )
    },
    "names": {"a": [f"{a}{b}son" for a in ("An", "Am", "Ab", "Al") for b in "derkolm"]},
    "names of which one comes twice": {
        "a": [f"{chr(97 + n % 24)}{chr(97 + n // 24)}ry Storm{n % 10}" for n in range(60)]
        + ["eary Storm4"]
    },
    "towns that end alike": {
        "a": [f"Town {letter}ville" for n, letter in enumerate("ABCDEF") for _ in range(9 + 5 * n)]
    },
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_left_alone(name: str) -> None:
    assert changed(text_view(**SOUND[name])) == []


def test_long_tails_and_codes_are_no_unit_errors() -> None:
    random = Random(11)
    incomes: Column = [f"{random.paretovariate(1.2) * 20_000:.0f}" for _ in range(400)]
    codes: Column = [
        str(random.choice((10_432, 12_887, 35_233, 99_501, 99_650))) for _ in range(400)
    ]
    assert changed(text_view(income=incomes, zip=codes)) == []


def test_numbers_a_unit_apart_from_their_kind_are_converted() -> None:
    products: Column = [name for name in KILOS for _ in range(20)]
    right: Column = [f"{KILOS[str(name)]:.2f}" for name in products]
    weights = list(right)
    for row in (3, 25, 47, 66):
        weights[row] = f"{float(weights[row] or 0) * 1000:.0f}"
    view = text_view(product=products, weight=weights)
    assert applied(only(view).action, view)["weight"] == right


def test_numbers_a_unit_below_the_others_are_found_too() -> None:
    random = Random(5)
    heights: Column = [f"{random.uniform(160, 190):.1f}" for _ in range(60)]
    view = text_view(
        sex=[*["a", "b"] * 31, "a"],
        height=[*heights, "1.72", "1.68", "1.81"],
    )
    assert news(only(view).action, view) == {"61": "172.0", "62": "168.0", "63": "181.0"}


def places(rows: int, seed: int = 3) -> dict[str, Column]:
    random = Random(seed)
    towns = [(f"{90 + n}10{n}", f"town {chr(65 + n)}ville", f"s{n % 4}") for n in range(9)]
    drawn = [random.choice(towns) for _ in range(rows)]
    return {
        "zip": [zip_ for zip_, _, _ in drawn],
        "city": [city for _, city, _ in drawn],
        "state": [state for _, _, state in drawn],
        "note": [f"{random.randrange(10**9)}" for _ in range(rows)],
    }


def test_broken_columns_are_packed_into_one_card_and_mended() -> None:
    right = places(300)
    wrong = {name: list(cells) for name, cells in right.items()}
    wrong["city"][20] = None
    wrong["state"][33] = "s0" if right["state"][33] != "s0" else "s1"
    view = text_view(**wrong)
    draft = only(view)
    assert applied(draft.action, view) == right
    assert draft.evidence.against == 2


@pytest.mark.parametrize("rows", [120, 250, 400])
def test_the_rows_that_agree_on_a_code_mend_misspelt_towns(rows: int) -> None:
    right = places(rows)
    random, wrong = Random(rows), {name: list(cells) for name, cells in right.items()}
    planted = random.sample(range(rows), 6)
    for row in planted:
        town = str(right["city"][row])
        at = random.randrange(1, len(town) - 1)
        wrong["city"][row] = f"{town[:at]}{random.choice('xqz')}{town[at + 1 :]}"
    found = {int(row) - 1: new for _, row, _, _, new in changed(text_view(**wrong))}
    assert found.keys() <= set(planted)
    mended = [row for row, new in found.items() if new == right["city"][row]]
    assert len(mended) >= 5


def test_sound_tables_and_exceptions_that_repeat_are_left_alone() -> None:
    right = places(300)
    assert changed(text_view(**right)) == []
    # A fifth of one town lies in another state: an exception, not an error.
    there = [row for row, city in enumerate(right["city"]) if city == "town Aville"]
    for row in there[: len(there) // 5]:
        right["state"][row] = "s2"
    assert changed(text_view(city=right["city"], state=right["state"])) == []


def test_a_rare_flag_is_not_swept_away_by_the_majority() -> None:
    flags: Column = ["yes" if n % 50 == 0 else "no" for n in range(300)]
    assert changed(text_view(zip=places(300)["zip"], flag=flags)) == []


def test_a_value_at_the_end_of_another_column_goes_home() -> None:
    cities: Column = ["Bend", "Salem", "Reno", "Elko"] * 10
    states: Column = ["OR", "OR", "NV", "NV"] * 10
    right = {"city": list(cities), "state": list(states)}
    for row in (4, 9, 14, 19):
        cities[row], states[row] = f"{cities[row]} {states[row]}", None
    view = text_view(city=cities, state=states)
    assert applied(only(view).action, view) == right


def test_what_stands_for_nothing_goes_home_to_no_column() -> None:
    notes: Column = [f"item {n % 9}" for n in range(60)]
    states: Column = [("OR", "NV", "Not Available")[n % 3] for n in range(60)]
    for row in (4, 10, 16, 22):
        notes[row], states[row] = f"{notes[row]} Not Available", None
    view = text_view(note=notes, state=states)
    moved = [new for _, _, column, _, new in changed(view) if column == "state"]
    assert "Not Available" not in moved


def test_a_card_names_the_rule_that_its_cells_break() -> None:
    table = places(300)
    for row in (7, 40, 90):
        table["state"][row] = "s1" if table["state"][row] != "s1" else "s2"
    rules = [draft.rule for draft in cards(text_view(**table))]
    assert rules
    for rule in rules:
        assert isinstance(rule, Dependency)
        assert rule.dependent == "state"


def test_the_cards_are_the_same_whatever_the_number_of_threads() -> None:
    table = places(300)
    table["city"][5], table["state"][9], table["note"][3] = "town Avile", "n/a", "n/a"
    found: list[tuple[Draft, ...]] = []
    for threads in (1, 4):
        view = text_view(**table)
        view.connection.execute(f"SET threads = {threads}")
        found.append(mine(grid_of(view), "t"))
    assert found[0] == found[1]
