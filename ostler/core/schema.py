"""Changes of columns and of contracts: what a patch does to them, and whom that concerns."""

from datetime import date
from enum import StrEnum

from ostler.core.base import Cell, Frozen, RowId
from ostler.core.canonical import Digest
from ostler.core.checks import CheckResult
from ostler.core.datasets import Column
from ostler.core.documents import DocumentPatch


class Field(Frozen):
    """A column of a shape."""

    name: str
    type: str
    """DuckDB's name of it."""
    fill: Cell = None
    """What a row holds of which the patch says nothing, for a column that comes or goes."""


class Shape(Frozen):
    """The visible columns that a schema patch finds and the ones that it leaves, in order.

    A column whose name stands on one side only comes or goes, unless it is renamed; one that
    stands on both sides with another type is cast.
    """

    before: tuple[Field, ...]
    after: tuple[Field, ...]
    renames: tuple[tuple[str, str], ...] = ()
    """Old name and new name."""

    @property
    def inverse(self) -> "Shape":
        """The shape of the patch that undoes it."""
        return Shape(
            before=self.after,
            after=self.before,
            renames=tuple((new, old) for old, new in self.renames),
        )

    @property
    def gone(self) -> tuple[Field, ...]:
        """Columns that it takes away."""
        kept = {f.name for f in self.after} | {old for old, _ in self.renames}
        return tuple(f for f in self.before if f.name not in kept)

    @property
    def new(self) -> tuple[Field, ...]:
        """Columns that it brings."""
        return self.inverse.gone

    @property
    def cast(self) -> tuple[tuple[Field, Field], ...]:
        """Columns that stay under their name with another type: before and after."""
        after = {f.name: f for f in self.after}
        return tuple(
            (f, after[f.name])
            for f in self.before
            if f.name in after and f.type != after[f.name].type
        )

    @property
    def touched(self) -> tuple[str, ...]:
        """Names of the columns that it concerns, old and new, sorted."""
        return tuple(
            sorted(
                {f.name for f in (*self.gone, *self.new)}
                | {f.name for f, _ in self.cast}
                | {name for pair in self.renames for name in pair}
            )
        )

    def applied_to(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The columns of a table after it, which may have others than those it was made from.

        A new column stands behind the nearest one that stands before it in the shape.
        """
        gone, cast = {f.name for f in self.gone}, {f.name: after.type for f, after in self.cast}
        renamed = dict(self.renames)
        result = [
            Column(name=renamed.get(c.name, c.name), type=cast.get(c.name, c.type))
            for c in columns
            if c.name not in gone
        ]
        new = {f.name for f in self.new}
        earlier: list[str] = []
        for field in self.after:
            if field.name in new:
                names = [c.name for c in result]
                place = max((names.index(name) + 1 for name in earlier if name in names), default=0)
                result.insert(place, Column(name=field.name, type=field.type))
            earlier.append(field.name)
        return tuple(result)


class Loss(Frozen):
    """Values that a cast does not bring over whole, of one kind."""

    kind: str
    """`leading zeros`, `fraction`, `time zone`, ...; `cannot be converted` when nothing is left."""
    values: int
    examples: tuple[tuple[RowId, Cell, Cell], ...]
    """Row, the value before, and after."""


class CastReport(Frozen):
    """What casting a column does to its values; all of it measured on the pinned version."""

    column: str
    before: str
    after: str
    missing: int
    exact: int
    """Values whose text stays as it is."""
    rewritten: int
    """Values that say the same, written in another way."""
    losses: tuple[Loss, ...] = ()

    @property
    def lossy(self) -> int:
        """Values that lose something, those that cannot be converted included."""
        return sum(loss.values for loss in self.losses)


class Compatibility(StrEnum):
    """Who can go on after a change.

    Backward: who was written for the old schema can read new data. Forward: who is written for the
    new schema can read old data.
    """

    FULL = "full"
    BACKWARD = "backward"
    FORWARD = "forward"
    NONE = "none"

    @classmethod
    def of(cls, *, backward: bool, forward: bool) -> "Compatibility":
        """The class of what holds."""
        if backward:
            return cls.FULL if forward else cls.BACKWARD
        return cls.FORWARD if forward else cls.NONE

    @property
    def backward(self) -> bool:
        """Whether nobody who reads the data today is broken."""
        return self in (Compatibility.FULL, Compatibility.BACKWARD)

    @property
    def forward(self) -> bool:
        """Whether who is written for the new schema can read old data."""
        return self in (Compatibility.FULL, Compatibility.FORWARD)


class Impact(Frozen):
    """What a change means for somebody who reads the data."""

    consumer: str
    column: str
    because: str
    breaking: bool


class Announced(Frozen):
    """What readers must be told of a change before it happens."""

    compatibility: Compatibility
    impacts: tuple[Impact, ...] = ()
    migration: str = ""
    """How consumers get from the old state to the new one, as the person who asked wrote it."""
    deprecated_until: date | None = None
    """Not in force before this day, as long as a consumer's contract names what it takes away."""

    @property
    def breaking(self) -> bool:
        """Whether somebody who reads the data is broken by it."""
        return any(impact.breaking for impact in self.impacts)


class SchemaChange(Announced):
    """All that a reviewer needs to know of a schema patch beside its cells."""

    shape: Shape
    cast: CastReport | None = None
    contract: DocumentPatch | None = None


class ContractChange(Announced):
    """A document patch: the next published version of a dataset's contract."""

    contract: DocumentPatch
    """From the published version, if there is one; what is published says its version itself."""
    source: Digest = ""
    """Of the working copy that it was made from; the file follows when it still says that."""
    previous: str = ""
    """The version that it replaces; empty when nothing was published before."""
    version: str
    steps: tuple[str, ...] = ()
    """What it does to the promises, one sentence each."""
    lacking: tuple[str, ...] = ()
    """Columns that it lists and the table does not have at the moment."""
    failing: tuple[CheckResult, ...] = ()
    """The promises that the data does not keep at the moment."""
    because: str = ""
    """Why, as the person who asked wrote it."""
