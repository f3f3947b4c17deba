"""Where what an action writes comes from, by its structure; nobody's word is taken for it."""

from ostler.core.actions import (
    AgreeWithColumns,
    AnyAction,
    AskValues,
    ConvertUnit,
    Correct,
    DeleteDuplicates,
    DeleteRows,
    Reformat,
    ReplaceValues,
    SplitSuffix,
)
from ostler.core.base import Cell

CELL, MODEL, PERSON = "cell", "model", "person"
ORIGINS = (CELL, MODEL, PERSON)


def taint_of(action: AnyAction, *, by_person: bool, by_model: bool) -> tuple[str, ...]:
    """Of `cell`, `model` and `person` those that had a hand in what an action says, in order.

    `cell`: a value that it writes was copied from cells. `model`: a model chose a part of it or
    wrote its rationale. `person`: somebody typed or asked for a part of it.
    """
    match action:
        case Reformat() | ConvertUnit() | DeleteDuplicates() | DeleteRows():
            found = set[str]()
        case AgreeWithColumns() | SplitSuffix() | AskValues():
            found = {CELL}
        case ReplaceValues() | Correct():
            found = {CELL} if _copies(action) else set[str]()
        case _:
            # Only people ask for anything else: single cells, columns, contracts, what undoes.
            found = {PERSON}
    found |= {PERSON} if by_person else set[str]()
    found |= {MODEL} if by_model else set[str]()
    return tuple(sorted(found))


def is_exact(action: AnyAction, taint: tuple[str, ...]) -> bool:
    """Whether the action alone says what each cell becomes, by a rule that holds for any value.

    A form, equal rows, or blanks taken away; nothing that a cell, a model or a person said.
    """
    if taint:
        return False
    if isinstance(action, ReplaceValues | Correct):
        return all(_squeezed(old, new) for old, new in _changes(action))
    return isinstance(action, Reformat | DeleteDuplicates)


def _copies(action: ReplaceValues | Correct) -> bool:
    """Whether it writes a value that is more than the old one without its needless blanks."""
    return any(new is not None and not _squeezed(old, new) for old, new in _changes(action))


def _changes(action: ReplaceValues | Correct) -> tuple[tuple[Cell, Cell], ...]:
    changes = action.mapping if isinstance(action, ReplaceValues) else action.corrections
    return tuple((one.old, one.new) for one in changes)


def _squeezed(old: Cell, new: Cell) -> bool:
    return old is not None and new == " ".join(old.split())
