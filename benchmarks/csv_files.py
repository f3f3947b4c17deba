"""Tables as files: header and rows of text, read and written in one way by all benchmarks."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Table:
    """A header and rows of text, all of one width."""

    header: list[str]
    rows: list[list[str]]

    @property
    def columns(self) -> list[list[str]]:
        """The values column by column."""
        return [[row[place] for row in self.rows] for place in range(len(self.header))]


def read(path: Path) -> Table:
    """A CSV file; blank lines are skipped, a row of another width ends the benchmark."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path} cannot be read: {error}") from None
    if not rows:
        raise SystemExit(f"{path} is empty")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise SystemExit(f"{path}: row {number} has {len(row)} fields, not {len(rows[0])}")
    return Table(rows[0], rows[1:])


def write(path: Path, table: Table) -> None:
    """Write a table; the same table gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        writer.writerows(table.rows)


def sha256(path: Path) -> str:
    """The digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
