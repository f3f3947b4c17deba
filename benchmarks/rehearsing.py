"""One rehearsal: mine a table, have the best card answered, learn, again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa
from answers import Answer, Cell, Shown, applied
from csv_files import Table
from reviewer import Reviewer
from scoring import Score, score

from ostler.core.actions import AnyAction, AskValues, Correct
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
    chosen = None if said.direction is None else card.alternatives[said.direction]
    kept = {cell[:2] for cell in applied(shown, said)}
    names = [column.name for column in grid.columns]
    wrong = {cell[1:] for cell in shown.cells if cell[:2] in set(said.wrong)}
    return Answered(
        dataset=name,
        basis=card.basis,
        decision="approve" if said.answer == "approve" else
                 "edit" if said.answer == "edit" else "reject",
        cells=len(shown.cells),
        struck=tuple(
            Struck(column=names[place], old=old, new=new)
            for place, old, new in sorted({*said.struck, *wrong}, key=repr)
        ),
        direction=chosen.label if chosen else said.fill or "",
        refused=tuple(
            (row, one.column, one.new)
            for one in getattr(card.action, "corrections", ())
            for row in one.rows
            if (grid.row_of[row], names.index(one.column)) not in kept
        ),
    )  # fmt: skip


def cells_of(action: AnyAction, grid: Grid) -> list[Cell]:
    """Every cell that an action changes."""
    assert isinstance(action, Correct)
    return [
        (grid.row_of[row], grid.column(one.column).place, one.old, one.new)
        for one in action.corrections
        for row in one.rows
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
