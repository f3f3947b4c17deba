"""Repair quality as a function of human decisions, on the real product.

    python benchmarks/repair.py --dirty D.csv --clean C.csv [--decisions 20] [--seed N]
        [--reviewer exact|noisy] [--shuffle-columns] [--rename-columns] [--json]

The product runs in one process and never sees the clean file; a simulated reviewer in another one
(benchmarks/reviewer.py) alone does, until all is over and a third one scores what was exported.
Grooming happens at the start and after every answer, for an answer teaches.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csv_files import Table, read, sha256, write
from disguise import Disguise, disguise
from measured import Decided, Measured
from peers import PEERS
from plot import draw
from product import Card, Cell, Product, Said, product
from report import as_json, as_markdown, cut
from scoring import ClassScore, Score
from talking import Ask, talking_to

HERE = Path(__file__).parent
Tell = Callable[[Decided], None]


@dataclass(frozen=True)
class Setting:
    """What is measured, and how."""

    dirty: Path
    clean: Path
    decisions: int = 20
    seed: int = 0
    noisy: bool = False
    shuffle: bool = False
    rename: bool = False
    always_groom: bool = True
    """Groom after every answer, not only when nothing waits or something went stale."""
    labels: Path | None = None
    """What noise says of the cells that it damaged."""


def measure(setting: Setting, tell: Tell = lambda _decided: None) -> Measured:
    """Run the product with the reviewer, the peers beside it, and score all of them.

    `tell` hears of every decision as it is taken.
    """
    dirty = read(setting.dirty)
    worn = disguise(dirty.header, shuffle=setting.shuffle, rename=setting.rename, seed=setting.seed)
    others = {name: worn.take_off(peer(worn.put_on(dirty)), dirty.header)
              for name, peer in PEERS.items()}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="ostler-bench-") as name:
        folder = Path(name)
        # The peers first: a pair that cannot be scored is known before the long part.
        levels, _ = scored(setting, folder, list(others.values()))
        reviewer = [HERE / "reviewer.py", "--clean", setting.clean.resolve()]
        reviewer += ["--seed", setting.seed, *(["--noisy"] if setting.noisy else [])]
        with product(folder, worn.put_on(dirty)) as ours, talking_to(reviewer) as ask:
            exports, decided = converse(ours, ask, worn, dirty, setting, tell)
        scores, classes = scored(setting, folder, exports)
    return Measured(
        sha256=sha256(setting.dirty),
        scores=tuple(scores),
        decided=tuple(decided),
        grooms=tuple(ours.grooms),
        seconds=ours.seconds,
        peers=dict(zip(others, levels, strict=True)),
        classes=classes,
    )


def converse(
    ours: Product, ask: Ask, worn: Disguise, dirty: Table, setting: Setting, tell: Tell
) -> tuple[list[Table], list[Decided]]:
    """Groom, decide on the best card, apply, again; the table before and after each decision."""

    def exported() -> Table:
        seen = ours.export("export.csv", worn.put_on(dirty))
        return worn.take_off(seen, dirty.header)

    ours.groom()
    exports, decided = [exported()], list[Decided]()
    groomed = True
    while len(decided) < setting.decisions:
        card = ours.best()
        if card is None and groomed:
            break
        if card is None:
            ours.groom()
            groomed = True
            continue
        decided.append(_decide(ours, ask, worn, card))
        tell(decided[-1])
        exports.append(exported() if decided[-1].state == "published" else exports[-1])
        last = len(decided) == setting.decisions
        groomed = not last and (setting.always_groom or ours.overtaken())
        if groomed:
            ours.groom()
    return exports, decided


def _decide(ours: Product, ask: Ask, worn: Disguise, card: Card) -> Decided:
    question = {
        "card": card.id,
        "may": card.may,
        "cells": _placed(card.cells, worn),
        "alternatives": [_placed(one, worn) for one in card.alternatives],
    }
    if "teach" in card.may:
        question["cells"] = [cell[:3] for cell in _placed(card.cells, worn)]
    heard = ask(question)
    state = ours.decide(card, _said(heard, worn))
    return Decided(
        card.id,
        card.sentence,
        card.principle,
        len(card.cells),
        heard["answer"],
        heard["seen"],
        heard["right"],
        state,
    )


def _placed(cells: Sequence[Cell], worn: Disguise) -> list[tuple[int, int, str | None, str | None]]:
    return [(row, worn.position(column), old, new) for row, column, old, new in cells]


def _said(heard: dict[str, Any], worn: Disguise) -> Said:
    """The reviewer's answer, with columns as the product calls them."""
    return Said(
        heard["answer"],
        heard.get("direction"),
        heard.get("fill"),
        [(worn.name(place), old, new) for place, old, new in heard.get("struck", ())],
        [(row, worn.name(place)) for row, place in heard.get("struck_cells", ())],
        [(row, worn.name(place)) for row, place in heard.get("wrong", ())],
        [(row, worn.name(place), value) for row, place, value in heard.get("values", ())],
    )


def scored(
    setting: Setting, folder: Path, tables: Sequence[Table]
) -> tuple[list[Score], dict[str, ClassScore]]:
    """The tables' scores, from a process of its own, which reads the truth.

    With labels, also what became of each class of errors in the last table.
    """
    files = [folder / f"scored-{number}.csv" for number in range(len(tables))]
    for file, table in zip(files, tables, strict=True):
        write(file, table)
    labels = ["--labels", setting.labels] if setting.labels else []
    ended = subprocess.run(
        [sys.executable, HERE / "scoring.py", setting.dirty, setting.clean, *files, *labels],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"the tables cannot be scored: {ended.stderr}")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    classes = {name: ClassScore(**one) for name, one in lines.pop().items()} if labels else {}
    return [Score(**line) for line in lines], classes


def _say(one: Decided) -> None:
    print(
        f"{one.answer:8} {one.right:2} of {one.seen:2} right: {cut(one.sentence)}", file=sys.stderr
    )


def main() -> None:
    """Measure one pair, print what was found and draw the curve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dirty", type=Path, required=True)
    parser.add_argument("--clean", type=Path, required=True)
    parser.add_argument("--decisions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the reviewer and the disguise")
    parser.add_argument("--reviewer", choices=("exact", "noisy"), default="exact")
    parser.add_argument("--shuffle-columns", action="store_true")
    parser.add_argument("--rename-columns", action="store_true")
    parser.add_argument(
        "--groom",
        choices=("when-needed", "every-answer"),
        default="every-answer",
        help="when-needed: only when nothing waits or something that waited went stale",
    )
    parser.add_argument("--labels", type=Path, help="cells.csv of benchmarks/noise.py")
    parser.add_argument("--plot", type=Path, default=Path("repair_curve.png"), help="a PNG file")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    arguments = parser.parse_args()
    setting = Setting(
        dirty=arguments.dirty,
        clean=arguments.clean,
        decisions=arguments.decisions,
        seed=arguments.seed,
        noisy=arguments.reviewer == "noisy",
        shuffle=arguments.shuffle_columns,
        rename=arguments.rename_columns,
        always_groom=arguments.groom == "every-answer",
        labels=arguments.labels,
    )
    measured = measure(setting, _say)
    draw(arguments.plot, measured, setting.decisions)
    if arguments.json:
        print(json.dumps(as_json(measured, setting.decisions), indent=2))
    else:
        print(as_markdown(measured, setting.decisions))
    print(f"the curve: {arguments.plot}", file=sys.stderr)


if __name__ == "__main__":
    main()
