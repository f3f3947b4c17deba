"""The miners on a public table that others are measured on, when it is at hand."""

import csv
from pathlib import Path

import pytest
from repair_tables import changes, text_view

from ostler.core.actions import Correct
from ostler.tools.repair.grid import grid_of
from ostler.tools.repair.mining import mine

DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.parametrize(("name", "least"), [("hospital", 0.8), ("beers", 0.9)])
def test_sure_drafts_alone_repair_most_of_a_public_table(name, least):
    folder = DATA / name
    if not folder.exists():
        pytest.skip(f"{folder} is not there")
    dirty, clean = (read(folder / f"{kind}.csv") for kind in ("dirty", "clean"))
    head, rows = dirty[0], dirty[1:]
    view = text_view(**{c: [row[k] or None for row in rows] for k, c in enumerate(head)})
    errors = {
        (str(n), column)
        for n, (row, right) in enumerate(zip(rows, clean[1:], strict=True), start=1)
        for column, cell, meant in zip(head, row, right, strict=True)
        if cell.strip() != meant.strip()
    }
    changed: dict[tuple[str, str], str] = {}
    for draft in mine(grid_of(view), name):
        if draft.evidence.confidence >= 0.9 and isinstance(draft.action, Correct):
            for _, row, column, _, new in changes(draft.action, view):
                changed.setdefault((row, column), (new or "").strip())
    right = sum(
        at in errors and clean[int(at[0])][head.index(at[1])].strip() == new
        for at, new in changed.items()
    )
    f1 = 2 * right / (len(changed) + len(errors))
    assert f1 >= least


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.reader(file) if row]
