"""The repair benchmark over all tables at hand, as Markdown: public pairs and our own.

    python benchmarks/suite.py [--public ../shared/data] [--seeds 1] [--rows 800] [--only films]
        [--reviewer exact|noisy] [--shuffle-columns] [--rename-columns] [--plots FOLDER]

A public pair is a folder with dirty.csv and clean.csv in it. Our own tables are made on the spot:
benchmarks/tables.py makes the clean one, benchmarks/noise.py the errors.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

import anchors
from measured import CHECKPOINTS, Measured
from noise import NAMES, add_noise, parse_classes, save
from plot import draw
from repair import Setting, measure
from report import classes_as_markdown, never, percent, table
from scoring import ClassScore
from tables import HELD_OUT_ABOVE, WORLDS, make

RATE = 0.08
"""Share of wrong cells in our own tables: between the 2.5 % and 30 % of the public ones."""
MIXES = {"shipments": "conflict=0.14,missing=0.04,typo,disguised,date_format"}
"""Errors of worlds that are about errors of one sort; the others get some of every class."""


def own_pairs(
    folder: Path, seeds: Sequence[int], rows: int, only: Sequence[str]
) -> Iterator[tuple[str, Path]]:
    """Clean tables and their errors, written pair by pair."""
    for seed in seeds:
        for world in (world for world in WORLDS if not only or world in only):
            clean = make(world, seed, rows)
            classes, rates = parse_classes(MIXES.get(world, ",".join(NAMES)))
            noisy = add_noise(clean, rate=RATE, seed=seed, classes=classes, rates=rates)
            name = f"{world} {seed}"
            save(folder / name, clean, noisy)
            yield name, folder / name


def public_pairs(folder: Path, only: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The pairs in a folder."""
    for dirty in sorted(folder.glob("*/dirty.csv")):
        name = dirty.parent.name
        if (dirty.parent / "clean.csv").exists() and (not only or name in only):
            yield name, dirty.parent


def curves(results: dict[str, Measured], decisions: int) -> str:
    """Repair F1 after so many decisions, table by table, and the means."""
    points = [n for n in CHECKPOINTS if n <= decisions]
    rows = [
        (name, one.final.erroneous, *(one.after(n).repair_f1 for n in points))
        for name, one in results.items()
    ]
    means = [fmean(one.after(n).repair_f1 for one in results.values()) for n in points]
    heads = ("repair F1 after", "errors", *map(str, points))
    return table(heads, [*rows, ("**macro**", "", *means)])


def details(results: dict[str, Measured]) -> str:
    """Everything else, at the end of the decisions."""
    heads = ("at the end", "precision", "recall", "detection F1", "decisions used", "to F1 .8",
             "to .9", "to 90 % of final", "rejected", "broken per 100", "grooms", "s each",
             "CPU s each")  # fmt: skip
    rows = [
        (
            name,
            one.final.precision,
            one.final.recall,
            one.final.detection_f1,
            len(one.decided),
            never(one.decisions_to(0.8)),
            never(one.decisions_to(0.9)),
            never(one.decisions_to_most),
            percent(one.rejected_share),
            one.final.broken_per_100,
            len(one.grooms),
            f"{one.groom.seconds:.1f}",
            f"{one.groom.cpu:.1f}",
        )
        for name, one in results.items()
    ]
    return table(heads, rows)


def classes(results: dict[str, Measured]) -> str:
    """What became of each class of errors, all tables together."""
    found: dict[str, ClassScore] = {}
    for one in results.values():
        for name, score in one.classes.items():
            found[name] = found[name] + score if name in found else score
    return classes_as_markdown(found)


def beside(results: dict[str, Measured]) -> str:
    """Our final F1 beside that of the peers."""
    peers = list(next(iter(results.values())).peers)
    rows = [
        (name, one.final.repair_f1, *(one.peers[peer].repair_f1 for peer in peers))
        for name, one in results.items()
    ]
    means = [fmean(values) for values in zip(*(row[1:] for row in rows), strict=True)]
    return table(("repair F1", "ostler", *peers), [*rows, ("**macro**", *means)])


def main() -> None:
    """Measure everything and print the tables."""
    arguments = _arguments()
    sets: list[tuple[str, dict[str, Measured]]] = []
    with tempfile.TemporaryDirectory(prefix="ostler-bench-") as name:
        if arguments.public.is_dir():
            pairs = public_pairs(arguments.public, arguments.only)
            sets.append(("Public pairs", _measured(pairs, arguments)))
        else:
            print(f"the public pairs are left out: there is no {arguments.public}", file=sys.stderr)
        pairs = own_pairs(Path(name), arguments.seeds, arguments.rows, arguments.only)
        sets.append(("Our own tables", _measured(pairs, arguments)))
    packages = ", ".join(f"{one} {version(one)}" for one in ("ostler", "duckdb", "pyarrow"))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {packages}, Python {platform.python_version()}, "
          f"{os.cpu_count()} processors; reviewer: {arguments.reviewer}")  # fmt: skip
    for title, results in sets:
        if results:
            print(f"\n### {title}\n\n{curves(results, arguments.decisions)}\n\n{details(results)}")
            print(f"\n{beside(results)}")
            if any(one.classes for one in results.values()):
                print(f"\n{classes(results)}")
    print(f"\n### Published\n\n{anchors.as_markdown()}")


def _measured(
    pairs: Iterator[tuple[str, Path]], arguments: argparse.Namespace
) -> dict[str, Measured]:
    results: dict[str, Measured] = {}
    for name, folder in pairs:
        setting = Setting(
            dirty=folder / "dirty.csv",
            clean=folder / "clean.csv",
            decisions=arguments.decisions,
            seed=arguments.reviewer_seed,
            noisy=arguments.reviewer == "noisy",
            shuffle=arguments.shuffle_columns,
            rename=arguments.rename_columns,
            always_groom=arguments.groom == "every-answer",
            labels=labels if (labels := folder / "cells.csv").exists() else None,
        )
        results[name] = found = measure(setting)
        print(f"{name}: F1 {found.final.repair_f1:.3f} after {len(found.decided)} decisions, "
              f"{found.seconds:.0f} s", file=sys.stderr)  # fmt: skip
        if arguments.plots:
            draw(arguments.plots / f"{name.replace(' ', '-')}.png", found, arguments.decisions)
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--public", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of our own tables")
    parser.add_argument("--held-out", action="store_true", help="allow seeds above 1000")
    parser.add_argument("--rows", type=int, default=800, help="of our own tables")
    parser.add_argument("--only", nargs="+", default=[], help="names of pairs and worlds")
    parser.add_argument("--decisions", type=int, default=20)
    parser.add_argument("--reviewer", choices=("exact", "noisy"), default="exact")
    parser.add_argument("--reviewer-seed", type=int, default=0)
    parser.add_argument("--groom", choices=("when-needed", "every-answer"), default="every-answer")
    parser.add_argument("--shuffle-columns", action="store_true")
    parser.add_argument("--rename-columns", action="store_true")
    parser.add_argument("--plots", type=Path, default=None, help="a folder for the curves")
    arguments = parser.parse_args()
    if max(arguments.seeds) > HELD_OUT_ABOVE and not arguments.held_out:
        parser.error(f"seeds above {HELD_OUT_ABOVE} are held out; say --held-out when all is tuned")
    return arguments


if __name__ == "__main__":
    main()
