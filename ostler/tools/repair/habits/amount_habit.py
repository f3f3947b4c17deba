"""How a column writes its amounts: with or without a unit, and its numbers."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ostler.tools.repair.habits.amounts import SIGNS, STOP, Amount, amount_of, unit_of
from ostler.tools.repair.habits.figures import UNCERTAIN, Figures, figures_of
from ostler.tools.repair.habits.habit import Counted, Rewritten, most_of
from ostler.tools.repair.habits.numerals import Numeral, written
from ostler.tools.repair.habits.spans import Span, span_of

_UNITS = 12
"""A column of amounts knows so many units at most; house numbers have more words behind them."""
_REAL = 0.02
"""Share of the amounts that a unit of the column has at least; rarer ones slipped in."""
_PREVAILS = 0.8
"""Share from which on one way to write the unit is the column's own."""
_RIVAL = 0.15
"""Share from which on amounts with a unit may be those that are right."""
_SEVERAL = 3
"""A unit that so many values carry is none by accident."""
_LEAST = 4
"""Values without which nothing can be called a habit."""
_SURE = 0.97
_LACKING = 0.9
_AMID = 0.9
"""Likelihood below which a number lies outside of the others."""
_UNSURE = 0.3
"""Trust in what may as well be a slip of the finger."""
_MAYBE = 0.45
"""Trust where a letter may have slipped in or taken the place of a digit."""
_BROKEN = 0.2
"""What a number with decimals loses in a column of whole ones."""
_CENTS = Decimal("0.01")
_ALONE = (("", "{}"),)


@dataclass(frozen=True)
class AmountHabit:
    """How a column writes its amounts."""

    span: Span
    figures: Figures
    manners: tuple[tuple[str, str], ...]
    """For each unit that is at home here how it is written; ('', '{}') for numbers alone."""
    seen: frozenset[str]
    """Units that several values carry, at home here or not."""
    rivals: tuple[str, ...] = ()
    """Other ways to write all of them, where it is open which is right."""

    @property
    def usual(self) -> str:
        """Plain numbers, and those with a unit that is at home."""
        number = self.figures.pattern
        wholes = (re.escape(manner).replace(r"\{\}", number) for _, manner in self.manners)
        return "^(" + "|".join(wholes) + ")$" if number else "$^"

    @property
    def says(self) -> str:
        """Numbers alone or with which unit, with an example."""
        middle = Decimal(str(round(self.span.middle, 6)))
        example = written(middle, 0, self.figures.group, self.figures.point)
        named = [manner for unit, manner in self.manners if unit]
        return f"written as {named[0].replace('{}', example)!r}" if named else "numbers alone"

    @property
    def others(self) -> Sequence["AmountHabit"]:
        """All with the unit, in one way or the other."""
        figures = replace(self.figures, zeros=True, most=9, decimals=None)
        return tuple(
            replace(self, manners=self._all_as(way), figures=figures, rivals=())
            for way in self.rivals
        )

    def _all_as(self, way: str) -> tuple[tuple[str, str], ...]:
        """Every spelling of a unit, and numbers alone, in one manner."""
        unit = unit_of(way.replace("{}", ""))
        alike = {one for one in self.seen if one and one[0] == unit[0]}
        return tuple((one, way) for one in sorted({"", unit} | alike))

    def rewrite(self, text: str) -> Rewritten | None:
        """The amount with its own number, unit and decimals as the column writes them."""
        amount = amount_of(text)
        found = self._manner(amount) if amount else None
        if amount is None or found is None:
            return None
        manner, trust, reasons = found
        foreign = amount.unit not in dict(self.manners)
        read, fits = self._read(amount, percent=amount.unit == "%" and foreign)
        number, odd = self.figures.write(read, amount)
        because = [*amount.oddities, *reasons, *odd]
        new = manner.replace("{}", number)
        if new == text.strip() or not because:
            return None
        slips = because[0] in UNCERTAIN or self.figures.length not in (0, len(number))
        doubts = (
            self._slip(amount, read),
            fits if fits < _AMID else 1.0,
            _UNSURE if slips else 1.0,
        )
        return Rewritten(new, min(trust, *doubts), because[0])

    def _manner(self, amount: Amount) -> tuple[str, float, list[str]] | None:
        """How its unit is to be written, how sure that is, and what is odd about it."""
        manners = dict(self.manners)
        if amount.unit in manners:
            manner = manners[amount.unit]
            odd = [] if manner == amount.manner else ["have their unit written otherwise"]
            return manner, _SURE, odd
        if not amount.unit:
            # Nobody knows which one of several it was.
            return (
                (self.manners[0][1], _LACKING, ["lack their unit"]) if len(manners) == 1 else None
            )
        if "" in manners:
            return "{}", _SURE, [f"carry {amount.unit if amount.unit in SIGNS else 'a unit'}"]
        return None

    def _slip(self, amount: Amount, read: Numeral) -> float:
        """Trust, as far as a letter or mark may have taken the place of a digit."""
        decimals = self.figures.decimals
        whole = bool(decimals) and read.decimals == decimals
        known = amount.unit in self.seen
        if re.fullmatch(r"[^\W\d_]\{\}", amount.manner):
            return _MAYBE if whole or known else _UNSURE
        if re.fullmatch(r"\{\}[^\W\d_]", amount.manner):
            return 1.0 if whole or known else _MAYBE
        marks = self.figures.group and read.point == self.figures.group
        cut = STOP in amount.oddities and decimals and not read.decimals
        return _UNSURE if marks or cut else 1.0

    def _read(self, amount: Amount, *, percent: bool) -> tuple[Numeral, float]:
        """The reading that lies best among the column's numbers, and how well."""
        readings = list(amount.numbers)
        if percent:
            readings += [
                one._replace(value=one.value * _CENTS, decimals=one.decimals + 2)
                for one in amount.numbers
            ]
        whole = self.figures.decimals == 0
        fits = [
            self.span.likely(one.value) * (_BROKEN if whole and one.value % 1 else 1.0)
            for one in readings
        ]
        amid = [k for k, fit in enumerate(fits) if fit >= _AMID]
        # The likeliest way to read it, unless only another one lies among the others.
        best = amid[0] if amid else max(range(len(readings)), key=lambda k: (fits[k], -k))
        # Thousands that can be read in one way only are what is written, however far off they lie.
        alone = fits[best] / sum(fits) if readings[best].group else 0.0
        return readings[best], max(fits[best], alone)


