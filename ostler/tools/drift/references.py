"""What drift is measured against: a version, the last few versions together, a stored profile."""

import re
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from ostler.core.checks import OtherReference
from ostler.core.errors import BadInput, NotFound
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.drift.profile import Profile, counted_view, profile_of, window
from ostler.tools.drift.stored import load_profile
from ostler.tools.states import States

_OTHER: TypeAdapter[str] = TypeAdapter(OtherReference)


def parse_reference(text: str) -> int | str:
    """`@3`, `last:5`, `profile:january` or just `january`, as a rule has it; BadInput otherwise."""
    if re.fullmatch(r"@[0-9]{1,18}", text):
        return int(text[1:])
    for written in (text, f"profile:{text}"):
        try:
            return _OTHER.validate_python(written)
        except ValidationError:
            continue
    raise BadInput(
        f"{text!r} is nothing to compare with",
        "a version: @3; the last versions together: last:5; or the name of a stored profile",
    )


def neighbour_key(reference: int | str) -> str:
    """The name under which a reference stands among the neighbours: `@3`, `last:5`."""
    return f"@{reference}" if isinstance(reference, int) else reference


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
