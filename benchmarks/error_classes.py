"""The sorts of errors that can be put into a table, and in which columns each of them can be."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import corruptions as value_errors
from columns import Column, Ground
from corruptions import Corruption

Hit = Callable[[Ground, Column, int, Random, Random], dict[int, str]]
"""What an error makes of a row: new values by column."""


@dataclass(frozen=True)
class ErrorClass:
    """One sort of error."""

    name: str
    says: str
    applies: Callable[[Ground, Column], bool]
    hit: Hit
    rules: bool = True
    """Whether it comes as a rule on a part of a column, too."""


def _value(corruption: Corruption) -> Hit:
    def hit(_ground: Ground, column: Column, row: int, kind: Random, rng: Random) -> dict[int, str]:
        value = column.values[row]
        return {column.place: corruption(value, kind, rng)} if value.strip() else {}

    return hit


def _hole(ground: Ground, column: Column, row: int, kind: Random, rng: Random) -> dict[int, str]:
    holes = {
        "number": value_errors.number_hole,
        "quantity": value_errors.number_hole,
        "date": value_errors.date_hole,
    }
    return _value(holes.get(column.kind, value_errors.text_hole))(ground, column, row, kind, rng)


def _other_group(
    _ground: Ground, column: Column, row: int, kind: Random, _rng: Random
) -> dict[int, str]:
    return {column.place: kind.choice(column.distinct)} if column.values[row].strip() else {}


def _conflict(
    ground: Ground, column: Column, row: int, _kind: Random, _rng: Random
) -> dict[int, str]:
    known = ground.sources
    if known is None or not column.values[row].strip():
        return {}
    source, entity = ground.rows[row][known.source], ground.rows[row][known.entity]
    nature = Random(f"{ground.seed} source {source}")
    if nature.random() < 0.5:
        return {}
    # Some sources copy from each other, and with it each other's mistakes.
    origin = nature.choice((source, "first", "second"))
    mistake = Random(f"{ground.seed} {origin} {entity} {column.place}")
    return {column.place: value_errors.varied(column.values[row], column.distinct, mistake)}


def _swap(ground: Ground, column: Column, row: int, _kind: Random, _rng: Random) -> dict[int, str]:
    left, right = column.place, ground.twins[column.place]
    values = ground.rows[row]
    if not (values[left].strip() and values[right].strip()):
        return {}
    return {left: values[right], right: values[left]}


def _shift(ground: Ground, column: Column, row: int, _kind: Random, _rng: Random) -> dict[int, str]:
    places = _run(ground, column)
    values = ground.rows[row]
    return {
        place: values[before] if before is not None else ""
        for before, place in zip((None, *places), places, strict=False)
    }


def _run(ground: Ground, column: Column) -> list[int]:
    following = ground.columns[column.place : column.place + 4]
    return [one.place for one in following if one.damageable]


def _suffix(
    ground: Ground, column: Column, row: int, _kind: Random, _rng: Random
) -> dict[int, str]:
    left, right = column.place, ground.suffixes[column.place]
    values = ground.rows[row]
    if not (values[left].strip() and values[right].strip()):
        return {}
    return {left: f"{values[left]} {values[right]}", right: ""}


def _of(*kinds: str) -> Callable[[Ground, Column], bool]:
    return lambda _ground, column: column.kind in kinds


def _amounts(ground: Ground, column: Column) -> bool:
    return ground.measures(column)


def _worded(_ground: Ground, column: Column) -> bool:
    return column.kind in ("text", "code") and sum(map(len, column.filled)) > 2 * len(column.filled)


def _foreign(_ground: Ground, column: Column) -> bool:
    return column.kind == "text" and any(
        not value.isascii() or "'" in value or "&" in value for value in column.filled
    )


CLASSES: tuple[ErrorClass, ...] = (
    ErrorClass("typo", "a neighbouring key, a misread, doubled, lost or swapped letter",
               _worded, _value(value_errors.typo)),
    ErrorClass("missing", "nothing where something was",
               lambda _ground, _column: True, _value(value_errors.missing)),
    ErrorClass("disguised", "a filler that stands for nothing: N/A, -, 999, unknown",
               lambda _ground, _column: True, _hole),
    ErrorClass("outlier", "a number of another scale (10, 100, 1000), sign, or beyond all others",
               _amounts, _value(value_errors.outlier)),
    ErrorClass("unit", "a unit where none belongs, percent, or the unit written otherwise",
               _amounts, _value(value_errors.unit)),
    ErrorClass("number_format", "thousands separators, decimal comma, needless or leading zeros",
               _amounts, _value(value_errors.number_format)),
    ErrorClass("date_format", "the same date in another order or style",
               _of("date"), _value(value_errors.date_format)),
    ErrorClass("case", "capitals where there were none, or the other way round",
               _of("text"), _value(value_errors.case)),
    ErrorClass("spacing", "doubled, odd or lost blanks, stops and commas at the end",
               _of("text"), _value(value_errors.spacing)),
    ErrorClass("phone", "the same telephone number grouped as others do",
               _of("phone"), _value(value_errors.phone)),
    ErrorClass("dependency", "another group's value in a column that others decide",
               lambda ground, column: column.repetitive and bool(ground.deciders[column.place]),
               _other_group),
    ErrorClass("digits", "two neighbouring digits changed places",
               _of("number", "quantity", "phone", "code", "date"),
               _value(value_errors.swapped_digits), rules=False),
    ErrorClass("reversed", "letters back to front, or the last word before the first",
               _of("text"), _value(value_errors.reversed_text)),
    ErrorClass("encoding", "text that went through a program of another alphabet",
               _foreign, _value(value_errors.encoding)),
    ErrorClass("conflict", "sources of one entity that disagree, some copying from each other",
               lambda ground, column: ground.sources is not None
               and column.place in ground.sources.facts, _conflict, rules=False),
    ErrorClass("swapped", "the values of two like columns in each other's place",
               lambda ground, column: column.place in ground.twins, _swap),
    ErrorClass("shifted", "a row whose values slipped one column to the right",
               lambda ground, column: len(_run(ground, column)) >= 3, _shift, rules=False),
    ErrorClass("suffix", "the short column's value at the end of the one before it",
               lambda ground, column: column.place in ground.suffixes, _suffix),
    ErrorClass("alias", "another name that people use for the same thing",
               lambda _ground, column: column.kind == "text" and column.repetitive,
               _value(value_errors.alias)),
)  # fmt: skip
NAMES = tuple(one.name for one in CLASSES)
