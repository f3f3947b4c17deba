"""Columns in another order and under names that carry nothing, and back."""

from dataclasses import dataclass
from random import Random

from csv_files import Table


@dataclass(frozen=True)
class Disguise:
    """Where each column of the disguised table stood, and what the columns are called in it."""

    order: tuple[int, ...]
    names: tuple[str, ...]

    def put_on(self, table: Table) -> Table:
        """The table as the product sees it."""
        return Table(list(self.names), [[row[place] for place in self.order] for row in table.rows])

    def take_off(self, table: Table, header: list[str]) -> Table:
        """A disguised table in the order and under the header that it had."""
        places = sorted(range(len(self.order)), key=self.order.__getitem__)
        return Table(header, [[row[place] for place in places] for row in table.rows])

    def position(self, name: str) -> int:
        """Where a column of the disguised table stood."""
        return self.order[self.names.index(name)]

    def name(self, position: int) -> str:
        """What the column that stood there is called in the disguised table."""
        return self.names[self.order.index(position)]


def disguise(header: list[str], *, shuffle: bool, rename: bool, seed: int) -> Disguise:
    """A seeded disguise; without either wish it changes nothing."""
    order = list(range(len(header)))
    if shuffle:
        Random(f"order {seed}").shuffle(order)
    names = [f"c{place:03}" if rename else header[was] for place, was in enumerate(order)]
    return Disguise(tuple(order), tuple(names))
