"""Errors as a person with ten lines of code makes them: any cell, any letter, no thought.

    python benchmarks/plain_noise.py clean.csv OUT [--rate 0.08] [--seed 1]

The other kind of noise (`noise.py`) asks what could happen to a value; this one does not, and puts
letters into numbers, other rows' values into keys and a dot behind anything. Columns whose values
are all different or all the same are left alone. It writes the same files.
"""

import argparse
import string
from collections.abc import Callable
from pathlib import Path
from random import Random

from csv_files import Table, read
from noise import Damage, Noisy, save

ALIASED = 0.15
"""Share of the cells with one of a column's two aliased values that hold the alias."""
LONG = 4
"""Shorter values have no alias."""

Mistake = Callable[[str, list[str], Random], str]
"""Of a value, in a column of such values."""


def _typo(value: str, _column: list[str], rng: Random) -> str:
    if not value:
        return value
    letter = rng.choice(string.digits if value.isdigit() else string.ascii_lowercase)
    at = rng.randrange(len(value))
    before, here, after = value[:at], value[at], value[at + 1 :]
    kinds = [before + after, before + letter + here + after, before + letter + after]
    if after:
        kinds.append(before + after[0] + here + after[1:])
    return rng.choice(kinds)


def _another(_value: str, column: list[str], rng: Random) -> str:
    return rng.choice(column)


def _nothing(_value: str, _column: list[str], _rng: Random) -> str:
    return ""


def _case(value: str, _column: list[str], rng: Random) -> str:
    return rng.choice((value.upper(), value.title()))


def _stop(value: str, _column: list[str], _rng: Random) -> str:
    return f"{value} ."


def _wide(value: str, _column: list[str], _rng: Random) -> str:
    return value.replace(" ", "  ")


def _order(value: str, _column: list[str], _rng: Random) -> str:
    return " ".join(reversed(value.split()))


MISTAKES: dict[str, tuple[float, Mistake]] = {
    "typo": (0.45, _typo),
    "other_row": (0.20, _another),
    "missing": (0.17, _nothing),
    "case": (0.072, _case),
    "stop": (0.036, _stop),
    "blanks": (0.036, _wide),
    "word_order": (0.036, _order),
}
"""Each with how often it is the one that happens."""


def _alias(value: str) -> str:
    if " and " in value:
        return value.replace(" and ", " & ")
    first, *others = value.split() or [""]
    if others:
        return " ".join((f"{first[0]}.", *others))
    return value + value[-1]


def add_plain_noise(clean: Table, *, rate: float, seed: int) -> Noisy:
    """Damage about such a share of the cells, and alias two values of each column."""
    rng = Random(f"plain {seed}")
    names, weights = list(MISTAKES), [share for share, _ in MISTAKES.values()]
    rows = [list(row) for row in clean.rows]
    damages: list[Damage] = []
    for place, column in enumerate(clean.columns):
        if len(set(column)) in (1, len(column)):
            continue
        long = sorted({value for value in column if len(value) > LONG})
        aliases = {value: _alias(value) for value in rng.sample(long, min(2, len(long)))}
        for row, value in enumerate(column):
            if value in aliases and rng.random() < ALIASED:
                name, new = "alias", aliases[value]
            elif rng.random() < rate:
                name = rng.choices(names, weights)[0]
                new = MISTAKES[name][1](value, column, rng)
            else:
                continue
            rows[row][place] = new
            if new.strip() != value.strip():
                damages.append(Damage(row, place, name, name == "alias", value, new))
    damages.sort(key=lambda one: (one.row, one.column))
    return Noisy(Table(clean.header, rows), tuple(damages))


def main() -> None:
    """Damage a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clean", type=Path)
    parser.add_argument("out", type=Path, help="a folder")
    parser.add_argument("--rate", type=float, default=0.08, help="share of all cells")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    clean = read(arguments.clean)
    noisy = add_plain_noise(clean, rate=arguments.rate, seed=arguments.seed)
    save(arguments.out, clean, noisy)
    print(f"{len(noisy.damages):,} cells damaged; see {arguments.out}")


if __name__ == "__main__":
    main()
