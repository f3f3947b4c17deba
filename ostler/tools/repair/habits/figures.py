"""Figures: how a column writes its numbers: decimals, zeros, and marks between the digits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ostler.tools.repair.habits.amounts import Amount
from ostler.tools.repair.habits.habit import most_of, share_of
from ostler.tools.repair.habits.numerals import Numeral, written

_FIXED = 0.9
"""Share of the numbers that makes a number of decimals, or of digits, the column's own."""
_CODE = 4
"""Digits from which on equal lengths are no chance."""
_SEPARATED = 0.6
"""Share of the large numbers that have a mark between the thousands where that is the custom."""
_CUSTOM = 5
"""Numbers with a mark between the thousands from which on it is one."""
_FRACTIONS = 0.1
"""Share of the numbers with decimals without which they do not say what stands before them."""
_FEW = 0.02
_MOSTLY = 0.6
"""Share of the numbers without decimals where the others have noughts alone."""
_SHORT = "have fewer decimals than others"
_ONE_ZERO = "have a zero in front"
_LAST_ZERO = "have a zero at the end"
_NO_ZERO = "have nothing before the decimals"
UNCERTAIN = frozenset({_SHORT, _ONE_ZERO, _LAST_ZERO, _NO_ZERO})
"""Oddities that a lost, doubled or moved digit has as well: 08.4 was perhaps 80.4."""

Read = tuple[Numeral, Amount, int]
"""A number as it is to be read, as it was written, and the rows that hold it."""


@dataclass(frozen=True)
class Figures:
    """How a column writes its numbers."""

    decimals: int | None
    """All have as many, where they do."""
    most: int
    """Hardly any has more."""
    zeros: bool
    """Whether zeros at the end of the decimals stand."""
    group: str
    point: str
    padded: bool
    """Whether zeros in front stand, as in codes."""
    length: int
    """Digits of nearly all numbers, where they are whole and equally long; 0 otherwise."""

    @property
    def pattern(self) -> str:
        """An RE2 pattern of numbers that are written so; empty where that takes a closer look."""
        if self.group or self.point == ",":
            return ""
        whole = r"\d+" if self.padded else r"(0|[1-9]\d*)"
        if self.decimals is not None:
            return rf"-?{whole}" + (rf"\.\d{{{self.decimals}}}" if self.decimals else "")
        last = "[0-9]" if self.zeros else "[1-9]"
        return rf"-?{whole}(\.\d{{0,{max(0, self.most - 1)}}}{last})?"

    def write(self, read: Numeral, amount: Amount) -> tuple[str, list[str]]:
        """A number as the column writes it, and what is odd about it as it stands."""
        exact = max(0, -int(read.value.normalize().as_tuple().exponent))
        decimals = self.decimals
        if decimals is None:
            decimals = min(read.decimals, self.most) if self.zeros else exact
        odd = [
            *self._odd_in_front(amount),
            *self._odd_marks(read),
            *self._odd_decimals(read, decimals, exact),
        ]
        new = written(read.value, decimals, self.group, self.point)
        if self.padded and not read.group:
            digits = len(re.match(r"\d*", amount.body)[0])  # type: ignore[index]  # matches always
            sign, plain = ("-" if read.value < 0 else ""), new.lstrip("-")
            short = digits - len(plain.partition(self.point)[0])
            new = sign + "0" * max(0, short) + plain
        return new, odd

    def _odd_in_front(self, amount: Amount) -> list[str]:
        if amount.body.startswith((".", ",")):
            return [_NO_ZERO]
        if self.padded or not re.match(r"0\d", amount.body):
            return []
        whole = re.split(r"\D", amount.body)[0]
        zeros = len(whole) - len(whole.lstrip("0") or "0")
        return ["have needless zeros in front" if zeros > 1 else _ONE_ZERO]

    def _odd_marks(self, read: Numeral) -> list[str]:
        odd: list[str] = []
        if read.group and read.group != self.group:
            odd.append("have a mark between the thousands")
        if self.group and not read.group and abs(read.value) >= 1000:
            odd.append("have no mark between the thousands")
        if read.point and read.point != self.point:
            odd.append("have another mark before the decimals")
        return odd

    def _odd_decimals(self, read: Numeral, decimals: int, exact: int) -> list[str]:
        if read.decimals > max(decimals, exact):
            return ["have needless zeros at the end" if read.decimals > self.most else _LAST_ZERO]
        if self.decimals is not None and exact <= self.decimals and read.decimals < self.decimals:
            return [_SHORT]
        return []


