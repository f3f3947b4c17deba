"""All columns together: how well a model can tell the reference's rows from those of now.

Small trees, one after the other, each mending what those before got wrong (J. Friedman: Greedy
function approximation, 2001), learned on one half of the rows and judged on the other. They see
what no column shows by itself: two columns that no longer go together. The same rows give the same
result.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from ostler.core.base import Frozen, Share
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.drift.buckets import Floats, Ints
from ostler.tools.drift.checks import kind_of
from ostler.tools.drift.counting import is_number
from ostler.tools.drift.profile import Profile
from ostler.tools.quality.reading import number, text

SAMPLE = 10_000
"""Rows of each side, chosen by the hash of their key."""
LIMIT = 0.55
"""Up to here the two cannot be told apart to speak of; 0.5 is guessing, 1 is certainty."""
_SURE = 0.001
_BINS = 32
_TREES = 30
_DEPTH = 3
_RATE = 0.3
_SMALLEST = 50.0
"""Rows that a leaf must have, at least; fewer count where the model is sure already."""
_MOST = 5
"""Columns that are named, those that tell most first."""

Codes = NDArray[np.uint8]


class ToldApart(Frozen):
    """How well the rows of two states can be told apart by all columns together."""

    auc: Share
    """The chance that a row of now looks more like now than one of the reference does."""
    limit: float = LIMIT
    p_value: Share
    drifted: bool
    rows: int
    """That were looked at, of both."""
    columns: tuple[tuple[str, Share], ...]
    """Which of them tell it, with their share of what the model learned."""


def told_apart(
    view: View, reference: View, profiles: tuple[Profile, Profile], columns: Sequence[str]
) -> ToldApart | None:
    """How well rows of a view can be told from those of its reference by some columns.

    `profiles` are of the reference and of the view. None when no column can be compared.
    """
    before, after = profiles
    kinds = {
        name: kind_of(column)
        for name, column in before.columns.items()
        if name in columns and name in after.columns and kind_of(column) != "nothing"
    }
    if not kinds or min(view.row_count, reference.row_count) < 2:
        return None
    codes: list[Codes] = []
    old, new = _sample(reference, kinds), _sample(view, kinds)
    for one, other in zip(old, new, strict=True):
        codes.append(_coded([*one, *other]))
    label = np.repeat([0.0, 1.0], [len(old[0]), len(new[0])])
    auc, gains = _cross_fitted(np.stack(codes, axis=1), label)
    n, m = len(old[0]), len(new[0])
    p_value = erfc(max(0.0, auc - 0.5) / sqrt((n + m + 1) / (12 * n * m)) / sqrt(2)) / 2
    ranked = sorted(zip(gains.tolist(), kinds, strict=True), key=lambda pair: (-pair[0], pair[1]))
    total = max(sum(gains.tolist()), 1e-12)
    return ToldApart(
        auc=auc,
        p_value=p_value,
        drifted=auc > LIMIT and p_value < _SURE,
        rows=n + m,
        columns=tuple((name, gain / total) for gain, name in ranked[:_MOST] if gain > 0),
    )


def _sample(view: View, kinds: Mapping[str, str]) -> list[list[float | str | None]]:
    """Some rows, the same ones whenever they are asked for: numbers as such, the rest as text."""
    values = [
        text(name)
        if kind == "categories"
        else f"CAST({quoted(name)} AS DOUBLE)"
        if is_number(view.type_of(name))
        else number(text(name))
        for name, kind in kinds.items()
    ]
    table = view.arrow(
        f"SELECT {', '.join(values)} FROM {view.source}"
        f" ORDER BY hash({view.row}), {view.row} LIMIT {SAMPLE}"
    )
    return [table.column(place).to_pylist() for place in range(len(values))]


def _coded(values: Sequence[float | str | None]) -> Codes:
    """Numbers by their place among all, texts by how frequent they are; 0 for what is missing."""
    if any(isinstance(value, str) for value in values):
        counts = Counter(str(value) for value in values if value is not None)
        ranked = sorted(counts, key=lambda value: (-counts[value], value))[: _BINS - 2]
        places = {value: place for place, value in enumerate(ranked, start=1)}
        coded = [0 if v is None else places.get(str(v), _BINS - 1) for v in values]
        return np.array(coded, np.uint8)
    numbers = np.array(values, np.float64)
    present = np.isfinite(numbers)
    if not present.any():
        return np.zeros(len(numbers), np.uint8)
    cuts = np.unique(np.quantile(numbers[present], np.arange(1, _BINS - 1) / (_BINS - 1)))
    return np.where(present, 1 + np.searchsorted(cuts, numbers), 0).astype(np.uint8)


def _cross_fitted(codes: Codes, label: Floats) -> tuple[float, Floats]:
    """The area under the curve on rows that were not learned from, and each column's gain."""
    half = np.arange(len(label)) % 2 == 0
    gains, areas = np.zeros(codes.shape[1]), list[float]()
    for learned in (half, ~half):
        score, gain = _boosted(codes, label, learned)
        areas.append(_area(score[~learned], label[~learned]))
        gains += gain
    # Rows that are on both sides are learned with one label and judged with the other.
    return max(0.5, sum(areas) / len(areas)), gains


