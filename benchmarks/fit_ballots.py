"""Fit what the measures of a ballot are worth, on made-up tables with known errors.

    python benchmarks/fit_ballots.py [--seeds 6] [--check FOLDER...]

Prints the constants of `ostler/tools/repair/verdict.py`, and how often cells of each score were right
on tables of other seeds (and on folders with dirty.csv and clean.csv).
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
from csv_files import Table, read
from noise import add_noise
from rehearsal import grid_from
from tables import WORLDS, make
from words import Words

from ostler.tools.repair.ballots import MEASURES, ballots
from ostler.tools.repair.dependency import Dependences, Floats

_MIXES = (
    "typo,missing,dependency,alias",
    "typo,missing,disguised,dependency,case,spacing,reversed,encoding",
    "typo,missing,digits,outlier,unit,number_format,date_format,dependency",
    "missing,disguised,alias,swapped,shifted,suffix,dependency,conflict",
)
_RIDGE = 1.0


def entities(rng: Random, rows: int) -> Table:
    """Things of several kinds with what hangs on them, in part only mostly, in part by chance."""
    words = Words(rng)
    header, columns = [], []
    for kind in range(rng.randrange(1, 4)):
        many = max(4, int(rows / rng.choice((3, 5, 8, 20, 60, 150))))
        names = [words.name(rng.randrange(1, 4)) + rng.choice(("", f" {n}")) for n in range(many)]
        # In most tables a few things stand in many rows, and many in one.
        steep = rng.choice((0, 0.5, 1, 1.3))
        chosen = rng.choices(range(many), [(n + 1) ** -steep for n in range(many)], k=rows)
        header.append(f"kind {kind}")
        columns.append([names[one] for one in chosen])
        owns: list[list[str]] = []
        for feature in range(rng.randrange(1, 6)):
            span = max(2, int(many / rng.choice((0.7, 1, 2, 4, 10))))
            made = (words.name, words.phone, words.place, lambda: str(rng.randrange(9999)),
                    lambda: f"{rng.uniform(0, 90):.1f}")  # fmt: skip
            values = [rng.choice(made)() for _ in range(span)]
            # What a thing does not have at all is no hole in any of its rows.
            lacks = rng.choice((0, 0, 0, 0.1, 0.4))
            own = ["" if rng.random() < lacks else rng.choice(values) for _ in range(many)]
            if owns and rng.random() < 0.4:
                # What hangs on something that hangs on the thing, as a state on its town.
                parent = rng.choice(owns)
                of = {value: rng.choice(values) for value in parent}
                own = [of[value] for value in parent]
            owns.append(own)
            # Some features are the thing's own, some are so in most rows only.
            loyal = rng.choice((1, 1, 1, 1, 1, 0.98, 0.9, 0.7))
            gap = 0.2 if rng.random() < 0.04 else 0
            header.append(f"feature {kind} {feature}")
            columns.append(
                ["" if rng.random() < gap else own[one] if rng.random() < loyal else rng.choice(values)
                 for one in chosen]
            )  # fmt: skip
    for place in range(rng.randrange(0, 3)):
        values = [words.name() for _ in range(rng.choice((2, 5, 40)))]
        weights = [1 / (n + 1) for n in range(len(values))]
        header.append(f"chance {place}")
        columns.append(rng.choices(values, weights, k=rows))
    return Table(header, [list(row) for row in zip(*columns, strict=True)])


def pairs(seeds: Sequence[int]) -> Iterator[tuple[Table, Table]]:
    """Dirty and clean tables of every world, and as many of random entities."""
    for seed in seeds:
        for number, world in enumerate((*WORLDS, *["entities"] * 16)):
            rng = Random(f"ballots {seed} {number}")
            rows = rng.choice((300, 800, 1500))
            clean = entities(rng, rows) if world == "entities" else make(world, seed, rows)
            rate, systematic = rng.choice((0.01, 0.03, 0.06, 0.12)), rng.choice((0.0, 0.3))
            classes = rng.choice(_MIXES).split(",")
            noisy = add_noise(clean, rate=rate, seed=seed, classes=classes, systematic=systematic)
            yield noisy.dirty, clean


def measured(dirty: Table, clean: Table) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Measures, whether the cell held anything, and whether the vote was right, of every ballot."""
    grid = grid_from(dirty.header, dirty.rows)
    known = Dependences(grid)
    for column in grid.columns:
        cast = ballots(known, column)
        if cast is None:
            continue
        truths = [clean.rows[row][column.place].strip() for row in cast.rows]
        right = [column.values[new].strip() == truth
                 for new, truth in zip(cast.new, truths, strict=True)]  # fmt: skip
        yield cast.measures, column.codes[cast.rows] >= 0, np.array(right, float)


def fit(measures: Floats, right: Floats) -> Floats:
    """Weights of a logistic regression, the constant first, by Newton's steps with a small ridge."""
    known = np.column_stack([np.ones(len(right)), measures])
    weights = np.zeros(known.shape[1])
    for _ in range(30):
        says = 1 / (1 + np.exp(-known @ weights))
        slope = known.T @ (right - says) - _RIDGE * weights
        bend = (known * (says * (1 - says))[:, None]).T @ known + _RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(bend, slope)
    return weights


def collected(tables: Iterator[tuple[Table, Table]]) -> tuple[Floats, Floats, Floats]:
    """Of many tables, under each other."""
    parts = [part for dirty, clean in tables for part in measured(dirty, clean)]
    measures, held, right = (np.concatenate([part[n] for part in parts]) for n in range(3))
    return measures, held, right


def show(weights: Floats, measures: Floats, right: Floats) -> None:
    """How often the cells of each score were right."""
    says = 1 / (1 + np.exp(-np.column_stack([np.ones(len(right)), measures]) @ weights))
    for least, most in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 0.97), (0.97, 1.1)):
        these = (says >= least) & (says < most)
        if these.any():
            print(f"    {least:.2f}: said {says[these].mean():.3f}, right {right[these].mean():.3f}"
                  f" of {these.sum()}")  # fmt: skip


def main() -> None:
    """Fit, print, and check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    measures, held, right = collected(pairs(range(100, 100 + given.seeds)))
    others = collected(pairs(range(200, 200 + max(1, given.seeds // 2))))
    public = [(one.name, collected(iter([(read(one / "dirty.csv"), read(one / "clean.csv"))])))
              for one in given.check]  # fmt: skip
    for name, filled in (("outvoted", True), ("filled", False)):
        part = held == filled
        weights = fit(measures[part], right[part])
        print(f"{name}: constant {weights[0]:.2f}")
        for measure, weight in zip(MEASURES, weights[1:], strict=True):
            print(f'    "{measure}": {weight:.2f},')
        for where, (some, was, said) in (("other seeds", others), *public):
            if (was == filled).any():
                print(f"  {where}")
                show(weights, some[was == filled], said[was == filled])


if __name__ == "__main__":
    main()
