"""What the quality benchmark found, in numbers: one JSON object, or tables."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from quality_peers import CHECKING, DRIFT
from quality_process import Ran
from report import table

OURS = "ostler"
BY_HAND = "by hand: "
HISTOGRAMS = f"{BY_HAND}duckdb"
"""The hand-written pass of drift."""
SCIPY = "scipy, exact"
"""The peer that drift is compared with."""
ROUNDING = 1e-6
"""Our statistics have six digits."""
PACKAGES = ("ostler", "duckdb", "polars", "deltalake", "pyarrow", "numpy")


@dataclass(frozen=True)
class Results:
    """All runs."""

    job: Mapping[str, Any]
    patches: int
    checking: Mapping[str, Sequence[Ran]]
    """Full checks, by who did them; as many as there were rounds, unless one failed."""
    ours: Mapping[str, Sequence[Ran]]
    """Our runs of the same rounds: `check`, `again`, `dry-run`."""
    failing_again: Mapping[str, int]
    """What there was to find after rows were appended."""
    drifting: Mapping[str, Sequence[Ran]]
    command: Sequence[Ran]
    """`ostler check` of a small table, as a process."""
    skipped: Mapping[str, str]
    """Peers that could not be had, and why."""

    @property
    def best(self) -> str:
        """The hand-written full check that costs least."""
        ways = [n for n, runs in self.checking.items() if n.startswith(BY_HAND) and _ended(runs)]
        return min(ways, key=lambda name: median(ran.cpu for ran in self.checking[name]))


def as_json(results: Results) -> dict[str, Any]:
    """Every number by its name; a ratio is null when one of its sides did not end well."""
    check, best = results.ours["check"], results.checking[results.best]
    by_hand = {n: runs for n, runs in results.checking.items() if n.startswith(BY_HAND)}
    everything = [*results.ours.values(), results.drifting[OURS]]
    exactness = _exactness(results)
    return {
        "rows": results.job["rows"],
        "full_ratio": _ratio(check, best),
        "incremental_ratio": _ratio(results.ours["again"], check),
        "dry_run_ratio": _ratio(results.ours["dry-run"], check),
        "drift_ratio": _ratio(results.drifting[OURS], results.drifting[HISTOGRAMS]),
        "peak_mb": round(max(ran.peak_mb for runs in everything for ran in runs)),
        "check_cpu_s": round(median(ran.process_cpu for ran in results.command), 3),
        "exact": False not in exactness.values(),
        "exactness": exactness,
        "best_by_hand": results.best.removeprefix(BY_HAND),
        "by_hand": {n.removeprefix(BY_HAND): _one(runs, best) for n, runs in by_hand.items()},
        "ours": {name: _one(runs, best) for name, runs in results.ours.items()},
        "drift": {
            name: _one(results.drifting[name], results.drifting[HISTOGRAMS])
            for name in (HISTOGRAMS, OURS)
        },
        "peers": _peers(results),
        "patches": results.patches,
        "rounds": len(check),
        "versions": _versions(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _exactness(results: Results) -> dict[str, bool | None]:
    """Whether the counts are those that were planted; null for what could not be compared."""
    expected = results.job["failing"]
    wrong = [ran.found for ran in results.ours["dry-run"] if not ran.problem]
    return {
        "by_hand": all(
            ran.found == expected
            for name, runs in results.checking.items()
            if name.startswith(BY_HAND) and _ended(runs)
            for ran in runs
        ),
        "full": all(ran.found == expected for ran in results.ours["check"]),
        "incremental": all(ran.found == results.failing_again for ran in results.ours["again"]),
        "dry_run": all(count == 0 for count in wrong) if wrong else None,
        "drift": _drift_is_exact(results),
    }


def _drift_is_exact(results: Results) -> bool | None:
    """Whether our statistics lie as near to scipy's as we say that they do."""
    exact = results.drifting.get(SCIPY, ())
    if not _ended(exact) or not _ended(results.drifting[OURS]):
        return None
    return all(
        abs(value - exact[0].found[column][statistic]) <= error + ROUNDING
        for ran in results.drifting[OURS]
        for column, statistics in ran.found.items()
        for statistic, (value, error) in statistics.items()
        if statistic in exact[0].found[column]
    )


def _peers(results: Results) -> dict[str, Any]:
    found: dict[str, Any] = {name: {"skipped": why} for name, why in results.skipped.items()}
    expected = results.job["failing"]
    best = results.checking[results.best]
    for name in CHECKING:
        if runs := results.checking.get(name):
            found[name] = _one(runs, best) | {"counts": _compared(runs[-1], expected)}
    for name in DRIFT:
        if runs := results.drifting.get(name):
            found[name] = _one(runs, results.drifting[HISTOGRAMS])
    return found


