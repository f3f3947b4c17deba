"""What checks, dry runs and drift cost, beside queries written by hand and beside other engines.

    python benchmarks/quality.py [--rows 10000000] [--no-peers] [--json]
        [--rounds N] [--patches 100] [--limit 900] [--only "Soda on DuckDB" ...]

Everything runs in processes of its own, one at a time, in rounds that alternate between all of
them. Costs are seconds of processor time of the work, without imports; ratios are medians over the
rounds. The table (1.3 GB for 10,000,000 rows) and the environments of the others are kept in
$OSTLER_BENCH_DATA, by default `ostler-bench` in the folder for temporary files.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from quality_peers import CHECKING, DRIFT, SCRIPTS, Peer, Unavailable, python_of
from quality_process import Ran, run
from quality_report import Results, as_json, as_markdown

HERE = Path(__file__).parent
HAND = ("duckdb", "duckdb-statistics", "polars", "polars-statistics", "polars-numpy")
APPENDED = 1_000
"""One row for so many is appended before checking again."""
OURS_FIRST = {"PYTHONPATH": str(HERE.parent)}
QUIET = {"PYTHONPATH": "", "DO_NOT_TRACK": "1", "SODA_TELEMETRY": "false"}
"""Telemetry of others is nobody's business here, and needs a network."""
SLOW = 120
"""What takes so many seconds is measured once."""


@dataclass(frozen=True)
class Bench:
    """Where things are, and how long anything may take."""

    data: Path
    job: Path
    work: Path
    limit: float
    patches: int

    def python(self, script: str, *arguments: str | Path) -> Ran:
        """One of our scripts, measured."""
        command = [sys.executable, SCRIPTS / script, *arguments]
        return run(command, limit=self.limit, variables=OURS_FIRST)


Contender = Callable[[], Ran]


