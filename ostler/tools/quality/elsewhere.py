"""Checks measured where the data lies, and what cannot be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from ostler.core.checks import AnyRule, Check, CheckResult, Rule
from ostler.tables.view import view_of
from ostler.tools.quality.judging import judged
from ostler.tools.quality.measure import outcome_of
from ostler.tools.quality.needs import refuse_bad_patterns
from ostler.tools.quality.outcome import Outcome
from ostler.tools.quality.plan import Found, Measure, planned

if TYPE_CHECKING:
    from ostler.tables.place import Place


def obstacles(place: "Place", checks: Sequence[Check]) -> Mapping[Check, str]:
    """The checks that the engine of a place cannot measure with the same meaning, and why.

    Nothing is measured for it: what is asked is how the rules are written and the columns' types.
    BadInput for a pattern that nobody can use.
    """
    from ostler.tools.quality.engines.measuring import obstacle

    refuse_bad_patterns(view_of(pa.table({"key": pa.array([], pa.string())}), ("key",)), checks)
    found: dict[Check, str] = {}
    for check in checks:
        if check.learned is not None:
            found[check] = "its limits are learned from versions of ours"
        elif planned.dispatch(type(check.rule)) is planned.dispatch(Rule):
            found[check] = "only DuckDB measures it"
        elif not _missing(place, check.rule):
            why = obstacle(place, planned(check.rule))
            if why:
                found[check] = why
    return found


def measure_at(
    place: "Place", checks: Sequence[Check], *, now: datetime, sample: int = 10
) -> tuple[CheckResult, ...]:
    """What each check gives on the rows of a place, as `measure` says it of a view.

    None of the checks may have an obstacle. Raises what the engine says, as BadInput or Conflict.
    """
    from ostler.tools.quality.engines.measuring import measured

    rules = dict.fromkeys(check.rule for check in checks)
    measures: dict[AnyRule, Measure] = {
        rule: planned(rule) for rule in rules if not _missing(place, rule)
    }
    total, found = measured(place, measures.values(), now=now, sample=sample)
    outcomes = {rule: Outcome(1, _missing(place, rule)) for rule in rules if rule not in measures}
    outcomes |= {
        rule: outcome_of(rule, found.get(one, Found()), total, now)
        for rule, one in measures.items()
    }
    return tuple(judged(check, outcomes[check.rule], total, now) for check in checks)


def _missing(place: "Place", rule: AnyRule) -> str:
    there = {column.name for column in place.columns}
    absent = [column for column in rule.columns if column not in there]
    return f"column {absent[0]!r} is missing" if absent else ""
