"""Actions: the closed list of typed operations that an agent may propose.

An action says what to do; compiling it against a pinned version gives the patch, which says exactly
which cells change. Whoever proposes an action therefore cannot slip in a cell.
"""

from typing import Annotated, Literal

from pydantic import Field

from ostler.core.base import Cell, Frozen, RowId
from ostler.core.canonical import Digest
from ostler.core.documents import DocumentKind


class Replacement(Frozen):
    """One value and what it becomes; None is a missing value."""

    old: Cell
    new: Cell


class ReplaceValues(Frozen):
    """Replace whole values of one column by others, wherever they stand."""

    kind: Literal["replace_values"] = "replace_values"
    column: str
    mapping: tuple[Replacement, ...] = Field(min_length=1)


class Reformat(Frozen):
    """Write values of one column in one form, without changing what they say.

    `trim` blanks at the ends and doubled inside; `number` a plain decimal number (no thousands
    separator, no needless zeros, no noise of binary fractions); `strip_unit` the number without the
    unit or sign behind it, written plainly; `iso_date` a date as YYYY-MM-DD; `lower`, `upper`,
    `title` the case.
    """

    kind: Literal["reformat"] = "reformat"
    column: str
    form: Literal["trim", "number", "strip_unit", "iso_date", "lower", "upper", "title"]
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    """How to read an ambiguous date; only with `iso_date`."""


class ConvertUnit(Frozen):
    """Multiply the numbers of one column that lie between bounds (exclusive) by a factor.

    Text is written with as many decimals as the rest of the column.
    """

    kind: Literal["convert_unit"] = "convert_unit"
    column: str
    factor: float
    above: float | None = None
    below: float | None = None


class Consensus(Frozen):
    """A column, and the columns whose groups vote on its value."""

    column: str
    determinants: tuple[str, ...] = Field(min_length=1)


class AgreeWithColumns(Frozen):
    """Set values to what the rows that agree on other columns say.

    Each determinant of a target groups the rows; a group of at least `min_group` rows in which at
    least `min_share` agree casts a vote for that value, weighted by its share; the value with more
    than half of the weight of all votes wins. Rows without a winner are left alone. Rows whose own
    value is missing have no say and do not count, but may be filled.
    """

    kind: Literal["agree_with_columns"] = "agree_with_columns"
    targets: tuple[Consensus, ...] = Field(min_length=1)
    min_group: int = Field(default=3, ge=2)
    min_share: float = Field(default=0.6, gt=0.5, le=1.0)


class SplitSuffix(Frozen):
    """Move a known value of another column from the end of this one to where it belongs.

    `Portland OR` in `column` with nothing in `into` becomes `Portland` and `OR`, for the values
    listed.
    """

    kind: Literal["split_suffix"] = "split_suffix"
    column: str
    into: str
    suffixes: tuple[str, ...] = Field(min_length=1)


class DeleteDuplicates(Frozen):
    """Delete all but the first row of each group of rows equal on `on`.

    Rows with a missing part are left out: two unknowns are not the same.
    """

    kind: Literal["delete_duplicates"] = "delete_duplicates"
    on: tuple[str, ...] = Field(min_length=1)


class DeleteRows(Frozen):
    """Delete the named rows, each a near copy of the row named beside it."""

    kind: Literal["delete_rows"] = "delete_rows"
    rows: tuple[tuple[RowId, RowId], ...] = Field(min_length=1)
    """Pairs of (row to delete, row that stays)."""


class SetCells(Frozen):
    """Set single cells, as a person typed them."""

    kind: Literal["set_cells"] = "set_cells"
    cells: tuple[tuple[RowId, str, Cell], ...] = Field(min_length=1)


class Correction(Frozen):
    """Cells of one column that hold the same value and are to hold the same other one."""

    column: str
    old: Cell
    new: Cell
    rows: tuple[RowId, ...] = ()
    """Empty: wherever the column holds the old value."""


class Correct(Frozen):
    """Correct the cells that one principle found, each from exactly one value to exactly one other.

    A cell that does not hold its old value any more is left as it is. The principle and the columns
    say how to find such cells again in other rows.
    """

    kind: Literal["correct"] = "correct"
    principle: str
    rule: str
    """What it rests on, in one sentence of ours without its full stop."""
    corrections: tuple[Correction, ...] = Field(min_length=1)


class AskedCell(Frozen):
    """A doubtful cell, why it is doubted, and what it may have been meant to say."""

    row: RowId
    column: str
    old: Cell
    because: str
    choices: tuple[Cell, ...] = ()


class AskValues(Frozen):
    """Ask a person what doubtful cells ought to say; nothing changes before they answer."""

    kind: Literal["ask_values"] = "ask_values"
    cells: tuple[AskedCell, ...] = Field(min_length=1, max_length=10)


