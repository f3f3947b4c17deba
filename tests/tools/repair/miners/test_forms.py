"""Values that say what others say, in another form."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mined_cells import candidates, doubted, mined
from noise import add_noise
from tables import make

from ostler.tools.repair.miners.forms import mine_forms

PRICES = [f"{number / 20:.2f}" for number in range(200, 420)]
COUNTS = [str(1200 + 7 * number) for number in range(200)]
DAYS = [f"20{15 + n % 9}-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(200)]
TIMES = [f"{1 + n % 12}:{n % 60:02} {'a.m.' if n % 2 else 'p.m.'}" for n in range(200)]
PHONES = [f"{200 + n}-555-{1000 + 37 * n}" for n in range(200)]
WEIGHTS = [f"{50 + n} kg" for n in range(200)]


def becomes(usual: list[str], odd: str) -> str | None:
    """What one odd value among usual ones becomes; None where it is left alone."""
    found = mined(mine_forms, {"it": [*usual, odd]})
    assert all(cell.row == len(usual) for cell in found)
    return found[0].new if found else None


@pytest.mark.parametrize(
    ("usual", "odd", "new"),
    [
        (PRICES, "12.5 EUR", "12.50"),
        (PRICES, "$14.20", "14.20"),
        (PRICES, "12,75", "12.75"),
        (PRICES, "1.275e1", "12.75"),
        (PRICES, "~12.75", "12.75"),
        (PRICES, "12.7500", "12.75"),
        (COUNTS, "1,965", "1965"),
        (COUNTS, "1.965", "1965"),
        (COUNTS, "1 965", "1965"),
        (COUNTS, "001965", "1965"),
        (COUNTS, "1965.0", "1965"),
        (DAYS, "31/12/2019", "2019-12-31"),
        (DAYS, "12/31/2019", "2019-12-31"),
        (DAYS, "7. März 2019", "2019-03-07"),
        (DAYS, "Sep 7, 2019", "2019-09-07"),
        (DAYS, "20190907", "2019-09-07"),
        (DAYS, "2019-09-07 00:00", "2019-09-07"),
        (TIMES, "19:10", "7:10 p.m."),
        (TIMES, "7:10pm", "7:10 p.m."),
        (TIMES, "12/02/2011 6:55 a.m.", "6:55 a.m."),
        (TIMES, "6:45aDec 1", "6:45 a.m."),
        (PHONES, "(415) 555-2671", "415-555-2671"),
        (PHONES, "+4155552671", "415-555-2671"),
        (PHONES, "tel. 415-555-2671", "415-555-2671"),
        (WEIGHTS, "72kg", "72 kg"),
        (WEIGHTS, "72 KG.", "72 kg"),
        (WEIGHTS, "kg 72", "72 kg"),
        (WEIGHTS, "72", "72 kg"),
    ],
)
def test_a_value_in_another_form_becomes_one_in_the_columns_own(
    usual: list[str], odd: str, new: str
):
    assert becomes(usual, odd) == new


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        (PRICES, "cheap"),
        (PRICES, "08.40"),  # perhaps 80.40
        (COUNTS, "x200"),  # a letter in the place of a digit
        (DAYS, "2019-13-41"),
        (DAYS, "soon"),
        (TIMES, "25:10"),
        (PHONES, "555-2671"),  # nobody knows the rest
        (WEIGHTS, "72 miles"),
    ],
)
def test_what_cannot_be_read_for_certain_is_left_alone(usual: list[str], odd: str):
    assert becomes(usual, odd) is None


def test_the_marks_of_another_country_are_the_form_where_they_are_usual():
    usual = [f"{n // 1000},{n % 1000:03}" for n in range(1000, 9000, 37)]
    assert becomes(usual, "2345") == "2,345"


def test_a_day_that_could_be_two_is_decided_by_the_others_or_trusted_little():
    told = [*(f"{13 + n}/1{n % 2}/2020" for n in range(15)), "04/11/2020"]
    (cell,) = [c for c in mined(mine_forms, {"day": [*DAYS, *told]}) if c.old == "04/11/2020"]
    assert (cell.new, cell.score > 0.8) == ("2020-11-04", True)
    assert [cell.score <= 0.5 for cell in mined(mine_forms, {"day": [*DAYS, "04/11/2020"]})] in (
        [],
        [True],
    )


def test_one_unit_in_several_spellings_goes_or_is_spelt_in_one_way_as_the_reviewer_likes():
    rng = Random(1)
    sizes = [
        f"{rng.choice((12, 16, 24))}.0 {rng.choice(('oz', 'oz.', 'ounce'))}" for _ in range(90)
    ]
    (rule,) = candidates(mine_forms, {"size": sizes})
    assert len(rule.rows) == 90
    assert set(rule.news) == {"12", "16", "24"}
    assert len(rule.directions) == 2
    assert {text.partition(" ")[2] for text in rule.directions[0].news} in (
        {"oz"},
        {"oz."},
        {"ounce"},
    )


def test_a_share_of_the_column_in_another_form_leaves_the_direction_open():
    (rule,) = candidates(mine_forms, {"rate": [f"0.0{n}" for n in range(11, 71)]
                                              + [f"0.0{n}%" for n in range(31, 61)]})  # fmt: skip
    assert set(rule.news) == {f"0.0{n}" for n in range(31, 61)}
    assert [len(other.rows) for other in rule.directions] == [60]


def test_letters_in_place_of_digits_are_doubted_but_not_read_as_units():
    assert doubted(mine_forms, {"n": [*COUNTS, "2x", "x2345"]}) == ["2x", "x2345"]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_at_all_is_no_problem(values: list[str]):
    first = mined(mine_forms, {"it": values})
    assert first == mined(mine_forms, {"it": values})


@given(
    st.lists(st.integers(1000, 99_999), min_size=30, max_size=60, unique=True),
    st.sampled_from(["{:,}", "{} km", "00{}", "{}.0", "~{}", "{}%"]),
)
@settings(max_examples=40, deadline=None)
def test_numbers_keep_what_they_say(numbers: list[int], form: str):
    odd, usual = numbers[:3], numbers[3:]
    found = mined(mine_forms, {"n": [*map(str, usual), *(form.format(n) for n in odd)]})
    for cell in found:
        assert cell.new == str(odd[cell.row - len(usual)])


@pytest.mark.parametrize("world", ["products", "people", "sensors", "statistics"])
def test_planted_forms_are_found_and_clean_tables_left_alone(world: str):
    clean = make(world, seed=5, rows=300)
    as_columns = dict(zip(clean.header, map(list, zip(*clean.rows, strict=True)), strict=True))
    assert len(mined(mine_forms, as_columns)) <= 0.001 * 300 * len(clean.header)
    classes = ("number_format", "date_format", "phone", "unit")
    noisy = add_noise(clean, rate=0.05, seed=5, classes=classes)
    dirty = dict(zip(clean.header, map(list, zip(*noisy.dirty.rows, strict=True)), strict=True))
    sure = [cell for cell in mined(mine_forms, dirty) if cell.score >= 0.9]
    truth = {(one.row, clean.header[one.column]): one.clean for one in noisy.damages}
    right = sum(truth.get((cell.row, cell.column)) == cell.new for cell in sure)
    assert right >= 0.95 * len(sure)
    assert right >= 0.6 * len(truth)


def test_what_a_rule_shows_of_the_data_can_neither_break_lines_nor_turn_them_round():
    weights = [f"{n} kg\u202e\n[b]" for n in range(40)] + [f"{n}kg\u202e\n[b]" for n in range(5)]
    rules = candidates(mine_forms, {"weight": weights})
    assert rules
    assert all(rule.rule.isprintable() for rule in rules)
