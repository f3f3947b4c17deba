"""Drift: what is found, what is not, and the laws of its statistics."""

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostler.core.checks import Drift
from ostler.tables.view import View, connect, view_of
from ostler.tools.drift.checks import drift_checks
from ostler.tools.drift.comparison import METHODS
from ostler.tools.drift.explain import explain
from ostler.tools.drift.measure import DriftResult, compare, measure_drift, measure_profiles
from ostler.tools.drift.numbers import Numbers, aligned, counted
from ostler.tools.drift.profile import profile_of
from ostler.tools.drift.statistics import (
    Bucket,
    chi2,
    chi2_survival,
    discoveries,
    js,
    kolmogorov_survival,
    ks,
    psi,
    wasserstein,
)

DUCKDB = connect()
CITIES = ("bonn", "kiel", "ulm", "jena")
Row = dict[str, str | None]


def explained(view: View, reference: View, rule: Drift) -> str:
    found = compare(profile_of(view), profile_of(reference), [rule.column])
    return explain(found[rule.column], rule)


def view_from(rows: list[Row], version: int = 1) -> View:
    names = ("id", "amount", "city", "note", "day")
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    name = f"v{version}"
    return view_of(pa.table(columns), ("id",), version=version, name=name, connection=DUCKDB)


def orders(n: int, seed: int, start: int = 0, factor: float = 1.0) -> list[Row]:
    random = Random(seed)
    return [
        {
            "id": str(start + i),
            "amount": f"{random.lognormvariate(3, 1) * factor:.2f}",
            "city": random.choice(CITIES),
            "note": f"note {random.random()}",
            "day": f"2026-01-{1 + (start + i) // 100 % 28:02d}",
        }
        for i in range(n)
    ]


def results(current: list[Row], reference: list[Row]) -> dict[tuple[str, str], DriftResult]:
    after, before = profile_of(view_from(current, 2)), profile_of(view_from(reference, 1))
    rules = [c.rule for c in drift_checks(after, before, 1) if isinstance(c.rule, Drift)]
    found = measure_profiles(after, before, rules)
    return {(r.rule.column, r.rule.statistic): r for r in found}


def drifted(current: list[Row], reference: list[Row]) -> set[tuple[str, str]]:
    return {key for key, result in results(current, reference).items() if result.drifted}


def test_few_valued_and_numeric_columns_are_compared_and_ids_times_and_texts_are_not() -> None:
    assert set(results(orders(500, 1), orders(500, 1))) == {
        ("amount", "ks"),
        ("amount", "psi"),
        ("city", "chi2"),
        ("city", "psi"),
    }


def test_a_version_equal_to_its_reference_has_no_drift_at_all() -> None:
    same = results(orders(500, 1), orders(500, 1))
    assert {r.value for r in same.values()} == {0.0}
    assert not any(r.drifted for r in same.values())


def test_another_sample_of_the_same_population_has_no_drift() -> None:
    for seed in range(20):
        assert not drifted(orders(150, 100 + seed), orders(150, seed))


def test_an_appended_batch_with_amounts_a_hundredfold_is_found() -> None:
    reference = orders(1000, 1)
    batch = orders(200, 2, start=1000, factor=100)
    assert drifted(reference + batch, reference) == {("amount", "ks"), ("amount", "psi")}


def test_missing_values_and_new_categories_count_as_drift() -> None:
    reference = orders(600, 1)
    holes = [{**row, "city": None} if i % 3 == 0 else row for i, row in enumerate(reference)]
    moved = [{**row, "city": "oslo"} if i % 3 == 0 else row for i, row in enumerate(reference)]
    assert (
        drifted(holes, reference)
        == drifted(moved, reference)
        == {
            ("city", "chi2"),
            ("city", "psi"),
        }
    )


def test_a_number_column_that_turns_into_text_is_as_far_away_as_can_be() -> None:
    reference = orders(300, 1)
    text = [{**row, "amount": f"EUR {row['amount']}"} for row in reference]
    found = results(text, reference)
    assert found["amount", "ks"].value == 1.0
    assert found["amount", "psi"].drifted


def test_numbers_are_compared_as_numbers_whatever_way_they_are_written() -> None:
    reference = orders(300, 1)
    padded = [{**row, "amount": f"{float(row['amount'] or 0):.4f}"} for row in reference]
    assert results(padded, reference)["amount", "ks"].value == 0.0
    assert results(padded, reference)["amount", "psi"].value == 0.0


def test_a_small_table_needs_more_than_a_large_effect() -> None:
    rule = Drift(column="city", reference=1, statistic="psi", limit=0.2)
    few: list[Row] = [{"id": str(i), "city": c} for i, c in enumerate("aab")]
    other: list[Row] = [{"id": str(i), "city": c} for i, c in enumerate("abb")]
    (result,) = measure_drift(view_from(few, 2), view_from(other, 1), [rule])
    assert result.value > 0.2
    assert not result.drifted
    assert "chance" in result.observed


def test_what_is_observed_names_the_statistic_and_the_limit() -> None:
    reference = orders(1000, 1)
    found = results(reference + orders(200, 2, 1000, 100), reference)["amount", "psi"]
    assert found.observed == f"PSI {found.value:.2f} (limit 0.20)"


