"""One rehearsal: mine a table, have the best card answered, learn, again."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from answers import Answer, Cell, Pair, Place, Shown, applied
from csv_files import Table
from reviewer import Reviewer
from scoring import Score, score

from ostler.core.actions import AnyAction, AskValues, Correct, Correction
from ostler.core.experience import Answered, Experience, Struck, Taught
from ostler.core.proposals import Draft
from ostler.tables.view import view_of
from ostler.tools.repair.asking import gain
from ostler.tools.repair.grid import Grid, grid_of
from ostler.tools.repair.mining import mine

_KEY = "__row"
_MAY = ("approve", "reject", "edit")


@dataclass(frozen=True)
class Claim:
    """Cells of one card that nobody had proposed before, and how many of them are right."""

    principle: str
    band: str
    claimed: float
    """How likely each is to be right, as the card says."""
    cells: int
    right: int


@dataclass(frozen=True)
class Turn:
    """One card and its answer."""

    card: Draft
    said: Answer
    cells: int
    waiting: int
    """Cards that were proposed at the time, this one too."""
    f1: float
    """Repair F1 afterwards."""


@dataclass(frozen=True)
class Rehearsed:
    """What came of one table."""

    name: str
    turns: tuple[Turn, ...]
    score: Score
    repaired: Table
    claims: tuple[Claim, ...]
    seconds: float
    """Processor time of the slowest mining."""

    def after(self, decisions: int) -> float:
        """Repair F1 after so many decisions; it stays when nothing more was proposed."""
        taken = self.turns[:decisions]
        return taken[-1].f1 if taken else 0.0

    @property
    def rejected(self) -> int:
        """Cards that were."""
        return sum(turn.said.answer == "reject" for turn in self.turns)

    @property
    def to_most(self) -> int:
        """Decisions until 90 % of the final F1."""
        most = 0.9 * self.score.repair_f1
        return next((n for n, turn in enumerate(self.turns, 1) if turn.f1 >= most), 0)


def rehearse(
    name: str,
    dirty: Table,
    clean: Table,
    *,
    decisions: int,
    noisy: bool,
    seed: int,
    tell: Callable[[Turn], None],
) -> Rehearsed:
    """Mine, answer the best card, learn, again; `tell` hears of every turn."""
    table = Table(dirty.header, [list(row) for row in dirty.rows])
    reviewer = Reviewer(clean, f"{seed} {name}", noisy=noisy)
    experience, slowest = Experience(), 0.0
    turns, claims, known = list[Turn](), list[Claim](), set[tuple[object, ...]]()
    for _ in range(decisions):
        begun = time.process_time()
        grid = grid_from(table)
        # As the queue orders them: the largest gain first.
        cards = sorted(mine(grid, name, experience), key=lambda card: -gain(card))
        slowest = max(slowest, time.process_time() - begun)
        claims += [claim for card in cards for claim in _claims(card, grid, clean, known)]
        if not cards:
            break
        said, changed, experience = _answered(cards[0], grid, table, reviewer, experience, name)
        f1 = score(dirty, clean, table).repair_f1
        turns.append(Turn(cards[0], said, changed, len(cards), f1))
        tell(turns[-1])
    final = score(dirty, clean, table)
    return Rehearsed(name, tuple(turns), final, table, tuple(claims), slowest)


def _answered(
    card: Draft, grid: Grid, table: Table, reviewer: Reviewer, experience: Experience, name: str
) -> tuple[Answer, int, Experience]:
    """Have the card answered and do what the answer says: also how many cells the card has."""
    if isinstance(card.action, AskValues):
        said, taught = _taught(card.action, grid, table, reviewer)
        more = (*experience.taught, *taught)
        return said, len(taught), experience.model_copy(update={"taught": more})
    others = [one.action for one in card.alternatives]
    shown = Shown(cells_of(card.action, grid), [cells_of(one, grid) for one in others])
    said = reviewer.answer(shown, _MAY)
    for row, place, _, new in applied(shown, said):
        table.rows[row][place] = new or ""
    answered = _learned(card, shown, said, grid, name)
    more = (*experience.answers, answered)
    return said, len(shown.cells), experience.model_copy(update={"answers": more})


def _taught(
    action: AskValues, grid: Grid, table: Table, reviewer: Reviewer
) -> tuple[Answer, list[Taught]]:
    asked = [(grid.row_of[one.row], grid.column(one.column).place, one.old) for one in action.cells]
    said = reviewer.teach(asked, ("teach",))
    taught: list[Taught] = []
    for cell, (row, place, new) in zip(action.cells, said.values, strict=True):
        table.rows[row][place] = new
        taught.append(Taught(row=cell.row, column=cell.column, old=cell.old, new=new or None))
    return said, taught


def _learned(card: Draft, shown: Shown, said: Answer, grid: Grid, name: str) -> Answered:
    """The answer as the product keeps it."""
    assert card.basis is not None
    label = "" if said.direction is None else card.alternatives[said.direction].label
    action = card.action if said.direction is None else card.alternatives[said.direction].action
    assert isinstance(action, Correct)
    refused, seen = action.corrections, _struck(action, grid, (), said.wrong)
    if said.answer != "reject":
        refused = seen = _struck(action, grid, said.struck, said.struck_cells)
    return Answered(
        dataset=name,
        basis=card.basis,
        decision="approve" if said.answer == "approve" else
                 "edit" if said.answer == "edit" else "reject",
        cells=len(shown.cells),
        struck=tuple(Struck(column=one.column, old=one.old, new=one.new) for one in seen),
        direction=label or said.fill or "",
        refused=refused,
    )  # fmt: skip


def _struck(
    action: Correct, grid: Grid, pairs: Collection[Pair], cells: Collection[Place]
) -> tuple[Correction, ...]:
    """The corrections that make some changes, and the part of others that concerns some cells."""
    found: list[Correction] = []
    for one in action.corrections:
        place = grid.column(one.column).place
        out = [row for row in grid.rows_of(one).tolist() if (row, place) in cells]
        if (place, one.old, one.new) in pairs:
            found.append(one)
        elif out:
            rows = tuple(grid.row_ids(np.array(out, np.int64)))
            found.append(one.model_copy(update={"rows": rows}))
    return tuple(found)


def cells_of(action: AnyAction, grid: Grid) -> list[Cell]:
    """Every cell that an action changes."""
    assert isinstance(action, Correct)
    return [
        (row, grid.column(one.column).place, one.old, one.new)
        for one in action.corrections
        for row in grid.rows_of(one).tolist()
    ]


def _claims(card: Draft, grid: Grid, clean: Table, known: set[tuple[object, ...]]) -> list[Claim]:
    """What a card claims of the cells that no card claimed before; `known` learns of them."""
    if card.basis is None or isinstance(card.action, AskValues):
        return []
    fresh = [one for one in cells_of(card.action, grid) if (*one[:2], one[3]) not in known]
    known.update((*one[:2], one[3]) for one in fresh)
    right = sum(
        clean.rows[row][place].strip() == (new or "").strip() for row, place, _, new in fresh
    )
    basis = card.basis
    claim = Claim(basis.principle, basis.band, card.evidence.confidence, len(fresh), right)
    return [claim] if fresh else []


def grid_from(table: Table) -> Grid:
    """A grid of text, in which an empty cell is a missing value."""
    columns = {_KEY: [str(number + 1) for number in range(len(table.rows))]}
    columns |= {
        f"{place:03}": [value or None for value in column]
        for place, column in enumerate(table.columns)
    }
    types = pa.schema([(name, pa.string()) for name in columns])
    grid = grid_of(view_of(pa.table(columns, schema=types), (_KEY,), hidden=(_KEY,)))
    named = tuple(
        replace(column, name=name) for column, name in zip(grid.columns, table.header, strict=True)
    )
    return replace(grid, columns=named)