def _left_out(value: object) -> bool:
    """What says nothing is left out, so that older documents keep their digests."""
    return not value


class Revert(Frozen):
    """Undo published proposals by the inverse of their patches."""

    kind: Literal["revert"] = "revert"
    proposal: str
    proposals: tuple[str, ...] = Field(default=(), exclude_if=_left_out)
    """Later ones on the same cells that are undone with it, newest first."""
    remaining: Digest = Field(default="", exclude_if=_left_out)
    """The part of the inverse that is not done, because those cells were changed since; the patch
    of that digest names them. The proposal then stays published."""
    again: int = Field(default=0, ge=0, exclude_if=_left_out)
    """How often the very same has been asked for and decided before."""


class Restore(Frozen):
    """Turn the table back into one of its earlier versions."""

    kind: Literal["restore"] = "restore"
    version: int
    proposals: tuple[str, ...] = Field(default=(), exclude_if=_left_out)
    """Those that are in the table since, newest first; none of them has an effect afterwards."""
    again: int = Field(default=0, ge=0, exclude_if=_left_out)
    """How often the very same has been asked for and decided before."""


def taken_back(action: "AnyAction") -> tuple[str, ...]:
    """The proposals that no longer have an effect once the action is done, newest first."""
    if action.kind == "restore":
        return action.proposals
    if isinstance(action, PublishContract | ActivateDocument) and action.takes_back:
        return (action.takes_back,)
    if action.kind == "revert" and not action.remaining:
        return (*action.proposals, action.proposal)
    return ()


class RenameColumn(Frozen):
    """Give a column another name; no value changes."""

    kind: Literal["rename_column"] = "rename_column"
    column: str
    to: str


class CastColumn(Frozen):
    """Give a column another type.

    Values that cannot be converted become missing; others lose what the type cannot hold.
    """

    kind: Literal["cast_column"] = "cast_column"
    column: str
    to: str
    """DuckDB's name of the type."""
    on_loss: Literal["refuse", "null", "keep"] = "refuse"
    """What to do when a value would not come over whole: nothing at all; convert all the same; or
    that, and keep the text of such values in a column of its own."""
    keep_in: str = ""
    """That column; with `keep` only."""


class AddColumn(Frozen):
    """Add a column in which all rows have one value, or none."""

    kind: Literal["add_column"] = "add_column"
    column: str
    type: str
    default: Cell = None


class DropColumn(Frozen):
    """Take a column away; the patch keeps its values."""

    kind: Literal["drop_column"] = "drop_column"
    column: str


class SplitColumn(Frozen):
    """Replace a column by several that hold its parts; the last one holds all that is left."""

    kind: Literal["split_column"] = "split_column"
    column: str
    into: tuple[str, ...] = Field(min_length=2)
    separator: str = Field(min_length=1)


class MergeColumns(Frozen):
    """Replace columns by one that holds their values in order, missing ones left out."""

    kind: Literal["merge_columns"] = "merge_columns"
    columns: tuple[str, ...] = Field(min_length=2)
    into: str
    separator: str


class PublishContract(Frozen):
    """Make a text the dataset's contract in force, under a version; the table stays as it is."""

    kind: Literal["publish_contract"] = "publish_contract"
    version: str
    contract: Digest
    """Of the text."""
    takes_back: str = Field(default="", exclude_if=_left_out)
    """The published proposal whose text it replaces by the one before, if it reverts one."""
    again: int = Field(default=0, ge=0, exclude_if=_left_out)
    """How often the very same has been asked for and decided before."""


class ActivateDocument(Frozen):
    """Make the next version of a document of the workspace the one that counts."""

    kind: Literal["activate_document"] = "activate_document"
    document: DocumentKind
    name: str
    version: int = Field(ge=1)
    before: Digest
    """Of the document that counts now."""
    after: Digest
    takes_back: str = Field(default="", exclude_if=_left_out)
    """The published proposal whose version it replaces by the one before, if it reverts one."""
    again: int = Field(default=0, ge=0, exclude_if=_left_out)
    """How often the very same has been asked for and decided before."""


SchemaAction = RenameColumn | CastColumn | AddColumn | DropColumn | SplitColumn | MergeColumns
"""What changes the columns of a table; only a person asks for one."""

AnyAction = Annotated[
    ReplaceValues
    | Reformat
    | ConvertUnit
    | AgreeWithColumns
    | SplitSuffix
    | DeleteDuplicates
    | DeleteRows
    | SetCells
    | Correct
    | AskValues
    | Revert
    | Restore
    | PublishContract
    | ActivateDocument
    | SchemaAction,
    Field(discriminator="kind"),
]
