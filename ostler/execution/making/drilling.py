"""Drilling: a card that is wrong on purpose, made of a real one and put beside it.

Everything of it is decided by the drill key, the dataset's version and how many seals there are:
which card it is made of, which cells, how they are made wrong. No model, no luck.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ostler.core.actions import Correct, Correction
from ostler.core.base import Cell, RowId
from ostler.core.canonical import digest_of
from ostler.core.datasets import Dataset
from ostler.core.errors import NotAllowed
from ostler.core.proposals import FINDER, Proposal
from ostler.core.states import ProposalState
from ostler.execution.making.bench import Bench
from ostler.execution.making.remaking import remade
from ostler.policies.requests import Principal
from ostler.store import proposals, seals
from ostler.store.proposals import Parked, ProposalRecord
from ostler.tables.sql import quoted
from ostler.tables.view import View

ACTOR = "groomer"
"""Who parks cards; a drill looks like one of them."""

_PROPOSER = Principal(kind="agent", name=FINDER)

_MODELS = (ProposalState.PARKED, ProposalState.APPROVED, ProposalState.PUBLISHED)
_CARDS = 200
"""Cards that are looked at, the best first."""
_CELLS = 12
"""Cells of a drill at most: few enough to be read."""
_A_PAIR = 3
"""Of them, those of one pair of values that is turned round."""
_READ = 200
"""Changes of a card that a drill is made of."""

Wrong = tuple[str, RowId, Cell, Cell]
"""Column, row, what the cell holds, and what it is to hold."""


class _Cell(NamedTuple):
    """A cell of a card: what it holds now, and what the card says is right."""

    column: str
    row: RowId
    now: Cell
    right: Cell


def make_drill(bench: Bench, key: bytes, names: Sequence[str]) -> Proposal | None:
    """Park a drill for one of some datasets, sealed together with whatever waits.

    None when no card of theirs can be made wrong, as before the first grooming.
    """
    with bench.store.reading() as session:
        number = seals.how_many(session)
    for name in _ordered(names, key.hex(), number):
        dataset, view = bench.newest(name)
        nonce = digest_of(["ostler drill 1", key.hex(), name, view.version, number])
        for record in _models(bench, key, name, nonce):
            cells = _cells(bench, record, view)
            for nature in _ordered(tuple(_DAMAGES), nonce, record.proposal.id):
                wrong = _DAMAGES[nature](cells, record, view, nonce)
                drill = _proposal(bench, record, wrong, dataset, view) if wrong else None
                if drill is not None and _parked(bench, key, record, drill, nature):
                    return drill
    return None


def _models(bench: Bench, key: bytes, dataset: str, nonce: str) -> Iterator[ProposalRecord]:
    """Cards that a drill can be made of: of single cells, found by a run, and no drills."""
    with bench.store.reading() as session:
        found = proposals.queue(session, states=_MODELS, dataset=dataset, limit=_CARDS)
        drills = seals.drills_of(session, key, [record.proposal.id for record in found])
    cards = {
        record.proposal.id: record
        for record in found
        if isinstance(record.proposal.draft.action, Correct)
        and record.proposal.draft.basis is not None
        and not record.proposal.follows
        and record.proposal.id not in drills
    }
    for name in _ordered(tuple(cards), nonce, "card"):
        yield cards[name]


def _cells(bench: Bench, record: ProposalRecord, view: View) -> tuple[_Cell, ...]:
    """Cells that a card corrects, as they are now."""
    changes = bench.patches.get(record.proposal.patch.digest).page(_READ)
    found: list[_Cell] = []
    for column in dict.fromkeys(change.column for change in changes):
        if column not in view.column_names:
            continue
        right = {one.row: one.new for one in changes if one.column == column and one.op == "set"}
        now = _values(view, column, tuple(right))
        found += [_Cell(column, row, now[row], right[row]) for row in right if row in now]
    return tuple(found)


def _values(view: View, column: str, rows: Sequence[RowId]) -> dict[RowId, Cell]:
    sql = (
        f"SELECT {view.row}, CAST({quoted(column)} AS VARCHAR) FROM {view.source} "
        f"WHERE list_contains(CAST(? AS VARCHAR[]), {view.row}) ORDER BY 1"
    )
    return {str(row): value for row, value in view.query(sql, [list(rows)])}


def _swapped(
    cells: Sequence[_Cell], _record: ProposalRecord, _view: View, nonce: str
) -> list[Wrong]:
    """Cells of one column, each with the right value of another one."""
    for column in _ordered(tuple({one.column for one in cells}), nonce, "swapped"):
        mine = [one for one in cells if one.column == column]
        values = list(dict.fromkeys(one.right for one in mine))
        after = dict(zip(values, (*values[1:], *values[:1]), strict=True))
        wrong = [(column, one.row, one.now, after[one.right]) for one in mine]
        wrong = [one for one in wrong if one[2] != one[3]]
        if len(values) > 1 and wrong:
            return wrong
    return []


def _neighbour(
    cells: Sequence[_Cell], _record: ProposalRecord, view: View, nonce: str
) -> list[Wrong]:
    """Cells of one column, each with the value that comes next to the right one in their order."""
    for column in _ordered(tuple({one.column for one in cells}), nonce, "neighbour"):
        mine = [one for one in cells if one.column == column and one.right is not None]
        beside = _beside(view, column, sorted({one.right for one in mine if one.right}))
        wrong: list[Wrong] = [
            (column, one.row, one.now, beside[one.right])
            for one in mine
            if one.right in beside and beside[one.right] != one.now
        ]
        if wrong:
            return wrong
    return []


def _beside(view: View, column: str, values: Sequence[str]) -> dict[Cell, str]:
    """For each value the nearest other one that the column holds more than once."""
    name = quoted(column)
    sql = (
        f"WITH known AS (SELECT CAST({name} AS VARCHAR) AS held, min({name}) AS ranked "
        f"FROM {view.source} WHERE {name} IS NOT NULL GROUP BY 1 HAVING count(*) > 1), "
        "beside AS (SELECT held, coalesce(lead(held) OVER (ORDER BY ranked, held), "
        "lag(held) OVER (ORDER BY ranked, held)) AS other FROM known) "
        "SELECT held, other FROM beside "
        "WHERE other IS NOT NULL AND list_contains(CAST(? AS VARCHAR[]), held) ORDER BY 1"
    )
    return {str(held): str(other) for held, other in view.query(sql, [list(values)])}


def _backwards(
    _cells: Sequence[_Cell], record: ProposalRecord, view: View, nonce: str
) -> list[Wrong]:
    """Cells that hold what the card says is right, with what it says is wrong."""
    action = record.proposal.draft.action
    pairs = action.corrections if isinstance(action, Correct) else ()
    usable = {
        f"{n}": one
        for n, one in enumerate(pairs)
        if one.old is not None and one.new is not None and one.column in view.column_names
    }
    wrong: dict[tuple[str, RowId], Wrong] = {}
    for number in _ordered(tuple(usable), nonce, "backwards"):
        one = usable[number]
        sql = (
            f"SELECT {view.row} FROM {view.source} "
            f"WHERE CAST({quoted(one.column)} AS VARCHAR) = ? ORDER BY 1 LIMIT {_CELLS}"
        )
        rows = (str(row) for (row,) in view.query(sql, [one.new]))
        unused = [row for row in rows if (one.column, row) not in wrong]
        for row in unused[:_A_PAIR]:
            wrong[one.column, row] = (one.column, row, one.new, one.old)
        if len(wrong) >= _CELLS:
            break
    return list(wrong.values())


_DAMAGES: dict[str, Callable[[Sequence[_Cell], ProposalRecord, View, str], list[Wrong]]] = {
    "swapped": _swapped,
    "neighbour": _neighbour,
    "backwards": _backwards,
}


def _proposal(
    bench: Bench, record: ProposalRecord, wrong: Sequence[Wrong], dataset: Dataset, view: View
) -> Proposal | None:
    """The proposal of wrong values, proved, ranked and judged like the card it is made of."""
    model = record.proposal
    if not isinstance(model.draft.action, Correct):
        return None
    rows: dict[tuple[str, Cell, Cell], list[RowId]] = {}
    for column, row, now, then in wrong[:_CELLS]:
        rows.setdefault((column, now, then), []).append(row)
    corrections = tuple(
        Correction(column=column, old=now, new=then, rows=tuple(found))
        for (column, now, then), found in rows.items()
    )
    action = model.draft.action.model_copy(update={"corrections": corrections})
    draft = model.draft.model_copy(update={"action": action, "alternatives": ()})
    try:
        made = remade(bench, _PROPOSER, record, draft, dataset, view)
    except NotAllowed:
        # Policy would have denied it, or the cells hold it already: no card looks like that.
        return None
    waits = record.state is ProposalState.PARKED
    expires = model.expires_at if waits else made.expires_at
    return made.model_copy(update={"follows": "", "expires_at": expires})


def _parked(bench: Bench, key: bytes, model: ProposalRecord, drill: Proposal, nature: str) -> bool:
    """Park and seal it in one transaction; False when just that was proposed before.

    It is dated like the card that it is made of, or its age would tell.
    """
    at = bench.clock()
    with bench.store.transaction() as session:
        if proposals.exists(session, drill.id):
            return False
        parked = proposals.park(
            session,
            drill,
            ProposalState.PARKED,
            at=at,
            actor=ACTOR,
            found_at=model.created_at,
        )
        if parked is Parked.NEW:
            seals.seal_waiting(session, key, at=at, actor=ACTOR, drill=(drill.id, nature))
    return parked is Parked.NEW


def _ordered(names: Sequence[str], *nonce: object) -> list[str]:
    """Some names in an order that only the nonce decides."""
    return sorted(names, key=lambda name: digest_of([*nonce, name]))
