"""Which columns are shown to nobody who is not allowed to see them, by their classification."""

from collections.abc import Collection, Mapping, Sequence

MASK = "•••"
"""What is shown instead of a value; a missing value stays missing."""

OPEN = frozenset({"public", "internal", "general", "unrestricted", "open", "none"})
"""Classes whose values are shown; any other word masks, also one that nobody here has heard of."""


def is_masked(classification: str) -> bool:
    """Whether values of a class are masked; a column without a class is open."""
    words = classification.strip().lower()
    return bool(words) and words not in OPEN


def withheld(sentence: str, columns: Collection[str], classes: Mapping[str, str]) -> str:
    """A sentence that quotes values of some columns; without them where one of them is masked."""
    for column in columns:
        if sentence and is_masked(classes.get(column, "")):
            return f"What changed in {column!r} is not told: it is classified {classes[column]!r}."
    return sentence


def hides_ids(key: Collection[str], classes: Mapping[str, str]) -> bool:
    """Whether rows must not be named by their ids, which are the values of their key."""
    return any(is_masked(classes.get(column, "")) for column in key)


def masked_columns(
    classes: Mapping[str, str],
    readers: Mapping[str, Sequence[str]],
    roles: Collection[str],
) -> frozenset[str]:
    """The columns whose values a person in some roles does not see.

    `readers` says per class, in whatever case it is written, which roles may read it.
    """
    allowed = {name.strip().lower(): set(who) for name, who in readers.items()}
    return frozenset(
        column
        for column, name in classes.items()
        if is_masked(name) and not allowed.get(name.strip().lower(), set()).intersection(roles)
    )
