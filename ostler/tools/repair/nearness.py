"""Nearness: which of many known words come within a slip or two of another one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

_BUCKET = 60
"""Known words that share a piece are compared up to so many, the first ones given first: without
this a common beginning would make the search quadratic."""
_LONG = 12
"""Letters from which two slips are still told from chance."""
_MISREAD = (("rn", "m"), ("cl", "d"), ("vv", "w"), ("ii", "u"), ("li", "h"), ("ri", "n"))
"""What a reader of print takes for one another, though it is two letters' difference."""


class Neighbours:
    """Known words, indexed by their ends: a single slip leaves the first or the last part whole."""

    def __init__(self, known: Iterable[str]) -> None:
        self._words: dict[str, None] = dict.fromkeys(known)
        self._pieces: defaultdict[tuple[int, int, str], list[str]] = defaultdict(list)
        for word in self._words:
            for piece in _pieces(word):
                bucket = self._pieces[piece]
                if len(bucket) < _BUCKET:
                    bucket.append(word)

    def of(self, word: str) -> list[tuple[str, int]]:
        """Other known words within one slip, or two of a long word, each with its distance."""
        found: dict[str, int] = {}
        limit = 2 if len(word) >= _LONG else 1
        for length in range(max(2, len(word) - limit), len(word) + limit + 1):
            for start, size in _ends(length):
                text = word[:size] if start == 0 else word[-size:]
                for other in self._pieces.get((length, start, text), ()):
                    if other != word and other not in found:
                        found[other] = OSA.distance(word, other, score_cutoff=limit)
        for other in _misreadings(word):
            if other in self._words:
                found[other] = 1
        return [(other, distance) for other, distance in found.items() if distance <= limit]


def _ends(length: int) -> tuple[tuple[int, int], ...]:
    # One letter less than half, so that two swapped letters never break both.
    size = max(1, (length - 1) // 2)
    return (0, size), (1, size)


def _pieces(word: str) -> Iterator[tuple[int, int, str]]:
    for start, size in _ends(len(word)):
        yield len(word), start, word[:size] if start == 0 else word[-size:]


def _misreadings(word: str) -> Iterator[str]:
    for pair in _MISREAD:
        for old, new in (pair, pair[::-1]):
            at = word.find(old)
            while at >= 0:
                yield word[:at] + new + word[at + len(old) :]
                at = word.find(old, at + 1)
