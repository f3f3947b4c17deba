"""Shapes: values with their letters and digits replaced by what sort they are."""

import re
from collections.abc import Iterable

_SORTS = (
    (re.compile(r"\d+"), "9"),
    (re.compile(r"[^\W\d_]+"), lambda found: _letters(found.group())),
)


def _letters(run: str) -> str:
    if run.islower():
        return "a"
    return "A" if run.isupper() else "Aa" if run[:1].isupper() and run[1:].islower() else "aA"


def shapes_of(values: Iterable[str]) -> list[str]:
    """The shape of each value, runs of one sort as one."""
    shapes: list[str] = []
    for value in values:
        shape = value
        for sort, becomes in _SORTS:
            shape = sort.sub(becomes, shape)
        shapes.append(shape)
    return shapes
