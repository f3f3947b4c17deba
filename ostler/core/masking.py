"""What of a proposal, a change or a backlog item is shown to whoever does not see some values.

One walk over the frozen records of the vocabulary, by the names of their fields: names of columns
and the like stay, ids of rows go with the key, values go with their column, and everything else is
prose, which goes when a hidden column is talked about. A field that nobody thought of is therefore
hidden and not shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar, cast

from ostler.core.actions import AnyAction, SetCells
from ostler.core.base import Frozen
from ostler.core.checks import CheckResult
from ostler.core.documents import DocumentChange, DocumentPatch
from ostler.core.items import Alert, BacklogItem, Criterion
from ostler.core.masks import MASK
from ostler.core.proposals import CheckEffect, Draft, DryRun, Proposal, Rank, Verdict
from ostler.core.rule import Rule
from ostler.core.schema import ContractChange, Field, Impact, Loss
from ostler.core.sentences import describe, describe_rule

COLUMNS = frozenset(
    {
        *("column", "columns", "into", "to", "keep_in", "on", "determinants"),
        *("dependent", "left", "right", "by"),
    }
)
"""Fields that name columns of the dataset itself."""

NAMES = COLUMNS | {
    *("kind", "op", "form", "date_order", "on_loss", "operator", "statistic", "measure"),
    *("type", "every", "extra", "format", "reference", "severity", "band", "decision", "keep"),
    *("principle", "principles", "tool", "id", "dataset", "item", "run"),
    *("proposer", "requester", "reviewer"),
    *("roles", "follows", "downstream", "trace", "digest", "version", "proposal", "proposals"),
    *("remaining", "contract", "takes_back", "references", "equals", "name", "declared"),
    *("separator", "stored", "table", "watch", "how", "rules"),
    *("source", "owner", "in_scope", "out_of_scope", "dependencies", "definition_of_done"),
    *("rollout", "track", "quadrant", "finding", "alert", "renames", "before", "after"),
    *("when", "holds", "outcome", "regex", "sentence", "model"),
}
"""Fields whose text is a name, a kind or a digest, or was written by the author of a contract; and
sentences of proposals, which are made of masked actions."""

ROWS = frozenset({"row", "rows"})
"""Fields that name rows, which is done by the values of their key."""

VALUES = frozenset(
    {"old", "new", "values", "choices", "default", "fill", "suffixes", "mapping", "value"}
)
"""Fields that hold values of the column that their record is about."""

SHOWN_WHOLE = (Verdict, Rank, DocumentPatch, DocumentChange, ContractChange, Impact)
"""Records made of counts and names, and the text of a contract: shown as they are."""

_APART = (DryRun, CheckEffect, CheckResult, Criterion, Rule)
"""Records about other columns than the proposal that holds them."""

T = TypeVar("T")


@dataclass(frozen=True)
class Masks:
    """What is hidden of one dataset."""

    columns: frozenset[str] = frozenset()
    rows: bool = False
    """Whether the ids of rows are hidden, because a column of the key is."""
    everything: bool = False
    """Whether all columns are: nobody can say which."""

    def __bool__(self) -> bool:
        return bool(self.columns) or self.everything

    def hides(self, columns: Iterable[str]) -> bool:
        """Whether one of some columns is hidden."""
        return self.everything or not self.columns.isdisjoint(columns)


NO_MASKS = Masks()
ALL_MASKED = Masks(rows=True, everything=True)


def masked(record: T, masks: Masks, *, prose: bool = False) -> T:
    """A frozen record, or a tuple of them, with what is hidden masked; missing stays missing.

    With `prose` its sentences are about something hidden. What comes back is for showing alone: it
    need not be a valid record of its kind.
    """
    return cast("T", _Walk(masks).shown(record, hidden=prose, prose=prose)) if masks else record


def hidden_columns(proposal: Proposal, masks: Masks) -> tuple[str, ...]:
    """The columns with values in a proposal and its dry run that are hidden, sorted."""
    named = {*_named(proposal), *proposal.patch.columns}
    named |= {column for _, cells in proposal.dry_run.context for column, _ in cells}
    named |= {change.column for change in proposal.dry_run.sample}
    return tuple(sorted(column for column in named if masks.hides([column])))


class _Walk:
    def __init__(self, masks: Masks) -> None:
        self._masks = masks

    def shown(self, value: object, *, hidden: bool, prose: bool) -> object:
        if isinstance(value, Frozen):
            return self._record(value, hidden=hidden, prose=prose)
        if isinstance(value, tuple):
            parts = cast("tuple[object, ...]", value)
            return tuple(self.shown(one, hidden=hidden, prose=prose) for one in parts)
        if isinstance(value, str) and not isinstance(value, Enum):
            return MASK if hidden else value
        return value

    def _record(self, record: Frozen, *, hidden: bool, prose: bool) -> Frozen:
        if isinstance(record, SHOWN_WHOLE):
            return record
        own = _own(record)
        if own:
            hidden = self._masks.hides(own)
        if isinstance(record, _APART) and (own or not isinstance(record, Rule)):
            prose = False
        prose = prose or self._masks.hides(_named(record))
        if isinstance(record, Draft | Alert):
            # Their sentences may name rows.
            prose = prose or self._masks.rows
        special = self._special(record, hidden=hidden)
        changed: dict[str, object] = {}
        for name in type(record).model_fields:
            if name in special:
                changed[name] = special[name]
                continue
            before: object = getattr(record, name)
            if before == "" and name not in VALUES:
                continue
            if name in NAMES and not _holds_records(before):
                continue
            here = self._masks.rows if name in ROWS else hidden if name in VALUES else prose
            changed[name] = self.shown(before, hidden=here, prose=prose)
        return record.model_copy(update=changed)

    def _special(self, record: Frozen, *, hidden: bool) -> dict[str, object]:
        """Fields that are pairs or triples of rows, columns and values; and our own sentences."""
        match record:
            case DryRun(context=context):
                rows = tuple(
                    (self._row(row), tuple((name, self._cell(name, cell)) for name, cell in cells))
                    for row, cells in context
                )
                return {"context": rows}
            case Loss(examples=examples):
                return {
                    "examples": tuple(
                        (
                            self._row(row),
                            *(MASK if hidden and cell is not None else cell for cell in cells),
                        )
                        for row, *cells in examples
                    )
                }
            case SetCells(cells=cells):
                return {"cells": tuple((self._row(r), c, self._cell(c, v)) for r, c, v in cells)}
            case Proposal(draft=draft, sentence=sentence):
                return {"sentence": self._sentence(draft.action, sentence)}
            case BacklogItem():
                return self._item(record)
            case _:
                return {}

    def _sentence(self, action: AnyAction, sentence: str) -> str:
        before = describe(action)
        if not sentence.startswith(before):
            return sentence if not self._masks.hides(_named(action)) else MASK
        return describe(masked(action, self._masks)) + sentence[len(before) :]

    def _item(self, item: BacklogItem) -> dict[str, object]:
        """The fields of an item that quote the rule that fails, and what was found."""
        rules = [one.check.rule for one in item.acceptance]
        if not self._masks.hides(column for rule in rules for column in rule.columns):
            return {name: getattr(item, name) for name in ("title", "description", "metrics")}
        holds = " and ".join(describe_rule(masked(rule, self._masks)) for rule in rules)
        return {
            "title": f"{item.dataset}: make it hold that {holds}",
            "description": MASK,
            "metrics": (MASK,),
        }

    def _row(self, row: str) -> str:
        return MASK if self._masks.rows else row

    def _cell(self, column: str, cell: str | None) -> str | None:
        return MASK if cell is not None and self._masks.hides([column]) else cell


def _own(record: Frozen) -> tuple[str, ...]:
    """The columns that the values of a record are of; none for one that says nothing of it."""
    match record:
        case Rule():
            return record.columns
        case Field(name=name):
            return (name,)
        case _:
            named = (getattr(record, name, None) for name in ("column", "into"))
            return tuple(one for one in named if isinstance(one, str))


def _named(value: object) -> frozenset[str]:
    """Every column that a record talks about, those apart from it left out."""
    if isinstance(value, tuple):
        parts = cast("tuple[object, ...]", value)
        return frozenset[str]().union(*map(_named, parts))
    if isinstance(value, Rule):
        return frozenset(value.columns)
    if not isinstance(value, Frozen):
        return frozenset()
    found: set[str] = set(_own(value))
    if isinstance(value, SetCells):
        found.update(column for _, column, _ in value.cells)
    for name in type(value).model_fields:
        inner: object = getattr(value, name)
        if name in COLUMNS:
            found.update([inner] if isinstance(inner, str) else _texts(inner))
        elif not isinstance(inner, _APART) or isinstance(inner, Rule):
            found |= _named(_within(inner))
    return frozenset(found)


def _within(value: object) -> object:
    if isinstance(value, tuple):
        parts = cast("tuple[object, ...]", value)
        return tuple(one for one in parts if not isinstance(one, _APART) or isinstance(one, Rule))
    return value


def _texts(value: object) -> Iterable[str]:
    parts = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return (one for one in parts if isinstance(one, str))


def _holds_records(value: object) -> bool:
    parts = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    return any(isinstance(one, Frozen) for one in parts)
