"""Which classification of a column counts: one that masks stays until people vote it away.

A contract file is anybody's to edit, so what it says less than before counts for nothing.
"""

from collections.abc import Iterable, Mapping

from ostler.core.masks import is_masked
from ostler.tools.contracts.contract import Contract

Classes = Mapping[str, str]
"""By column its class; empty where a contract lists a column and says none."""


def listed(contract: Contract) -> dict[str, str]:
    """What a contract says of every column that it lists."""
    return {column: contract.classes.get(column, "") for column in contract.columns}


def kept(said: Iterable[Classes]) -> dict[str, str]:
    """What counts of all that was said without a vote, oldest first: a class that masks stays."""
    classes: dict[str, str] = {}
    for one in said:
        for column, name in one.items():
            if not is_masked(classes.get(column, "")):
                classes[column] = name
    return classes


def taken(before: Classes, now: Classes) -> tuple[str, ...]:
    """The columns that a class masks and that have another one, or none, by now."""
    return tuple(
        column
        for column, name in before.items()
        if is_masked(name) and _word(now.get(column, "")) != _word(name)
    )


def _word(classification: str) -> str:
    return classification.strip().lower()
