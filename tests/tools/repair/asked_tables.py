"""Small tables with planted errors, and what a person who knows the truth answers."""

from random import Random

import pyarrow as pa

from ostler.core.actions import AskValues
from ostler.core.experience import Experience, Taught
from ostler.core.proposals import Draft
from ostler.tables.view import view_of
from ostler.tools.repair.grid import Grid, grid_of

Columns = dict[str, list[str | None]]


def grid(columns: Columns) -> Grid:
    """A grid of text whose rows are named 0, 1, 2, ..."""
    rows = len(next(iter(columns.values())))
    table = {"row": [str(n) for n in range(rows)], **columns}
    schema = pa.schema([(name, pa.string()) for name in table])
    return grid_of(view_of(pa.table(table, schema=schema), ("row",), hidden=("row",)))


def places(rows: int = 400, seed: int = 1) -> Columns:
    """Clean rows: a name of its own, a kind, a size and a code each."""
    rng = Random(seed)
    parts = ("ka", "lo", "mi", "ru", "ten", "sa", "vo", "el")
    return {
        "name": ["".join(rng.choices(parts, k=4)).title() for _ in range(rows)],
        "kind": [rng.choice(("harbour", "market", "station")) for _ in range(rows)],
        "size": [str(rng.randint(100, 999)) for _ in range(rows)],
        "code": [f"{rng.choice('AB')}-{rng.randint(1000, 9999)}" for _ in range(rows)],
    }


def planted(clean: Columns, wrong: dict[tuple[int, str], str | None]) -> Columns:
    """The rows with other values in some cells."""
    return {
        name: [wrong.get((row, name), value) for row, value in enumerate(values)]
        for name, values in clean.items()
    }


def question(cards: tuple[Draft, ...]) -> AskValues:
    """The one question among the cards."""
    (asked,) = [card.action for card in cards if isinstance(card.action, AskValues)]
    return asked


def told(asked: AskValues, clean: Columns) -> tuple[Taught, ...]:
    """What the truth says of the cells."""
    return tuple(
        Taught(row=one.row, column=one.column, old=one.old, new=clean[one.column][int(one.row)])
        for one in asked.cells
    )


def taught(*pairs: tuple[int, str, str | None, str | None]) -> Experience:
    """An experience of (row, column, old, new)."""
    return Experience(
        taught=tuple(
            Taught(row=str(row), column=column, old=old, new=new) for row, column, old, new in pairs
        )
    )
