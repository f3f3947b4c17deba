"""What the miners find in small tables, and what they leave alone."""

from random import Random

import pyarrow as pa
import pytest
from repair_tables import applied, changes, news, text_view

from ostler.core.actions import (
    AgreeWithColumns,
    ConvertUnit,
    DeleteDuplicates,
    DeleteRows,
    Reformat,
    ReplaceValues,
    SplitSuffix,
)
from ostler.core.checks import NearDuplicates, Range, RejectedValues, Unique
from ostler.core.proposals import Draft
from ostler.tables.view import View, view_of
from ostler.tools.repair import MINERS


def mined(name: str, view: View) -> tuple[Draft, ...]:
    return MINERS[name](view)


def only(name: str, view: View) -> Draft:
    (draft,) = mined(name, view)
    return draft


def replaced(draft: Draft) -> dict[str | None, str | None]:
    assert isinstance(draft.action, ReplaceValues)
    return {pair.old: pair.new for pair in draft.action.mapping}


def test_the_table_of_miners_is_complete_and_ordered():
    assert list(MINERS) == [
        "missing",
        "formats",
        "units",
        "dependencies",
        "spelling",
        "duplicates",
    ]


@pytest.mark.parametrize("name", MINERS)
def test_tables_with_nothing_in_them_are_no_problem(name):
    empty = text_view(a=[], b=[])
    void = text_view(a=[None] * 4, b=[None] * 4)
    keys_only = view_of(pa.table({"id": ["a", "b"]}), ("id",))
    assert mined(name, empty) == mined(name, void) == mined(name, keys_only) == ()


# Missing values in disguise


def test_markers_are_found_in_any_case_with_blanks_around():
    view = text_view(phone=["555-1234", "555-8765", "555-9988", "N/A ", "null", "-"] * 3)
    draft = only("missing", view)
    assert replaced(draft) == {"N/A ": None, "null": None, "-": None}
    assert isinstance(draft.rule, RejectedValues)
    assert set(draft.rule.values) == {"N/A ", "null", "-"}
    assert draft.evidence.support == 9


def test_among_numbers_any_word_for_nothing_is_a_marker():
    view = text_view(score=["12", "7", "93", "44", "none", "51", "unknown", "8"])
    assert replaced(only("missing", view)) == {"none": None, "unknown": None}
    assert only("missing", view).evidence.confidence > 0.9


def test_a_word_that_may_be_a_category_is_believed_less():
    view = text_view(insurance=["private", "public", "none", "private", "none"] * 20)
    assert sum(d.evidence.confidence for d in mined("missing", view)) < 0.5


def test_a_column_of_little_else_than_the_marker_is_believed_less():
    often = text_view(a=["n/a"] * 95 + ["x", "y", "z", "u", "v"])
    rarely = text_view(a=["n/a"] * 5 + ["x", "y", "z", "u", "v"] * 19)
    believed = [sum(d.evidence.confidence for d in mined("missing", v)) for v in (often, rarely)]
    assert believed[0] < 0.3 < 0.9 < believed[1]


@pytest.mark.parametrize(
    ("filler", "others"),
    [
        ("9999", [str(20 + n) for n in range(40)]),
        ("-1", [str(n) for n in range(40)]),
        ("1900-01-01", [f"2024-0{1 + n // 10}-{10 + n % 10}" for n in range(40)]),
        ("000-000-0000", [f"201-555-{1000 + n}" for n in range(40)]),
    ],
)
def test_a_spike_outside_of_what_the_others_span_is_a_filler(filler, others):
    view = text_view(a=[*others, *[filler] * 6])
    assert replaced(only("missing", view)) == {filler: None}
    assert mined("missing", text_view(a=[*others, filler])) == ()


def test_a_filler_in_a_typed_column_is_found_too():
    view = view_of(pa.table({"id": list(range(46)), "n": [*range(40), *[-1] * 6]}), ("id",))
    assert replaced(only("missing", view)) == {"-1": None}


# Formats


def reformatted(draft: Draft) -> str:
    assert isinstance(draft.action, Reformat)
    return draft.action.form


