"""A rehearsal: the miners and the simulated reviewer alone, without the product around them.

    python benchmarks/rehearsal.py --dirty D.csv --clean C.csv [--decisions 20] [--noisy] [-v]
    python benchmarks/rehearsal.py FOLDER... [-v]       # each holds dirty.csv and clean.csv
    python benchmarks/rehearsal.py FOLDER... --report-scores --classes --jobs 2

Takes seconds where `repair.py` takes minutes, and leaves out everything but mining, answering and
learning; the numbers that count are those of `repair.py`. `--report-scores` says how far the cards'
scores are true, `--classes` which errors were repaired, where a folder holds cells.csv.
`rehearsal_tables.py` makes folders.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

from answers import Answer
from csv_files import read
from rehearsing import Claim, Rehearsed, Turn, rehearse
from report import classes_as_markdown, table
from scoring import ClassScore, by_class

from ostler.core.actions import Correct
from ostler.core.proposals import Draft
from ostler.tools.repair.asking import gain

_AT = (1, 2, 3, 5, 10, 20)
_BANDS = ("sure", "likely", "doubtful")


@dataclass(frozen=True)
class Task:
    """One table to rehearse."""

    folder: Path
    dirty: Path
    clean: Path
    decisions: int
    noisy: bool
    seed: int
    loud: bool

    def __call__(self) -> Rehearsed:
        """Do it."""
        name = self.folder.name
        return rehearse(
            name,
            read(self.dirty),
            read(self.clean),
            decisions=self.decisions,
            noisy=self.noisy,
            seed=self.seed,
            tell=_say if self.loud else lambda _turn: None,
        )


def _do(task: Task) -> Rehearsed:
    return task()


def _say(turn: Turn) -> None:
    sure = f"{gain(turn.card):7.1f} {turn.card.evidence.confidence:.2f}"
    said = f"{_words(turn.said)} of {turn.cells}"
    line = f"  {turn.f1:.3f} {sure} {said:26} {turn.waiting:3} cards | {_one_line(turn.card)}"
    print(line, file=sys.stderr)


def _words(said: Answer) -> str:
    struck = len(said.struck) + len(said.struck_cells)
    how = "" if said.direction is None else f" direction {said.direction}"
    how += "" if said.fill is None else f" fill {said.fill!r}"
    return f"{said.answer} {said.right}/{said.seen}{how}{f' -{struck}' if struck else ''}"


def _one_line(card: Draft) -> str:
    first = card.action.corrections[0] if isinstance(card.action, Correct) else None
    example = f" [{first.column}: {first.old!r} -> {first.new!r}]" if first else ""
    return f"{card.tool} {card.evidence.summary[:90]}{example}"


def curves(done: Sequence[Rehearsed]) -> Iterable[str]:
    """A line for each table, and the means."""
    heads = " ".join(f"{n:>5}" for n in _AT)
    yield (f"{'F1 after decisions':24} {heads}     P     R br/100 cards rejected to90 CPU s")
    for one in done:
        at = " ".join(f"{one.after(n):.3f}" for n in _AT)
        end = one.score
        yield (
            f"{one.name:24} {at} {end.precision:.3f} {end.recall:.3f} {end.broken_per_100:6.1f}"
            f" {len(one.turns):5} {one.rejected:8} {one.to_most:4} {one.seconds:5.2f}"
        )
    tables, answered = max(1, len(done)), max(1, sum(len(one.turns) for one in done))
    means = " ".join(f"{sum(one.after(n) for one in done) / tables:.3f}" for n in _AT)
    correct = max(1, sum(one.score.correct for one in done))
    yield f"{'mean':24} {means}"
    yield (
        f"macro {sum(one.score.repair_f1 for one in done) / tables:.4f}"
        f", rejected {sum(one.rejected for one in done) / answered:.0%}"
        f", broken per 100 {100 * sum(one.score.broken for one in done) / correct:.2f}"
        f", to 90 % in {sum(one.to_most for one in done) / tables:.1f} decisions"
    )


def scores(done: Sequence[Rehearsed]) -> str:
    """Claimed score and the share that is right, of all cells when they were first proposed."""
    found: defaultdict[tuple[str, int], list[Claim]] = defaultdict(list)
    for one in done:
        for claim in one.claims:
            found[claim.principle, _BANDS.index(claim.band)].append(claim)
    rows = [
        (f"{principle}, {_BANDS[band]}", len(claims), cells := sum(one.cells for one in claims),
         sum(one.claimed * one.cells for one in claims) / cells,
         sum(one.right for one in claims) / cells)
        for (principle, band), claims in sorted(found.items())
    ]  # fmt: skip
    return table(("principle and band", "cards", "cells", "claimed", "right"), rows)


def classes(tasks: Sequence[Task], done: Sequence[Rehearsed]) -> str:
    """Which errors were repaired, of all tables whose errors are labelled."""
    found: defaultdict[str, list[ClassScore]] = defaultdict(list)
    for task, one in zip(tasks, done, strict=True):
        labels = task.folder / "cells.csv"
        if labels.exists():
            for name, counted in by_class(read(labels), one.repaired).items():
                found[name].append(counted)
    return classes_as_markdown({name: reduce(add, counts) for name, counts in found.items()})


def main() -> None:
    """Rehearse some tables and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--dirty", type=Path)
    parser.add_argument("--clean", type=Path)
    parser.add_argument("--decisions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noisy", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--report-scores", action="store_true", help="claimed against true")
    parser.add_argument("--classes", action="store_true", help="share repaired per class of errors")
    parser.add_argument("-v", dest="loud", action="store_true", help="every card")
    given = parser.parse_args()
    pairs = [(one, one / "dirty.csv", one / "clean.csv") for one in given.folders]
    if given.dirty and given.clean:
        pairs.append((given.dirty.parent, given.dirty, given.clean))
    if not pairs:
        parser.error("name a folder, or --dirty and --clean")
    tasks = [Task(*pair, given.decisions, given.noisy, given.seed, given.loud) for pair in pairs]
    done = _all(tasks, given.jobs)
    print("\n".join(curves(done)))
    parts: dict[str, Callable[[], str]] = {
        "report_scores": lambda: scores(done),
        "classes": lambda: classes(tasks, done),
    }
    for name, part in parts.items():
        if getattr(given, name):
            print(f"\n{part()}")


def _all(tasks: Sequence[Task], jobs: int) -> list[Rehearsed]:
    if jobs == 1:
        return [task() for task in tasks]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_do, tasks))


if __name__ == "__main__":
    main()
