"""Histograms: parts add up and come apart exactly, and statistics keep their promised bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ostler.tools.drift.buckets import Floats, Tally, codes_of, ends_of
from ostler.tools.drift.numbers import (
    Numbers,
    added,
    aligned,
    bucketed,
    coarse,
    counted,
    without,
)
from ostler.tools.drift.statistics import Bucket, chi2, js, ks, missing_rate, wasserstein

numbers = st.lists(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(-1000, 1000).map(float),
        st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.7e308, 511.5, 512.0, 513.0]),
    ),
    max_size=40,
).map(lambda values: np.array(values, np.float64))


def buckets_of(values: Floats) -> Numbers:
    tally = Tally()
    tally.add(values)
    return bucketed(tally, whole=False)


def same(one: Numbers, two: Numbers) -> bool:
    if not one.exact:
        # Intervals stay as narrow as they are known to be, which may differ; counts may not.
        return dict(zip(codes_of(one.low), one.count, strict=True)) == dict(
            zip(codes_of(two.low), two.count, strict=True)
        )
    return bool(np.array_equal(one.low, two.low) and np.array_equal(one.count, two.count))


@settings(deadline=None)
@given(numbers)
def test_every_number_lies_in_its_bucket_and_buckets_are_in_order(values: Floats) -> None:
    codes = codes_of(values)
    low, high = ends_of(codes)
    assert ((low <= values) & (values <= high)).all()
    assert (codes_of(low) == codes).all() and (codes_of(high) == codes).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(codes[order]) >= 0).all()


@settings(deadline=None)
@given(numbers, numbers, numbers)
def test_parts_add_up_in_any_order_and_come_apart_again(a: Floats, b: Floats, c: Floats) -> None:
    for count in (counted, buckets_of):
        one, two, three = count(a), count(b), count(c)
        assert same(added([one, two]), count(np.concatenate([a, b])))
        assert same(added([added([one, two]), three]), added([one, added([two, three])]))
        assert same(added([one, two]), added([two, one]))
        assert same(without(added([one, two]), two), one)


@settings(deadline=None)
@given(numbers, numbers)
def test_exact_counts_made_coarse_are_what_buckets_would_have_counted(a: Floats, b: Floats) -> None:
    assert same(coarse(counted(a)), buckets_of(a))
    assert same(added([counted(a), buckets_of(b)]), buckets_of(np.concatenate([a, b])))


def test_what_is_not_finite_is_not_counted() -> None:
    tally = Tally()
    tally.add(np.array([1.0, np.nan, np.inf, -np.inf, -np.nan, 2.0, -0.0, 0.0]))
    found = bucketed(tally, whole=False)
    assert found.low.tolist() == [0.0, 1.0, 2.0]
    assert found.count.tolist() == [2, 1, 1]
    assert bucketed(tally, whole=False).total == 0


def samples(seed: int) -> list[tuple[Floats, Floats]]:
    random = np.random.default_rng(seed)
    n, m = 4000, 3000
    return [
        (random.lognormal(3, 1, n), random.lognormal(3.2, 1.1, m)),
        (random.normal(0, 1, n), random.normal(0.2, 1.5, m)),
        (random.integers(0, 40, n).astype(float), random.integers(3, 50, m).astype(float)),
        (random.integers(0, 10**6, n).astype(float), random.integers(0, 10**5, m).astype(float)),
        (np.where(random.random(n) < 0.3, 0, random.exponential(9, n)), random.exponential(8, m)),
        (random.normal(1e9, 1, n), random.normal(1e9, 1, m)),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_ks_and_wasserstein_agree_with_scipy_within_the_stated_error(seed: int) -> None:
    for one, two in samples(seed):
        spread = float(one.std())
        distance = stats.ks_2samp(one, two).statistic
        moved = stats.wasserstein_distance(one, two) / spread
        exact = aligned(counted(one), counted(two))
        assert ks(exact).value == pytest.approx(distance, abs=1e-6)
        assert ks(exact).error == 0
        assert wasserstein(exact, spread, 0.0).value == pytest.approx(moved, abs=1e-6, rel=1e-6)
        for mixed in (
            aligned(buckets_of(one), buckets_of(two)),
            aligned(counted(one), buckets_of(two)),
        ):
            found = ks(mixed)
            assert abs(found.value - distance) <= found.error + 1e-6
            earth = wasserstein(mixed, spread, 0.0)
            assert abs(earth.value - moved) <= earth.error + 1e-6


def test_the_bound_is_tight_where_numbers_are_not_lumped() -> None:
    lognormal, _, integers, *_ = samples(7)
    assert ks(aligned(*map(buckets_of, lognormal))).error < 0.003
    assert ks(aligned(*map(buckets_of, integers))).error == 0


def test_chi2_and_jensen_shannon_agree_with_scipy() -> None:
    random = np.random.default_rng(1)
    for size in (2, 5, 30):
        before, after = random.integers(5, 400, size), random.integers(5, 400, size)
        found = [Bucket("", int(a), int(b)) for a, b in zip(before, after, strict=True)]
        expected = stats.chi2_contingency([before, after], correction=False)
        v = (expected.statistic / (before.sum() + after.sum())) ** 0.5
        assert chi2(found).value == pytest.approx(v, abs=1e-6)
        assert chi2(found).p_value == pytest.approx(expected.pvalue, abs=1e-6)
        assert js(found).value == pytest.approx(jensenshannon(before, after, base=2), abs=1e-6)
    table = stats.chi2_contingency([[20, 980], [60, 940]], correction=False)
    rate = missing_rate(20, 1000, 60, 1000)
    assert (rate.value, rate.p_value) == (0.04, pytest.approx(table.pvalue, abs=1e-6))


@settings(deadline=None)
@given(numbers.filter(len), numbers.filter(len))
def test_swapping_two_samples_changes_no_distance(one: Floats, two: Floats) -> None:
    one, two = one[np.abs(one) < 1e150], two[np.abs(two) < 1e150]
    for count in (counted, buckets_of):
        a, b = aligned(count(one), count(two)), aligned(count(two), count(one))
        assert ks(a) == ks(b)
        assert wasserstein(a, 1e150, 0.0) == wasserstein(b, 1e150, 0.0)
