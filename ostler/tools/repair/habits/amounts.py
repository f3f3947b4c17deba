"""Amounts: numbers, alone or with a unit, and how a column writes them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ostler.tools.repair.habits.habit import Counted, Rewritten, most_of, share_of
from ostler.tools.repair.habits.numerals import Numeral, numerals, written

_SIGNS = "%‰$€£¥₹°'\"′″µ"
_AMOUNT = re.compile(
    rf"""\s*(?P<about>[~≈<>]\s*)?(?P<before>[{_SIGNS}]|[^\W\d_]{{1,8}}\.?)?(?P<gap>\s*)
    (?P<sign>[-+−]?)(?P<body>(?:\d|[.,]\d)(?:[\d.,'’ \u00a0\u202f]*\d)?)(?P<power>[eE][-+]?\d{{1,2}})?
    (?P<behind>\s*)(?P<after>[{_SIGNS}]|[{_SIGNS}]?[^\W\d_][^\d{{}}]{{0,23}})?(?P<stop>\s*[.,;])?\s*""",
    re.VERBOSE,
)
_UNITS = 12
"""A column of amounts knows so many units at most; house numbers have more words behind them."""
_REAL = 0.02
"""Share of the amounts that a unit of the column has at least; rarer ones slipped in."""
_PREVAILS = 0.8
"""Share from which on a way of writing is the column's own."""
_FIXED = 0.9
_SEVERAL = 3
_CODE = 4
"""Digits from which on equal lengths are no chance."""
_LEAST = 5
"""Values without which nothing can be called a habit."""
_UNSURE = 0.3
"""Trust in what may as well be a slip: 08.4 was perhaps 80.4, and 7 among 7.1 and 7.2 a code."""
_AMID = 0.9
_MAYBE = 0.55
"""Trust where a letter may have slipped in or taken the place of a digit."""
_CENTS = Decimal("0.01")

_SHORT = "have fewer decimals than others"
_ONE_ZERO = "have a zero in front"
_LAST_ZERO = "have a zero at the end"
_NO_ZERO = "have nothing before the decimals"
_UNCERTAIN = frozenset({_SHORT, _ONE_ZERO, _LAST_ZERO, _NO_ZERO})
"""What a lost, doubled or moved digit looks like as well."""


class Amount(NamedTuple):
    """A text read as an amount."""

    numbers: tuple[Numeral, ...]
    """The ways to read the number, likeliest first, with their sign."""
    unit: str
    """Without case, stop and plural; '' for none."""
    manner: str
    """How unit and number stand together: `{} ml`."""
    body: str
    """The number as it is written, without its sign."""
    oddities: tuple[str, ...]


@lru_cache(maxsize=1 << 16)
def amount_of(text: str) -> Amount | None:
    """A text as a number, with or without a unit."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    body, power = match["body"], match["power"] or ""
    before, after = match["before"] or "", match["after"] or ""
    if (before and after) or (before and power):
        return None
    minus = match["sign"] in ("-", "−")
    read = tuple(one._replace(value=-one.value) if minus else one for one in numerals(body, power))
    if not read:
        return None
    manner = f"{before}{match['gap']}{{}}{match['behind'] if after else ''}{after.rstrip()}"
    oddities = [
        says
        for holds, says in (
            (match["about"], "are marked as rough"),
            (power, "are written with a power of ten"),
            (match["sign"] == "+", "have a plus sign"),
            (match["stop"] and not after, "end in a stop"),
        )
        if holds
    ]
    return Amount(read, _unit(before or after), manner, body, tuple(oddities))


def _unit(text: str) -> str:
    bare = text.strip().rstrip(".,;").casefold()
    return bare[:-1] if len(bare) > 2 and bare.endswith("s") else bare


@dataclass(frozen=True)
class Span:
    """Where the numbers of a column lie, as those say that are written as usual."""

    low: float
    middle: float
    high: float
    known: frozenset[Decimal]

    def likely(self, value: Decimal) -> float:
        """Between 0 and 1; 1 for a number that occurs, or lies amid the others."""
        if value in self.known:
            return 1.0
        number, reach = float(value), self.high - self.low
        if self.low <= number <= self.high:
            return 0.95
        off = min(abs(number - self.low), abs(number - self.high))
        return max(0.02, 0.8 - off / (reach or 1.0))


@dataclass(frozen=True)
class AmountHabit:
    """How a column writes its amounts."""

    span: Span
    manners: tuple[tuple[str, str], ...]
    """For each unit that is at home here how it is written; ('', '{}') for numbers alone."""
    strips: bool
    """Whether units that are not at home here go."""
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
    share: float
    """Of the amounts that are written so."""
    seen: frozenset[str] = frozenset()
    """Units that several values carry, at home here or not."""
    spelt: tuple[tuple[str, int], ...] = ()
    """The ways in which the one unit is written, where none of them prevails."""

    @property
    def usual(self) -> str:
        """Plain numbers, and those with a unit that is at home."""
        if self.group or self.point == ",":
            return r"$^"
        part = (
            rf"\.\d{{{self.decimals}}}"
            if self.decimals
            else ""
            if self.decimals == 0
            else rf"(\.\d{{0,{max(0, self.most - 1)}}}{'[0-9]' if self.zeros else '[1-9]'})?"
        )
        number = rf"-?{'' if self.padded else '(0|[1-9]'}\d*{'' if self.padded else ')'}{part}"
        wholes = (re.escape(manner).replace(r"\{\}", number) for _, manner in self.manners)
        return "^(" + "|".join(wholes) + ")$"

    @property
    def says(self) -> str:
        """Numbers alone or with which unit, with an example."""
        example = written(Decimal(str(round(self.span.middle, 6))), 0, self.group, self.point)
        named = [manner for unit, manner in self.manners if unit]
        if not named:
            return "numbers alone"
        return f"numbers written as {named[0].replace('{}', example)}"

    @property
    def others(self) -> Sequence["AmountHabit"]:
        """The unit left out, or written in one way or the other."""
        return tuple(
            replace(self, manners=((_unit(manner.replace("{}", "")), manner),), strips=False,
                    spelt=(), zeros=True, most=9, decimals=None)
            for manner, _ in self.spelt[:2]
        )  # fmt: skip

    def rewrite(self, text: str) -> Rewritten | None:
        """The amount with its own number, unit and decimals as the column writes them."""
        amount = amount_of(text)
        if amount is None:
            return None
        manners = dict(self.manners)
        trust, because = 0.97, list(amount.oddities)
        home = amount.unit in manners
        if home:
            manner = manners[amount.unit]
            if manner != amount.manner:
                because.append("have their unit written otherwise")
        elif not amount.unit:
            if len(manners) > 1:
                return None
            (manner,) = manners.values()
            because.append("lack their unit")
            trust = 0.9
        elif "" in manners or self.strips:
            manner = "{}"
            because.append(f"carry {'a unit' if amount.unit not in _SIGNS else amount.unit}")
        else:
            return None
        read, fits = self._read(amount, percent=amount.unit == "%" and not home)
        if fits < _AMID:
            trust = min(trust, fits)
        number, odd = self._number(read, amount)
        new = manner.replace("{}", number)
        because += odd
        if new == text.strip() or not because:
            return None
        trust = min(trust, self._slip(amount, read))
        if not _UNCERTAIN.isdisjoint(odd):
            trust = min(trust, _UNSURE)
        if self.length and len(number.lstrip("-")) != self.length:
            trust = min(trust, _UNSURE)
        return Rewritten(new, trust, because[0])

    def _slip(self, amount: Amount, read: Numeral) -> float:
        """Trust, as far as a letter or mark may have taken the place of a digit."""
        whole = bool(self.decimals) and read.decimals == self.decimals
        if re.fullmatch(r"[^\W\d_]\{\}", amount.manner):
            return _MAYBE if whole or amount.unit in self.seen else _UNSURE
        if re.fullmatch(r"\{\}[^\W\d_]", amount.manner) and amount.unit not in dict(self.manners):
            return 1.0 if whole or amount.unit in self.seen else _MAYBE
        if self.group and read.point == self.group:
            return _UNSURE
        if "end in a stop" in amount.oddities and self.decimals and not read.decimals:
            return _UNSURE
        return 1.0

    def _read(self, amount: Amount, *, percent: bool) -> tuple[Numeral, float]:
        """The reading that lies best among the column's numbers."""
        readings = list(amount.numbers)
        if percent:
            readings += [
                one._replace(value=one.value * _CENTS, decimals=one.decimals + 2)
                for one in amount.numbers
            ]
        fits = [self.span.likely(one.value) for one in readings]
        if self.point == "," and len(readings) > 1 and readings[0].group == ",":
            fits[0] -= 0.1
        best = max(range(len(readings)), key=lambda k: (fits[k], -k))
        return readings[best], fits[best]

    def _number(self, read: Numeral, amount: Amount) -> tuple[str, list[str]]:
        """The number as the column writes it, and what was odd about it."""
        exact = max(0, -int(read.value.normalize().as_tuple().exponent))
        decimals = self.decimals
        if decimals is None:
            decimals = min(read.decimals, self.most) if self.zeros else exact
        group = self.group
        new = written(read.value, decimals, group, self.point)
        odd: list[str] = []
        whole = re.match(r"\d*", amount.body)
        if not self.padded and whole and re.match(r"0\d", amount.body):
            zeros = len(whole[0]) - len(whole[0].lstrip("0") or "0")
            odd.append("have needless zeros in front" if zeros > 1 else _ONE_ZERO)
        if self.padded and whole and not read.group:
            new = written(read.value, decimals, "", self.point)
            short = len(whole[0]) - len(new.lstrip("-").partition(".")[0])
            new = ("-" if read.value < 0 else "") + "0" * max(0, short) + new.lstrip("-")
        if read.group and read.group != group:
            odd.append("have a mark between the thousands")
        if group and not read.group and abs(read.value) >= 1000:
            odd.append("have no mark between the thousands")
        if read.point and read.point != (self.point or "."):
            odd.append("have another mark before the decimals")
        if read.decimals > max(decimals, exact):
            odd.append(
                "have needless zeros at the end" if read.decimals > self.most else _LAST_ZERO
            )
        if self.decimals is not None and read.decimals < decimals and exact <= decimals:
            odd.append(_SHORT)
        if amount.body.startswith((".", ",")):
            odd.append(_NO_ZERO)
        if odd or amount.oddities or amount.unit:
            return new, odd
        return amount.body if read.value >= 0 else f"-{amount.body}", odd


def amount_habit(values: Counted, rows: int) -> AmountHabit | None:
    """The habit of a column most of whose values are amounts; None for others."""
    read = [(amount, count) for text, count in values if (amount := amount_of(text)) is not None]
    read = [(one, count) for one, count in read if _plausible_unit(one)]
    total = sum(count for _, count in read)
    if len(read) < _LEAST or total < 0.5 * rows:
        return None
    units: defaultdict[str, int] = defaultdict(int)
    for one, count in read:
        units[one.unit] += count
    alone, named = units.get("", 0), {unit: n for unit, n in units.items() if unit}
    top = sorted(named.values(), reverse=True)[:_UNITS]
    if sum(top) < 0.9 * sum(named.values()) and sum(named.values()) > 0.2 * total:
        return None
    if alone >= 0.5 * total:
        return _numbers_habit(read, (("", "{}"),), strips=True, share=alone / total)
    return _units_habit(read, named, total)


def _plausible_unit(one: Amount) -> bool:
    """Whether what stands before is a currency; other words come behind their numbers."""
    before = one.manner.partition("{}")[0].strip()
    return not before or before in _SIGNS or (len(before) == 3 and before.isupper())


def _units_habit(
    read: list[tuple[Amount, int]], named: dict[str, int], total: int
) -> AmountHabit | None:
    """Where most values carry a unit: each unit as it is usually written, or all without."""
    ways: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for one, count in read:
        if one.unit:
            of_unit = ways[one.unit]
            of_unit[one.manner] = of_unit.get(one.manner, 0) + count
    real = [unit for unit, n in named.items() if n >= max(3, _REAL * total)]
    if not real:
        return None
    together: dict[str, int] = {}
    for of_unit in ways.values():
        for manner, count in of_unit.items():
            together[manner] = together.get(manner, 0) + count
    spelt = sorted(together.items(), key=lambda it: (-it[1], it[0]))
    one_unit = len({unit[0] for unit in real}) == 1
    if one_unit and spelt[0][1] < _PREVAILS * sum(together.values()):
        return _numbers_habit(read, (("", "{}"),), strips=True, share=0.9, spelt=tuple(spelt))
    manners = tuple((unit, most_of(ways[unit])) for unit in sorted(real))
    share = sum(ways[unit][manner] for unit, manner in manners) / total
    return _numbers_habit(read, manners, strips=False, share=share)


def _numbers_habit(
    read: Iterable[tuple[Amount, int]],
    manners: tuple[tuple[str, str], ...],
    *,
    strips: bool,
    share: float,
    spelt: tuple[tuple[str, int], ...] = (),
) -> AmountHabit | None:
    """What the numbers have in common that are written in one of the manners."""
    known = {manner for _, manner in manners} | {manner for manner, _ in spelt}
    seen: dict[str, int] = {}
    for one, n in read:
        seen[one.unit] = seen.get(one.unit, 0) + n
    usual = [(one, n) for one, n in read if one.manner in known and not one.oddities]
    if not usual:
        return None
    groups: dict[str, int] = {}
    points: dict[str, int] = {}
    for one, n in usual:
        first = one.numbers[0]
        if abs(first.value) >= 1000 or first.group:
            groups[first.group] = groups.get(first.group, 0) + n
        if first.point and not first.group:
            points[first.point] = points.get(first.point, 0) + n
    group, point = most_of(groups), most_of(points) or "."
    if sum(points.values()) < 0.1 * sum(n for _, n in usual):
        point = "."
    if share_of(groups, group) < 0.6:
        group = ""
    if group == point:
        # 1.234 and 1,234 alone do not say whether they are large.
        group = ""
    plain = [(_settled(one, group, point), one, n) for one, n in usual]
    weights: dict[str, int] = {}
    lengths: dict[str, int] = {}
    padded = trailing = filled = 0
    for number, one, n in plain:
        weights[str(number.decimals)] = weights.get(str(number.decimals), 0) + n
        padded += n if re.match(r"0\d", one.body) else 0
        lengths[str(len(one.body))] = lengths.get(str(len(one.body)), 0) + n
        filled += n
        trailing += n if number.decimals and one.body.endswith("0") else 0
    fraction = sum(n for decimals, n in weights.items() if decimals != "0")
    top = most_of(weights)
    fixed = share_of(weights, top) >= _FIXED
    decimals = int(top) if fixed else None
    if decimals and weights.get("0", 0) and 3 * weights["0"] > trailing:
        # Most whole numbers have no zeros behind the point: short is how they are written here.
        decimals = None
    if decimals == 0 and fraction and fraction > 0.1 * filled:
        decimals = None
    zeros = trailing > 0.02 * max(1, fraction)
    short = False
    if spelt and fraction and trailing >= _FIXED * fraction:
        decimals, zeros, short = None, False, True
    alike = most_of(lengths)
    length = int(alike) if decimals == 0 and share_of(lengths, alike) >= _FIXED else 0
    span = _span([(number.value, n) for number, _, n in plain])
    most = 0 if short else _most(weights)
    return AmountHabit(
        span=span, manners=manners, strips=strips, decimals=decimals, most=most, zeros=zeros,
        group=group, point=point, padded=padded > 0.02 * filled,
        length=length if length >= _CODE else 0, share=share,
        seen=frozenset(unit for unit, n in seen.items() if n >= _SEVERAL), spelt=spelt,
    )  # fmt: skip


def _settled(one: Amount, group: str, point: str) -> Numeral:
    """The reading that goes with the column's marks."""
    fitting = [n for n in one.numbers if n.group in ("", group) and n.point in ("", point)]
    return fitting[0] if fitting else one.numbers[0]


def _most(weights: dict[str, int]) -> int:
    """The decimals that 98 of 100 do not exceed."""
    total = sum(weights.values())
    seen = 0
    for decimals in sorted(weights, key=int):
        seen += weights[decimals]
        if seen >= 0.98 * total:
            return int(decimals)
    return 0


def _span(numbers: list[tuple[Decimal, int]]) -> Span:
    ordered = sorted(numbers)
    total = sum(n for _, n in ordered)
    marks = [0.01 * total, 0.5 * total, 0.99 * total]
    found: list[float] = []
    seen = 0
    for value, n in ordered:
        seen += n
        while len(found) < len(marks) and seen >= marks[len(found)]:
            found.append(float(value))
    found += [float(ordered[-1][0])] * (3 - len(found))
    return Span(found[0], found[1], found[2], frozenset(value for value, _ in ordered))
