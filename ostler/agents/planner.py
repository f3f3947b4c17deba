"""The embedded planner: which tools look for a repair, decided from the findings by a table."""

from collections.abc import Sequence
from typing import NamedTuple

from ostler.core.items import Alert, Finding
from ostler.core.sentences import describe_rule
from ostler.tools.repair.miners import MINERS

DUPLICATES = "duplicates"
"""Rows, not cells: a tool of its own."""

_AGREEMENT = ("consensus", "sources")
_HOLES = ("filler", *_AGREEMENT)
_WORDS = ("spelling", "alias", "encoding", "case", "blanks", "suffix")
_SHAPES = ("form", "suffix", "encoding", "case", "blanks", "filler")
_NUMBERS = ("outlier", "scale", "arithmetic", "order", "form", "filler")

LOOK_FOR: dict[str, tuple[str, ...]] = {
    "not_null": _HOLES,
    "rejected_values": _SHAPES,
    "accepted_values": (*_WORDS, *_SHAPES, *_AGREEMENT),
    "range": _NUMBERS,
    "pattern": (*_SHAPES, *_WORDS),
    "type": (*_SHAPES, *_NUMBERS),
    "unique": (DUPLICATES,),
    "near_duplicates": (DUPLICATES,),
    "row_count": (DUPLICATES,),
    "freshness": (),
    "dependency": (*_AGREEMENT, *_WORDS),
    "foreign_key": (*_WORDS, *_SHAPES),
    "row_rule": _NUMBERS,
    "drift": (*_NUMBERS, *_SHAPES),
    "required_if": _HOLES,
    "length": (*_SHAPES, *_WORDS),
    "format": (*_SHAPES, *_WORDS),
    "condition": _NUMBERS,
    "balance": _NUMBERS,
    "total": (*_NUMBERS, DUPLICATES),
    "agreement": (*_AGREEMENT, *_NUMBERS, *_WORDS),
    "volume": (DUPLICATES,),
    "gaps": (),
    "schema": (),
    # An audit: it opens items for people, and nothing is edited to make a share look right.
    "fairness": (),
    "reported": (*MINERS, DUPLICATES),
}
"""For each kind of rule that fails, the principles that may mend it."""


class Plan(NamedTuple):
    """What to look for, and why."""

    principles: tuple[str, ...]
    """Of the miners, in their order."""
    duplicates: bool
    because: str


def plan(findings: Sequence[Finding], alerts: Sequence[Alert]) -> Plan:
    """The principles to look for.

    A person who asks for a grooming gets all of them; alerts get those that can mend what was
    found in what they name, and `taught` with them, for what a person has said holds for any.
    """
    if not alerts:
        return Plan(tuple(MINERS), True, "the whole dataset is groomed")
    failing = [finding.result.check.rule for finding in findings]
    wanted = {name for rule in failing for name in LOOK_FOR[rule.kind]}
    because = "; ".join(dict.fromkeys(f"fails: {describe_rule(rule)}" for rule in failing))
    if wanted:
        wanted.add("taught")
    principles = tuple(name for name in MINERS if name in wanted)
    return Plan(principles, DUPLICATES in wanted, because[:_SHOWN])


_SHOWN = 500
"""Characters of the reasons that are kept."""