def _area(score: Floats, label: Floats) -> float:
    """The chance that a row of label 1 has the higher score; half of it for equal ones."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    ones = float(label.sum())
    zeros = len(label) - ones
    if not ones or not zeros:
        return 0.5
    return float((rank[label == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _boosted(codes: Codes, label: Floats, learned: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """A score for every row, learned from some of them, and what each column contributed."""
    width = codes.shape[1]
    score, gains = np.zeros(len(label)), np.zeros(width)
    offsets: Ints = np.arange(width, dtype=np.int64) * _BINS
    cells: Ints = np.add(codes[learned, :], offsets)
    for _ in range(_TREES):
        chance = 1 / (1 + np.exp(-score))
        slope, weight = label - chance, 4 * chance * (1 - chance)
        leaf = np.zeros(len(label), np.int64)
        for depth in range(_DEPTH):
            places: Ints = np.add(cells, leaf[learned].reshape(-1, 1) * (width * _BINS))
            shape = (1 << depth, width, _BINS)
            slopes = _summed(places, slope[learned], shape)
            weights = _summed(places, weight[learned], shape)
            column, cut, gain = _best(slopes, weights)
            np.add.at(gains, column, gain)
            right = codes[np.arange(len(label)), column[leaf]] >= cut[leaf]
            leaf = 2 * leaf + right
        leaves = 1 << _DEPTH
        steps = _counted(leaf[learned], slope[learned], leaves) / (
            _counted(leaf[learned], weight[learned], leaves) + 1
        )
        score += _RATE * 4 * steps[leaf]
    return score, gains


def _summed(places: Ints, values: Floats, shape: tuple[int, int, int]) -> Floats:
    """What the rows of each leaf, column and code have together."""
    repeated = np.repeat(values, shape[1])
    return _counted(places.ravel(), repeated, int(np.prod(shape))).reshape(shape)


def _counted(places: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(places, values, size).astype(np.float64, copy=False)


def _best(slopes: Floats, weights: Floats) -> tuple[Ints, Ints, Floats]:
    """For each leaf the column, and the code from which on rows go to the right; and the gain."""
    leaves, width, bins = slopes.shape
    left, mass = np.cumsum(slopes, axis=2), np.cumsum(weights, axis=2)
    all_left, all_mass = left[:, :, -1:], mass[:, :, -1:]
    gain = (
        left**2 / (mass + 1)
        + (all_left - left) ** 2 / (all_mass - mass + 1)
        - all_left**2 / (all_mass + 1)
    )
    gain[(mass < _SMALLEST) | (all_mass - mass < _SMALLEST)] = 0
    flat = gain.reshape(leaves, width * bins)
    best: Ints = np.argmax(flat, axis=1)
    column, code = np.divmod(best, bins)
    gains = flat[np.arange(leaves), best]
    # Where no question is worth asking, every row goes to the left.
    return column, np.where(gains > 0, code + 1, bins), gains
