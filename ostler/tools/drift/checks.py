"""Which columns to compare with a reference version, and by which statistics."""

from collections.abc import Sequence

from ostler.core.checks import Check, Drift
from ostler.tables.view import View
from ostler.tools.drift.comparison import Measure
from ostler.tools.drift.histograms import (
    MOST_CATEGORIES,
    READS_SHARE,
    Profile,
    is_numeric,
    profiles,
)

LIMITS: dict[Measure, float] = {"psi": 0.2, "ks": 0.1, "chi2": 0.1}
"""Effects up to here are not drift, however certain: the usual limit of PSI, a tenth for the
distance of KS, and a small effect for Cramér's V (J. Cohen: Statistical power analysis, 1988)."""
FEWEST_ROWS = 30
"""With fewer present values in the reference, no rule is proposed for a column."""
REPEATED = 2
"""Values of a text column must occur at least so often on average to be compared one by one."""


def drift_checks(
    view: View, reference: View, *, columns: Sequence[str] | None = None
) -> tuple[Check, ...]:
    """Checks of a view against a reference version, all columns by default.

    Few-valued columns get chi² and PSI, numeric ones KS and PSI; ids, codes, times and free text
    get none, because new ones are their nature. None of these checks stops a pipeline unless a
    person says so. Columns that one of the versions lacks are left out: that is not drift.
    """
    names = [
        name
        for name in reference.column_names
        if name in view.column_names and (columns is None or name in columns)
    ]
    return tuple(
        Check(
            rule=Drift(
                column=name,
                reference=reference.version,
                statistic=statistic,
                limit=LIMITS[statistic],
            ),
            gate=False,
        )
        for name, profile in profiles(reference, names).items()
        for statistic in _statistics(profile)
    )


def _statistics(profile: Profile) -> tuple[Measure, ...]:
    if profile.present < FEWEST_ROWS or profile.times >= READS_SHARE * profile.present:
        return ()
    if is_numeric(profile):
        ids = profile.integers == profile.present == profile.different
        return () if ids or profile.padded else ("ks", "psi")
    few = profile.different <= MOST_CATEGORIES
    return ("chi2", "psi") if few and profile.present >= REPEATED * profile.different else ()