def test_blanks_are_removed_where_few_values_have_them():
    names = [f"name {n}" for n in range(30)]
    view = text_view(a=[*names, " name 3", "name  4"])
    draft = only("formats", view)
    assert reformatted(draft) == "trim"
    assert set(news(draft.action, view)) == {"31", "32"}


def test_blanks_that_belong_to_a_frequent_value_stay():
    assert mined("formats", text_view(a=["one  two"] * 10 + ["three"] * 30)) == ()


def test_separators_among_plain_numbers_go_but_codes_keep_their_zeros():
    view = text_view(a=["850", "1,234", "920", "12,500.5", "77", "310", "45", "68"])
    draft = only("formats", view)
    assert reformatted(draft) == "number"
    assert news(draft.action, view) == {"2": "1234", "4": "12500.5"}
    assert mined("formats", text_view(a=["01907", "02138", "10001", "90210", "12.50"])) == ()


def test_two_decimals_throughout_are_a_convention():
    assert mined("formats", text_view(a=["12.50", "3.25", "8.75", "10.00", "6.45", "7.15"])) == ()


def test_a_unit_behind_some_numbers_is_dropped():
    view = text_view(a=["12", "15", "11", "14 kg", "13kg", "16", "12", "15"])
    draft = only("formats", view)
    assert reformatted(draft) == "strip_unit"
    assert news(draft.action, view) == {"4": "14", "5": "13"}


def test_one_unit_in_several_spellings_is_dropped_but_one_spelling_is_a_convention():
    spellings = text_view(a=["12.0 oz", "16 oz.", "12 OZ", "24 ounce"] * 5)
    assert reformatted(only("formats", spellings)) == "strip_unit"
    assert mined("formats", text_view(a=["12 oz", "16 oz", "24 oz"] * 5)) == ()


@pytest.mark.parametrize(
    "cells",
    [
        ["5 kg", "3 kg", "4500 g", "5200 g", "4 kg", "4800 g"] * 3,
        ["7 am", "8 pm", "9 am", "6 pm"] * 4,
        ["5", "6", "5.5", "5200 g", "4700 g", "6100 g"] * 3,
        ["12 Main Street", "14 Elm Road", "3 Oak Lane", "77 Main Street"] * 3,
    ],
)
def test_units_that_mean_something_stay(cells):
    assert [d for d in mined("formats", text_view(a=cells)) if reformatted(d) == "strip_unit"] == []


def test_dates_are_read_as_the_unambiguous_ones_among_them_say():
    iso = [f"2024-03-{n:02d}" for n in range(1, 29)]
    view = text_view(d=[*iso, "25/12/2023", "03/04/2023", "7 May 2023"])
    draft = only("formats", view)
    assert isinstance(draft.action, Reformat)
    assert (draft.action.form, draft.action.date_order) == ("iso_date", "dmy")
    assert news(draft.action, view) == {"29": "2023-12-25", "30": "2023-04-03", "31": "2023-05-07"}
    assert mined("formats", text_view(d=[f"{n}/3/2024" for n in range(1, 29)])) == ()


@pytest.mark.parametrize(
    ("usual", "odd", "form"),
    [
        (["wren", "heron", "jay", "rook"], "KESTREL", "lower"),
        (["WREN", "HERON", "JAY", "ROOK"], "kestrel", "upper"),
        (["Ann Wren", "Bob Heron", "Cy Jay"], "dora rook", "title"),
    ],
)
def test_a_few_values_in_another_case_are_written_like_the_rest(usual, odd, form):
    names = [f"{name} {chr(97 + n)}{chr(97 + n)}" for n in range(9) for name in usual]
    written = {"lower": str.lower, "upper": str.upper, "title": str.title}[form]
    view = text_view(a=[*[written(name) for name in names], odd])
    assert reformatted(only("formats", view)) == form


# Units


def test_numbers_a_unit_apart_from_their_kind_are_converted():
    kilos = {"lamp": 1.85, "bowl": 0.78, "pan": 2.65, "stool": 3.12}
    products = [name for name in kilos for _ in range(20)]
    weights = [f"{kilos[name]:.2f}" for name in products]
    right = list(weights)
    for row in (3, 25, 47, 66):
        weights[row] = f"{float(weights[row]) * 1000:.0f}"
    view = text_view(product=products, weight=weights)
    draft = only("units", view)
    assert isinstance(draft.action, ConvertUnit)
    assert draft.action.factor == 0.001
    assert applied(draft.action, view)["weight"] == right
    assert isinstance(draft.rule, Range)
    assert draft.rule.maximum == draft.action.above


