"""What somebody with full access to the database and the files can do: make the log agree again."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ostler.store import merkle
from ostler.store.leaves import commitment_of, leaf_of

Entry = dict[str, object]


def entries_of(workspace: Path) -> list[Entry]:
    with closing(sqlite3.connect(workspace / ".ostler" / "state.db")) as state:
        state.row_factory = sqlite3.Row
        rows = state.execute('SELECT * FROM audit_entry ORDER BY "index"').fetchall()
    # One that was erased has none.
    return [{**dict(row), "payload": json.loads(row["payload"] or "null")} for row in rows]


def forge(
    workspace: Path,
    edit: Callable[[list[Entry]], list[Entry]],
    *statements: str,
) -> None:
    """Write the log anew from edited entries, every hash and every head of it right."""
    made = edit(entries_of(workspace))
    frontier: merkle.Frontier = ()
    heads: list[tuple[int, str, object]] = []
    with closing(sqlite3.connect(workspace / ".ostler" / "state.db")) as state, state:
        state.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            state.execute(statement)
        state.execute("DELETE FROM audit_entry")
        state.execute("DELETE FROM checkpoint")
        for index, entry in enumerate(made):
            payload, salt, commitment = "", "", str(entry["commitment"])
            if entry["payload"] is not None:
                payload = json.dumps(
                    entry["payload"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
                )
                salt = str(entry["salt"])
                commitment = commitment_of(salt, payload)
            what = [str(entry[name]) for name in ("at", "actor", "kind", "subject")]
            leaf = leaf_of(index, *what, commitment)
            frontier = merkle.pushed(frontier, index, leaf)
            state.execute(
                "INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (index, *what, payload, leaf.hex(), frontier[-1].hex(), salt, commitment),
            )
            heads.append((index + 1, merkle.root_of_frontier(frontier).hex(), entry["at"]))
        state.executemany("INSERT INTO checkpoint VALUES (?, ?, ?)", heads)
    (workspace / ".ostler" / "heads.log").write_text(
        "".join(f"{size} {root}\n" for size, root, _ in heads), encoding="utf-8"
    )
