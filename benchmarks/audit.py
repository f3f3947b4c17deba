"""What the audit log costs: an append beside its transaction, a verification of all of it.

    python benchmarks/audit.py                       # 100,000 and 1,000,000 entries
    python benchmarks/audit.py --entries 100000

Each log is verified in a process of its own, whose peak memory is the operating system's figure.
Entries are those of schedules: one row is made and then changed three times, each change with a
salted payload of some 250 bytes; a head is recorded for every tenth entry. They are written in
bulk by the functions that append; what an append itself costs is measured afterwards, behind all
of them, in transactions that do something else as well.
"""

import argparse
import hashlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert
from sqlmodel import Session

from ostler.core.canonical import canonical_json
from ostler.store import audit, due
from ostler.store.engine import Store, open_store
from ostler.store.folding import fold_log, folded
from ostler.store.leaves import commitment_of, leaf_of, new_salt
from ostler.store.ledger import Proved, prove_log, repeated
from ostler.store.merkle import Frontier, pushed, root_of_frontier
from ostler.store.models import AuditEntryRow, CheckpointRow, ScheduleRow, table_of
from ostler.store.subtrees import consistency, inclusion
from ostler.store.times import stamp

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANGES = 4
HEADS = 10
CHUNK = 10_000
APPENDS = 300


WHAT = {"what": "gate people, 0 6 * * 1-5"}
"""Set when a schedule is made, and never again."""


def columns_after(turn: int) -> dict[str, str | int | None]:
    """What a change sets of a schedule, after so many changes."""
    return {
        "mark": f"2026-03-0{turn + 1}T06:00:00.000000Z",
        "done": f"2026-03-0{turn}T06:00:00.000000Z",
        "outcome": "passed: nothing has to be done",
        "attempts": turn,
        "owner": "",
        "lease_until": None,
        "changed_at": stamp(NOON),
    }


def written(entries: int) -> Iterator[tuple[dict[str, object], dict[str, object] | None]]:
    """Entries, each with the head behind it where one is recorded."""
    frontier: Frontier = ()
    at = stamp(NOON)
    for index in range(entries):
        subject = f"W-{index // CHANGES:07}"
        turn = index % CHANGES
        columns = columns_after(turn) | ({} if turn else WHAT)
        step = {"table": "schedule", "key": [subject], "set": columns}
        payload, salt = canonical_json({"row": step, "detail": {}}), new_salt()
        commitment = commitment_of(salt, payload)
        leaf = leaf_of(index, at, "watcher", "schedule.moved", subject, commitment)
        frontier = pushed(frontier, index, leaf)
        row: dict[str, object] = {
            "index": index,
            "at": at,
            "actor": "watcher",
            "kind": "schedule.moved",
            "subject": subject,
            "payload": payload,
            "leaf": leaf.hex(),
            "subtree": frontier[-1].hex(),
            "salt": salt,
            "commitment": commitment,
        }
        head: dict[str, object] | None = None
        if (index + 1) % HEADS == 0:
            head = {"size": index + 1, "root": root_of_frontier(frontier).hex(), "at": at}
        yield row, head


