"""A simulated reviewer: looks up ten cells of a card in the clean file and answers.

    python benchmarks/reviewer.py --clean C.csv [--seed N] [--noisy]

It speaks JSON lines. A question names a card, the answers that the card takes, and *all* cells it
would change, by row (from 0) and column (from 0) of the file:

    {"card": "P-7K3Q", "may": ["approve", "reject"], "cells": [[3, 1, "Lisbxn", "Lisbon"], ...]}
    {"answer": "approve", "seen": 10, "right": 9}

Of those cells it looks up ten that it draws itself (seeded), fewer when there are fewer, and
approves when at least 8 of ten, or all but one of fewer, would become what the clean file says.
A single cell must be right. The noisy reviewer gives the other answer in a tenth of the cases.

An answer is one of `approve`, `reject`, `edit` and `teach`; the last two come with what they say in
keys of their own, once the product has cards that take them. A reviewer gives no answer that a card
does not take.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from csv_files import Table, read, sha256

LOOKS = 10
NOISE = 0.1

Cell = tuple[int, int, str | None, str | None]
"""Row, column, value before, value after; None is missing."""


@dataclass(frozen=True)
class Answer:
    """What a reviewer says, and what it rests on."""

    answer: str
    seen: int
    right: int


def enough(right: int, seen: int) -> bool:
    """Whether a person who saw so many cells right approves."""
    if seen >= LOOKS:
        return right >= LOOKS - 2
    return right >= max(1, seen - 1)


class Reviewer:
    """Answers one card after the other; the same questions with the same seed, the same answers."""

    def __init__(self, clean: Table, seed: int | str, *, noisy: bool = False) -> None:
        self._clean = clean
        self._seed = seed
        self._noisy = noisy
        self._asked = 0

    def answer(self, cells: Sequence[Cell], may: Sequence[str]) -> Answer:
        """Look at some of the cells and decide."""
        self._asked += 1
        question = f"{self._seed} question {self._asked}"
        seen = Random(f"{question}, looks").sample(list(cells), min(LOOKS, len(cells)))
        right = sum(self._is_right(cell) for cell in seen)
        approves = enough(right, len(seen))
        if self._noisy and Random(f"{question}, slip").random() < NOISE:
            approves = not approves
        said = "approve" if approves else "reject"
        if said not in may:
            raise SystemExit(f"the card takes {', '.join(may)}; the reviewer would say {said}")
        return Answer(said, len(seen), right)

    def truth(self, row: int, column: int) -> str:
        """What a cell ought to say."""
        return self._clean.rows[row][column]

    def _is_right(self, cell: Cell) -> bool:
        row, column, _, new = cell
        if not 0 <= row < len(self._clean.rows):
            return False
        return self._clean.rows[row][column].strip() == (new or "").strip()


def main() -> None:
    """Answer questions from standard input until it ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clean", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noisy", action="store_true")
    arguments = parser.parse_args()
    # With the table in the seed a person does not slip at the same card of every table.
    seed = f"{arguments.seed} {sha256(arguments.clean)}"
    reviewer = Reviewer(read(arguments.clean), seed, noisy=arguments.noisy)
    for line in sys.stdin:
        question = json.loads(line)
        answer = reviewer.answer([tuple(cell) for cell in question["cells"]], question["may"])
        print(json.dumps(asdict(answer)), flush=True)


if __name__ == "__main__":
    main()
