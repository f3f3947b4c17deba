"""A simulated reviewer: looks up ten cells of a card in the clean file and answers.

    python benchmarks/reviewer.py --clean C.csv [--seed N] [--noisy]

It speaks JSON lines. Rows and columns count from 0. A question about a card names the answers that
the card takes and *all* cells it would change; a card with alternatives also names theirs:

    {"card": "P-7K3Q", "may": ["approve", "reject", "edit"],
     "cells": [[3, 1, "Lisbxn", "Lisbon"], ...], "alternatives": [[[9, 1, "Lisbon", "Lissabon"]]]}
    {"answer": "approve", "seen": 10, "right": 9}

Of those cells it looks up ten that it draws itself (seeded) and approves when at least 8, or all
but one of fewer, would become what the clean file says; a single cell must be right. `edit` comes
with what it says: a `direction` (which alternative), a `fill` (one value for all), `struck` changes
([column, old, new], wherever they stand) and `struck_cells`. `reject` names the cells seen to be
`wrong`. See answers.py.

A card that asks is answered with the true values of its cells, at most ten:

    {"card": "P-9QW1", "may": ["teach"], "cells": [[3, 1, "Lisbxn"], ...]}
    {"answer": "teach", "seen": 10, "right": 7, "values": [[3, 1, "Lisbon"], ...]}

The noisy reviewer gives the other answer in a tenth of the cases, and leaves a tenth of the values
that it is asked for as they are. A reviewer gives no answer that a card does not take.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from answers import LOOKS, NOISE, Answer, Shown, decide, teach
from csv_files import Table, read, sha256


class Reviewer:
    """Answers one card after the other; the same questions with the same seed, the same answers."""

    def __init__(self, clean: Table, seed: int | str, *, noisy: bool = False) -> None:
        self._clean = clean
        self._seed = seed
        self._noisy = noisy
        self._asked = 0

    def answer(self, shown: Shown, may: Sequence[str]) -> Answer:
        """Look at some of the cells and decide."""
        question = self._next()
        found = decide(shown, self._truth, Random(f"{question}, looks"))
        if self._noisy and Random(f"{question}, slip").random() < NOISE:
            other = "approve" if found.answer == "reject" else "reject"
            found = Answer(other, found.seen, found.right)
        if found.answer == "edit" and "edit" not in may:
            passes = found.direction is None and found.fill is None
            found = Answer("approve" if passes else "reject", found.seen, found.right)
        return _taken(found, may)

    def teach(self, cells: Sequence[tuple[int, int, str | None]], may: Sequence[str]) -> Answer:
        """Say what the cells ought to hold."""
        if len(cells) > LOOKS:
            raise SystemExit(f"a question has {len(cells)} cells; a person looks at {LOOKS}")
        slips = Random(f"{self._next()}, slips") if self._noisy else None
        return _taken(teach(cells, self._truth, slips), may)

    def _next(self) -> str:
        self._asked += 1
        return f"{self._seed} question {self._asked}"

    def _truth(self, row: int, column: int) -> str | None:
        known = 0 <= row < len(self._clean.rows)
        return self._clean.rows[row][column] if known else None


def _taken(found: Answer, may: Sequence[str]) -> Answer:
    if found.answer not in may:
        raise SystemExit(f"the card takes {', '.join(may)}; the reviewer would say {found.answer}")
    return found


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
        cells = [tuple(cell) for cell in question["cells"]]
        if "teach" in question["may"]:
            answer = reviewer.teach(cells, question["may"])
        else:
            others = [[tuple(cell) for cell in one] for one in question.get("alternatives", ())]
            answer = reviewer.answer(Shown(cells, others), question["may"])
        said = {key: value for key, value in asdict(answer).items() if value not in (None, ())}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
