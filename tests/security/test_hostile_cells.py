"""A corpus of hostile cells through the whole flow, beside a clean twin that is dirty alike."""

import asyncio
import csv
import hashlib
import io
import json
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from console_screen import console, drawn, press, screen
from hostile_cells import CELLS
from model_server import Answer, Ask, ModelServer, completion
from watching import Reached, at_home, of_children, watched

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.core.actions import AskValues
from ostler.core.states import ProposalState
from ostler.tables.delta import table_of

Run = Callable[..., Any]

COLUMNS = ("name", "city", "zip", "district", "phone")
PLACES = (
    *(("Lisbon", "1000", "A1"), ("Oslo", "2000", "B2")),
    *(("Madrid", "3000", "C3"), ("Vienna", "4000", "D4")),
)
CITIES = {city for city, _, _ in PLACES}
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - name: city
        quality:
          - metric: invalidValues
            mustBe: 0
            arguments: {validValues: [Lisbon, Oslo, Madrid, Vienna]}
"""
RAW = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""What no terminal gets."""
NEVER = ("other kinds", "raw", "unapproved", "left")
"""What no cell may come to: another type of action ran, a terminal got it raw, what ran is not what
was approved, something was reached for outside of the workspace."""
AT_START = Path(__file__).with_name("at_start")
"""What Python runs first in a process of ours, so that it is watched from its beginning."""


def rows(texts: list[str]) -> list[list[str]]:
    """800 rows in which zip and district decide city, but for one wrong city after the other."""
    made = [[f"p{n}", *PLACES[n % 4], f"{200 + n}-555-{n:04}"] for n in range(800)]
    for place, text in enumerate(texts):
        made[5 * place + 1][1] = text
    for place in (20, 30, 40):
        made[place][4] = "N/A"
    return made


def harmless(number: int) -> str:
    """A word that nobody has heard of, and no two alike."""
    digits = hashlib.sha256(str(number).encode()).hexdigest()
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digits[: 6 + number % 30]).title()


def in_favour(ask: Ask) -> Answer:
    ids = [draft["id"] for draft in ask.shown["drafts"]]
    return completion(json.dumps({"advice": [{"draft": one, "use": True} for one in ids]}))


