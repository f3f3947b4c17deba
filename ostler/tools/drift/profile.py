"""A profile: every column of one state of a table, counted. What drift is computed from.

The profile of a version is the sum of its data files', and what was counted on a file is kept: a
version costs only the files that no other version had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from ostler.core.canonical import Digest
from ostler.tables.layout import DataFile
from ostler.tables.view import View, view_of
from ostler.tools.drift.counted import Counted, added, from_arrays, to_arrays
from ostler.tools.drift.counting import by_file, count_parts, repeating, whole
from ostler.tools.states import States, state_key

EXACT_ROWS = 1 << 18
"""Up to so many rows numbers are counted one by one, beyond by buckets."""
SMALL_ROWS = 20_000
"""Up to so many rows a table is counted as a whole, and nothing is kept: that is no dearer."""
_KERNEL = 1
"""To be raised when the same rows would be counted in another way."""


@dataclass(frozen=True)
class Profile:
    """The columns of one state of a table, or of several together, counted."""

    columns: Mapping[str, Counted]
    versions: int = 1
    """How many versions were put together; their rows are largely the same ones."""


@dataclass(frozen=True)
class CountedView(View):
    """A state of a table of which only what was counted is left: columns, and no rows."""

    profile: Profile = field(default_factory=lambda: Profile({}))


def counted_view(profile: Profile, key: tuple[str, ...]) -> CountedView:
    """A profile where a view is asked for."""
    columns = {name: pa.array([], pa.string()) for name in profile.columns}
    empty = view_of(pa.table(columns), key, name="counted")
    return CountedView(
        empty.connection, empty.name, empty.columns, empty.key, empty.version, profile=profile
    )


def profile_of(
    view: View, columns: Sequence[str] | None = None, states: States | None = None
) -> Profile:
    """The profile of a view, of all its columns by default.

    With `states`, what was counted before on one of its data files is not counted again. The
    result is the same.
    """
    names = [n for n in view.column_names if columns is None or n in columns]
    if isinstance(view, CountedView):
        return replace(view.profile, columns={n: view.profile.columns[n] for n in names})
    rows = view.row_count
    exact = rows <= EXACT_ROWS
    tabled = frozenset[str]() if exact else repeating(view, names)
    if not view.files or rows <= SMALL_ROWS:
        return Profile(count_parts(whole(view), names, exact=exact, tabled=tabled)[0])
    how = {name: (view.type_of(name), exact, name in tabled) for name in names}
    known = {file: _known(file, how, states) for file in view.files}
    lacking: dict[tuple[str, ...], list[DataFile]] = {}
    for file, columns_of in known.items():
        lacking.setdefault(tuple(n for n in names if n not in columns_of), []).append(file)
    for unknown, files in lacking.items():
        if unknown:
            counts = count_parts(by_file(view, files), unknown, exact=exact, tabled=tabled)
            for file, fresh in zip(files, counts, strict=True):
                _keep(file, how, fresh, states)
                known[file] |= fresh
    return Profile({name: added([part[name] for part in known.values()]) for name in names})


def window(profiles: Sequence[Profile]) -> Profile:
    """Several versions' profiles as one, with the columns that all of them have."""
    first, *others = profiles
    names = [name for name in first.columns if all(name in other.columns for other in others)]
    columns = {name: added([one.columns[name] for one in profiles]) for name in names}
    return Profile(columns, sum(profile.versions for profile in profiles))


_Ways = Mapping[str, tuple[str, bool, bool]]
"""How each column is counted: its type, whether exactly, whether text by text."""


def _known(file: DataFile, how: _Ways, states: States | None) -> dict[str, Counted]:
    """What was counted on a file before."""
    found: dict[str, Counted] = {}
    for name in how if states else ():
        kept = states.get(_key(file, name, how)) if states else None
        if kept is not None:
            found[name] = from_arrays(kept)
    return found


def _keep(
    file: DataFile, how: _Ways, columns: Mapping[str, Counted], states: States | None
) -> None:
    if states:
        for name, column in columns.items():
            states.put(_key(file, name, how), to_arrays(column))


def _key(file: DataFile, column: str, how: _Ways) -> Digest:
    return state_key("drift", _KERNEL, file.digest, column, *how[column])
