"""What a groom costs on large tables, part by part.

    python benchmarks/repair_speed.py [--rows 10000 1000000] [--keep FOLDER] [--json]

The tables have 15 columns and a wrong cell in twenty: results of matches, a league of their own for
every 50,000 rows, so that the number of different values grows with the table. Parts are what
`ostler trace` says of the run; what it does not cover (opening, the log, the report) is the rest.
The first command of a process also loads the product, which nothing here counts twice: a table is
added before it is groomed.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plain_noise import add_plain_noise
from product import DATASET, opened
from report import table
from tables import make

WORLD = "matches"
BLOCK = 50_000
"""Rows of one league; also what is in memory at a time."""
RATE = 0.05
PARTS = {
    "measuring": ("invoke_agent investigate",),
    "mining": ("invoke_agent propose",),
    "patches": ("execute_tool repair.compile",),
    "dry runs": ("execute_tool quality.dry_run",),
    "ranking": ("invoke_agent prioritize",),
    "policy": ("invoke_agent gate",),
    "storing": ("invoke_agent park",),
}
"""What to call the spans of a run."""


@dataclass(frozen=True)
class Speed:
    """One table."""

    rows: int
    cells: int
    adding: float
    """Seconds."""
    seconds: float
    cpu: float
    """Seconds of processor time of the groom."""
    cards: int
    parts: dict[str, float]
    """Seconds, also of what is not traced."""


def write_table(path: Path, rows: int) -> int:
    """Write a dirty table block by block; returns its number of columns."""
    width = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for start in range(0, rows, BLOCK):
            seed = 1 + start // BLOCK
            clean = make(WORLD, seed, min(BLOCK, rows - start))
            dirty = add_plain_noise(clean, rate=RATE, seed=seed).dirty
            width = len(dirty.header)
            writer.writerows([dirty.header] * (start == 0) + dirty.rows)
    return width


def measure(path: Path, rows: int, columns: int) -> Speed:
    """Add a table and groom it once."""
    with tempfile.TemporaryDirectory(prefix="ostler-speed-") as name, opened(Path(name)) as ours:
        ours.add(path)
        adding = ours.seconds
        found = ours.run("groom", DATASET, "--json")
        traces = ours.run("trace", found["run"], "--json")
    groom = ours.grooms[-1]
    parts = parts_of(span for spans in traces for span in spans)
    parts["the rest"] = groom.seconds - sum(parts.values())
    cards = len(found["waiting"]) + len(found["approved"])
    return Speed(rows, rows * columns, adding, groom.seconds, groom.cpu, cards, parts)


def parts_of(spans: Any) -> dict[str, float]:
    """Seconds in each part of a run."""
    spent: defaultdict[str, float] = defaultdict(float)
    for span in spans:
        spent[span["name"]] += (span["end_ns"] - span["start_ns"]) / 1e9
    return {part: sum(spent[name] for name in names) for part, names in PARTS.items()}


def as_markdown(found: Sequence[Speed]) -> str:
    """A row for each table."""
    heads = ("groom of", "cards", "seconds", "CPU seconds", *found[0].parts, "adding")
    rows = [
        (
            f"{one.rows:,} x {one.cells // one.rows}",
            one.cards,
            *(f"{value:.1f}" for value in (one.seconds, one.cpu)),
            *(f"{value:.2f}" for value in (*one.parts.values(), one.adding)),
        )
        for one in found
    ]
    return table(heads, rows)


def main() -> None:
    """Measure some sizes and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--keep", type=Path, help="a folder in which the tables stay")
    parser.add_argument("--json", action="store_true", help="a list on standard output")
    arguments = parser.parse_args()
    found: list[Speed] = []
    with ExitStack() as stack:
        folder = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        for rows in arguments.rows:
            path = folder / f"{WORLD}-{rows}.csv"
            columns = write_table(path, rows)
            found.append(measure(path, rows, columns))
            print(f"{rows:,} rows: {found[-1].seconds:.1f} s", file=sys.stderr)
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        print(as_markdown(found))


if __name__ == "__main__":
    main()
