"""Spans: where the numbers of a column lie, so that one of several readings can be chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_MARKS = (0.01, 0.5, 0.99)


@dataclass(frozen=True)
class Span:
    """Where numbers lie, but for the outermost hundredths."""

    low: float
    middle: float
    high: float
    known: frozenset[Decimal]

    def likely(self, value: Decimal) -> float:
        """Between 0 and 1; 1 for a number that occurs, almost as much for one amid the others."""
        if value in self.known:
            return 1.0
        number, reach = float(value), self.high - self.low
        if self.low <= number <= self.high:
            return 0.95
        off = min(abs(number - self.low), abs(number - self.high))
        return max(0.02, 0.8 - off / (reach or 1.0))


def span_of(numbers: Iterable[tuple[Decimal, int]]) -> Span:
    """The span of numbers, of which each stands in so many rows; there must be one."""
    ordered = sorted(numbers)
    total = sum(n for _, n in ordered)
    found: list[float] = []
    seen = 0
    for value, n in ordered:
        seen += n
        while len(found) < len(_MARKS) and seen >= _MARKS[len(found)] * total:
            found.append(float(value))
    return Span(found[0], found[1], found[2], frozenset(value for value, _ in ordered))