def fill(session: Session, entries: int) -> None:
    """Write a log and the rows that it speaks of."""
    connection = session.connection()
    rows: list[dict[str, object]] = []
    heads: list[dict[str, object]] = []
    for row, head in written(entries):
        rows.append(row)
        if head is not None:
            heads.append(head)
        if len(rows) == CHUNK or row["index"] == entries - 1:
            connection.execute(insert(table_of(AuditEntryRow)), rows)
            connection.execute(insert(table_of(CheckpointRow)), heads)
            rows, heads = [], []
    last = WHAT | columns_after(CHANGES - 1)
    made = [{"id": f"W-{n:07}", **last} for n in range(entries // CHANGES)]
    for start in range(0, len(made), CHUNK):
        connection.execute(insert(table_of(ScheduleRow)), made[start : start + CHUNK])


def opened(folder: Path) -> Store:
    """The store of the benchmark."""
    return open_store(f"sqlite:///{folder / 'state.db'}", folder / "heads.log")


def verify(folder: Path) -> None:
    """Verify the log and print one line of the table."""
    with opened(folder).reading() as session:
        proved = Proved()
        cpu, wall = time.process_time(), time.perf_counter()
        assert not list(prove_log(session, proved))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        memory = peak()
        with folded() as fold:
            folding = time.process_time()
            assert not list(repeated(session))
            assert not list(fold_log(session, proved, fold))
            folding = time.process_time() - folding
        proving = time.perf_counter()
        for index in range(100):
            inclusion(session, index * 37 % proved.size, proved.size)
            consistency(session, index * 37 % proved.size + 1, proved.size)
        proving = (time.perf_counter() - proving) / 200
    print(
        f"| {proved.size:,} | {proved.size / cpu:,.0f} | {proved.size / wall:,.0f} "
        f"| {proved.size / folding:,.0f} | {proved.size / (cpu + folding):,.0f} "
        f"| {proving * 1000:.1f} ms "
        f"| {memory:.0f} MB | {peak():.0f} MB |"
    )


def peak() -> float:
    """The most memory so far, in MB; of Linux, whose other figure counts the parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def hashing() -> float:
    """Leaves per second of processor time that only hashing a tree takes: what is to be beaten."""
    frontier, began = list[bytes](), time.process_time()
    for index in range(CHUNK * 10):
        node, size = hashlib.sha256(b"\x00%d" % index).digest(), index
        while size & 1:
            node = hashlib.sha256(b"\x01" + frontier.pop() + node).digest()
            size >>= 1
        frontier.append(node)
    return CHUNK * 10 / (time.process_time() - began)


def append(folder: Path) -> None:
    """Print what appends cost behind what is there."""
    store, spent, whole = opened(folder), list[float](), list[float]()
    for number in range(APPENDS):
        began = time.perf_counter()
        with store.transaction() as session:
            due.mark_due(session, f"d{number % 7}", "a benchmark", NOON)
            before = time.perf_counter()
            audit.append(
                session,
                at=NOON,
                actor="watcher",
                kind="note",
                subject=f"n{number}",
                payload={"row": None, "detail": columns_after(1)},
            )
            spent.append(time.perf_counter() - before)
        whole.append(time.perf_counter() - began)
    store.close()
    ninety = sorted(spent)[len(spent) * 9 // 10]
    print(
        f"append: {statistics.median(spent) * 1000:.2f} ms (nine of ten under {ninety * 1000:.2f})"
        f" of a transaction of {statistics.median(whole) * 1000:.1f} ms"
    )


def transactions(folder: Path, times: int, appends: int) -> None:
    """Transactions that do something else, each with so many appends."""
    store = opened(folder)
    for number in range(times):
        with store.transaction() as session:
            due.mark_due(session, f"d{number}", "a benchmark", NOON)
            for _ in range(appends):
                audit.append(
                    session, at=NOON, actor="watcher", kind="note", subject="n", payload=WHAT
                )
    store.close()


def syncs(times: int, appends: int) -> int:
    """How often the operating system was asked to put something on disk, for such transactions."""
    with tempfile.TemporaryDirectory() as name:
        told = Path(name) / "told"
        watch = ("strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync")
        probe = (sys.executable, __file__, "--probe", name, str(times), str(appends))
        subprocess.run([*watch, "-o", str(told), *probe], check=True)
        return told.read_text(encoding="utf-8").count("sync(")


def count_syncs() -> None:
    """Print what appends add to the syncs of their transactions."""
    if shutil.which("strace") is None:
        print("Not counted: syncs; there is no strace here.")
        return
    alone = syncs(0, 0)
    found = ", ".join(f"{syncs(10, appends) - alone} with {appends}" for appends in (0, 1, 5))
    print(f"Syncs of ten transactions, by the number of appends in each: {found}.")


def main() -> None:
    """Build each log, verify it in a process of its own, append behind it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--probe", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--verify", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.verify is not None:
        verify(options.verify)
        return
    if options.probe is not None:
        folder, times, appends = options.probe
        transactions(Path(folder), int(times), int(appends))
        return
    count_syncs()
    print(f"Hashing alone: {hashing():,.0f} leaves per second of processor time.\n")
    columns = ("proved/s of CPU", "proved/s", "folded/s of CPU", "both/s of CPU")
    print(f"| entries | {' | '.join(columns)} | a proof | memory | folding |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for entries in options.entries:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store = opened(folder)
            with store.transaction() as session:
                fill(session, entries)
            store.close()
            subprocess.run([sys.executable, __file__, "--verify", name], check=True)
            append(folder)


if __name__ == "__main__":
    main()
