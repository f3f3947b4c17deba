"""Order: words in another order than elsewhere, and letters back to front."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from ostler.tools.repair.candidates import Found, Ground, Shares
from ostler.tools.repair.wording import corrected, outnumbered, repeated, values_of

_NUMERIC = 0.8
"""Share of numbers from which a column is one of quantities."""
_RARE = 0.25
"""An order that more of a column's rows have is one of its own."""
_FREE = 0.35
"""Where the same words stand in several orders, and so many rows not in the usual one, none is."""
_OFTEN = 0.12
"""And so many of all rows with several words."""
_WORDS = 8
"""A text of more words is a sentence; nobody turns one round."""
_SAMPLED = 500
"""Values that tell what a usual one is like."""
_LEAST = 3
_ODDS = 5.0
"""What the likelihood of the other order must outweigh: natural logarithm of how much rarer a
turned value is than a sound one."""
_EDGE = "\x00"
"""Stands before the first letter and behind the last."""
_POINTS = 1 << 21
"""More than there are characters."""
_WORTH = 0.25
"""Below, nothing is said: what stands both ways round in many rows are two values."""


def mine_order(ground: Ground) -> Iterator[Found]:
    """Values that stand the other way round, told by their twins or by what usually follows."""
    grid = ground.grid
    for column in grid.changeable:
        if column.is_text and column.distinct > 1 and column.numeric <= _NUMERIC:
            yield from corrected(
                grid,
                column,
                "order",
                f"values of {column.name} have their words or letters in another order than others",
                reordered(values_of(column)),
            )


