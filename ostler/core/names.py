"""Names of people and agents, and when two of them are the same."""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
def same_name(name: str) -> str:
    """The form in which names are compared, so that nobody approves their own as `Ana `."""
    visible = "".join(c for c in name if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible).strip().casefold()
