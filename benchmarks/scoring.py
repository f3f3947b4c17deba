"""How good a repair is, cell by cell, by the definitions of the Raha and Baran papers.

    python benchmarks/scoring.py dirty.csv clean.csv repaired.csv...     # one JSON line each
    python benchmarks/scoring.py ... --labels cells.csv     # one more: the last one, class by class

Rows and columns are matched by position and values compared as text, without blanks at the ends.
Runs in a process of its own when a product is measured, so that only the judges read the truth.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from csv_files import Table, read


@dataclass(frozen=True)
class Score:
    """Counts of cells; everything else follows from them."""

    cells: int
    erroneous: int
    """Dirty differs from clean."""
    changed: int
    """Repaired differs from dirty."""
    changed_erroneous: int
    correct: int
    """Erroneous, changed, and now as in clean."""

    @property
    def broken(self) -> int:
        """Clean cells that were changed."""
        return self.changed - self.changed_erroneous

    @property
    def precision(self) -> float:
        """Of repair."""
        return self.correct / self.changed if self.changed else 0.0

    @property
    def recall(self) -> float:
        """Of repair."""
        return self.correct / self.erroneous if self.erroneous else 0.0

    @property
    def repair_f1(self) -> float:
        """Harmonic mean of precision and recall of repair."""
        return 2 * self.correct / (self.changed + self.erroneous) if self.correct else 0.0

    @property
    def detection_f1(self) -> float:
        """As `repair_f1`, where changing an erroneous cell at all is enough."""
        hit = self.changed_erroneous
        return 2 * hit / (self.changed + self.erroneous) if hit else 0.0

    @property
    def broken_per_100(self) -> float | None:
        """Clean cells broken per 100 correct repairs; None when there are only broken ones."""
        if self.correct:
            return 100 * self.broken / self.correct
        return None if self.broken else 0.0


def score(dirty: Table, clean: Table, repaired: Table) -> Score:
    """Compare three tables of one shape."""
    shapes = {(len(table.rows), len(table.header)) for table in (dirty, clean, repaired)}
    if len(shapes) != 1:
        raise SystemExit(f"the tables differ in rows or columns: {sorted(shapes)}")
    erroneous = changed = both = correct = 0
    for before, truth, after in zip(dirty.rows, clean.rows, repaired.rows, strict=True):
        if before == truth == after:
            continue
        for old, right, new in zip(before, truth, after, strict=True):
            old, right, new = old.strip(), right.strip(), new.strip()
            wrong, moved = old != right, new != old
            erroneous += wrong
            changed += moved
            both += wrong and moved
            correct += wrong and moved and new == right
    cells = len(dirty.rows) * len(dirty.header)
    return Score(cells, erroneous, changed, both, correct)


@dataclass(frozen=True)
class ClassScore:
    """What became of the errors of one class."""

    errors: int
    changed: int
    correct: int

    def __add__(self, other: "ClassScore") -> "ClassScore":
        return ClassScore(
            self.errors + other.errors,
            self.changed + other.changed,
            self.correct + other.correct,
        )


def by_class(labels: Table, repaired: Table) -> dict[str, ClassScore]:
    """The errors that noise put in (its cells.csv), class by class."""
    places = {name: place for place, name in enumerate(repaired.header)}
    at = {name: place for place, name in enumerate(labels.header)}
    found: dict[str, ClassScore] = {}
    for label in labels.rows:
        new = repaired.rows[int(label[at["row"]]) - 1][places[label[at["column"]]]].strip()
        clean, dirty = label[at["clean"]].strip(), label[at["dirty"]].strip()
        one = ClassScore(1, int(new != dirty), int(new == clean))
        found[label[at["class"]]] = found.get(label[at["class"]], ClassScore(0, 0, 0)) + one
    return found


def main() -> None:
    """Score files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dirty", type=Path)
    parser.add_argument("clean", type=Path)
    parser.add_argument("repaired", type=Path, nargs="+")
    parser.add_argument("--labels", type=Path, default=None)
    arguments = parser.parse_args()
    dirty, clean = read(arguments.dirty), read(arguments.clean)
    for path in arguments.repaired:
        print(json.dumps(asdict(score(dirty, clean, read(path)))))
    if arguments.labels:
        found = by_class(read(arguments.labels), read(arguments.repaired[-1]))
        print(json.dumps({name: asdict(one) for name, one in sorted(found.items())}))


if __name__ == "__main__":
    main()