def test_numbers_a_unit_below_the_others_are_found_too():
    random = Random(5)
    heights = [f"{random.uniform(160, 190):.1f}" for _ in range(60)]
    view = text_view(sex=["a", "b"] * 31 + ["a"], height=[*heights, "1.72", "1.68", "1.81"])
    draft = only("units", view)
    assert isinstance(draft.action, ConvertUnit)
    assert (draft.action.factor, draft.action.above) == (100.0, None)
    assert set(news(draft.action, view)) == {"61", "62", "63"}


def test_long_tails_and_codes_are_no_unit_errors():
    random = Random(11)
    incomes = [f"{random.paretovariate(1.2) * 20_000:.0f}" for _ in range(400)]
    codes = [str(random.choice((10_432, 12_887, 35_233, 99_501, 99_650))) for _ in range(400)]
    assert mined("units", text_view(income=incomes, zip=codes)) == ()


# Dependencies


def places(rows: int, seed: int = 3) -> dict[str, list[str | None]]:
    random = Random(seed)
    towns = [(f"{90 + n}10{n}", f"town {chr(65 + n)}ville", f"s{n % 4}") for n in range(9)]
    drawn = [random.choice(towns) for _ in range(rows)]
    return {
        "zip": [zip_ for zip_, _, _ in drawn],
        "city": [city for _, city, _ in drawn],
        "state": [state for _, _, state in drawn],
        "note": [f"{random.randrange(10**9)}" for _ in range(rows)],
    }


def test_broken_columns_are_packed_into_one_draft_and_mended():
    right = places(300)
    wrong = {name: list(cells) for name, cells in right.items()}
    wrong["city"][7] = "twon Aville"
    wrong["city"][20] = None
    wrong["state"][33] = "s0" if right["state"][33] != "s0" else "s1"
    view = text_view(**wrong)
    draft = only("dependencies", view)
    assert isinstance(draft.action, AgreeWithColumns)
    mended = applied(draft.action, view)
    assert mended["state"] == right["state"]
    assert mended["city"][20] == right["city"][20]
    assert draft.evidence.against == len(changes(draft.action, view))


