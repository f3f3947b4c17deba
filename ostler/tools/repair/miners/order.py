"""Order: words in another order than elsewhere, and letters back to front."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from statistics import mean, pstdev

from ostler.tools.repair.candidates import Found, Ground
from ostler.tools.repair.wording import corrected, outnumbered, repeated, values_of

_NUMERIC = 0.8
"""Share of numbers from which a column is one of quantities."""
_RARE = 0.25
"""An order that more of a column's rows have is one of its own."""
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
    places, letters = _Places(counts), _Letters(counts)
    bags: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for value in counts:
        bags[_bag(value)].append(value)
    comma = sum(n for value, n in counts.items() if "," in value) / sum(counts.values())
    found: dict[str, tuple[str, float]] = {}
    for value, held in counts.items():
        twins = [v for v in bags[_bag(value)] if _parts(v) != _parts(value)]
        twin = max(twins, key=lambda v: (counts[v], v), default=None)
        back = value[::-1]
        if twin is not None and counts[twin] > held:
            found[value] = twin, min(0.97, outnumbered(counts[twin], held))
        elif counts.get(back, 0) > held and any(map(str.isalpha, value)):
            sure = outnumbered(counts[back], held)
            # Short words have others that are their mirror.
            found[value] = back, min(0.97, sure if len(value) > 3 else sure * repeated(held + 1))
        else:
            turns = [(places.odds(_parts(value), _parts(new)), new) for new in _turns(value, comma)]
            turns.append((letters.odds(value, back), back))
            odds, new = max(turns)
            if odds > _ODDS and new != value:
                score = min(0.95, 1 / (1 + math.exp(_ODDS - odds)))
                found[value] = new, score * (repeated(held) if odds < 2 * _ODDS else 1.0)
    return found


def _parts(value: str) -> list[str]:
    return value.replace(",", " ").split()


def _bag(value: str) -> tuple[str, ...]:
    return tuple(sorted(_parts(value)))


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

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._words: Counter[tuple[str, str]] = Counter()
        self._kinds: Counter[tuple[str, str]] = Counter()
        for value in counts:
            for word, place in _placed(_parts(value)):
                self._words[word, place] += 1
                self._words[word, ""] += 1
                self._kinds[_kind(word), place] += 1
                self._kinds[_kind(word), ""] += 1

    def odds(self, old: Sequence[str], new: Sequence[str]) -> float:
        """How much likelier the new order is than the old one; natural logarithm."""
        own = Counter(_placed(old))
        return self._likely(new, own) - self._likely(old, own)

    def _likely(self, parts: Sequence[str], own: Mapping[tuple[str, str], int]) -> float:
        total = 0.0
        for word, place in _placed(parts):
            kind = _kind(word)
            usual = (self._kinds[kind, place] + 1) / (self._kinds[kind, ""] + 3)
            alone = own.get((word, place), 0)
            every = sum(n for (one, _), n in own.items() if one == word)
            held, all_held = self._words[word, place] - alone, self._words[word, ""] - every
            total += math.log((held + 2 * usual) / (all_held + 2))
        return total


def _placed(parts: Sequence[str]) -> list[tuple[str, str]]:
    if len(parts) < 2:
        return []
    names = ["first", *["between"] * (len(parts) - 2), "last"]
    return list(zip(parts, names, strict=True))


def _kind(word: str) -> str:
    if any(map(str.isdigit, word)):
        return "digits"
    return "capital" if word[:1].isupper() else "small"


class _Letters:
    """Which letter follows which in a column's values."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._pairs: Counter[str] = Counter()
        for value in counts:
            self._pairs.update(_pairs(value))
        self._firsts: Counter[str] = Counter()
        for pair, held in self._pairs.items():
            self._firsts[pair[0]] += held
        self._signs = 0.1 * (1 + len(self._firsts))
        # Few values say little of what may follow what.
        self._weight = len(counts) / (len(counts) + 50)
        usual = [self._likely(value, ()) / (len(value) + 1) for value in islice(counts, _SAMPLED)]
        self._usual = mean(usual) - 2 * pstdev(usual)

    def odds(self, old: str, new: str) -> float:
        """How much likelier the new text is than the old one; natural logarithm.

        Nothing where the new one is unlike the column, or has no letters at all.
        """
        if len(old) < _LEAST or not any(map(str.isalpha, old)):
            return 0.0
        own = _pairs(old)
        likely = self._likely(new, own)
        if likely / (len(new) + 1) < self._usual:
            return 0.0
        return self._weight * (likely - self._likely(old, own))

    def _likely(self, text: str, own: Sequence[str]) -> float:
        firsts = [pair[0] for pair in own]
        total = 0.0
        for pair in _pairs(text):
            held = self._pairs[pair] - own.count(pair)
            total += math.log(
                (held + 0.1) / (self._firsts[pair[0]] - firsts.count(pair[0]) + self._signs)
            )
        return total


def _pairs(text: str) -> list[str]:
    padded = f"{_EDGE}{text}{_EDGE}"
    return [padded[at : at + 2] for at in range(len(padded) - 1)]
