"""Development tables for the rehearsal: clean tables of our own, each damaged in two ways.

    python benchmarks/rehearsal_tables.py OUT [--seed 1] [--only films survey]

Writes OUT/noise-WORLD (errors as they happen, `noise.py`) and OUT/plain-WORLD (errors as test
writers make them, `plain_noise.py`), each with dirty.csv, clean.csv and cells.csv.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from random import Random

from noise import NAMES, Noisy, add_noise, parse_classes, save
from plain_noise import add_plain_noise
from suite import MIXES
from tables import HELD_OUT_ABOVE, WORLDS, make

ROWS = {"roster": 200, "survey": 600, "measurements": 1000, "indicators": 1500, "casts": 1200}
"""Where 800 would be too many or too few."""
RATES = (0.04, 0.08, 0.12)


def pairs(worlds: list[str], seed: int) -> Iterator[tuple[str, Noisy]]:
    """A name, and a table with its errors."""
    for world in worlds:
        rng = Random(f"{world} {seed} rates")
        clean = make(world, seed, ROWS.get(world, 800))
        classes, rates = parse_classes(MIXES.get(world, ",".join(NAMES)))
        real = add_noise(clean, rate=rng.choice(RATES), seed=seed, classes=classes, rates=rates)
        yield f"noise-{world}", real
        yield f"plain-{world}", add_plain_noise(clean, rate=rng.choice(RATES), seed=seed)


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    arguments = parser.parse_args()
    if arguments.seed > HELD_OUT_ABOVE:
        parser.error(f"seeds above {HELD_OUT_ABOVE} are held out: nothing is developed on them")
    for name, noisy in pairs(arguments.only, arguments.seed):
        save(arguments.out / name, noisy.restored(), noisy)
        cells = len(noisy.dirty.rows) * len(noisy.dirty.header)
        print(f"{name:22} {len(noisy.dirty.rows):5} x {len(noisy.dirty.header):2}, "
              f"{len(noisy.damages):5} wrong ({len(noisy.damages) / cells:.1%})")  # fmt: skip


if __name__ == "__main__":
    main()
