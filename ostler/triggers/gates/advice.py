"""What would mend a failing check: the miner that looks for it, or what a person has to do."""

from ostler.core.checks import AnyRule

_MINED: dict[str, str] = {
    "rejected_values": "the miner of missing values",
    "pattern": "the miner of forms",
    "type": "the miner of forms",
    "format": "the miner of forms",
    "length": "the miner of forms",
    "required_if": "the miner of dependencies",
    "range": "the miner of units",
    "accepted_values": "the miner of spellings",
    "dependency": "the miner of dependencies",
    "not_null": "the miner of dependencies",
    "unique": "the miner of duplicates",
    "near_duplicates": "the miner of duplicates",
}
"""By kind of rule, which miner proposes fixes."""

_PERSON: dict[str, str] = {
    "freshness": "look at the job that feeds it; no fix of the data makes it newer",
    "row_count": "look at the job that feeds it: rows are missing, or came twice",
    "volume": "look at the job that feeds it: rows are missing, or came twice",
    "gaps": "look at the job that feeds it: what is missing was not delivered",
    "schema": "change the columns (ostler schema), or the contract",
    "fairness": "look at how the groups are treated; no fix of the data makes it fair",
    "agreement": "compare with the other dataset, and mend whichever is wrong",
    "total": "compare with the other dataset, and mend whichever is wrong",
    "foreign_key": "load the dataset that it refers to first, or mend the values",
    "drift": "look at what changed upstream; when the world has changed, accept the new version",
}
"""By kind of rule, what to look at where no miner helps."""


def advice(rule: AnyRule, name: str, version: int | None) -> str:
    """What to do about a rule that fails, in one sentence without its full stop."""
    groom = f"ostler groom {name}" if version is not None else "ostler add and ostler groom"
    if miner := _MINED.get(rule.kind):
        return f"{groom}: {miner} may propose a fix"
    return _PERSON.get(rule.kind, f"{groom}, or mend it at the source")
