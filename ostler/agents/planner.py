"""The embedded planner: which tools look for a repair, decided from the findings by a table."""

from collections.abc import Sequence
from typing import NamedTuple

from ostler.core.items import Alert, Finding
from ostler.core.sentences import describe_rule
from ostler.tools.repair import MINERS

LOOK_FOR: dict[str, tuple[str, ...]] = {
    "not_null": ("missing", "dependencies"),
    "rejected_values": ("missing",),
    "accepted_values": ("spelling", "formats", "missing"),
    "range": ("units", "missing", "formats"),
    "pattern": ("formats", "spelling", "missing"),
    "type": ("formats", "missing", "units"),
    "unique": ("duplicates",),
    "near_duplicates": ("duplicates",),
    "row_count": ("duplicates",),
    "freshness": (),
    "dependency": ("dependencies", "spelling"),
    "foreign_key": ("spelling", "formats", "missing"),
    "row_rule": ("units", "formats"),
    "drift": ("units", "formats", "missing"),
    "required_if": ("missing", "dependencies"),
    "length": ("formats", "spelling", "missing"),
    "format": ("formats", "spelling", "missing"),
    "condition": ("units", "formats", "missing"),
    "balance": ("units", "formats"),
    "total": ("units", "duplicates", "formats"),
    "agreement": ("units", "formats", "spelling"),
    "volume": ("duplicates",),
    "gaps": (),
    "schema": (),
    # An audit: it opens items for people, and nothing is edited to make a share look right.
    "fairness": (),
    "reported": tuple(MINERS),
}
"""For each kind of rule that fails, the miners that may mend it."""


class Choice(NamedTuple):
    """A miner to run, and why."""

    miner: str
    because: str


def plan(findings: Sequence[Finding], alerts: Sequence[Alert]) -> tuple[Choice, ...]:
    """The miners to run, in their fixed order.

    A person who asks for a grooming gets all of them; alerts get those that can mend what was
    found in what they name.
    """
    if not alerts:
        return tuple(Choice(miner, "the whole dataset is groomed") for miner in MINERS)
    because: dict[str, str] = {}
    for finding in findings:
        for miner in LOOK_FOR[finding.result.check.rule.kind]:
            because.setdefault(miner, f"fails: {describe_rule(finding.result.check.rule)}")
    return tuple(Choice(miner, because[miner]) for miner in MINERS if miner in because)
