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
_Ends = defaultdict[str, list[str]]


class Neighbours:
    """Known words, indexed by their ends: a single slip leaves the first or the last part whole."""

    def __init__(self, known: Iterable[str]) -> None:
        self._words: dict[str, None] = dict.fromkeys(known)
        # By length, then by which end.
        self._pieces: dict[int, tuple[_Ends, _Ends]] = {}
        self._misread: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._words:
            ends = self._pieces.setdefault(len(word), (defaultdict(list), defaultdict(list)))
            for pieces, piece in zip(ends, _ends(word, len(word)), strict=True):
                if len(pieces[piece]) < _BUCKET:
                    pieces[piece].append(word)
            for other in _misreadings(word):
                self._misread[other].append(word)

    def of(self, word: str) -> list[tuple[str, int]]:
        """Other known words within one slip, or two of a long word, each with its distance."""
        found: dict[str, int] = {}
        limit = 2 if len(word) >= _LONG else 1
        for length in range(max(2, len(word) - limit), len(word) + limit + 1):
            if (ends := self._pieces.get(length)) is None:
                continue
            for pieces, piece in zip(ends, _ends(word, length), strict=True):
                for other in pieces.get(piece, ()):
                    if other != word and other not in found:
                        found[other] = OSA.distance(word, other, score_cutoff=limit)
        for other in self._misread.get(word, ()):
            found[other] = 1
        return [(other, distance) for other, distance in found.items() if distance <= limit]


def _ends(word: str, length: int) -> tuple[str, str]:
    """The first and the last letters that a known word of some length would share with it."""
    # One letter less than half, so that two swapped letters never break both.
    size = max(1, (length - 1) // 2)
    return word[:size], word[-size:]


def _misreadings(word: str) -> Iterator[str]:
    for pair in _MISREAD:
        for old, new in (pair, pair[::-1]):
            at = word.find(old)
            while at >= 0:
                yield word[:at] + new + word[at + len(old) :]
                at = word.find(old, at + 1)
