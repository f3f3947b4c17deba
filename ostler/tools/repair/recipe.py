"""Recipes: approved cards and what mining finds now make one card of what fits, and a report."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ostler.core.actions import AnyAction, Correct, Correction
from ostler.core.base import Cell, RowId
from ostler.core.checks import AnyRule, NotNull, RejectedValues
from ostler.core.experience import Struck
from ostler.core.proposals import Alternative, Basis, Draft, Evidence
from ostler.core.recipes import PRINCIPLE, Filled, Followed, Recipe, RecipeStep, StepFit
from ostler.tools.repair.candidates import mapped
from ostler.tools.repair.grid import Grid

_AGAIN = 0.95
"""How likely a value that people replaced wherever it stood is wrong again."""
_HOLDS = 0.8
"""Share of rows that agree in their groups, from which on a dependency still holds."""
_GROUP = 3
"""Rows that a group needs to say anything of that."""
_BANDS = {"doubtful": 0, "likely": 1, "sure": 2}
_NAMED = 200
"""Values that a rule names at most."""

Taken = dict[str, set[RowId]]
"""Rows by column."""


def follow(grid: Grid, recipe: Recipe, fresh: Sequence[Draft]) -> Followed:
    """What of a recipe fits a table on which mining has found `fresh`.

    A cell is covered by the first step with the card's principle, columns and direction, at least
    as sure as the step's own card was; or it holds a value that people replaced before. What was
    struck from a step is left alone.
    """
    found = _Found(grid)
    placed = [_placed(grid, draft) for draft in fresh]
    covered = [_covered(recipe, draft, found) for draft in placed]
    for place, step in enumerate(recipe.steps):
        _replaced(grid, place, step, found)
    rest = [
        draft if part is named else part
        for draft, named, whole in zip(fresh, placed, covered, strict=True)
        if not whole and (part := _apart(named, found.taken)) is not None
    ]
    steps = tuple(_told(grid, place, step, found) for place, step in enumerate(recipe.steps))
    return Followed(steps=steps, draft=_draft(recipe, steps, found), rest=tuple(rest))


def _placed(grid: Grid, draft: Draft) -> Draft:
    """The card with the rows of what it corrects wherever that stands."""
    corrections = (
        *_corrections(draft.action),
        *(one for other in draft.alternatives for one in _corrections(other.action)),
    )
    if all(one.rows for one in corrections):
        return draft
    return draft.model_copy(
        update={
            "action": _spelled(grid, draft.action),
            "alternatives": tuple(
                one.model_copy(update={"action": _spelled(grid, one.action)})
                for one in draft.alternatives
            ),
        }
    )


def _spelled(grid: Grid, action: AnyAction) -> AnyAction:
    if not isinstance(action, Correct):
        return action
    rows: dict[tuple[str, Cell], tuple[RowId, ...]] = {}
    for name in dict.fromkeys(one.column for one in action.corrections if not one.rows):
        olds = {one.old for one in action.corrections if one.column == name and not one.rows}
        rows.update({(name, old): found for old, found in _standing(grid, name, olds).items()})
    spelled = tuple(
        one if one.rows else one.model_copy(update={"rows": rows[one.column, one.old]})
        for one in action.corrections
        if one.rows or (one.column, one.old) in rows
    )
    return action.model_copy(update={"corrections": spelled})


def _standing(grid: Grid, name: str, olds: Collection[Cell]) -> dict[Cell, tuple[RowId, ...]]:
    """The rows in which a column holds each of some values, if it does."""
    column = grid.column(name)
    wanted = np.zeros(column.distinct + 1, bool)
    for code, value in enumerate(column.values):
        wanted[code] = value in olds
    wanted[-1] = None in olds
    places = np.flatnonzero(wanted[column.codes]).astype(np.int64)
    found: defaultdict[Cell, list[RowId]] = defaultdict(list)
    where: list[int] = places.tolist()
    for row, name_of in zip(where, grid.row_ids(places), strict=True):
        found[column.cell(row)].append(name_of)
    return {old: tuple(names) for old, names in found.items()}


@dataclass
class _Found:
    """What fits so far."""

    grid: Grid
    corrections: dict[tuple[str, Cell, Cell], list[RowId]] = field(
        default_factory=dict[tuple[str, Cell, Cell], list[RowId]]
    )
    taken: Taken = field(default_factory=lambda: defaultdict[str, set[RowId]](set))
    by_rule: defaultdict[int, int] = field(default_factory=lambda: defaultdict[int, int](int))
    again: defaultdict[int, int] = field(default_factory=lambda: defaultdict[int, int](int))
    expected: float = 0.0
    determinants: dict[str, None] = field(default_factory=dict[str, None])
    rules: list[tuple[int, AnyRule]] = field(default_factory=list[tuple[int, AnyRule]])

    def take(self, one: Correction, confidence: float) -> int:
        """Take the cells that are still free; says how many."""
        taken = self.taken[one.column]
        rows = [row for row in one.rows if row not in taken]
        if rows:
            taken.update(rows)
            self.corrections.setdefault((one.column, one.old, one.new), []).extend(rows)
            self.expected += confidence * len(rows)
        return len(rows)


def _covered(recipe: Recipe, draft: Draft, found: _Found) -> bool:
    """Take what steps cover of a card; says whether that is all of it."""
    whole = True
    for place, column, corrections in _by_step(recipe, draft):
        if place is None:
            whole = False
            continue
        step = recipe.steps[place]
        cells = 0
        for one in corrections:
            if Struck(column=column, old=one.old, new=one.new) in step.struck:
                whole = False
            elif step.filled is None or step.filled.value != one.old:
                cells += found.take(_given(one, step.filled), draft.evidence.confidence)
        found.by_rule[place] += cells
        if cells:
            found.rules.append((cells, draft.rule))
            found.determinants.update(
                dict.fromkeys(draft.basis.determinants if draft.basis else ())
            )
    return whole


def _by_step(
    recipe: Recipe, draft: Draft
) -> Iterable[tuple[int | None, str, tuple[Correction, ...]]]:
    """The corrections of a card by column, with the first step that covers them."""
    columns = dict.fromkeys(one.column for one in _corrections(draft.action))
    for column in columns:
        for place, step in enumerate(recipe.steps):
            action = _directed(step, draft, column)
            if action is not None:
                yield place, column, _of(action, column)
                break
        else:
            yield None, column, ()


def _directed(step: RecipeStep, draft: Draft, column: str) -> AnyAction | None:
    """What the card does in the step's direction; None when the step does not cover it."""
    basis = draft.basis
    if basis is None or basis.principle != step.principle or column not in step.columns:
        return None
    if _BANDS[basis.band] < _BANDS[step.band]:
        return None
    if (basis.determinants or step.determinants) and not (
        set(basis.determinants) & set(step.determinants)
    ):
        return None
    if basis.direction == step.direction:
        return draft.action
    return next((one.action for one in draft.alternatives if one.label == step.direction), None)


