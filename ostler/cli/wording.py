"""Words for people that several commands print."""

from ostler.core.checks import Check


def threshold(check: Check) -> str:
    """How many failures a check bears."""
    if check.rule.kind == "drift":
        return f"{check.rule.statistic} ≤ {check.rule.limit:g}"
    if check.learned is not None:
        return "learned"
    if check.max_failing:
        return f"at most {check.max_failing:,} rows"
    return f"at most {100 * check.max_share:g} %" if check.max_share else "no row"


def count(number: int, one: str, many: str = "") -> str:
    """`1 proposal`, `12 proposals`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
