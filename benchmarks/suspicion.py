"""Suspicion, learned and measured: how well the cells that nothing can mend are found.

    python benchmarks/suspicion.py FOLDER... [--learn] [-v]   # each holds dirty.csv, clean.csv

Some decisions are taken first, as the rehearsal takes them. Then it prints how many of the 10, 50
and 100 most suspicious cells are wrong. `--learn` fits the weights to all cells of all tables,
which must be generated ones, and prints them for `ostler/tools/repair/suspicion.py`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from csv_files import Table, read
from rehearsing import grid_from, rehearse

from ostler.tools.repair.arbitration import arbitrate
from ostler.tools.repair.candidates import Ground, Shares
from ostler.tools.repair.grid import Grid
from ostler.tools.repair.miners import MINERS
from ostler.tools.repair.signs import SIGNS, Signs, signs_of
from ostler.tools.repair.suspicion import suspicion

DECISIONS = 6


def main() -> None:
    """Measure, and learn if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("-v", dest="loud", action="store_true", help="the first cells")
    given = parser.parse_args()
    seen: list[tuple[Shares, Shares]] = []
    totals: list[list[float]] = []
    for folder in given.folders:
        dirty, clean = read(folder / "dirty.csv"), read(folder / "clean.csv")
        grid, signs, wrong = settled(folder.name, dirty, clean)
        chances = suspicion(signs, ()).chances
        order = np.argsort(-chances, axis=None, kind="stable")
        hits = wrong.ravel()[order]
        found = [float(hits[:n].mean()) for n in (10, 50, 100)]
        totals.append(found)
        claimed = chances.ravel()[order][:100].mean()
        print(
            f"{folder.name:24} {int(hits.sum()):5} wrong, found"
            f" {found[0]:.2f} {found[1]:.2f} {found[2]:.2f}, claimed {claimed:.2f}"
        )
        if given.loud:
            _show(grid, signs, chances, wrong, order[:30])
        seen += [
            (one.astype(float), bad.astype(float))
            for one, bad in zip(signs.seen, wrong, strict=True)
        ]
    print("mean", np.round(np.mean(totals, axis=0), 3))
    if given.learn:
        _learn(seen)


def settled(name: str, dirty: Table, clean: Table) -> tuple[Grid, Signs, np.ndarray]:
    """The table after some decisions, its signs, and which cells are wrong."""
    done = rehearse(
        name, dirty, clean, decisions=DECISIONS, noisy=False, seed=0, tell=lambda _turn: None
    )
    now = done.repaired
    grid = grid_from(now)
    ground = Ground(grid)
    candidates, doubts = arbitrate(grid, [one for mine in MINERS.values() for one in mine(ground)])
    signs = signs_of(grid, candidates, doubts)
    wrong = np.array(
        [
            [
                has[place].strip() != true[place].strip()
                for has, true in zip(now.rows, clean.rows, strict=True)
            ]
            for place in signs.places
        ]
    )
    return grid, signs, wrong


def _show(
    grid: Grid, signs: Signs, chances: Shares, wrong: np.ndarray, cells: Sequence[int]
) -> None:
    for cell in cells:
        nth, row = divmod(int(cell), grid.rows)
        column = grid.columns[signs.places[nth]]
        marks = [
            f"{name} {value:.2f}"
            for name, value in zip(SIGNS, signs.seen[nth, row], strict=True)
            if value >= 0.05
        ]
        mark = "x" if wrong[nth, row] else "."
        print(f"   {mark} {chances[nth, row]:.2f} {column.name} {column.cell(row)!r}: {marks}")


def _learn(seen: list[tuple[Shares, Shares]]) -> None:
    """Logistic regression by Newton's method; what signs say for is never turned round."""
    signs = np.concatenate([one for one, _ in seen])
    wrong = np.concatenate([two for _, two in seen])
    design = np.c_[signs, np.ones(len(signs))]
    weights = np.zeros(design.shape[1])
    firm = np.r_[np.full(signs.shape[1], 5.0), 0.0]
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (wrong - chance) - firm * weights
        curve = (design.T * (chance * (1 - chance))) @ design + np.diag(firm + 1e-9)
        weights += np.linalg.solve(curve, slope)
    print(f"BIAS = {weights[-1]:.2f}")
    for name, weight in zip(SIGNS, weights, strict=False):
        print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    main()
