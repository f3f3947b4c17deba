"""The part of a request that a policy set asks about: many questions then are one and the same.

What no rule mentions cannot change an answer; it is left out of the context and, so that what is
left is validated as strictly as ever, out of the schema.
"""

import re
from collections.abc import Iterable

from cedarpy import pst

from ostler.policies.nodes import under

_CHANGE = re.compile(r"(?<=^type Change = \{\n).*?(?=^\};)", re.MULTILINE | re.DOTALL)
_FACT = re.compile(r"    (\w+): .*")


def asked_about(rules: Iterable[pst.Template]) -> frozenset[str] | None:
    """Names of the facts of a change that rules mention; None when one takes it as a whole."""
    found: set[str] = set()
    whole = by_name = 0
    for rule in rules:
        for node in under(rule.clauses):
            match node:
                case pst.Var(name="context"):
                    whole += 1
                case pst.GetAttr(base=pst.Var(name="context"), attr=name):
                    by_name += 1
                    found.add(name)
                case pst.HasAttr(base=pst.Var(name="context"), attrs=names):
                    by_name += 1
                    found.update(names)
                case _:
                    pass
    return frozenset(found) if whole == by_name else None


def narrowed_schema(schema_text: str, asked: frozenset[str]) -> str:
    """The schema with those facts of a change alone."""

    def kept(facts: re.Match[str]) -> str:
        lines = facts.group().splitlines(keepends=True)
        return "".join(
            line for line in lines if (found := _FACT.match(line)) and found.group(1) in asked
        )

    return _CHANGE.sub(kept, schema_text)
