"""Contracts as people name them: `people`, `people@1.2.0`, `people@1`."""

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.tools.contracts.contract import Contract

Which = Literal["file", "published", "in force"]
"""What a dataset's name alone stands for."""


def named_contract(parts: "Opened", named: str, alone: Which) -> "Contract":
    """A dataset's contract by version or number, read (NotFound)."""
    from ostler.tools.contracts.parse import parse_contract

    dataset, text = named_text(parts, named, alone)
    return parse_contract(text, dataset=dataset, source=named)


def named_text(parts: "Opened", named: str, alone: Which) -> tuple[str, str]:
    """The dataset that is named, and the text of its contract that is meant (NotFound)."""
    from ostler.core.errors import NotFound
    from ostler.store.contracts import contract_history, contract_text
    from ostler.store.registry import published_text, text_in_force, versions

    dataset, _, which = named.partition("@")
    parts.dataset(dataset)
    with parts.store.reading() as session:
        published = versions(session, dataset)
        seen = contract_history(session, dataset)
        by_version = {one.version: one for one in published}
        if which in by_version:
            return dataset, published_text(session, by_version[which])
        if re.fullmatch(r"\d+", which) and 1 <= int(which) <= len(seen):
            return dataset, contract_text(session, dataset, seen[int(which) - 1].digest)
        in_force = text_in_force(session, dataset)
    text = None if which or alone == "file" else in_force
    if text is None and not which and alone != "published":
        # Not read when it is not needed: it may be what the output is written into.
        text = parts.working_copy(dataset) or in_force
    if text is None:
        known = ", ".join(by_version) or "none"
        raise NotFound(
            f"{named}: published are {known}; {len(seen)} texts were seen",
            f"a version is {dataset}@1.0.0, the first text seen {dataset}@1, the file {dataset}",
        )
    return dataset, text
