"""One byte anywhere, and `ostler audit verify` names it and exits with 1."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_workspace_that_nobody_touched_is_verified(run, groomed: Path) -> None:
    ended = run("audit", "verify", "--json")
    assert ended.code == 0
    assert ended.json["verified"]
    assert ended.json["faults"] == []


@pytest.mark.parametrize("pattern", ["patches/*.parquet", "objects/*/*", "tables/*/*.parquet"])
def test_one_byte_in_any_file_is_named(run, groomed: Path, elsewhere: Path, pattern: str) -> None:
    hidden = groomed / ".ostler"
    paths = sorted(hidden.glob(pattern))
    assert paths
    for path in paths:
        flipped(path)
        ended = run("audit", "verify", "--json")
        assert ended.code == 1, path
        assert any(path.stem in f["subject"] for f in ended.json["faults"]), path
        shutil.copyfile(elsewhere / path.relative_to(hidden), path)
    assert run("audit", "verify").code == 0


# What is to be told outside and what is to be groomed are queues, as `ostler.store.models` has
# them: a mark says only that somebody should look again, the log says which run there was, and a
# mark that is gone is set again by the next alert or clock. Of an alert the log has the group that
# it joined. Alembic's table is its own.
QUEUES = {"outbox", "delivery", "relay", "due", "alert", "dead_letter", "alembic_version"}
# Has no row in this workspace; tests/store/test_store_verify.py edits one of each.
EMPTY = {
    *("activation", "alert_group", "contract", "contract_version", "delegation"),
    *("lineage_alias", "lineage_edge", "measurement", "roster", "schedule", "seal"),
}


def columns(state: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    tables = state.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    ).fetchall()
    for (table,) in tables:
        for column in state.execute(f'PRAGMA table_info("{table}")').fetchall():
            other = f'"{column[1]}" + 1000' if "INT" in column[2] else f"\"{column[1]}\" || 'x'"
            yield table, column[1], other


def named(state: sqlite3.Connection, table: str, row: int) -> str:
    """How a fault calls a row of a table."""
    keys = [one[1] for one in state.execute(f'PRAGMA table_info("{table}")') if one[5]]
    listed = ", ".join(f'"{key}"' for key in keys)
    (key,) = state.execute(f'SELECT {listed} FROM "{table}" WHERE rowid = ?', (row,)).fetchall()
    if table == "checkpoint":
        return "head"  # by its size, which may be what was edited
    return " ".join(("entry" if table == "audit_entry" else table, *map(str, key)))


def test_one_changed_value_in_any_row_is_named(run, groomed: Path, elsewhere: Path) -> None:
    database = groomed / ".ostler" / "state.db"
    with closing(sqlite3.connect(database)) as state:
        state.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        places = [place for place in columns(state) if place[0] not in QUEUES]
    saved = database.read_bytes()
    assert len(places) > 40
    unseen, empty = [], {table for table, _, _ in places}
    for table, column, other in places:
        with closing(sqlite3.connect(database)) as state:
            ((row,),) = state.execute(
                f'SELECT max(rowid) FROM "{table}" WHERE "{column}" IS NOT NULL'
            ).fetchall()
            if row is None:
                continue
            name = named(state, table, row)
            state.execute(f'UPDATE "{table}" SET "{column}" = {other} WHERE rowid = ?', (row,))
            state.commit()
            state.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        empty.discard(table)
        faults = run("audit", "verify", "--json").json["faults"]
        # A document is called by what it is of.
        said = {one["message"] if table == "document" else one["subject"] for one in faults}
        if not any(name.removeprefix("document ") in one for one in said):
            unseen.append((table, column, said))
        for beside in ("-wal", "-shm"):
            database.with_name(database.name + beside).unlink(missing_ok=True)
        database.write_bytes(saved)
    assert unseen == []
    assert empty == EMPTY


def test_a_commit_that_nobody_proposed_is_named(run, groomed: Path) -> None:
    database = groomed / ".ostler" / "state.db"
    with closing(sqlite3.connect(database)) as state:
        state.execute("UPDATE proposal SET id = 'P-OTHER' WHERE state = 'published'")
        state.commit()
    ended = run("audit", "verify")
    assert ended.code == 1
    assert "which nobody proposed" in ended.out.replace("\n", " ")