def _given(one: Correction, filled: Filled | None) -> Correction:
    return one if filled is None else one.model_copy(update={"new": filled.value})


def _replaced(grid: Grid, place: int, step: RecipeStep, found: _Found) -> None:
    """Take the cells that hold a value which people replaced, and that are free."""
    changeable = {column.name: column for column in grid.changeable}
    for name in dict.fromkeys(one.column for one in step.mapped):
        column = changeable.get(name)
        if column is None:
            continue
        news = {one.old: one.new for one in step.mapped if one.column == name}
        codes: dict[Cell, int] = {
            value: code for code, value in enumerate(column.values) if value in news
        }
        if None in news:
            codes[None] = -1
        rows, _, texts, _ = mapped(
            grid, column.place, {code: (news[old], _AGAIN) for old, code in codes.items()}
        )
        alike: defaultdict[tuple[Cell, Cell], list[RowId]] = defaultdict(list)
        where: list[int] = rows.tolist()
        for row, new, name_of in zip(where, texts.tolist(), grid.row_ids(rows), strict=True):
            alike[column.cell(row), new].append(name_of)
        for (old, new), names in alike.items():
            one = Correction(column=name, old=old, new=new, rows=tuple(names))
            cells = found.take(one, _AGAIN)
            found.again[place] += cells
            if cells:
                found.rules.append((cells, _rejecting(name, news)))


def _rejecting(column: str, olds: Iterable[Cell]) -> AnyRule:
    values = tuple(old for old in olds if old is not None)[:_NAMED]
    return RejectedValues(column=column, values=values) if values else NotNull(column=column)


def _apart(draft: Draft, taken: Taken) -> Draft | None:
    """A card without the cells that the recipe has taken; None when nothing is left."""
    before = _corrections(draft.action)
    if not isinstance(draft.action, Correct):
        return draft
    kept = _without(before, taken)
    cells = _cells(kept)
    if cells == _cells(before):
        return draft
    if not kept:
        return None
    basis = draft.basis and draft.basis.model_copy(
        update={
            "columns": tuple(dict.fromkeys(one.column for one in kept)),
            "expected": round(draft.evidence.confidence * cells, 1),
        }
    )
    others = [(other, _without(_corrections(other.action), taken)) for other in draft.alternatives]
    return draft.model_copy(
        update={
            "action": draft.action.model_copy(update={"corrections": kept}),
            "basis": basis,
            "evidence": draft.evidence.model_copy(update={"against": cells}),
            "alternatives": tuple(
                Alternative(
                    label=other.label, action=other.action.model_copy(update={"corrections": left})
                )
                for other, left in others
                if left
            ),
        }
    )