def figures_of(
    usual: Sequence[tuple[Amount, int]], *, shortest: bool
) -> tuple[Figures, list[Read]]:
    """How numbers are written, and how each is then to be read.

    With `shortest`, zeros at the end go even though most have them: they came with the unit.
    """
    group, point = _marks(usual)
    read = [(_settled(one, group, point), one, n) for one, n in usual]
    read = [it for it in read if it[0].group in ("", group) and it[0].point in ("", point)] or read
    weights: dict[str, int] = {}
    lengths: dict[str, int] = {}
    padded = trailing = filled = 0
    for number, one, n in read:
        weights[str(number.decimals)] = weights.get(str(number.decimals), 0) + n
        lengths[str(len(one.body))] = lengths.get(str(len(one.body)), 0) + n
        filled += n
        padded += n if re.match(r"0\d", one.body) else 0
        trailing += n if number.decimals and one.body.endswith("0") else 0
    fractions = filled - weights.get("0", 0)
    uneven = sum(n for number, _, n in read if number.value % 1)
    if shortest and trailing >= _FIXED * fractions:
        decimals, zeros, most = None, False, 0
    else:
        whole = uneven <= _FEW * filled and weights.get("0", 0) >= _MOSTLY * filled
        decimals = 0 if whole else _fixed(weights, trailing)
        zeros, most = trailing > _FEW * max(1, fractions), 0 if whole else _most(weights)
    alike = most_of(lengths)
    is_code = decimals == 0 and int(alike) >= _CODE and share_of(lengths, alike) >= _FIXED
    length = int(alike) if is_code else 0
    return Figures(decimals, most, zeros, group, point, padded > _FEW * filled, length), read


def _marks(usual: Sequence[tuple[Amount, int]]) -> tuple[str, str]:
    """What stands between the thousands, and before the decimals."""
    groups: dict[str, int] = {}
    points: dict[str, int] = {}
    for one, n in usual:
        first = one.numbers[0]
        if abs(first.value) >= 1000 or first.group:
            groups[first.group] = groups.get(first.group, 0) + n
        if first.point and not first.group:
            points[first.point] = points.get(first.point, 0) + n
    group, point = most_of(groups), most_of(points) or "."
    if sum(points.values()) < _FRACTIONS * sum(n for _, n in usual):
        point = "."
    if share_of(groups, group) < _SEPARATED or group == point or groups[group] < _CUSTOM:
        # 1.234 and 1,234 alone do not say whether they are large, and two of them are no custom.
        group = ""
    return group, point


def _settled(one: Amount, group: str, point: str) -> Numeral:
    """The reading that goes with the column's marks."""
    fitting = [n for n in one.numbers if n.group in ("", group) and n.point in ("", point)]
    return fitting[0] if fitting else one.numbers[0]


def _fixed(weights: dict[str, int], trailing: int) -> int | None:
    """The decimals that all have, but for a few that went astray."""
    top = most_of(weights)
    if share_of(weights, top) < _FIXED:
        return None
    # Where whole numbers have no zeros behind the point, short is how they are written here.
    return None if int(top) and 3 * weights.get("0", 0) > trailing else int(top)


def _most(weights: dict[str, int]) -> int:
    """The decimals that nearly none exceeds."""
    total = sum(weights.values())
    seen = 0
    for decimals in sorted(weights, key=int):
        seen += weights[decimals]
        if seen >= (1 - _FEW) * total:
            break
    else:
        return 0
    return int(decimals)
