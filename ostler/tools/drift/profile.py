"""A profile: every column of one state of a table, counted. What drift is computed from.

The profile of a version is the sum of its data files', and what was counted on a file is kept: a
version costs only the files that no other version had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from ostler.tables.layout import DataFile
from ostler.tables.view import View, view_of
from ostler.tools.drift.counted import Counted, added, from_arrays, to_arrays
from ostler.tools.drift.counting import count_columns
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
    if not view.files or rows <= SMALL_ROWS:
        return Profile(count_columns(view, names, exact=exact))
    parts = [_part(view, file, names, exact, states) for file in view.files]
    return Profile({name: added([part[name] for part in parts]) for name in names})


def window(profiles: Sequence[Profile]) -> Profile:
    """Several versions' profiles as one, with the columns that all of them have."""
    first, *others = profiles
    names = [name for name in first.columns if all(name in other.columns for other in others)]
    columns = {name: added([one.columns[name] for one in profiles]) for name in names}
    return Profile(columns, sum(profile.versions for profile in profiles))


def _part(
    view: View, file: DataFile, names: Sequence[str], exact: bool, states: States | None
) -> dict[str, Counted]:
    """The columns of one data file."""
    keys = {
        name: state_key("drift", _KERNEL, file.digest, name, view.type_of(name), exact)
        for name in names
    }
    known: dict[str, Counted] = {}
    for name, key in keys.items() if states else ():
        kept = states.get(key) if states else None
        if kept is not None:
            known[name] = from_arrays(kept)
    unknown = [name for name in names if name not in known]
    if unknown:
        fresh = count_columns(view.of_files([file]), unknown, exact=exact)
        for name, column in fresh.items():
            known[name] = column
            if states:
                states.put(keys[name], to_arrays(column))
    return known
