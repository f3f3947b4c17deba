"""What all rules share, and the dimensions that they measure."""

from enum import StrEnum
from typing import ClassVar

from typing_extensions import override

from ostler.core.base import Frozen


class Dimension(StrEnum):
    """The dimensions of data quality."""

    COMPLETENESS = "completeness"
    UNIQUENESS = "uniqueness"
    VALIDITY = "validity"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    ACCURACY = "accuracy"
    CONFORMITY = "conformity"
    FAIRNESS = "fairness"


class Rule(Frozen):
    """What all rules share. A rule says what must hold; a check adds how strictly."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values the rule reads."""
        raise NotImplementedError

    @property
    def reads(self) -> tuple[str, tuple[str, ...]]:
        """The other dataset that the rule reads, and its columns there; an empty name for none."""
        return "", ()

    dimension: ClassVar[Dimension]
    """The dimension that the rule measures."""


class OneColumnRule(Rule):
    """A rule about the values of one column."""

    column: str

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    dimension: ClassVar[Dimension] = Dimension.VALIDITY
