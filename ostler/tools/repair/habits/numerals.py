"""Numerals: the ways in which a number is written, read exactly."""

import re
from decimal import Decimal
from typing import NamedTuple

_GROUPED = re.compile(r"(\d{1,3})([,.'\u2019 \u00a0\u202f])\d{3}(?:\2\d{3})*(?:([.,])(\d+))?")
_SIMPLE = re.compile(r"(\d*)(?:([.,])(\d*))?")
_BINARY = re.compile(r"\d*\.\d*(?:0{6}|9{6})\d{1,3}")
"""What is left of a binary fraction, as in 0.30000000000000004, is no part of the number."""
_EXACT = Decimal("1e-12")
_LONGEST = 30
"""Characters of a numeral; what is longer is none."""


class Numeral(NamedTuple):
    """One way to read digits and the marks among them."""

    value: Decimal
    decimals: int
    """As many are written."""
    group: str
    """What stands between the thousands; '' for nothing."""
    point: str
    """What stands before the decimals; '' without any."""


def numerals(body: str, exponent: str = "") -> list[Numeral]:
    """All ways to read a numeral without its sign, the likeliest first; none for other text.

    `1,965` is a thousand and more, or not quite two.
    """
    if not body or len(body) > _LONGEST:
        return []
    if _BINARY.fullmatch(body):
        value = Decimal(body)
        return [Numeral(value.quantize(_EXACT).normalize(), len(body.partition(".")[2]), "", ".")]
    found: list[Numeral] = []
    simple = _SIMPLE.fullmatch(body)
    grouped = _GROUPED.fullmatch(body)
    if grouped and grouped[2] != grouped[3] and not body.startswith("0"):
        whole = re.sub(r"\D", "", body[: grouped.start(3)] if grouped[3] else body)
        decimals = grouped[4] or ""
        value = Decimal(f"{whole}.{decimals or 0}")
        found.append(Numeral(value, len(decimals), grouped[2], grouped[3] or ""))
    if simple and (simple[1] or simple[3]):
        decimals = simple[3] or ""
        value = Decimal(f"{simple[1] or 0}.{decimals or 0}")
        found.append(Numeral(value, len(decimals), "", simple[2] or ""))
    if grouped and simple and grouped[2] == ".":
        # With a point in it, thousands are the second thought.
        found.reverse()
    if exponent:
        power = Decimal(10) ** int(exponent[1:])
        return [Numeral(one.value * power, 0, "", one.point) for one in found if not one.group]
    return found


def written(value: Decimal, decimals: int, group: str, point: str) -> str:
    """A number with so many decimals, more only where it would become another one."""
    exact = -int(value.normalize().as_tuple().exponent)
    text = f"{abs(value):,.{max(decimals, exact, 0)}f}"
    whole, _, part = text.partition(".")
    sign = "-" if value < 0 else ""
    return f"{sign}{whole.replace(',', group)}{(point or '.') + part if part else ''}"
