"""What checks of one table need beside it: other datasets, and other versions of it."""

from collections.abc import Callable, Sequence

from ostler.core.checks import Drift, Rule
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View


def neighbours(
    rules: Sequence[Rule],
    table: VersionedTable,
    find: Callable[[str], View | None],
    *,
    reference: int | None = None,
) -> dict[str, View]:
    """The views that some rules read: datasets by name, versions of this table as `@3`.

    A dataset that `find` does not know is left out; the check then fails and says so.
    """
    views: dict[str, View] = {}
    versions = {rule.reference for rule in rules if isinstance(rule, Drift)}
    for version in sorted(versions | ({reference} if reference is not None else set())):
        views[f"@{version}"] = table.view(version)
    for name in sorted({rule.reads[0] for rule in rules} - {""}):
        other = find(name)
        if other is not None:
            views[name] = other
    return views
