"""Asking: what is worth a person's look, and questions about cells that nothing else can settle."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import comb
from typing import NamedTuple

import numpy as np

from ostler.core.actions import AskedCell, AskValues, DeleteDuplicates, DeleteRows
from ostler.core.base import Cell
from ostler.core.checks import AnyRule, NotNull, RejectedValues
from ostler.core.proposals import Basis, Draft, Evidence
from ostler.tools.repair.candidates import Candidates, Doubts, Ground, Shares
from ostler.tools.repair.grid import Grid
from ostler.tools.repair.packing import Card
from ostler.tools.repair.sampling import sampled
from ostler.tools.repair.signs import SIGNS, signs_of
from ostler.tools.repair.suspicion import Suspicion, suspicion
from ostler.tools.repair.teaching import lessons

PASSES = 0.5
"""How likely a person must be to approve a card for it to be worth a decision."""
LOOKS = 10
"""Cells that a person looks at before they answer."""
_ROWS = 20_000
"""Rows among which cells are sought: ten are found in them as well as in a million."""
_CONSIDERED = 2_000
"""Of the most suspicious cells, those among which a question chooses."""
_AGAIN = 0.9
"""What another cell of the same column and sign is worth in one question: its answer tells less."""
_LEAST = 0.5
"""Cells that a question must be expected to put right."""
_RIGHT_ELSEWHERE = 0.3
_UNDECIDED = (0.15, 0.75)
"""Scores between which an answer settles whether a rule becomes a card."""
_SETTLES = 20
"""Cells that a rule must concern to be worth an answer of its own."""
_TESTS = (2, 4)
"""Cells of one rule, and of all rules, that a question tests."""
_CHOICES = 3
_DELETED = 0.1
"""What a row that is deleted is worth beside a cell that is corrected, unless it is surely a copy:
nothing is mended by it, and much is lost when it was none."""
_TRUST = 12.0
"""How firmly the claimed share of right cells is believed, in cells seen."""


def gain(draft: Draft) -> float:
    """Cells that a card is expected to put right: what it changes, times how likely it is to pass.

    A person who sees that three of ten are wrong says no, so a doubtful card is worth little.
    """
    if draft.basis is None:
        return 0.0
    deletes = isinstance(draft.action, DeleteDuplicates | DeleteRows)
    worth = _DELETED if deletes and draft.basis.band != "sure" else 1.0
    return worth * draft.basis.expected * chance_of(draft)


def chance_of(draft: Draft) -> float:
    """How likely a person is to approve, having looked at ten of the cells."""
    if isinstance(draft.action, AskValues):
        return 1.0
    expected = draft.basis.expected if draft.basis else 0.0
    cells = round(expected / max(0.01, draft.evidence.confidence))
    seen = min(LOOKS, max(1, cells))
    least = LOOKS - 2 if seen == LOOKS else max(1, seen - 1)
    return sum(_sees(right, seen, draft.evidence.confidence) for right in range(least, seen + 1))


def _sees(right: int, seen: int, share: float) -> float:
    """The chance of so many right ones, when the share itself is only known so well."""
    good, bad = _TRUST * share, _TRUST * (1 - share)
    ways = float(comb(seen, right))
    for nth in range(seen):
        ways *= (good + nth if nth < right else bad + nth - right) / (_TRUST + nth)
    return ways


def questions(
    ground: Ground,
    candidates: Sequence[Candidates],
    doubts: Sequence[Doubts],
    cards: Sequence[Card],
) -> list[Draft]:
    """A card that asks what the most doubtful cells ought to say.

    Left out are cells that were asked about before and those that a card settles together with
    more cells than a question has.
    """
    answered = [one.row for one in lessons(ground.grid, ground.experience)]
    sample = sampled(ground.grid, _ROWS, np.array(answered, np.int64))
    grid, cards = sample.grid, sample.of(cards)
    candidates, doubts = sample.of(candidates), sample.of(doubts)
    signs = signs_of(grid, candidates, doubts)
    if not signs.places:
        return []
    taught = [one for one in lessons(grid, ground.experience) if one.place in signs.places]
    suspects = suspicion(signs, taught)
    chances = suspects.chances.copy()
    nth = np.full(len(grid.columns), -1)
    nth[list(signs.places)] = np.arange(len(signs.places))
    for one in candidates:
        # What is likely to be mended is at least as likely to be wrong.
        known = nth[one.places] >= 0
        where = nth[one.places[known]], one.rows[known]
        np.maximum.at(chances, where, one.scores[known])
    for one in taught:
        if one.old is not None and not one.wrong:
            # A value that is right in one row is likely to be so in the others.
            column = grid.columns[one.place]
            chances[nth[one.place], column.codes == column.codes[one.row]] *= _RIGHT_ELSEWHERE
    for one in taught:
        chances[nth[one.place], one.row] = 0.0
    for card in cards:
        if gain(card.draft) >= LOOKS:
            chances[nth[card.places], card.rows] = 0.0
    tested = _tests(
        grid, candidates, lambda row, place: nth[place] >= 0 and chances[nth[place], row] > 0
    )
    asked = list(
        _chosen(grid, suspects, chances, [(int(nth[place]), row) for row, place in tested])
    )
    expected = sum(one.chance for one in asked)
    return [_draft(grid, asked, candidates, suspects)] if expected >= _LEAST else []


def _tests(
    grid: Grid, candidates: Sequence[Candidates], free: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Cells of large rules that answers may settle, as (row, place): the frequent values first."""
    least, most = _UNDECIDED
    open_rules = [
        one
        for one in candidates
        if len(one.rows) >= _SETTLES and least <= float(one.scores.mean()) < most
    ]
    left = _TESTS[1]
    for one in sorted(open_rules, key=lambda one: -float(one.scores.sum())):
        said = Counter[tuple[int, int]]()
        first: dict[tuple[int, int], tuple[int, int]] = {}
        cells: list[tuple[int, int]] = list(
            zip(one.rows.tolist(), one.places.tolist(), strict=True)
        )
        for row, place in cells:
            if free(row, place):
                value = place, int(grid.columns[place].codes[row])
                said[value] += 1
                first.setdefault(value, (row, place))
        for value, _ in said.most_common(min(left, _TESTS[0])):
            left -= 1
            yield first[value]


