"""A rehearsal: the miners and the simulated reviewer alone, without the product around them.

    python benchmarks/rehearsal.py --dirty D.csv --clean C.csv [--decisions 20] [--noisy] [-v]
    python benchmarks/rehearsal.py FOLDER... [-v]       # each holds dirty.csv and clean.csv

Takes seconds where `repair.py` takes minutes, and leaves out everything but mining, answering and
learning; the numbers that count are those of `repair.py`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from csv_files import Table, read
from reviewer import Reviewer

from ostler.core.actions import AnyAction, AskValues, Correct
from ostler.core.experience import Answered, Experience, Taught
from ostler.core.proposals import Draft
from ostler.tables.view import view_of
from ostler.tools.repair.asking import gain
from ostler.tools.repair.grid import Grid, grid_of
from ostler.tools.repair.mining import mine

Change = tuple[int, int, str | None, str | None]
KEY = "__row"


@dataclass(frozen=True)
class Rehearsed:
    """What came of one table."""

    name: str
    curve: list[float]
    """Repair F1 before the first decision and after each."""
    rejected: int
    decisions: int
    precision: float
    recall: float
    broken: int
    seconds: float
    """Of the slowest mining."""


def rehearse(
    name: str, dirty: Table, clean: Table, *, decisions: int, noisy: bool, seed: int, loud: bool
) -> Rehearsed:
    """Mine, answer the best card, learn, again."""
    now = [list(row) for row in dirty.rows]
    reviewer = Reviewer(clean, f"{seed} {name}", noisy=noisy)
    experience = Experience()
    curve, rejected, slowest, taken = [f1(dirty, clean, now)], 0, 0.0, 0
    for _ in range(decisions):
        begun = time.process_time()
        grid = grid_from(dirty.header, now)
        cards = sorted(mine(grid, name, experience), key=lambda card: -gain(card))
        slowest = max(slowest, time.process_time() - begun)
        if not cards:
            break
        taken += 1
        card = cards[0]
        experience, said = answer(card, grid, now, reviewer, experience, name)
        rejected += said.startswith("reject")
        curve.append(f1(dirty, clean, now))
        if loud:
            sure = f"{gain(card):7.1f} {card.evidence.confidence:.2f}"
            line = f"  {curve[-1]:.3f} {sure} {said:22} {len(cards):3} cards | {one_line(card)}"
            print(line, file=sys.stderr)
    precision, recall, broken = score(dirty, clean, now)
    return Rehearsed(name, curve, rejected, taken, precision, recall, broken, slowest)


def one_line(card: Draft) -> str:
    """What a card says, and its first change."""
    action = card.action
    first = action.corrections[0] if isinstance(action, Correct) else None
    example = f" [{first.column}: {first.old!r} -> {first.new!r}]" if first else ""
    return f"{card.tool} {card.evidence.summary[:90]}{example}"


def answer(
    card: Draft,
    grid: Grid,
    now: list[list[str]],
    reviewer: Reviewer,
    experience: Experience,
    name: str,
) -> tuple[Experience, str]:
    """Have the card answered and do what the answer says."""
    assert card.basis is not None
    if isinstance(card.action, AskValues):
        taught = teach(card.action, grid, now, reviewer)
        wrong = sum(one.old != one.new for one in taught)
        more = (*experience.taught, *taught)
        return experience.model_copy(update={"taught": more}), f"taught {wrong} of {len(taught)}"
    assert isinstance(card.action, Correct)
    changes = changes_of(card.action, grid)
    said = reviewer.answer(changes, ("approve", "reject"))
    if said.answer == "approve":
        for row, place, _, new in changes:
            now[row][place] = new or ""
    answered = Answered(
        dataset=name,
        basis=card.basis,
        decision="approve" if said.answer == "approve" else "reject",
        cells=len(changes),
        refused=card.action.corrections if said.answer == "reject" else (),
    )
    more = (*experience.answers, answered)
    return experience.model_copy(
        update={"answers": more}
    ), f"{said.answer} {said.right}/{said.seen} of {len(changes)}"


def teach(action: AskValues, grid: Grid, now: list[list[str]], reviewer: Reviewer) -> list[Taught]:
    """The true values of the cells that were asked about."""
    taught: list[Taught] = []
    for cell in action.cells:
        row, place = grid.row_of[cell.row], grid.column(cell.column).place
        truth = reviewer.truth(row, place)
        now[row][place] = truth
        new = truth or None
        taught.append(Taught(row=cell.row, column=cell.column, old=cell.old, new=new))
    return taught


def changes_of(action: AnyAction, grid: Grid) -> list[Change]:
    """Every cell that an action changes."""
    assert isinstance(action, Correct)
    return [
        (row, grid.column(one.column).place, one.old, one.new)
        for one in action.corrections
        for row in grid.rows_of(one).tolist()
    ]


def grid_from(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """A grid of text, in which an empty cell is a missing value."""
    columns = {KEY: [str(number + 1) for number in range(len(rows))]}
    columns |= {f"{place:03}": [row[place] or None for row in rows] for place in range(len(header))}
    types = pa.schema([(name, pa.string()) for name in columns])
    view = view_of(pa.table(columns, schema=types), (KEY,), hidden=(KEY,))
    grid = grid_of(view)
    named = tuple(type(one)(**{**_fields(one), "name": header[one.place]}) for one in grid.columns)
    return Grid(named, grid.ids)


def _fields(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}  # type: ignore[attr-defined]


def score(dirty: Table, clean: Table, now: list[list[str]]) -> tuple[float, float, int]:
    """Precision, recall, and clean cells broken; compared without blanks at the ends."""
    wrong = right = changed = broken = 0
    for before, truth, after in zip(dirty.rows, clean.rows, now, strict=True):
        for was, is_true, has in zip(before, truth, after, strict=True):
            was, is_true, has = was.strip(), is_true.strip(), has.strip()
            wrong += was != is_true
            changed += was != has
            right += was != has and has == is_true
            broken += was == is_true and has != is_true
    return right / max(1, changed), right / max(1, wrong), broken


def f1(dirty: Table, clean: Table, now: list[list[str]]) -> float:
    """Repair F1."""
    precision, recall, _ = score(dirty, clean, now)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _one(task: tuple[str, Path, Path, int, bool, int, bool]) -> Rehearsed:
    name, dirty, clean, decisions, noisy, seed, loud = task
    return rehearse(
        name, read(dirty), read(clean), decisions=decisions, noisy=noisy, seed=seed, loud=loud
    )


def main() -> None:
    """Rehearse some tables and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--dirty", type=Path)
    parser.add_argument("--clean", type=Path)
    parser.add_argument("--decisions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noisy", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("-v", dest="loud", action="store_true", help="every card")
    given = parser.parse_args()
    pairs = [(one.name, one / "dirty.csv", one / "clean.csv") for one in given.folders]
    if given.dirty and given.clean:
        pairs.append((given.dirty.parent.name, given.dirty, given.clean))
    tasks = [(*pair, given.decisions, given.noisy, given.seed, given.loud) for pair in pairs]
    if given.jobs > 1:
        with ProcessPoolExecutor(given.jobs) as pool:
            done = list(pool.map(_one, tasks))
    else:
        done = [_one(task) for task in tasks]
    _report(done)


_AT = (1, 2, 3, 5, 10, 20)


def _report(done: Sequence[Rehearsed]) -> None:
    curve = " ".join(f"{n:>5}" for n in _AT)
    print(f"{'F1 after decisions':24} {curve}     P     R broken cards rejected CPU s")
    for one in done:
        at = " ".join(f"{one.curve[min(n, len(one.curve) - 1)]:.3f}" for n in _AT)
        print(
            f"{one.name:24} {at} {one.precision:.3f} {one.recall:.3f} {one.broken:6}"
            f" {one.decisions:5} {one.rejected:8} {one.seconds:5.2f}"
        )
    answered = max(1, sum(one.decisions for one in done))
    macro = sum(one.curve[-1] for one in done) / max(1, len(done))
    print(f"macro {macro:.4f}, rejected {sum(one.rejected for one in done) / answered:.0%}")


if __name__ == "__main__":
    main()
