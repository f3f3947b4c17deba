"""Realistic, seeded errors in any clean table, with the truth and a label for each cell.

    python benchmarks/noise.py clean.csv OUT [--rate 0.08] [--seed 1] [--classes typo,missing=0.02]
        [--systematic 0.5] [--duplicates 0.0]
    python benchmarks/noise.py --list

Writes OUT/dirty.csv, OUT/clean.csv and OUT/cells.csv (row from 1, column, class, systematic, clean,
dirty). A rate is a share of all cells of the table; --rate is shared out evenly over the classes
that have no rate of their own, and a class that finds too few cells leaves its part to the others.
A systematic error is one rule on a part of one column: one unit, one filler, one confusion.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from columns import Column, Ground
from corruptions import typo
from csv_files import Table, read, write
from error_classes import CLASSES, NAMES, ErrorClass

MOST = 0.3
"""Share of a class's cells that it may strike at most; beyond, nobody could tell the truth."""


@dataclass(frozen=True)
class Damage:
    """One cell that was made wrong."""

    row: int
    """From 0."""
    column: int
    name: str
    """Of the class."""
    systematic: bool
    clean: str
    dirty: str


@dataclass(frozen=True)
class Noisy:
    """A dirty table, and all that is wrong with it."""

    dirty: Table
    damages: tuple[Damage, ...]

    def restored(self) -> Table:
        """The clean table, from the dirty one and the damages."""
        rows = [list(row) for row in self.dirty.rows]
        for one in self.damages:
            rows[one.row][one.column] = one.clean
        return Table(self.dirty.header, rows)


class _Injection:
    """Errors as they are put into one table."""

    def __init__(self, clean: Table, seed: int) -> None:
        self.ground = Ground(clean, seed)
        self.seed = seed
        self.damages: dict[tuple[int, int], Damage] = {}

    def columns(self, one: ErrorClass) -> list[Column]:
        """Those in which the class can strike."""
        damageable = (column for column in self.ground.columns if column.damageable)
        return [column for column in damageable if one.applies(self.ground, column)]

    def inject(self, one: ErrorClass, wanted: int, systematic: float) -> int:
        """Strike about so many cells; returns how many it came to."""
        columns = self.columns(one)
        rng = Random(f"{self.seed} {one.name} {wanted}")
        done = 0
        if one.rules and columns:
            done = self._rules(one, columns, round(wanted * systematic), rng)
        cells = [(column, row) for column in columns for row in range(len(self.ground.rows))]
        rng.shuffle(cells)
        for column, row in cells:
            if done >= wanted:
                break
            done += self._strike(one, column, row, rng, rng, systematic=False)
        return done

    def _rules(self, one: ErrorClass, columns: list[Column], wanted: int, rng: Random) -> int:
        done = 0
        for _ in range(4 * len(columns)):
            if done >= wanted:
                break
            column, rule = rng.choice(columns), f"{self.seed} {one.name} {rng.random()}"
            most = min(wanted - done, round(MOST * len(self.ground.rows)))
            struck = (
                self._strike(one, column, row, Random(rule), rng, systematic=True)
                for row in self._part(column, rng)
            )
            done += sum(islice((cells for cells in struck if cells), most))
        return done

    def _part(self, column: Column, rng: Random) -> list[int]:
        """The rows that a rule strikes: scattered, a stretch, or those of one value elsewhere."""
        rows = list(range(len(self.ground.rows)))
        others = [one for one in self.ground.columns if one.repetitive and one is not column]
        way = rng.choice(("scattered", "stretch", "group"))
        if way == "stretch":
            start = rng.choice(rows)
            return rows[start:] + rows[:start]
        if way == "group" and others:
            other = rng.choice(others)
            value = rng.choice(other.distinct)
            return [row for row in rows if other.values[row] == value]
        rng.shuffle(rows)
        return rows

    def _strike(
        self,
        one: ErrorClass,
        column: Column,
        row: int,
        kind: Random,
        rng: Random,
        *,
        systematic: bool,
    ) -> int:
        old = self.ground.rows[row]
        new = one.hit(self.ground, column, row, kind, rng)
        if any((row, place) in self.damages for place in new):
            return 0
        found = {
            place: value for place, value in new.items() if value.strip() != old[place].strip()
        }
        for place, value in found.items():
            damage = Damage(row, place, one.name, systematic, old[place], value)
            self.damages[row, place] = damage
        return len(found)


