"""Measured values in words, for people."""

from datetime import datetime

from ostler.core.checks import Freshness, RowCount


def share_of(part: int, whole: int, things: str = "") -> str:
    """`17 of 1,000 (1.7 %)`; a share that would round to nothing or to all says so."""
    if not whole or part in (0, whole):
        return f"{part:,} of {whole:,}{things}"
    percent = 100 * part / whole
    shown = "< 0.1" if percent < 0.1 else "> 99.9" if percent > 99.9 else f"{percent:.1f}"
    return f"{part:,} of {whole:,}{things} ({shown} %)"


def counted(rows: int, rule: RowCount) -> str:
    """`1,000 rows (at least 500)`."""
    bounds = [("at least", rule.minimum), ("at most", rule.maximum)]
    limits = " and ".join(f"{word} {limit:,}" for word, limit in bounds if limit is not None)
    return f"{rows:,} row{'' if rows == 1 else 's'}" + (f" ({limits})" if limits else "")


def aged(newest: datetime | None, hours: float, rule: Freshness) -> str:
    """`newest 2026-01-01 10:00:00, 26.5 hours old (limit 24)`."""
    if newest is None:
        return f"no time up to now (limit {rule.max_age_hours:g} hours)"
    return (
        f"newest {newest:%Y-%m-%d %H:%M:%S}, {hours:.1f} hours old (limit {rule.max_age_hours:g})"
    )
