"""Which columns to compare with a reference, and by which statistics."""

from typing import Literal

from ostler.core.checks import Check, Drift, DriftStatistic
from ostler.tools.drift.comparison import METHODS
from ostler.tools.drift.counted import Counted
from ostler.tools.drift.cutting import MOST_CATEGORIES
from ostler.tools.drift.profile import Profile

FEWEST_ROWS = 30
"""With fewer present values in the reference, no rule is proposed for a column."""
REPEATED = 2
"""Values of a text column must occur at least so often on average to be compared one by one."""


def drift_checks(current: Profile, reference: Profile, against: int | str) -> tuple[Check, ...]:
    """Checks of a profile against a reference, which rules call `against`.

    Few-valued columns get chi² and PSI, numeric ones KS and PSI; ids, codes, times and free text
    get none, because new ones are their nature. None of these checks stops a pipeline unless a
    person says so. Columns that one of the two lacks are left out: that is not drift.
    """
    return tuple(
        Check(
            rule=Drift(
                column=name,
                reference=against,
                statistic=statistic,
                limit=METHODS[statistic].limit,
            ),
            gate=False,
        )
        for name, column in reference.columns.items()
        if name in current.columns
        for statistic in _STATISTICS[kind_of(column)]
    )


Kind = Literal["numbers", "categories", "nothing"]
"""How a column is compared."""

_STATISTICS: dict[Kind, tuple[DriftStatistic, ...]] = {
    "numbers": ("ks", "psi"),
    "categories": ("chi2", "psi"),
    "nothing": (),
}


def kind_of(column: Counted) -> Kind:
    """How a column of a reference is compared."""
    if column.present < FEWEST_ROWS or column.timely:
        return "nothing"
    if column.numeric:
        return "nothing" if column.labelling else "numbers"
    few = column.different <= MOST_CATEGORIES
    return "categories" if few and column.present >= REPEATED * column.different else "nothing"
