"""What the columns of a clean table are, as far as realistic errors need to know it."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

from csv_files import Table

PATTERNS = {
    "number": re.compile(r"-?\d+(\.\d+)?"),
    "quantity": re.compile(r"-?\d+(\.\d+)? ?[^\W\d_]{1,8}|-?\d+(\.\d+)? ?%"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?"),
    "time": re.compile(r"\d{1,2}:\d{2}(:\d{2})?"),
    "phone": re.compile(r"\+?[\d().]([\d ().-]*)\d"),
    "code": re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[\w./-]+"),
}
"""A column is of the first kind that nine in ten of its values are; otherwise it is text."""
MEASURED = ("number", "quantity", "date", "time")


@dataclass(frozen=True)
class Column:
    """One column."""

    place: int
    values: list[str]

    @cached_property
    def filled(self) -> list[str]:
        """The values that are there."""
        return [value for value in self.values if value.strip()]

    @cached_property
    def kind(self) -> str:
        """What its values look like."""
        for kind, pattern in PATTERNS.items():
            fits = sum(bool(pattern.fullmatch(value)) for value in self.filled)
            if self.filled and fits >= 0.9 * len(self.filled) and (
                kind != "phone" or _digits(self.filled) >= 7
            ):  # fmt: skip
                return kind
        return "text"

    @cached_property
    def distinct(self) -> list[str]:
        """Its values, each once, sorted."""
        return sorted(set(self.filled))

    @property
    def repetitive(self) -> bool:
        """Whether a value comes back often enough to be known by others."""
        return 1 < len(self.distinct) <= 0.4 * len(self.filled)

    @property
    def damageable(self) -> bool:
        """Whether an error in it could be seen: neither a constant nor a row's mere number."""
        number = len(self.distinct) == len(self.values) and self.kind in ("number", "code")
        return len(self.distinct) > 1 and not number


def _digits(values: list[str]) -> float:
    return sum(char.isdigit() for value in values for char in value) / len(values)


@dataclass(frozen=True)
class Sources:
    """Several sources report facts about the same entities."""

    source: int
    entity: int
    facts: tuple[int, ...]


class Ground:
    """A clean table, and what its columns have to do with each other."""

    def __init__(self, clean: Table, seed: int) -> None:
        self.rows = clean.rows
        self.seed = seed
        self.columns = [Column(place, values) for place, values in enumerate(clean.columns)]

    @cached_property
    def deciders(self) -> dict[int, tuple[int, ...]]:
        """For each column the repetitive columns that decide it."""
        repetitive = [column for column in self.columns if column.repetitive]
        return {
            target.place: tuple(
                one.place for one in repetitive if one is not target and _decides(one, target)
            )
            for target in self.columns
        }

    def measures(self, column: Column) -> bool:
        """Whether its numbers are amounts, and no names of something that has other columns too."""
        if column.kind == "quantity":
            return True
        whole = all("." not in value for value in column.filled)
        decided = sum(column.place in others for others in self.deciders.values())
        return column.kind == "number" and not (whole and column.repetitive and decided >= 2)

    @cached_property
    def sources(self) -> Sources | None:
        """The pair of columns that reads most like sources and entities, if there is one."""
        found = [
            Sources(source.place, entity.place, facts)
            for entity in self.columns
            for source in self.columns
            if entity is not source and _pair_up(entity, source)
            and len(facts := self._facts(entity.place, source.place)) >= 2
        ]  # fmt: skip
        return max(found, key=lambda one: (len(one.facts), -one.entity), default=None)

    def _facts(self, entity: int, source: int) -> tuple[int, ...]:
        return tuple(
            column.place
            for column in self.columns
            if column.place not in (entity, source)
            and column.kind in MEASURED
            and entity in self.deciders[column.place]
        )

    @cached_property
    def suffixes(self) -> dict[int, int]:
        """Columns that a form could hold together with the short one behind it (`Portland OR`)."""
        return {
            left.place: right.place
            for left, right in zip(self.columns, self.columns[1:], strict=False)
            if left.kind == right.kind == "text" and left.damageable and right.repetitive
            and sum(map(len, right.filled)) <= 15 * len(right.filled)
        }  # fmt: skip

    @cached_property
    def twins(self) -> dict[int, int]:
        """The next column of the same kind, which a person could mistake for this one."""
        found: dict[int, int] = {}
        for left in self.columns:
            for right in self.columns[left.place + 1 :]:
                if left.damageable and right.damageable and left.kind == right.kind:
                    found[left.place] = right.place
                    break
        return found


def _decides(determinant: Column, target: Column) -> bool:
    if len(target.distinct) < 2:
        return False
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for key, value in zip(determinant.values, target.values, strict=True):
        groups[key][value] += 1
    agreeing = sum(max(counts.values()) for counts in groups.values())
    return agreeing >= 0.98 * len(target.values)


def _pair_up(entity: Column, source: Column) -> bool:
    if not (entity.repetitive and source.repetitive):
        return False
    if entity.kind in MEASURED or source.kind in MEASURED:
        return False
    pairs = set(zip(entity.values, source.values, strict=True))
    return len(pairs) >= 0.99 * len(entity.values) and len(entity.distinct) * 3 <= len(pairs)
