"""What a rule needs before it can be measured: its columns, other tables, a usable pattern."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from ostler.core.checks import AnyRule, Check, Drift, ForeignKey, Pattern
from ostler.core.errors import BadInput, InternalError
from ostler.core.sentences import reference_name
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.drift.references import Neighbour, columns_of, reference_of
from ostler.tools.quality.conditions import Ground
from ostler.tools.quality.reading import text


def obstacle(rule: AnyRule, view: View, others: Mapping[str, Neighbour]) -> str:
    """Why a rule cannot be measured here, or nothing.

    Raises InternalError for a drift rule without the view of its reference version: whoever
    measures has to bring it.
    """
    missing = _missing(rule.columns, view.column_names)
    if missing:
        return missing
    if isinstance(rule, ForeignKey):
        if rule.dataset not in others:
            return f"dataset {rule.dataset!r} is missing"
        missing = _missing(rule.references, columns_of(others[rule.dataset]))
        return missing and f"{missing} in {rule.dataset!r}"
    if isinstance(rule, Drift):
        missing = _missing(rule.columns, columns_of(reference_of(rule, others)))
        return missing and f"{missing} in {reference_name(rule.reference)}"
    return ""


def _missing(columns: Sequence[str], known: Sequence[str]) -> str:
    absent = [column for column in columns if column not in known]
    return f"column {absent[0]!r} is missing" if absent else ""


def refuse_bad_patterns(view: View, checks: Iterable[Check]) -> None:
    """Raise BadInput for the first regular expression that RE2 cannot use."""
    for check in checks:
        rule = check.rule
        if not isinstance(rule, Pattern):
            continue
        try:
            view.query("SELECT regexp_full_match('', ?)", [rule.regex])
        except duckdb.InvalidInputException as error:
            raise BadInput(
                f"check {check.name or check.id} on column {rule.column!r} has a pattern that"
                f" cannot be used: {rule.regex!r} ({str(error).partition(': ')[2]})",
                "patterns are written in RE2 syntax: no look-ahead, no back-reference",
            ) from error


@contextmanager
def ground_of(
    view: View, rules: Iterable[AnyRule], others: Mapping[str, Neighbour]
) -> Generator[Ground]:
    """A view with the keys that its foreign keys may use in reach of its connection.

    The other datasets may be open in other connections, so their keys are carried over, and taken
    away at the end.
    """
    keys = {
        rule: f"ostler: keys {place}"
        for place, rule in enumerate(dict.fromkeys(r for r in rules if isinstance(r, ForeignKey)))
    }
    try:
        for rule, name in keys.items():
            other = others[rule.dataset]
            if not isinstance(other, View):
                raise InternalError(f"{rule.dataset!r} is no table that keys could be read from")
            columns = ", ".join(
                f"{text(column)} AS {quoted(str(place))}"
                for place, column in enumerate(rule.references)
            )
            present = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in rule.references)
            view.connection.register(
                name, other.arrow(f"SELECT DISTINCT {columns} FROM {other.source} WHERE {present}")
            )
        yield Ground(view, keys)
    finally:
        for name in keys.values():
            view.connection.unregister(name)
