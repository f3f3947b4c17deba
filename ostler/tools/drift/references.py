"""What drift is measured against: a version, the last few versions together, a stored profile."""

import re
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from ostler.core.checks import Drift, OtherReference
from ostler.core.errors import BadInput, InternalError, NotFound
from ostler.core.sentences import reference_name
from ostler.tables.delta import VersionedTable
from ostler.tables.view import View
from ostler.tools.drift.profile import Profile, profile_of, window
from ostler.tools.states import States

Neighbour = View | Profile
"""What checks of one table need beside it: another table or version, or what was counted on one."""

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


def windowed(
    table: VersionedTable,
    before: int,
    size: int,
    columns: Sequence[str] | None = None,
    states: States | None = None,
) -> Profile:
    """The last `size` versions before one, together; those that gc released are left out.

    Raises NotFound when there is none.
    """
    found: list[Profile] = []
    for version in range(max(0, before - size), before):
        try:
            found.append(profile_of(table.view(version), columns, states))
        except NotFound:
            continue
    if not found:
        raise NotFound(f"there is no version before {before} to compare with")
    return window(found, reference_name(f"last:{size}"))


def reference_of(rule: Drift, others: Mapping[str, Neighbour]) -> Neighbour:
    """What a drift rule compares with, among the neighbours; InternalError when nobody brought it.

    Whoever measures has to bring it: see `ostler.tools.neighbours`.
    """
    found = others.get(neighbour_key(rule.reference))
    if found is None:
        raise InternalError(
            f"drift of {rule.column!r} is measured against {reference_name(rule.reference)},"
            " and it was not given"
        )
    return found


def columns_of(neighbour: Neighbour) -> tuple[str, ...]:
    """The names of the columns that a neighbour has."""
    if isinstance(neighbour, View):
        return neighbour.column_names
    return tuple(neighbour.columns)


def counted(
    neighbour: Neighbour, columns: Sequence[str] | None = None, states: States | None = None
) -> Profile:
    """A neighbour's profile."""
    return profile_of(neighbour, columns, states) if isinstance(neighbour, View) else neighbour
