"""Numbers in another unit than the others of their kind."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from mined_cells import Mined, candidates, mined

from ostler.tools.repair.miners.scales import mine_scales


def heights(rng: Random, rows: int) -> list[str]:
    return [str(round(rng.gauss(175, 9))) for _ in range(rows)]


@given(st.integers(0, 10_000), st.sampled_from([100, 1000]))
@settings(max_examples=20, deadline=None)
def test_numbers_of_a_group_a_power_of_ten_larger_are_brought_back(seed: int, factor: int):
    rng = Random(seed)
    places = [f"place {n % 20}" for n in range(400)]
    usual = [10 ** (n % 20 / 5) * 37 for n in range(400)]
    clean = [f"{value * rng.uniform(0.95, 1.05):.1f}" for value in usual]
    odd = sorted(rng.sample(range(400), 12))
    dirty = [f"{float(v) * factor:.1f}" if n in odd else v for n, v in enumerate(clean)]
    found = mined(mine_scales, {"place": places, "amount": dirty})
    assert [cell.row for cell in found] == odd
    assert [cell.new for cell in found] == [clean[row] for row in odd]
    assert min(cell.score for cell in found) >= 0.75


def test_inches_among_centimetres_are_converted_with_less_trust_for_they_were_rounded():
    rng = Random(7)
    clean = heights(rng, 300)
    dirty = [f"{int(v) / 2.54:.2f}" if n % 20 == 0 else v for n, v in enumerate(clean)]
    found = mined(mine_scales, {"height": dirty})
    assert {(cell.row, cell.new) for cell in found} == {(n, clean[n]) for n in range(0, 300, 20)}
    assert all(cell.score < 0.75 or cell.new in clean for cell in found)
    (rule,) = candidates(mine_scales, {"height": dirty})
    assert "inch" in rule.rule


def test_lost_digits_other_groups_and_heavy_tails_are_no_other_unit():
    rng = Random(3)
    years = [str(rng.randrange(1950, 2020)) for _ in range(300)]
    cut = [v[:3] if n % 50 == 0 else v for n, v in enumerate(years)]
    populations = [str(round(10 ** rng.gauss(5, 1))) for _ in range(300)]
    nothing: list[Mined] = []
    assert mined(mine_scales, {"year": cut}) == nothing
    assert mined(mine_scales, {"people": populations, "year": years}) == nothing


def test_prices_that_stand_among_the_others_with_a_point_are_brought_back_as_those_are_written():
    prices = ("23.49", "11.50", "88.99", "38.95")
    clean = {n: prices[n % 4] for n in range(400)}
    dirty = [price.replace(".", "") if n >= 350 else price for n, price in clean.items()]
    found = mined(mine_scales, {"thing": [f"thing {n % 4}" for n in clean], "price": dirty})
    assert {(cell.row, cell.new) for cell in found} == {(n, clean[n]) for n in range(350, 400)}
