"""What drift is measured against, read: a version, several versions together, a profile."""

from collections.abc import Sequence

from ostler.core.errors import NotFound
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.drift.profile import Profile, counted_view, profile_of, window
from ostler.tools.drift.stored import load_profile
from ostler.tools.states import States


def reference_view(
    table: VersionedTable,
    reference: int | str,
    *,
    before: int,
    columns: Sequence[str] | None = None,
    states: States | None = None,
) -> View:
    """What a rule of a table compares with; `before` is the version that is measured.

    The rows of a version, or what was counted on several or kept as a profile. Raises NotFound for
    what there is not, or is no more.
    """
    if isinstance(reference, int):
        return table.view(reference)
    kind, _, name = reference.partition(":")
    if kind == "last":
        return counted_view(_window(table, before, int(name), columns, states), table.key)
    return counted_view(load_profile(table, name), table.key)


def _window(
    table: VersionedTable,
    before: int,
    size: int,
    columns: Sequence[str] | None,
    states: States | None,
) -> Profile:
    """The last versions before one together; those that gc released are left out."""
    found: list[Profile] = []
    for version in range(max(0, before - size), before):
        try:
            view = table.view(version)
        except NotFound:
            continue
        found.append(profile_of(view, columns, states))
    if not found:
        raise NotFound(f"there is no version before {before} to compare with")
    return window(found)
