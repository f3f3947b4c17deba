"""Since when a column has drifted: the first version of those without a break until now."""

from collections.abc import Iterator, Sequence

from ostler.core.checks import Drift
from ostler.core.errors import NotFound
from ostler.tables.delta import VersionedTable
from ostler.tools.drift.comparison import METHODS
from ostler.tools.drift.measure import compare
from ostler.tools.drift.profile import Profile, profile_of
from ostler.tools.states import States

_FURTHEST = 30
"""Versions that are looked at, going back."""


def since(
    table: VersionedTable,
    version: int,
    reference: Profile,
    rules: Sequence[Drift],
    *,
    after: int = -1,
    states: States | None = None,
) -> dict[str, int]:
    """For the columns of rules that fail on a version, the first one since when they have.

    Goes back as long as a column fails, at most to the version behind `after`. A column that
    failed on all versions that were looked at is left out, unless the last of them is behind
    `after`.
    """
    found: dict[str, int] = {}
    open_rules = {rule.column: rule for rule in rules}
    for earlier in _back(version, after):
        if not open_rules:
            return found
        try:
            view = table.view(earlier)
        except NotFound:
            return found
        columns = [name for name in open_rules if name in view.column_names]
        compared = compare(profile_of(view, columns, states), reference, columns)
        for name, rule in list(open_rules.items()):
            statistic = METHODS[rule.statistic]
            if name not in compared or statistic.value(compared[name]).value <= rule.limit:
                found[name] = earlier + 1
                del open_rules[name]
    reached = max(after, version - 1 - _FURTHEST)
    return found | (dict.fromkeys(open_rules, after + 1) if reached == after else {})


def _back(version: int, after: int) -> Iterator[int]:
    yield from range(version - 1, max(after, version - 1 - _FURTHEST), -1)