def _without(corrections: Sequence[Correction], taken: Taken) -> tuple[Correction, ...]:
    kept: list[Correction] = []
    for one in corrections:
        gone = taken.get(one.column, ())
        rows = tuple(row for row in one.rows if row not in gone)
        if rows:
            kept.append(one.model_copy(update={"rows": rows}))
    return tuple(kept)


def _told(grid: Grid, place: int, step: RecipeStep, found: _Found) -> StepFit:
    """A line of the report."""
    by_rule, again = found.by_rule[place], found.again[place]
    names = {column.name for column in grid.columns}
    gone = [name for name in step.columns if name not in names]
    deciding = [name for name in step.determinants if name not in names]
    because = ""
    if gone:
        because = f"the column {', '.join(gone)} is gone"
    elif deciding and len(deciding) == len(step.determinants):
        because = f"the column {', '.join(deciding)}, which decides it, is gone"
    elif not by_rule + again:
        because = _broken(grid, step)
    fits = by_rule + again > 0
    return StepFit(
        proposal=step.proposal,
        rule=step.rule,
        outcome="fits" if fits else "no longer fits" if because else "nothing to do",
        found=by_rule,
        again=again,
        because=because,
    )


def _broken(grid: Grid, step: RecipeStep) -> str:
    """Why the columns that decided a step's cells no longer do; empty when they do."""
    names = [column.name for column in grid.columns]
    shares = [
        (_agreement(grid, decides, column), decides, column)
        for column in step.columns
        for decides in step.determinants
        if decides in names and decides != column
    ]
    known = [(share, decides, column) for share, decides, column in shares if share is not None]
    if not known or max(known)[0] >= _HOLDS:
        return ""
    share, decides, column = max(known)
    agree = f"{share:.0%} of the rows with the same {decides} agree on {column}"
    return f"the rule no longer holds: {agree}"


def _agreement(grid: Grid, decides: str, column: str) -> float | None:
    """Share of rows that hold the most frequent value of their group; None without groups."""
    left, right = grid.column(decides), grid.column(column)
    known = (left.codes >= 0) & (right.codes >= 0)
    pairs, held = np.unique(
        left.codes[known].astype(np.int64) * right.distinct + right.codes[known],
        return_counts=True,
    )
    group = pairs // max(1, right.distinct)
    sizes = np.bincount(group, held, left.distinct)
    most = np.zeros(left.distinct)
    np.maximum.at(most, group, held)
    large = sizes >= _GROUP
    total = float(sizes[large].sum())
    return float(most[large].sum()) / total if total else None


def _draft(recipe: Recipe, steps: Sequence[StepFit], found: _Found) -> Draft | None:
    """One card of everything that fits."""
    if not found.corrections:
        return None
    corrections = tuple(
        Correction(column=column, old=old, new=new, rows=tuple(rows))
        for (column, old, new), rows in found.corrections.items()
    )
    cells = _cells(corrections)
    fitting = [step for step in steps if step.outcome == "fits"]
    approved = {step.proposal: step.cells for step in recipe.steps}
    named = ", ".join(step.proposal for step in fitting[:_LISTED])
    if len(fitting) > _LISTED:
        named += f" and {len(fitting) - _LISTED} more"
    rule = f"people approved the same before, on {named}"
    lacking = [f"{step.proposal}: {step.because}" for step in steps if step.because]
    confidence = found.expected / cells
    return Draft(
        action=Correct(principle=PRINCIPLE, rule=rule, corrections=corrections),
        rule=max(found.rules, key=lambda it: it[0])[1],
        evidence=Evidence(
            confidence=min(0.99, confidence),
            summary="; ".join(_line(step) for step in fitting),
            support=sum(approved[step.proposal] for step in fitting),
            against=cells,
            counter="; ".join(lacking),
        ),
        tool="repair.recipe/1",
        basis=Basis(
            principle=PRINCIPLE,
            columns=tuple(dict.fromkeys(one.column for one in corrections)),
            determinants=tuple(found.determinants),
            direction=f"the recipe of {recipe.dataset}",
            band="sure" if confidence >= 0.9 else "likely" if confidence >= 0.75 else "doubtful",
            expected=round(found.expected, 1),
        ),
    )


_LISTED = 5
"""Proposals that a sentence names."""


def _line(step: StepFit) -> str:
    parts = [f"{step.found:,} found anew"] if step.found else []
    parts += [f"{step.again:,} with a value replaced before"] if step.again else []
    return f"{step.proposal}, {step.rule}: {' and '.join(parts)}"


def _corrections(action: AnyAction) -> tuple[Correction, ...]:
    return action.corrections if isinstance(action, Correct) else ()


def _of(action: AnyAction, column: str) -> tuple[Correction, ...]:
    return tuple(one for one in _corrections(action) if one.column == column)


def _cells(corrections: Iterable[Correction]) -> int:
    return sum(len(one.rows) for one in corrections)