class _Asked(NamedTuple):
    nth: int
    place: int
    row: int
    chance: float


def _chosen(
    grid: Grid, suspects: Suspicion, chances: Shares, tested: Sequence[tuple[int, int]]
) -> Iterator[_Asked]:
    """Ten cells: those that test a rule, then likely ones of many kinds, so that they teach."""
    for nth, row in tested:
        yield _Asked(nth, suspects.signs.places[nth], row, float(chances[nth, row]))
        chances[nth, row] = 0.0
    count = min(_CONSIDERED, chances.size)
    # Ties are broken by column and row, so that the same table asks the same.
    top = np.sort(np.argpartition(-chances, count - 1, axis=None)[:count])
    cells = [divmod(int(cell), grid.rows) for cell in top]
    columns = [suspects.signs.places[nth] for nth, _ in cells]
    kinds = [(nth, int(suspects.loudest[nth, row])) for nth, row in cells]
    texts = [
        (place, grid.columns[place].cell(row))
        for place, (_, row) in zip(columns, cells, strict=True)
    ]
    worth = chances.ravel()[top]
    used: Counter[tuple[int, int]] = Counter()
    said: set[tuple[int, Cell]] = set()
    for _ in range(LOOKS - len(tested)):
        discounts = np.array([_AGAIN ** used[kind] for kind in kinds])
        best = int(np.argmax(worth * discounts))
        if worth[best] <= 0:
            return
        nth, row = cells[best]
        yield _Asked(nth, columns[best], row, float(worth[best]))
        used[kinds[best]] += 1
        said.add(texts[best])
        worth[best] = 0.0
        if texts[best][1] is not None:
            # One answer is enough for all cells of a column that hold the same.
            worth[[text == texts[best] for text in texts]] = 0.0


def _draft(
    grid: Grid, asked: Sequence[_Asked], candidates: Sequence[Candidates], suspects: Suspicion
) -> Draft:
    names = grid.row_ids(np.array([one.row for one in asked]))
    cells = tuple(
        AskedCell(
            row=name,
            column=grid.columns[one.place].name,
            old=grid.columns[one.place].cell(one.row),
            because=tuple(SIGNS.values())[int(suspects.loudest[one.nth, one.row])],
            choices=_choices(one, candidates),
        )
        for one, name in zip(asked, names, strict=True)
    )
    columns = tuple(grid.columns[place].name for place in sorted({one.place for one in asked}))
    expected = sum(one.chance for one in asked)
    share = expected / len(asked)
    return Draft(
        action=AskValues(cells=cells),
        rule=_mended(cells),
        evidence=Evidence(
            confidence=min(0.99, share),
            summary=f"{len(cells)} cells look wrong, and about {expected:.0f} are expected to be",
            against=len(cells),
        ),
        tool="repair.asking/1",
        basis=Basis(
            principle="asking",
            columns=columns,
            band="sure" if share >= 0.9 else "likely" if share >= 0.75 else "doubtful",
            expected=round(expected, 1),
        ),
    )


def _choices(cell: _Asked, candidates: Sequence[Candidates]) -> tuple[Cell, ...]:
    """What the miners take it to have been meant to say, likeliest first."""
    found: dict[Cell, float] = {}
    for one in candidates:
        for at in np.flatnonzero((one.rows == cell.row) & (one.places == cell.place)):
            found[one.news[at]] = max(float(one.scores[at]), found.get(one.news[at], 0.0))
    return tuple(sorted(found, key=lambda new: (-found[new], new or ""))[:_CHOICES])


def _mended(cells: Sequence[AskedCell]) -> AnyRule:
    """The rule that fails less once the first cell's column is answered."""
    column = cells[0].column
    values = [one.old for one in cells if one.column == column and one.old is not None]
    if cells[0].old is None or not values:
        return NotNull(column=column)
    return RejectedValues(column=column, values=tuple(dict.fromkeys(values)))