def add_noise(
    clean: Table,
    *,
    rate: float,
    seed: int,
    classes: Sequence[str] = NAMES,
    rates: Mapping[str, float] | None = None,
    systematic: float = 0.5,
) -> Noisy:
    """Damage a clean table; `rates` are those of single classes, the others share `rate`."""
    injection = _Injection(clean, seed)
    cells = len(clean.rows) * len(clean.header)
    own = dict(rates or {})
    for one in _of_names(tuple(own)):
        injection.inject(one, round(own[one.name] * cells), systematic)
    left, sharing = round(rate * cells), list(_of_names([n for n in classes if n not in own]))
    while left > 0 and sharing:
        # Whoever has the fewest columns comes first, so that what it cannot use goes to the rest.
        one = min(sharing, key=lambda each: len(injection.columns(each)))
        most = round(MOST * len(clean.rows) * len(injection.columns(one)))
        left -= injection.inject(one, min(-(-left // len(sharing)), most), systematic)
        sharing.remove(one)
    rows = [list(row) for row in clean.rows]
    damages = tuple(injection.damages[cell] for cell in sorted(injection.damages))
    for one in damages:
        rows[one.row][one.column] = one.dirty
    return Noisy(Table(clean.header, rows), damages)


def _of_names(names: Sequence[str]) -> Iterator[ErrorClass]:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise SystemExit(f"there is no class {unknown[0]!r}; there are: {', '.join(NAMES)}")
    return (one for one in CLASSES if one.name in names)


def duplicated(table: Table, share: float, seed: int) -> tuple[Table, tuple[int, ...]]:
    """The table with copies of a share of its rows behind it, a letter off; and whose copies."""
    rng = Random(f"{seed} duplicates")
    originals = tuple(sorted(rng.sample(range(len(table.rows)), round(share * len(table.rows)))))
    copies = [_near_copy(table.rows[row], rng) for row in originals]
    return Table(table.header, [*table.rows, *copies]), originals


def _near_copy(row: list[str], rng: Random) -> list[str]:
    place = rng.randrange(len(row))
    return [typo(value, rng, rng) if at == place else value for at, value in enumerate(row)]


def save(folder: Path, clean: Table, noisy: Noisy, duplicates: float = 0.0, seed: int = 0) -> None:
    """Write the pair and its labels; with duplicates, also whose copies the last rows are."""
    dirty = noisy.dirty
    write(folder / "clean.csv", clean)
    if duplicates:
        dirty, originals = duplicated(dirty, duplicates, seed)
        copies = range(len(clean.rows) + 1, len(dirty.rows) + 1)
        lines = [[str(copy), str(row + 1)] for copy, row in zip(copies, originals, strict=True)]
        write(folder / "duplicates.csv", Table(["row", "copy_of"], lines))
    write(folder / "dirty.csv", dirty)
    write(folder / "cells.csv", labels_of(clean, noisy))


def labels_of(clean: Table, noisy: Noisy) -> Table:
    """One row for each damaged cell; rows count from 1."""
    heads = ["row", "column", "class", "systematic", "clean", "dirty"]
    labels = [
        [str(one.row + 1), clean.header[one.column], one.name, "yes" if one.systematic else "no",
         one.clean, one.dirty]
        for one in noisy.damages
    ]  # fmt: skip
    return Table(heads, labels)


def main() -> None:
    """Damage a file, or list the classes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clean", type=Path, nargs="?")
    parser.add_argument("out", type=Path, nargs="?", help="a folder")
    parser.add_argument("--rate", type=float, default=0.08, help="share of all cells")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--classes", default=",".join(NAMES), help="typo,missing=0.02; or all")
    parser.add_argument("--systematic", type=float, default=0.5, help="share that comes as rules")
    parser.add_argument("--duplicates", type=float, default=0.0, help="share of rows; breaks the "
                        "alignment that cell scoring needs")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="say which classes there are")
    arguments = parser.parse_args()
    if arguments.list:
        for one in CLASSES:
            print(f"{one.name:14} {one.says}{'' if one.rules else ' (never as a rule)'}")
        return
    if arguments.clean is None or arguments.out is None:
        parser.error("name a clean CSV file and a folder, or ask for --list")
    names, rates = parse_classes(arguments.classes)
    clean = read(arguments.clean)
    noisy = add_noise(
        clean,
        rate=arguments.rate,
        seed=arguments.seed,
        classes=names,
        rates=rates,
        systematic=arguments.systematic,
    )
    save(arguments.out, clean, noisy, arguments.duplicates, arguments.seed)
    share = len(noisy.damages) / max(1, len(clean.rows) * len(clean.header))
    print(f"{len(noisy.damages):,} cells damaged, {share:.1%} of all; see {arguments.out}")


def parse_classes(text: str) -> tuple[list[str], dict[str, float]]:
    """`typo,missing=0.02` as names, and the rates of those that have one of their own."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    pairs = [part.partition("=") for part in parts]
    try:
        rates = {name: float(rate) for name, _, rate in pairs if rate}
    except ValueError:
        raise SystemExit(f"a rate in {text!r} is not a number") from None
    return [name for name, _, _ in pairs], rates


if __name__ == "__main__":
    main()
