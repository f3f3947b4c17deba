"""What of an approved card can be said again of other rows, value by value."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ostler.core.actions import Correct, Correction
from ostler.core.base import Cell, RowId
from ostler.core.recipes import Mapped, RecipeStep

_ELSEWHERE = 0.5
"""Above this share of rows in which a step changed another column too, a value cannot be replaced
without looking at that column."""
_NUMBERS = 3
"""Cells that a number must have stood in to be wrong wherever it stands."""

Held = Mapping[tuple[str, Cell], int]
"""How many cells of a column held a value."""


def literal(action: Correct, determinants: Sequence[str], held: Held) -> tuple[Mapped, ...]:
    """The values that an action replaced wherever they stood, so that it can be said again.

    What other columns decide is left to mining, and so is what concerns several columns of a row
    at once, a number that was wrong in its row alone, and a value that nothing else confirms.
    """
    if determinants:
        return ()
    touched: defaultdict[RowId, int] = defaultdict(int)
    for one in action.corrections:
        for row in one.rows:
            touched[row] += 1
    return tuple(
        Mapped(column=one.column, old=one.old, new=one.new, cells=_cells(one, held))
        for one in action.corrections
        if held.get((one.column, one.old)) == _cells(one, held)
        and _confirmed(one, held)
        and sum(touched[row] > 1 for row in one.rows) <= _ELSEWHERE * len(one.rows)
    )


def _cells(one: Correction, held: Held) -> int:
    """How many cells it corrected; without rows it was every one that held the value."""
    return len(one.rows) or held.get((one.column, one.old), 0)


def _confirmed(one: Correction, held: Held) -> bool:
    """Whether more than the one row speaks for the pair."""
    if _is_number(one.old) and _is_number(one.new):
        return _cells(one, held) >= _NUMBERS
    return one.new is None or _cells(one, held) > 1 or held.get((one.column, one.new), 0) > 1


def _is_number(value: Cell) -> bool:
    try:
        float(value or "")
    except ValueError:
        return False
    return True


def settled(steps: Sequence[RecipeStep]) -> tuple[RecipeStep, ...]:
    """The steps with one last word on each value: what was replaced later counts.

    A value that a later step replaced again leads to where that one leads; one that it put back is
    left alone.
    """
    last: dict[tuple[str, Cell], Cell] = {}
    told: list[RecipeStep] = []
    for step in reversed(steps):
        kept: list[Mapped] = []
        for one in step.mapped:
            new = last.get((one.column, one.new), one.new)
            if (one.column, one.old) not in last and new != one.old:
                kept.append(one.model_copy(update={"new": new}))
        last.update({(one.column, one.old): one.new for one in kept})
        told.append(step.model_copy(update={"mapped": tuple(kept)}))
    return tuple(reversed(told))