@pytest.mark.parametrize("statistic", ["psi", "chi2"])
def test_the_explanation_names_what_moved(statistic: str) -> None:
    reference = orders(900, 1)
    holes = [{**row, "city": None} if i % 3 == 0 else row for i, row in enumerate(reference)]
    rule = Drift.model_validate(
        {"column": "city", "reference": 1, "statistic": statistic, "limit": 0.1}
    )
    sentence = explained(view_from(holes, 2), view_from(reference, 1), rule)
    assert sentence.startswith("33.3 % of the values of 'city' are missing, against 0.0 %")
    assert "in version 1" in sentence


def test_the_explanation_of_numbers_says_where_and_by_how_much() -> None:
    reference = orders(1000, 1)
    view, before = view_from(reference + orders(250, 2, 1000, 100), 2), view_from(reference, 1)
    bins = Drift(column="amount", reference=1, statistic="psi", limit=0.2)
    gap = Drift(column="amount", reference=1, statistic="ks", limit=0.1)
    assert "'amount' lie between" in explained(view, before, bins)
    assert "'amount' are numbers up to" in explained(view, before, gap)
    assert "is distributed as in version 1" in explained(before, before, bins)
    assert "is distributed as in version 1" in explained(before, before, gap)


def test_a_reference_without_rows_is_no_drift_but_the_row_counts_business() -> None:
    rules = [
        Drift(column="city", reference=1, statistic=s, limit=method.limit)
        for s, method in METHODS.items()
    ]
    found = measure_drift(view_from([], 2), view_from(orders(50, 1), 1), rules)
    assert not any(result.drifted for result in found)


counts = st.integers(0, 50)
histograms = st.lists(st.tuples(counts, counts), min_size=1, max_size=8).map(
    lambda pairs: [Bucket(str(i), a, b) for i, (a, b) in enumerate(pairs)]
)


def of(counts: dict[float, int]) -> Numbers:
    return counted(np.repeat([float(x) for x in counts], list(counts.values())))


frequencies = st.dictionaries(st.integers(-9, 9).map(float), st.integers(1, 30), max_size=8)


@settings(deadline=None)
@given(histograms)
def test_psi_and_chi2_are_symmetric_and_never_negative(buckets: list[Bucket]) -> None:
    swapped = [Bucket(b.label, b.current, b.reference) for b in buckets]
    occupied = [b for b in buckets if b.reference or b.current]
    turned = [b for b in swapped if b.reference or b.current]
    for statistic in (psi, chi2, js):
        assert statistic(occupied) == statistic(turned)
        assert statistic(occupied).value >= 0
        assert 0 <= statistic(occupied).p_value <= 1


@settings(deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_equal_histograms_do_not_differ(sizes: list[int]) -> None:
    buckets = [Bucket(str(i), n, n) for i, n in enumerate(sizes)]
    numbers = of({float(i): n for i, n in enumerate(sizes)})
    same = aligned(numbers, numbers)
    found = psi(buckets), chi2(buckets), js(buckets), ks(same), wasserstein(same, 1.0, 0.0)
    assert {statistic.value for statistic in found} == {0.0}
    assert {statistic.p_value for statistic in found} == {1.0}


@settings(deadline=None)
@given(frequencies, frequencies)
def test_ks_is_the_largest_distance_of_the_two_distributions(
    one: dict[float, int], two: dict[float, int]
) -> None:
    def share(counts: dict[float, int], x: float) -> float:
        return sum(n for y, n in counts.items() if y <= x) / sum(counts.values())

    found = ks(aligned(of(one), of(two)))
    assert found == ks(aligned(of(two), of(one)))
    if one and two:
        largest = max(abs(share(one, x) - share(two, x)) for x in {*one, *two})
        assert found.value == pytest.approx(largest, abs=1e-6)


@settings(deadline=None)
@given(histograms, st.randoms(use_true_random=False))
def test_the_order_of_buckets_does_not_matter(buckets: list[Bucket], order: Random) -> None:
    occupied = [b for b in buckets if b.reference or b.current]
    mixed = list(occupied)
    order.shuffle(mixed)
    assert psi(mixed) == psi(occupied)
    assert chi2(mixed) == chi2(occupied)


@pytest.mark.parametrize(
    ("value", "freedom", "expected"),
    [(3.841, 1, 0.05), (6.635, 1, 0.01), (18.307, 10, 0.05), (23.209, 10, 0.01)],
)
def test_p_values_of_chi2_agree_with_the_printed_tables(
    value: float, freedom: int, expected: float
) -> None:
    assert chi2_survival(value, freedom) == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize(("value", "expected"), [(1.358, 0.05), (1.628, 0.01), (0.1, 1.0)])
def test_p_values_of_ks_agree_with_the_printed_tables(value: float, expected: float) -> None:
    assert kolmogorov_survival(value) == pytest.approx(expected, rel=0.01)


def test_false_discoveries_are_controlled_over_all_tests_together() -> None:
    assert discoveries([0.001, 0.02, 0.03, 0.9], 0.05) == [True, True, True, False]
    assert discoveries([0.04, 0.9, 0.9, 0.9], 0.05) == [False] * 4
    assert discoveries([], 0.05) == []