def reordered(counts: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """Values the wrong way round, each put right, and how sure that is."""
    parts = {value: _parts(value) for value in counts}
    places, mirrored = _Places(parts.values()), _mirrored(list(counts))
    bags: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for value, words in parts.items():
        bags[tuple(sorted(words))].append(value)
    comma = sum(n for value, n in counts.items() if "," in value) / sum(counts.values())
    free = _is_free(counts, parts, list(bags.values()))
    found: dict[str, tuple[str, float]] = {}
    for (value, held), letters in zip(counts.items(), mirrored.tolist(), strict=True):
        words = parts[value]
        same = () if free else bags[tuple(sorted(words))]
        twins = [v for v in same if v != value and parts[v] != words]
        twin = max(twins, key=lambda v: (counts[v], v), default=None)
        back = value[::-1]
        if twin is not None and counts[twin] > held:
            found[value] = twin, min(0.97, outnumbered(counts[twin], held))
        elif counts.get(back, 0) > held and any(map(str.isalpha, value)):
            sure = outnumbered(counts[back], held)
            # Short words have others that are their mirror.
            found[value] = back, min(0.97, sure if len(value) > 3 else sure * repeated(held + 1))
        else:
            others = () if free else _turns(value, comma)
            turns = [(places.odds(words, _parts(new)), new) for new in others]
            turns.append((letters, back))
            odds, new = max(turns)
            if odds > _ODDS and new != value:
                score = min(0.95, 1 / (1 + math.exp(_ODDS - odds)))
                found[value] = new, score * (repeated(held) if odds < 2 * _ODDS else 1.0)
    return {value: pair for value, pair in found.items() if pair[1] >= _WORTH}


def _is_free(
    counts: Mapping[str, int], parts: Mapping[str, Sequence[str]], bags: Sequence[Sequence[str]]
) -> bool:
    """Whether the same words stand in any order, as in lists."""
    several = [[counts[value] for value in values] for values in bags if len(values) > 1]
    unusual = sum(sum(held) - max(held) for held in several)
    words = sum(held for value, held in counts.items() if len(parts[value]) > 1)
    return unusual > max(_FREE * sum(map(sum, several)), _OFTEN * words)


def _parts(value: str) -> list[str]:
    return value.replace(",", " ").split()


def _turns(value: str, comma: float) -> Iterator[str]:
    """The orders that it may have had: `Last, First`, all turned round, one end at the other."""
    parts = value.split()
    if not 2 <= len(set(parts)) == len(parts) <= _WORDS or " ".join(parts) != value:
        return
    if "," in value:
        before, _, behind = value.partition(",")
        if comma <= _RARE and behind.strip() and "," not in behind:
            yield f"{behind.strip()} {before.strip()}"
        return
    yield " ".join(reversed(parts))
    if len(parts) > 2:
        yield " ".join([*parts[1:], parts[0]])
        yield " ".join([parts[-1], *parts[:-1]])


class _Places:
    """Where each word of a column stands in its values: first, last, or between."""

    def __init__(self, values: Iterable[Sequence[str]]) -> None:
        self._words: Counter[tuple[str, str]] = Counter()
        self._kinds: Counter[tuple[str, str]] = Counter()
        for parts in values:
            for word, place in _placed(parts):
                self._words[word, place] += 1
                self._words[word, ""] += 1
                self._kinds[_kind(word), place] += 1
                self._kinds[_kind(word), ""] += 1

    def odds(self, old: Sequence[str], new: Sequence[str]) -> float:
        """How much likelier the new order is than the old one; natural logarithm."""
        own = Counter([*_placed(old), *((word, "") for word in old)])
        return self._likely(new, own) - self._likely(old, own)

    def _likely(self, parts: Sequence[str], own: Counter[tuple[str, str]]) -> float:
        total = 0.0
        for word, place in _placed(parts):
            kind = _kind(word)
            usual = (self._kinds[kind, place] + 1) / (self._kinds[kind, ""] + 3)
            held = self._words[word, place] - own[word, place]
            total += math.log((held + 2 * usual) / (self._words[word, ""] - own[word, ""] + 2))
        return total


def _placed(parts: Sequence[str]) -> list[tuple[str, str]]:
    if len(parts) < 2:
        return []
    names = ["first", *["between"] * (len(parts) - 2), "last"]
    return list(zip(parts, names, strict=True))


@lru_cache(maxsize=1 << 14)
def _kind(word: str) -> str:
    if any(map(str.isdigit, word)):
        return "digits"
    return "capital" if word[:1].isupper() else "small"


def _mirrored(values: Sequence[str]) -> Shares:
    """How much likelier each value is back to front, by which letter follows which in a column.

    A natural logarithm; nothing where it would be unlike the column, or has no letters at all.
    """
    lengths = np.array([len(value) + 1 for value in values])
    starts = np.cumsum(lengths) - lengths
    # The edge is one sign on both sides, so that a text and its mirror have mirrored pairs.
    text = _EDGE.join(["", *values, ""])
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)
    pairs, which, held = np.unique(
        points[:-1] * _POINTS + points[1:], return_inverse=True, return_counts=True
    )
    mirrors = pairs % _POINTS * _POINTS + pairs // _POINTS
    at = np.minimum(np.searchsorted(pairs, mirrors), len(pairs) - 1)
    there = pairs[at] == mirrors
    _, first = np.unique(pairs // _POINTS, return_inverse=True)
    firsts = np.bincount(first, held)
    signs = 0.1 * (1 + len(firsts))
    likely = np.log((held + 0.1) / (firsts[first] + signs))
    unlikely = math.log(0.1 / (held.sum() / len(firsts) + signs))
    # What a pair loses when it is turned round; one of its occurrences is that in the value.
    turned = np.log((np.where(there, held[at], 0) + 0.1) / (held - 0.9))

    def summed(worth: Shares) -> Shares:
        return np.add.reduceat(worth[which], starts)

    usual = (summed(likely) / lengths)[:_SAMPLED]
    least = usual.mean() - 2 * usual.std()
    # Few values say little of what may follow what.
    odds = len(values) / (len(values) + 50) * summed(turned)
    fits = summed(np.where(there, likely[at], unlikely)) / lengths >= least
    fits &= (odds > 0) & (lengths > _LEAST)
    for place in np.flatnonzero(fits).tolist():
        fits[place] = any(map(str.isalpha, values[place]))
    return np.where(fits, odds, 0.0)