def amount_habit(values: Counted, rows: int) -> AmountHabit | None:
    """The habit of a column most of whose values are amounts; None for others."""
    read = [
        (one, n) for text, n in values if (one := amount_of(text)) is not None and _plausible(one)
    ]
    total = sum(n for _, n in read)
    if len(read) < _LEAST or total < 0.5 * rows:
        return None
    ways: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for one, n in read:
        ways[one.unit][one.manner] = ways[one.unit].get(one.manner, 0) + n
    units = {unit: sum(of.values()) for unit, of in ways.items()}
    named = sorted((n for unit, n in units.items() if unit), reverse=True)
    if sum(named) > 0.2 * total and sum(named[:_UNITS]) < 0.9 * sum(named):
        return None
    seen = frozenset(unit for unit, n in units.items() if n >= _SEVERAL)
    if units.get("", 0) >= 0.5 * total:
        rivals = [way for unit, of in ways.items() if unit for way, n in of.items()
                  if n >= _RIVAL * total]  # fmt: skip
        return _habit(read, _ALONE, seen, rivals, shortest=False)
    ways.pop("", None)
    real = sorted(unit for unit, n in units.items() if unit and n >= max(_SEVERAL, _REAL * total))
    if not real:
        return None
    spelt = {way: n for of in ways.values() for way, n in of.items()}
    often = sorted(spelt, key=lambda way: (-spelt[way], way))
    if len({unit[0] for unit in real}) == 1 and spelt[often[0]] < _PREVAILS * sum(named):
        # One unit in several spellings, none of which prevails, is rather no part of the number.
        return _habit(read, _ALONE, seen, often[:2], shortest=True)
    manners = tuple((unit, most_of(ways[unit])) for unit in real)
    return _habit(read, manners, seen, (), shortest=False)


def _plausible(one: Amount) -> bool:
    """Whether what stands before is a currency; other words come behind their numbers."""
    before = one.manner.partition("{}")[0].strip()
    return not before or before in SIGNS or (len(before) == 3 and before.isupper())


def _habit(
    read: Sequence[tuple[Amount, int]],
    manners: tuple[tuple[str, str], ...],
    seen: frozenset[str],
    rivals: Sequence[str],
    *,
    shortest: bool,
) -> AmountHabit | None:
    """The habit of those that are written in one of the manners, or in a rival one."""
    known = {manner for _, manner in manners}
    if shortest:
        known |= set(rivals)
    usual = [(one, n) for one, n in read if one.manner in known and not one.oddities]
    if not usual:
        return None
    figures, numbers = figures_of(usual, shortest=shortest)
    like_others = [
        (number.value, n) for number, _, n in numbers if figures.decimals in (None, number.decimals)
    ]
    span = span_of(like_others or [(number.value, n) for number, _, n in numbers])
    return AmountHabit(span, figures, manners, seen, tuple(rivals))