def test_sound_tables_and_exceptions_that_repeat_are_left_alone():
    right = places(300)
    assert mined("dependencies", text_view(**right)) == ()
    # A fifth of one town lies in another state: an exception, not an error.
    both = {name: list(cells) for name, cells in right.items()}
    there = [row for row, city in enumerate(both["city"]) if city == "town Aville"]
    for row in there[: len(there) // 5]:
        both["state"][row] = "s2"
    assert mined("dependencies", text_view(city=both["city"], state=both["state"])) == ()


def test_a_rare_flag_is_not_swept_away_by_the_majority():
    flags = ["yes" if n % 50 == 0 else "no" for n in range(300)]
    assert mined("dependencies", text_view(zip=places(300)["zip"], flag=flags)) == ()


def test_a_value_at_the_end_of_another_column_goes_home():
    cities = ["Bend", "Salem", "Reno", "Elko"] * 10
    states: list[str | None] = ["OR", "OR", "NV", "NV"] * 10
    for row in (4, 9, 14, 19):
        cities[row] = f"{cities[row]} {states[row]}"
        states[row] = None
    view = text_view(city=cities, state=states)
    drafts = [d for d in mined("dependencies", view) if isinstance(d.action, SplitSuffix)]
    assert len(drafts) == 1
    mended = applied(drafts[0].action, view)
    assert mended["city"] == ["Bend", "Salem", "Reno", "Elko"] * 10
    assert mended["state"] == ["OR", "OR", "NV", "NV"] * 10


# Spelling


def test_rare_spellings_become_the_frequent_value_they_come_nearest_to():
    cells = ["Birmingham"] * 30 + ["Manchester"] * 25 + ["Brimingham", "Manchestr", "MANCHESTER."]
    assert replaced(only("spelling", text_view(a=cells))) == {
        "Brimingham": "Birmingham",
        "Manchestr": "Manchester",
        "MANCHESTER.": "Manchester",
    }


@pytest.mark.parametrize(
    "rare",
    ["Austria", "Iran", "scip-inf-2", "Mali", "male", "7:10 p.m.", "al-2"],
)
def test_values_that_are_near_a_frequent_one_and_right_are_left_alone(rare):
    frequent = {
        "Austria": "Australia",
        "Iran": "Iraqi",
        "scip-inf-2": "scip-inf-1",
        "Mali": "Malawi",
        "male": "female",
        "7:10 p.m.": "7:10 a.m.",
        "al-2": "ak-2",
    }[rare]
    assert mined("spelling", text_view(a=[frequent] * 40 + ["Elsewhere"] * 40 + [rare])) == ()


def test_names_and_free_text_have_no_spelling_to_compare():
    names = [f"{a}{b}son" for a in ("An", "Am", "Ab", "Al") for b in "derkolm"]
    assert mined("spelling", text_view(a=names)) == ()


# Duplicates


def people(rows: int) -> dict[str, list[str | None]]:
    random = Random(9)
    letters = "abcdefghijklmnopqrstuvwx"
    names = [f"{letters[n % 24]}{letters[n // 24]}ry Storm{letters[n % 23]}" for n in range(rows)]
    return {
        "id": [f"P{n}" for n in range(rows)],
        "name": list(names),
        "email": [f"{name.replace(' ', '.').lower()}@example.org" for name in names],
        "town": [random.choice(("Bend", "Salem", "Reno")) for _ in range(rows)],
        "plan": [random.choice(("free", "paid")) for _ in range(rows)],
    }


def test_a_row_entered_twice_under_two_numbers_is_a_duplicate():
    table = people(60)
    for name, cells in table.items():
        cells.append("P60" if name == "id" else cells[4])
    view = text_view(**table)
    draft = only("duplicates", view)
    assert isinstance(draft.action, DeleteDuplicates)
    assert draft.action.on == ("name", "email", "town", "plan")
    assert draft.rule == Unique(on=draft.action.on)
    assert {row for _, row, *_ in changes(draft.action, view)} == {"61"}


def test_equal_rows_with_missing_cells_are_named_one_by_one():
    table = people(60)
    table["town"][4] = None
    for name, cells in table.items():
        cells.append("P60" if name == "id" else cells[4])
    draft = only("duplicates", text_view(**table))
    assert isinstance(draft.action, DeleteRows)
    assert draft.action.rows == (("61", "5"),)


def test_a_row_entered_again_with_a_slip_is_a_near_duplicate():
    table = people(60)
    changed = {"id": "P60", "name": table["name"][4].replace("Storm", "Strom")}
    for name, cells in table.items():
        cells.append(changed.get(name, cells[4]))
    draft = only("duplicates", text_view(**table))
    assert isinstance(draft.action, DeleteRows)
    assert draft.action.rows == (("61", "5"),)
    assert isinstance(draft.rule, NearDuplicates)
    assert draft.rule.rows == ("61",)


def test_two_people_of_one_household_are_not_duplicates():
    table = people(60)
    other = {"id": "P60", "name": "Wilhelmina Quist"}
    for name, cells in table.items():
        cells.append(other.get(name, cells[4]))
    assert mined("duplicates", text_view(**table)) == ()


def test_rows_of_few_columns_repeat_by_chance():
    random = Random(2)
    view = text_view(
        a=[random.choice("xyz") for _ in range(50)], b=[random.choice("pq") for _ in range(50)]
    )
    assert mined("duplicates", view) == ()


@pytest.mark.parametrize("name", MINERS)
def test_a_miner_says_the_same_whatever_the_number_of_threads(name):
    table = places(300)
    table["city"][5], table["state"][9], table["note"][3] = "town Avile", "n/a", "n/a"
    found: list[tuple[Draft, ...]] = []
    for threads in (1, 4):
        view = text_view(**table)
        view.connection.execute(f"SET threads = {threads}")
        found.append(mined(name, view))
    assert found[0] == found[1]
