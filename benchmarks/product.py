"""The product as a benchmark drives it: commands with --json, in a workspace of its own."""

import json
import sys
from collections.abc import Generator, Sequence
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
ALL = 1_000_000_000
_SETTINGS = (
    # The worker executes and nothing else, so that every groom is a command that is measured.
    ("\nwork:\n", "\nwork:\n  runs: 0\n"),
    # One process speaks for all reviewers, who have no keys: a trial.
    ("# unsigned_votes: true\n", "unsigned_votes: true\n"),
)
"""Lines of ostler.yaml that are not what `init` writes."""

Cell = tuple[int, str, str | None, str | None]
"""Row from 0, column, before, after."""


@dataclass(frozen=True)
class Card:
    """What waits to be decided, with every cell that it would change or asks about."""

    id: str
    sentence: str
    principle: str
    may: tuple[str, ...]
    """The answers that it takes."""
    cells: list[Cell]
    """Of a question, what the cells hold, twice."""
    alternatives: list[list[Cell]] = field(default_factory=list[list[Cell]])


@dataclass(frozen=True)
class Said:
    """A reviewer's answer in the words of the product: columns by name, rows from 0."""

    answer: str
    direction: int | None = None
    fill: str | None = None
    """Empty is missing."""
    struck: Sequence[tuple[str, str | None, str | None]] = ()
    struck_cells: Sequence[tuple[int, str]] = ()
    wrong: Sequence[tuple[int, str]] = ()
    values: Sequence[tuple[int, str, str]] = ()


class Refused(Exception):
    """The product does not take a command, and says why."""


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
        try:
            return self.attempt(*args, reviewer=reviewer)
        except Refused as refused:
            raise SystemExit(f"ostler {' '.join(map(str, args))} failed:\n{refused}") from None

    def attempt(self, *args: object, reviewer: str = REVIEWERS[0]) -> Any:
        """The same for a command that may be refused."""
        said = self.ask({"args": [str(arg) for arg in args], "reviewer": reviewer})
        self.seconds += said["seconds"]
        if args[0] == "groom":
            self.grooms.append(Groom(said["seconds"], said["cpu"]))
        if said["code"]:
            raise Refused(said["err"])
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
        basis = shown["basis"] or {"principle": shown["draft"]["action"]["kind"]}
        named = shown["id"], shown["sentence"], basis["principle"]
        if shown["question"]:
            asked = [(int(one["row"]) - 1, one["column"], one["old"], one["old"])
                     for one in shown["question"]]  # fmt: skip
            return Card(*named, ("teach",), asked)
        may = ("approve", "reject", *(("edit",) if shown["basis"] else ()))
        others = [_cells(one["changes"]) for one in shown["alternatives"]]
        return Card(*named, may, _cells(shown["changes"]), others)

    def decide(self, card: Card, said: Said) -> str:
        """Do what the answer says, and what follows of it; returns where the card then is."""
        match said.answer:
            case "approve":
                return self._approve(card.id)
            case "edit":
                made = self._edit(card, said)
                if made:
                    return self._made(made)
                # What cannot be had otherwise is taken as it is, if it is good enough.
                good = said.direction is None and said.fill is None
                return self._approve(card.id) if good else self._reject(card, said)
            case "teach":
                made = self._teach(card, said)
                return self._made(made) if made else "answered"
            case _:
                return self._reject(card, said)

    def _made(self, proposal: str) -> str:
        """Have what the first reviewer made approved by the others, if policy lets it wait."""
        state = self.run("show", proposal, "--json")["state"]
        return self._approve(proposal, REVIEWERS[1:]) if state == "parked" else state

    def _approve(self, proposal: str, reviewers: Sequence[str] = REVIEWERS) -> str:
        """Vote as often as policy wants; nobody approves what they typed themselves."""
        state = "parked"
        for reviewer in reviewers:
            if state == "parked":
                (said,) = self.run("approve", proposal, "--json", reviewer=reviewer)
                state = said["state"]
        if state == "approved":
            done = self.run("work", "--once", "--json")
            state = next((one["state"] for one in done if one["proposal"] == proposal), state)
        return state

    def _reject(self, card: Card, said: Said) -> str:
        wrong = [word for row, column in said.wrong for word in ("--wrong", row + 1, column)]
        because = "most of what I looked up is wrong"
        (told,) = self.run("reject", card.id, "--because", because, *wrong, "--json")
        return told["state"]

    def _edit(self, card: Card, said: Said) -> str | None:
        """The proposal that comes of an edit; None where the product does not take it."""
        edit = {
            "strike": [{"column": c, "old": old, "new": new} for c, old, new in said.struck],
            "strike_cells": [[str(row + 1), column] for row, column in said.struck_cells],
            "direction": "" if said.direction is None else str(said.direction + 1),
            "fill": None if said.fill is None else {"value": said.fill or None},
        }
        try:
            return self.attempt("edit", card.id, "--file", self._file(edit), "--json")["made"]
        except Refused as refused:
            print(f"{card.id} cannot be edited: {refused}", file=sys.stderr)
            return None

    def _teach(self, card: Card, said: Said) -> str | None:
        """The proposal that comes of typed values; None when all is right as it is.

        What a column's type cannot hold is left without an answer.
        """
        olds = {(row, column): old for row, column, old, _ in card.cells}
        known = {
            (row, column): {"right": True} if value.strip() == (olds[row, column] or "").strip()
            else {"value": value or None}
            for row, column, value in said.values
        }  # fmt: skip
        for left_out in (None, *dict.fromkeys(column for _, column in known)):
            answers = [{"row": str(row + 1), "column": column, **one}
                       for (row, column), one in known.items() if column != left_out]  # fmt: skip
            try:
                told = self.attempt("answer", card.id, "--file", self._file(answers), "--json")
            except Refused as refused:
                because = refused
            else:
                return told["made"]
        raise SystemExit(f"{card.id} takes no answer: {because}")

    def _file(self, content: object) -> Path:
        path = self.folder / "answer.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

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


def _cells(changes: Sequence[dict[str, Any]]) -> list[Cell]:
    return [(int(one["row"]) - 1, one["column"], one["old"], one["new"]) for one in changes]


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
        settings = workspace / "ostler.yaml"
        said = settings.read_text(encoding="utf-8")
        for default, wanted in _SETTINGS:
            said = said.replace(default, wanted, 1)
        settings.write_text(said, encoding="utf-8")
        yield ours


@contextmanager
def product(folder: Path, dirty: Table) -> Generator[Product]:
    """The same with a table under care; it sees no other file."""
    write(folder / "table.csv", dirty)
    with opened(folder) as ours:
        ours.add(folder / "table.csv")
        yield ours