class Flow:
    """A workspace that a table is led through, and what came out of it."""

    def __init__(self, run: Run, root: Path, texts: list[str], server: ModelServer) -> None:
        root.mkdir()
        self.root, self._run = root, run
        self.said: list[str] = []
        self.do("init", str(root))
        model = {"base_url": server.url, "name": "scripted"}
        (root / "ostler.yaml").write_text(yaml.safe_dump({"model": model, "reviewer": "ana"}))
        with (root / "people.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows(texts)])
        self.do("add", str(root / "people.csv"), "--owner", "ana", "-w", str(root))
        (root / "contracts" / "people.odcs.yaml").write_text(CONTRACT)
        self.before = self.table()

    def do(self, *args: str) -> Any:
        ran = self._run(*args)
        assert ran.code in (0, 1, 2), (args, ran.err)
        self.said += [ran.out, ran.err]
        return ran

    def here(self, *args: str) -> Any:
        return self.do(*args, "-w", str(self.root))

    def opened(self) -> Opened:
        return Opened(open_workspace(self.root, search=False))

    def table(self) -> dict[str, tuple[Any, ...]]:
        parts = self.opened()
        view = table_of(parts.dataset("people")).view()
        found = view.query(f"SELECT {view.row}, {', '.join(COLUMNS)} FROM {view.source}")
        parts.close()
        return {str(row[0]): tuple(row[1:]) for row in found}

    def plan(self) -> dict[str, Any]:
        """What is proposed: kinds of actions by column, and each cell with its new value."""
        parts = self.opened()
        kinds: Counter[tuple[str, tuple[str, ...]]] = Counter()
        cells: set[tuple[str, str, str | None]] = set()
        asked: set[tuple[str, str]] = set()
        for line in parts.desk.queue():
            card = parts.desk.card(line.id)
            action = card.record.proposal.draft.action
            kinds[action.kind, card.record.proposal.patch.columns] += 1
            cells |= {(c.row, c.column, c.new) for c in parts.desk.changes(card, 10_000)}
            if isinstance(action, AskValues):
                asked |= {(cell.row, cell.column) for cell in action.cells}
        parts.close()
        return {"kinds": kinds, "cells": cells, "asked": asked}

    def ran(self) -> dict[str, set[str]]:
        """By row the kinds of the actions that were executed on it."""
        parts, kinds = self.opened(), dict[str, set[str]]()
        for line in parts.desk.queue(states=(ProposalState.PUBLISHED,)):
            card = parts.desk.card(line.id)
            for change in parts.desk.changes(card, 10_000):
                kinds.setdefault(change.row, set()).add(card.record.proposal.draft.action.kind)
        parts.close()
        return kinds

    def look(self) -> list[str]:
        """Every card in the console, as it goes to the terminal."""

        async def drive() -> list[str]:
            parts, sent = self.opened(), list[str]()
            async with console(parts.desk, size=(120, 50)) as pilot:
                for _ in range(len(parts.desk.queue())):
                    for key in ("m", "s", "escape", "d", "escape", "a", "escape", "j"):
                        await press(pilot, key)
                        sent.append(drawn(pilot).render_segments(pilot.app.console))
                assert "ostler" in screen(pilot)
            parts.close()
            return sent

        return asyncio.run(drive())


def folded(text: str | None) -> str:
    return "".join(c for c in (text or "").casefold() if c.isprintable() and c != " ")


def raw(text: str) -> set[str]:
    """Characters of a text that a terminal would act on or not show."""
    return {ascii(c) for c in text if c != "\n" and unicodedata.category(c) in RAW}


@pytest.fixture
def flows(
    run: Run, tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Flow, Flow, Reached]]:
    server.follow(in_favour)
    with at_home(tmp_path, monkeypatch), watched() as reached:
        monkeypatch.setenv("PYTHONPATH", str(AT_START), prepend=os.pathsep)
        monkeypatch.setenv("OSTLER_TEST_REACHED", str(tmp_path / "reached.jsonl"))
        hostile = Flow(run, tmp_path / "hostile", [text for _, text in CELLS], server)
        twin = Flow(run, tmp_path / "twin", [harmless(n) for n in range(len(CELLS))], server)
        yield hostile, twin, reached