@dataclass
class Ours:
    """Our side: each round checks a table that nothing is known of, and goes on from there."""

    bench: Bench
    runs: Mapping[str, list[Ran]] = field(
        default_factory=lambda: {name: [] for name in ("check", "dry-run", "again")}
    )
    failing_again: dict[str, int] = field(default_factory=dict)
    """What there is to find after rows were appended."""

    def round(self) -> Ran:
        """Everything but drift, on a copy of the table; gives what the full check cost."""
        with tempfile.TemporaryDirectory(dir=self.bench.work) as name:
            folder, job = Path(name) / "data", Path(name) / "job.json"
            # Data files never change, so the copy shares them, and what the system has cached.
            shutil.copytree(self.bench.data, folder, copy_function=os.link)
            states = Path(name) / "states"
            _describe(folder, job)
            self._measured("check", job, states)
            if not any(ran.problem for ran in self.runs["dry-run"]):
                self._measured("dry-run", job, states, str(self.bench.patches))
            rows = json.loads(job.read_text())["rows"]
            _describe(folder, job, "--append", str(max(1, rows // APPENDED)))
            self.failing_again = json.loads(job.read_text())["failing"]
            self._measured("again", job, states)
        return self.runs["check"][-1]

    def drift(self) -> Ran:
        """The newest version against what is stored of version 0; nothing else is known."""
        with tempfile.TemporaryDirectory(dir=self.bench.work) as states:
            self.bench.python("ours.py", "profile", self.bench.job, states)
            return self.bench.python("ours.py", "drift", self.bench.job, states)

    def _measured(self, name: str, job: Path, states: Path, *more: str) -> None:
        task = "check" if name == "again" else name
        _say(f"ostler: {name}")
        self.runs[name].append(self.bench.python("ours.py", task, job, states, *more))


def _describe(folder: Path, job: Path, *arguments: str) -> None:
    """Write what there is to check in a table, after it was made or appended to."""
    command = [sys.executable, HERE / "quality_data.py", folder, *arguments]
    job.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def cache() -> Path:
    """Where tables and environments are kept."""
    named = os.environ.get("OSTLER_BENCH_DATA")
    return Path(named) if named else Path(tempfile.gettempdir()) / "ostler-bench"


def prepared(rows: int, seed: int) -> Path:
    """The folder of the table and its reference, which is made when it is not there."""
    made_by = sha256((HERE / "quality_data.py").read_bytes()).hexdigest()[:8]
    folder = cache() / f"orders-{rows}-{seed}-{made_by}"
    if not (folder / "job.json").exists():
        _say(f"making {rows:,} orders, and as many to drift from, in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        draft = folder / "draft.json"
        _describe(folder, draft, "--rows", str(rows), "--seed", str(seed), "--reference")
        draft.rename(folder / "job.json")
    return folder


def alternated(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[Ran]]:
    """Each contender once a round; what fails, or is slow, is not asked again."""
    runs: dict[str, list[Ran]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, contender in contenders.items():
            last = runs[name][-1] if runs[name] else None
            if last and (last.problem or last.seconds > SLOW):
                continue
            _say(f"round {number + 1} of {rounds}: {name}")
            runs[name].append(contender())
    return runs


def _peers(
    peers: Mapping[str, Peer], bench: Bench, only: Sequence[str], skipped: dict[str, str]
) -> dict[str, Contender]:
    """The peers that can be had; the others are said in `skipped`."""
    found: dict[str, Contender] = {}
    for name, peer in peers.items():
        if only and name not in only:
            continue
        _say(f"environment of {name}")
        try:
            python = python_of(peer, cache() / "environments")
        except Unavailable as why:
            skipped[name] = str(why)
            continue
        found[name] = _asked(bench, python, peer)
    return found


def _asked(bench: Bench, python: Path, peer: Peer) -> Contender:
    command = [python, SCRIPTS / peer.script, bench.job, *filter(None, [peer.way])]
    return lambda: run(command, limit=bench.limit, variables=QUIET)


def small_check(bench: Bench, rounds: int) -> list[Ran]:
    """`ostler check` of a table of 1,000 rows with an inferred contract, as a whole process."""
    folder, workspace = bench.work / "small", bench.work / "workspace"
    _describe(folder, bench.work / "small.json", "--rows", "1000")
    ostler = [sys.executable, "-m", "ostler"]
    for command in (
        ["init", workspace],
        ["add", folder / "orders", "--key", "order_id", "-w", workspace],
        ["contract", "infer", "orders", "-w", workspace],
    ):
        subprocess.run(
            [*ostler, *command], check=True, capture_output=True, env={**os.environ, **OURS_FIRST}
        )
    check = [*ostler, "check", "orders", "--json", "-w", workspace]
    # Gates fail, so it ends with 1.
    return [run(check, limit=bench.limit, variables=OURS_FIRST) for _ in range(rounds)]


def measured(bench: Bench, arguments: argparse.Namespace) -> Results:
    """Everything, in the order in which the rounds have it."""
    skipped: dict[str, str] = {}
    wanted = not arguments.no_peers
    ours = Ours(bench)
    checking = {
        f"by hand: {way}": lambda way=way: bench.python("by_hand.py", way, bench.job)
        for way in HAND
    }
    checking["ostler"] = ours.round
    profile = bench.work / "profile.json"
    bench.python("by_hand_drift.py", "profile", bench.job, profile)
    drifting = {
        "by hand: duckdb": lambda: bench.python("by_hand_drift.py", "compare", bench.job, profile),
        "ostler": ours.drift,
    }
    if wanted:
        checking |= _peers(CHECKING, bench, arguments.only, skipped)
        drifting |= _peers(DRIFT, bench, arguments.only, skipped)
    check_runs = alternated(checking, arguments.rounds)
    drift_runs = alternated(drifting, arguments.rounds)
    return Results(
        job=json.loads(bench.job.read_text()),
        patches=arguments.patches,
        checking=check_runs,
        ours=ours.runs,
        failing_again=ours.failing_again,
        drifting=drift_runs,
        command=small_check(bench, arguments.rounds),
        skipped=skipped,
    )


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    data = prepared(arguments.rows, arguments.seed)
    with tempfile.TemporaryDirectory(dir=cache(), prefix="work-") as work:
        bench = Bench(data, data / "job.json", Path(work), arguments.limit, arguments.patches)
        said = as_json(measured(bench, arguments))
    print(json.dumps(said, indent=2) if arguments.json else as_markdown(said))


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=None, help="3; 5 below 1,000,000 rows")
    parser.add_argument("--patches", type=int, default=100, help="of 1,000 cells, to dry-run")
    parser.add_argument("--limit", type=float, default=900, help="seconds for any process")
    parser.add_argument("--no-peers", action="store_true", help="nothing but ours and by hand")
    parser.add_argument("--only", nargs="*", default=[], help="these peers", metavar="PEER")
    parser.add_argument("--json", action="store_true", help="one object, for programs")
    arguments = parser.parse_args()
    unknown = sorted({*arguments.only} - {*CHECKING, *DRIFT})
    if unknown:
        parser.error(f"no such peer: {unknown[0]}; there are {', '.join([*CHECKING, *DRIFT])}")
    if arguments.rounds is None:
        arguments.rounds = 3 if arguments.rows >= 1_000_000 else 5
    return arguments


if __name__ == "__main__":
    main()
