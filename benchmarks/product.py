"""The product as a benchmark drives it: commands with --json, in a workspace of its own."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from csv_files import Table, read, write
from measured import Groom
from talking import Ask, talking_to

DATASET = "table"
REVIEWERS = ("ana", "ben", "cleo")
"""Policy may ask for several votes; all of them are the one simulated person."""
MAY = ("approve", "reject")
"""What a card takes today."""
ALL = 1_000_000_000


@dataclass(frozen=True)
class Card:
    """What waits to be decided, with every cell that it would change."""

    id: str
    sentence: str
    may: tuple[str, ...]
    cells: list[tuple[int, str, str | None, str | None]]
    """Row from 0, column, before, after."""


@dataclass
class Product:
    """One table under care."""

    ask: Ask
    folder: Path
    grooms: list[Groom] = field(default_factory=list[Groom])
    seconds: float = 0.0
    """Of all commands together."""
    stale: int = 0
    """Proposals that had gone stale when the table was last groomed."""

    def run(self, *args: object, reviewer: str = REVIEWERS[0]) -> Any:
        """A command; its JSON, or None when it prints none. An error ends the benchmark."""
        said = self.ask({"args": [str(arg) for arg in args], "reviewer": reviewer})
        self.seconds += said["seconds"]
        if args[0] == "groom":
            self.grooms.append(Groom(said["seconds"], said["cpu"]))
        if said["code"]:
            raise SystemExit(f"ostler {' '.join(map(str, args))} failed:\n{said['err']}")
        return json.loads(said["out"]) if said["out"].strip() else None

    def add(self, dirty: Path) -> None:
        """Take the table under care."""
        self.run("add", dirty, "--name", DATASET, "--owner", "owner")

    def groom(self) -> None:
        """Look for proposals; what policy applies without a vote is applied."""
        self.run("groom", DATASET, "--json")
        self.run("work", "--once", "--json")
        self.stale = self._count_stale()

    def overtaken(self) -> bool:
        """Whether something that waited has gone stale since the last groom."""
        return self._count_stale() > self.stale

    def _count_stale(self) -> int:
        return len(self.run("queue", DATASET, "--state", "stale", "--limit", ALL, "--json"))

    def best(self) -> Card | None:
        """The card on top of the queue."""
        waiting = self.run("queue", DATASET, "--limit", 1, "--json")
        if not waiting:
            return None
        shown = self.run("show", waiting[0]["id"], "--changes", ALL, "--json")
        cells = [
            (int(change["row"]) - 1, change["column"], change["old"], change["new"])
            for change in shown["changes"]
        ]
        return Card(shown["id"], shown["sentence"], MAY, cells)

    def decide(self, card: Card, answer: str) -> str:
        """Give the answer, with as many votes as policy wants; returns where the card then is."""
        state = "parked"
        for reviewer in REVIEWERS:
            extra = ("--because", "most of what I looked up is wrong") if answer == "reject" else ()
            said = self.run(answer, card.id, *extra, "--json", reviewer=reviewer)
            state = said[0]["state"]
            if state != "parked":
                break
        if state == "approved":
            done = self.run("work", "--once", "--json")
            state = next((one["state"] for one in done if one["proposal"] == card.id), state)
        return state

    def export(self, name: str, dirty: Table) -> Table:
        """The table as it is now; a row that was deleted stands where it stood, as it was."""
        path = self.folder / name
        self.run("export", DATASET, path)
        table = read(path)
        if len(table.rows) == len(dirty.rows):
            return table
        newest = self.run("log", DATASET, "--limit", 1, "--json")[0]["version"]
        between = (f"{DATASET}@0", f"{DATASET}@{newest}")
        changes = self.run("diff", *between, "--limit", ALL, "--json")["changes"]
        deleted = {int(change["row"]) - 1 for change in changes if change["op"] == "delete"}
        left = iter(table.rows)
        rows = [
            dirty.rows[number] if number in deleted else next(left)
            for number in range(len(dirty.rows))
        ]
        return Table(table.header, rows)


@contextmanager
def opened(folder: Path) -> Generator[Product]:
    """A workspace of its own, with nothing in it."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    # -P: the modules of this folder are none of the product's.
    session = ["-P", Path(__file__).with_name("session.py")]
    with talking_to(session, cwd=workspace) as ask:
        ours = Product(ask, folder)
        ours.run("init")
        yield ours


@contextmanager
def product(folder: Path, dirty: Table) -> Generator[Product]:
    """The same with a table under care; it sees no other file."""
    write(folder / "table.csv", dirty)
    with opened(folder) as ours:
        ours.add(folder / "table.csv")
        yield ours
