"""What checks of one table need beside it: other datasets, and other versions of it."""

from collections.abc import Callable, Iterable

from ostler.core.checks import Drift, ForeignKey, Rule
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.drift.references import neighbour_key, reference_view
from ostler.tools.states import States


def neighbours(
    rules: Iterable[Rule],
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
        before = at if at is not None or isinstance(one, int) else table.version
        views[neighbour_key(one)] = reference_view(
            table, one, before=before or 0, columns=columns[one], states=states
        )
    for name in sorted({rule.dataset for rule in rules if isinstance(rule, ForeignKey)}):
        other = find(name)
        if other is not None:
            views[name] = other
    return views