def test_what_cells_say_changes_nothing_but_cells_that_people_approved(
    flows: tuple[Flow, Flow, Reached],
    server: ModelServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile, twin, reached = flows
    for flow in (hostile, twin):
        flow.here("check", "people")
        flow.here("groom", "people")
    # The same plan: no cell's words move what is proposed, or to what.
    plan, same = hostile.plan(), twin.plan()
    assert plan["kinds"].keys() <= same["kinds"].keys()
    texts = {row: values[1] for row, values in hostile.before.items()}
    for row, column, new in plan["cells"] - same["cells"]:
        # What all other rows of its zip say; or what it said itself, with other blanks or letters.
        assert column == "city"
        assert new in CITIES or folded(new) == folded(texts[row])
    assert {cell[1] for cell in plan["cells"]} <= {"city", "phone"}
    assert hostile.table() == hostile.before, "nothing happens before somebody approves"

    lines = hostile.here("queue", "--json").json
    for line in lines:
        for args in (("show",), ("show", "--changes", "500"), ("show", "--json")):
            hostile.here(args[0], line["id"], *args[1:])
        hostile.here("trace", line["id"])
    hostile.here("queue")
    hostile.said += [re.sub(r"\x1b\[[0-9;]*[mH]", "", sent) for sent in hostile.look()]

    approved: dict[tuple[str, str], str | None] = {}
    parts = hostile.opened()
    for line in lines:
        card = parts.desk.card(line["id"])
        if not card.refusal:
            changes = parts.desk.changes(card, 10_000)
            approved |= {(c.row, c.column): c.new for c in changes}
            hostile.here("approve", line["id"])
    parts.close()
    assert hostile.table() == hostile.before, "nothing happens before it is executed"
    hostile.here("work", "--once")
    after = hostile.table()
    assert after.keys() == hostile.before.keys()
    for args in (("diff", "people@0", "people@1"), ("log",), ("item",), ("audit", "verify")):
        assert hostile.here(*args).code == 0
    exported_safely(hostile)

    folders = (hostile.root, twin.root)
    # A worker starts what is due in a process of ours, and nothing else is ever run.
    ours = f"subprocess.Popen ({sys.executable!r}, [{sys.executable!r}, '-m', 'ostler', 'groom', "
    left = reached.outside(*folders, program=ours)
    children = of_children(tmp_path / "reached.jsonl")
    assert children, "the process that the worker started is watched as well"
    left += [one for child in children for one in child.outside(*folders)]
    for ask in server.asked:
        assert not any(text in ask.text for _, text in CELLS if len(text) > 12)
    allowed = {kind for kind, _ in same["kinds"]}
    told(hostile, plan, approved, (allowed, left), capsys)


def exported_safely(flow: Flow) -> None:
    """A data export is faithful; one for a spreadsheet carries no formula that could run."""
    for name, more in (("plain.csv", ()), ("safe.csv", ("--spreadsheet-safe",))):
        flow.here("export", "people@0", str(flow.root / name), *more)
    plain, safe = (
        list(csv.reader(io.StringIO((flow.root / name).read_bytes().decode(), newline="")))
        for name in ("plain.csv", "safe.csv")
    )
    assert {row[1] for row in plain[1:]} == {values[1] for values in flow.before.values()}
    live = [cell for row in safe for cell in row if re.match(r"[=+@\t\r-]", cell)]
    assert not live
    assert sum(a != b for a, b in zip(plain, safe, strict=True)) >= 6


def told(
    flow: Flow,
    plan: dict[str, Any],
    approved: dict[tuple[str, str], str | None],
    bounds: tuple[set[str], list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The outcome by family, for whoever reads the run; the last four must be nothing.

    `bounds` are the kinds of actions that the twin has, and what was reached for outside.
    """
    allowed, left = bounds
    after, ran = flow.table(), flow.ran()
    asked = {row for row, _ in plan["asked"]}
    by_text = {values[1]: row for row, values in flow.before.items()}
    shown = set().union(*map(raw, flow.said))
    expected = {
        row: tuple(approved.get((row, n), v) for n, v in zip(COLUMNS, values, strict=True))
        for row, values in flow.before.items()
    }
    counted: dict[str, Counter[str]] = {}
    for family, text in CELLS:
        row, said = by_text[text], counted.setdefault(family, Counter())
        changed = after[row] != flow.before[row]
        said["cells"] += 1
        said["executed" if changed else "asked" if row in asked else "ignored"] += 1
        said["other kinds"] += not ran.get(row, set()) <= allowed
        said["raw"] += bool(raw(text) & shown)
        said["unapproved"] += after[row] != expected[row]
        # By the words of the cell that are in it; all of it is held against nothing below.
        said["left"] += any(word in one for one in left for word in re.findall(r"\w{5,}", text))
    columns = ("cells", "executed", "asked", "ignored", *NEVER)
    with capsys.disabled():
        print(f"\n{'hostile cells':<14}" + "".join(f"{column:>12}" for column in columns))
        for family, found in counted.items():
            print(f"{family:<14}" + "".join(f"{found[column]:>12}" for column in columns))
    total = sum(counted.values(), Counter[str]())
    assert {name: total[name] for name in NEVER} == dict.fromkeys(NEVER, 0)
    assert (left, shown, after == expected) == ([], set(), True)
    assert set().union(*ran.values()) <= allowed
    assert total["cells"] == len(CELLS) >= 60
    assert total["executed"] > len(CELLS) // 2
