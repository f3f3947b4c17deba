"""What checks of one table need beside it: other datasets, and other versions of it."""

from collections.abc import Callable, Sequence

from ostler.core.checks import Drift, Rule
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.drift.naming import neighbour_key
from ostler.tools.states import States


def neighbours(
    rules: Sequence[Rule],
    table: VersionedTable,
    find: Callable[[str], View | None],
    *,
    reference: int | None = None,
    at: int | None = None,
    states: States | None = None,
) -> dict[str, View]:
    """The views that some rules read: datasets by name, references of drift as `@3` or `last:5`.

    A dataset that `find` does not know is left out; the check then fails and says so. `at` is the
    version that is measured, the newest by default.
    """
    views: dict[str, View] = {}
    columns: dict[int | str, list[str]] = {} if reference is None else {reference: []}
    for rule in rules:
        if isinstance(rule, Drift):
            columns.setdefault(rule.reference, []).append(rule.column)
    for one in sorted(columns, key=neighbour_key):
        if isinstance(one, int):
            views[neighbour_key(one)] = table.view(one)
            continue
        # Counting loads numpy, which most checks do without.
        from ostler.tools.drift.references import reference_view

        before = table.version if at is None else at
        views[neighbour_key(one)] = reference_view(
            table, one, before=before, columns=columns[one], states=states
        )
    for name in sorted({rule.reads[0] for rule in rules} - {""}):
        other = find(name)
        if other is not None:
            views[name] = other
    return views
