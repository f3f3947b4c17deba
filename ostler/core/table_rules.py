"""Rules about groups of rows, about whole tables, and about what other tables say."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from ostler.core.base import Frozen
from ostler.core.formula import names_in
from ostler.core.formula_reading import Condition, read
from ostler.core.rule import Dimension, OneColumnRule, Rule

Tolerance = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""By how much two numbers may differ; rounding in the last digits is forgiven besides."""

Hours = Annotated[float, Field(gt=0, le=24 * 36_600, allow_inf_nan=False)]


class Balance(Rule):
    """Two columns have the same total, in each group of rows that agree on `by`.

    The rows of a group that does not balance fail. Missing values count as nothing.
    """

    kind: Literal["balance"] = "balance"
    left: str
    right: str
    by: tuple[str, ...] = ()
    tolerance: Tolerance = 0.0

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.left, self.right, *self.by)

    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY


class Total(OneColumnRule):
    """A column's total, in each group of rows, is what another dataset says.

    Groups agree on `by`, which the other dataset calls `references`; its values of `equals` are
    added up as well. The rows of a group that differs fail, those that the other one does not know
    do not: that is a foreign key's matter.
    """

    kind: Literal["total"] = "total"
    by: tuple[str, ...] = ()
    dataset: str
    references: tuple[str, ...] = ()
    equals: str
    tolerance: Tolerance = 0.0

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        _as_many(self.by, self.references, "by")
        return self

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.by)

    @property
    @override
    def reads(self) -> tuple[str, tuple[str, ...]]:
        return self.dataset, (*self.references, self.equals)

    dimension: ClassVar[Dimension] = Dimension.CONSISTENCY


class Agreement(OneColumnRule):
    """The value is the one that another dataset has for the same key.

    Judged where both sides have a value; numbers may differ by `tolerance`. A key that the other
    dataset holds several times agrees when one of its values does.
    """

    kind: Literal["agreement"] = "agreement"
    on: tuple[str, ...] = Field(min_length=1)
    dataset: str
    references: tuple[str, ...] = Field(min_length=1)
    equals: str
    tolerance: Tolerance = 0.0

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        _as_many(self.on, self.references, "on")
        return self

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.on)

    @property
    @override
    def reads(self) -> tuple[str, tuple[str, ...]]:
        return self.dataset, (*self.references, self.equals)

    dimension: ClassVar[Dimension] = Dimension.ACCURACY


class Volume(OneColumnRule):
    """Every period from the first time to the last one has so many rows, in UTC.

    The last period may still fill up, so it is judged by its maximum alone.
    """

    kind: Literal["volume"] = "volume"
    every: Literal["hour", "day", "week", "month"]
    minimum: Annotated[int, Field(ge=0)] | None = None
    maximum: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("volume needs a minimum or a maximum")
        return self

    dimension: ClassVar[Dimension] = Dimension.TIMELINESS


class Gaps(OneColumnRule):
    """Times follow one another within so many hours, in each series of rows that agree on `by`.

    The rows at the first time after a gap fail.
    """

    kind: Literal["gaps"] = "gaps"
    every_hours: Hours
    by: tuple[str, ...] = ()

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.by)

    dimension: ClassVar[Dimension] = Dimension.TIMELINESS


class Declared(Frozen):
    """A column as a contract declares it."""

    column: str
    type: str = ""
    """Its logical type in ODCS; empty: any."""
    stored: str = ""
    """Its physical type; empty: any."""


class Schema(Rule):
    """The table has the columns that are declared, of their types."""

    kind: Literal["schema"] = "schema"
    declared: tuple[Declared, ...] = ()
    """Filled in from the contract."""
    extra: Literal["allowed", "refused"] = "refused"

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        # That one of them is missing is what it measures.
        return ()

    dimension: ClassVar[Dimension] = Dimension.CONFORMITY


class Fairness(OneColumnRule):
    """A condition holds about as often in each group of a protected column.

    `measure` is the demographic parity difference (largest share less the smallest, at most
    `limit`) or ratio (smallest by largest, at least `limit`). Rows for which the condition is
    unknown, those without a group, and groups under `minimum_size` are left out.
    """

    kind: Literal["fairness"] = "fairness"
    outcome: Condition
    measure: Literal["difference", "ratio"] = "difference"
    limit: Annotated[float, Field(ge=0, le=1)]
    minimum_size: Annotated[int, Field(ge=1)] = 30
    anonymous: bool = False
    """Groups are told by their place and not by name; so where the contract classifies them."""

    @property
    @override
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.column, *names_in(read(self.outcome)))))

    dimension: ClassVar[Dimension] = Dimension.FAIRNESS


def _as_many(own: tuple[str, ...], other: tuple[str, ...], name: str) -> None:
    if len(own) != len(other):
        raise ValueError(f"{name} and references must name as many columns")
