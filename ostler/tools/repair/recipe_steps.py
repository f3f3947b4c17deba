"""What of an approved card can be said again of other rows, value by value."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ostler.core.actions import Correct
from ostler.core.base import Cell, RowId
from ostler.core.recipes import Mapped, RecipeStep

_ELSEWHERE = 0.5
"""Above this share of rows in which a step changed another column too, a value cannot be replaced
without looking at that column."""

Held = Mapping[tuple[str, Cell], int]
"""How many cells of a column held a value."""


def literal(action: Correct, determinants: Sequence[str], held: Held) -> tuple[Mapped, ...]:
    """The values that an action replaced wherever they stood, so that it can be said again.

    `held` says how many cells held each value before. What other columns decide is left to mining,
    and so is what a step does to several columns of a row at once.
    """
    columns = {one.column for one in action.corrections}
    if not set(determinants) <= columns:
        return ()
    touched: defaultdict[RowId, int] = defaultdict(int)
    for one in action.corrections:
        for row in one.rows:
            touched[row] += 1
    return tuple(
        Mapped(column=one.column, old=one.old, new=one.new, cells=len(one.rows))
        for one in action.corrections
        if held.get((one.column, one.old)) == len(one.rows)
        and sum(touched[row] > 1 for row in one.rows) <= _ELSEWHERE * len(one.rows)
    )


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
