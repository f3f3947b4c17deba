"""What somebody with full access to the database and the files can do: make the log agree again."""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

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


def forge_bundle(
    files: dict[str, bytes],
    edit: Callable[[list[Entry]], list[Entry]],
    *,
    log_key: bytes,
    manifest: dict[str, object] | None = None,
) -> dict[str, bytes]:
    """A bundle with a log of edited entries alone, all of it right again and signed by its key.

    Payloads are texts, as in the bundle; a commitment is made anew where there is a payload.
    """
    made = edit([json.loads(line) for line in files["log.jsonl"].splitlines()])
    leaves: list[bytes] = []
    for index, entry in enumerate(made):
        entry["index"] = index
        if entry["payload"]:
            entry["commitment"] = commitment_of(str(entry["salt"]), str(entry["payload"]))
        what = [str(entry[name]) for name in ("at", "actor", "kind", "subject", "commitment")]
        leaves.append(leaf_of(index, *what))
    for index, entry in enumerate(made):
        entry["proof"] = [step.hex() for step in merkle.inclusion_proof(index, leaves)]
    log = "".join(json.dumps(entry) + "\n" for entry in made).encode()
    apart = ("manifest.json", "manifest.json.sig", "checkpoint")
    content = {n: body for n, body in {**files, "log.jsonl": log}.items() if n not in apart}
    told = json.loads(files["manifest.json"]) | (manifest or {})
    told["files"] = {name: hashlib.sha256(body).hexdigest() for name, body in content.items()}
    content["manifest.json"] = json.dumps(told).encode()
    name, key_id, _ = told["log_key"].split("+", 2)
    root = base64.b64encode(merkle.root_of(leaves)).decode()
    bound = hashlib.sha256(content["manifest.json"]).hexdigest()
    body = f"{name}\n{len(made)}\n{root}\nevidence {bound}\n"
    key = load_pem_private_key(log_key, None)
    assert isinstance(key, Ed25519PrivateKey)
    signed = base64.b64encode(bytes.fromhex(key_id) + key.sign(body.encode())).decode()
    content["checkpoint"] = f"{body}\n\u2014 {name} {signed}\n".encode()
    return content
