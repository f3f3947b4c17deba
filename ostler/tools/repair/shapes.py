"""Shapes: values with their letters and digits replaced by what sort they are."""

import re
from collections.abc import Iterable

_RUN = re.compile(r"\d+|[^\W\d_]+")


def shapes_of(values: Iterable[str]) -> list[str]:
    """The shape of each value, runs of one sort as one."""
    return [_RUN.sub(_sort, value) for value in values]


def _sort(found: re.Match[str]) -> str:
    run = found.group()
    if run.isdigit():
        return "9"
    if run.islower():
        return "a"
    return "A" if run.isupper() else "Aa" if run[:1].isupper() and run[1:].islower() else "aA"