def _compared(ran: Ran, expected: Mapping[str, int]) -> str:
    """How a peer's counts differ from those that were planted."""
    if ran.found is None:
        return ""
    absent = [name for name in expected if ran.found.get(name) is None]
    other = [
        f"{name} {ran.found[name]:,} instead of {count:,}"
        for name, count in expected.items()
        if name not in absent and ran.found[name] != count
    ]
    left_out = [f"without {', '.join(absent)}"] if absent else []
    return "; ".join([*other, *left_out]) or "the same"


def _one(runs: Sequence[Ran], bar: Sequence[Ran]) -> dict[str, Any]:
    """What a contender cost, and the ratio of its processor time to the bar's."""
    if not _ended(runs):
        return {"problem": runs[-1].problem if runs else "not measured"}
    said = {"note": runs[-1].note} if runs[-1].note else {}
    return {
        "ratio": _ratio(runs, bar),
        "cpu_s": round(median(ran.cpu for ran in runs), 3),
        "seconds": round(median(ran.seconds for ran in runs), 3),
        "process_cpu_s": round(median(ran.process_cpu for ran in runs), 3),
        "peak_mb": round(max(ran.peak_mb for ran in runs)),
        **said,
    }


def _ratio(runs: Sequence[Ran], bar: Sequence[Ran]) -> float | None:
    """The median, over the rounds, of one processor time by the other."""
    if not _ended(runs) or not _ended(bar):
        return None
    return round(median(a.cpu / b.cpu for a, b in zip(runs, bar, strict=False)), 4)


def _ended(runs: Sequence[Ran]) -> bool:
    return bool(runs) and not any(ran.problem for ran in runs)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "from source"
    return found


def as_markdown(said: Mapping[str, Any]) -> str:
    """What `as_json` says, as tables."""
    versions = ", ".join(f"{name} {number}" for name, number in said["versions"].items())
    head = (
        f"{said['rows']:,} orders of 16 columns, 20 checks; medians of {said['rounds']} round(s);"
        f" {versions}; {said['processors']} processors, load {said['load']}"
    )
    return "\n\n".join([head, _bars(said), _checking(said), _drifting(said), _exact(said)])


def _bars(said: Mapping[str, Any]) -> str:
    rows = (
        ("full check, to the best pass by hand", said["full_ratio"], "1.10"),
        ("check again after 0.1 % appended, to a full check", said["incremental_ratio"], "0.02"),
        (f"dry run of {said['patches']} patches, to a full check", said["dry_run_ratio"], "3"),
        ("drift on 10 columns, to the pass by hand", said["drift_ratio"], "1.5"),
        ("peak memory of any of these, MB", said["peak_mb"], "1,000"),
        ("`ostler check`, 1,000 rows, whole process, CPU s", said["check_cpu_s"], "1.0"),
    )
    return table(("what", "measured", "at most"), [(a, _shown(b), c) for a, b, c in rows])


_HEADS = ("ratio", "CPU s", "seconds", "CPU s with imports", "peak MB")
_KEYS = ("ratio", "cpu_s", "seconds", "process_cpu_s", "peak_mb")


def _checking(said: Mapping[str, Any]) -> str:
    ways = {f"{BY_HAND}{name}": one for name, one in said["by_hand"].items()}
    ours = {OURS if name == "check" else f"{OURS}, {name}": o for name, o in said["ours"].items()}
    peers = {name: said["peers"][name] for name in CHECKING if name in said["peers"]}
    rows = [_line(name, one) for name, one in {**ways, **ours, **peers}.items()]
    return table(("full check", *_HEADS, "counts"), rows)


def _drifting(said: Mapping[str, Any]) -> str:
    peers = {name: said["peers"][name] for name in DRIFT if name in said["peers"]}
    rows = [_line(name, one) for name, one in {**said["drift"], **peers}.items()]
    return table(("drift", *_HEADS, ""), rows)


def _line(name: str, one: Mapping[str, Any]) -> tuple[str, ...]:
    why = one.get("problem") or one.get("skipped")
    remark = "; ".join(filter(None, [one.get("counts"), one.get("note")]))
    return (name, *(_shown(one.get(key)) for key in _KEYS), why or remark)


def _exact(said: Mapping[str, Any]) -> str:
    words = {True: "yes", False: "NO", None: "not compared"}
    found = ", ".join(f"{name} {words[is_so]}" for name, is_so in said["exactness"].items())
    return f"The counts that were planted: {found}."


def _shown(number: float | None) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
