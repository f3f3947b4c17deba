"""Known formats: as patterns, as lists of codes, or as check digits judged by a library.

Patterns and lists are judged by the engine. What needs a library is asked once per distinct value:
`python-stdnum` knows the check digits, `ipaddress` the many ways to write an IPv6 address.
"""

from collections.abc import Callable, Iterable
from functools import cache
from ipaddress import AddressValueError, IPv6Address
from typing import cast

import pyarrow as pa

from ostler.core.row_rules import Format, FormatName
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.quality.reading import text

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_SIGN = r"([^\s/?#<>\"{}|\\^`%]|%[0-9A-Fa-f]{2})"
_ANY = rf"({_SIGN}|[/?#])"

PATTERNS: dict[FormatName, str] = {
    "email": rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+",
    "uri": rf"[A-Za-z][A-Za-z0-9+.-]*:(//{_SIGN}+([/?#]{_ANY}*)?|///{_ANY}+|/?{_SIGN}{_ANY}*)",
    "hostname": rf"{_LABEL}(\.{_LABEL})*",
    "uuid": "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "ipv4": rf"{_OCTET}(\.{_OCTET}){{3}}",
    "phone": r"\+[1-9][0-9]{6,14}",
}
"""What a whole value matches (RE2)."""

LISTS: dict[FormatName, tuple[str, tuple[str, ...]]] = {
    "country": ("countries", ("alpha_2",)),
    "country3": ("countries", ("alpha_3",)),
    "currency": ("currencies", ("alpha_3",)),
    "language": ("languages", ("alpha_2", "alpha_3")),
}
"""Codes of a standard: in which list of `pycountry`, under which fields."""


@cache
def codes(name: FormatName) -> tuple[str, ...]:
    """The codes of a standard, sorted; in capitals, those of languages in small letters."""
    import pycountry

    database, fields = LISTS[name]
    entries = cast("Iterable[object]", getattr(pycountry, database))
    # Some languages have no code of two letters.
    found = {str(getattr(entry, field, "")) for entry in entries for field in fields}
    return tuple(sorted(found - {""}))


_PAGE = 10_000
"""So many values are objects of Python at a time."""


def is_checked(name: FormatName) -> bool:
    """Whether values of a format are judged by a library, and not by the engine."""
    return name not in PATTERNS and name not in LISTS


def unformed_values(rule: Format, view: View) -> pa.Table:
    """The distinct values of a column that a library calls wrong, in a column `value`."""
    is_valid = _validator(rule.format)
    distinct = view.arrow(
        f"SELECT DISTINCT {text(rule.column)} AS value FROM {view.source}"
        f" WHERE {quoted(rule.column)} IS NOT NULL"
    )
    wrong = [
        value
        for start in range(0, distinct.num_rows, _PAGE)
        for row in distinct.slice(start, _PAGE).to_pylist()
        if not is_valid(value := str(row["value"]))
    ]
    return pa.table({"value": pa.array(wrong, pa.string())})


def unformed(rule: Format, wrong: str) -> str:
    """The rows whose value is in relation `wrong`, of `unformed_values`."""
    return f"{text(rule.column)} IN (SELECT value FROM {quoted(wrong)})"


@cache
def _validator(name: FormatName) -> Callable[[str], bool]:
    """What says whether a value has a format whose check is a library's."""
    if name == "ipv6":
        return _is_ipv6
    from importlib import import_module

    module = import_module(_MODULES[name])
    is_valid: Callable[[str], bool] = module.is_valid
    return is_valid


_MODULES: dict[FormatName, str] = {
    "bic": "stdnum.bic",
    "ean": "stdnum.ean",
    "iban": "stdnum.iban",
    "imei": "stdnum.imei",
    "isbn": "stdnum.isbn",
    "isin": "stdnum.isin",
    "issn": "stdnum.issn",
    "lei": "stdnum.lei",
    "luhn": "stdnum.luhn",
    "vat": "stdnum.eu.vat",
}


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
