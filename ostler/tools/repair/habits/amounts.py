"""Amounts: numbers, alone or with a unit, read in whatever way they are written."""

import re
from functools import lru_cache
from typing import NamedTuple

from ostler.tools.repair.habits.numerals import Numeral, numerals

SIGNS = "%‰$€£¥₹°'\"\u2032\u2033µ"
"""Units that are no words."""
_AMOUNT = re.compile(
    rf"""\s*(?P<about>[~≈<>]\s*)?(?P<before>[{SIGNS}]|[^\W\d_]{{1,8}}\.?)?(?P<gap>\s*)
    (?P<sign>[-+\u2212]?)
    (?P<body>(?:\d|[.,]\d)(?:[\d.,'\u2019 \u00a0\u202f]*\d)?)(?P<power>[eE][-+]?\d{{1,2}})?
    (?P<behind>\s*)(?P<after>[{SIGNS}]|[{SIGNS}]?[^\W\d_][^\d{{}}]{{0,23}})?
    (?P<stop>\s*[.,;])?\s*""",
    re.VERBOSE,
)
STOP = "end in a stop"


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
    minus = match["sign"] in ("-", "\u2212")
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
            (match["stop"] and not after, STOP),
        )
        if holds
    ]
    return Amount(read, unit_of(before or after), manner, body, tuple(oddities))


def unit_of(text: str) -> str:
    """A unit without case, stop and plural."""
    bare = text.strip().rstrip(".,;").casefold()
    return bare[:-1] if len(bare) > 2 and bare.endswith("s") else bare
