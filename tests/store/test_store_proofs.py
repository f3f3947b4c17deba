"""Proofs from stored hashes, signed notes in the C2SP form, leaves without ambiguity."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
import store_samples as samples
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from state_database import StateDatabase

from ostler.core.errors import BadInput, VerificationFailed
from ostler.store import audit, merkle, subtrees
from ostler.store.engine import Store
from ostler.store.entry_proofs import check_proof, prove_entry, read_proof_file
from ostler.store.heads import Head
from ostler.store.leaves import commitment_of, leaf_of, unsalted_leaf_of
from ostler.store.log_key import LogKey, keys_named
from ostler.store.notes import (
    COSIGNATURE,
    Checkpoint,
    cosign,
    is_signed,
    key_of,
    read_checkpoint,
    read_key,
    sign,
)
from ostler.store.objects import Objects
from ostler.store.verify import verify_store

SIZE = 45
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
FIELDS = st.tuples(st.integers(0, 99), TEXT, TEXT, TEXT, TEXT, TEXT)


@given(FIELDS, FIELDS)
def test_no_two_entries_have_one_leaf(one: tuple, other: tuple) -> None:  # type: ignore[type-arg]
    assert (leaf_of(*one) == leaf_of(*other)) == (one == other)
    assert leaf_of(*one) != unsalted_leaf_of(*other)


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_salt_runs_into_its_payload(salt: str, payload: str, other: str, rest: str) -> None:
    same = commitment_of(salt, payload) == commitment_of(other, rest)
    assert same == ((salt, payload) == (other, rest))


def test_stored_subtrees_prove_all_that_all_leaves_prove(store: Store) -> None:
    with store.transaction() as session:
        for number in range(SIZE):
            payload = {"n": number}
            audit.append(
                session, at=samples.NOON, actor="a", kind="k", subject="s", payload=payload
            )
    with store.reading() as session:
        leaves = [bytes.fromhex(entry.leaf) for entry in audit.entries(session)]
        for size in range(1, SIZE + 1):
            assert subtrees.root_at(session, size) == merkle.root_of(leaves[:size])
            index = size * 7 % size
            expected = merkle.inclusion_proof(index, leaves[:size])
            assert subtrees.inclusion(session, index, size) == expected
            expected = merkle.consistency_proof(size, leaves)
            assert subtrees.consistency(session, size, SIZE) == expected
        with pytest.raises(VerificationFailed):
            subtrees.root_at(session, SIZE + 1)


def test_a_checkpoint_is_a_signed_note() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    root = hashlib.sha256(b"r").hexdigest()
    note = Checkpoint("example.org/log", Head(7, root))
    note = note.signed(sign(note, "example.org/log", key), cosign(note, "w", other, 1700000000))
    # By hand, from the specification.
    body = f"example.org/log\n7\n{base64.b64encode(bytes.fromhex(root)).decode()}\n"
    public = key.public_key().public_bytes_raw()
    known = hashlib.sha256(b"example.org/log\n\x01" + public).digest()[:4]
    line = base64.b64encode(known + key.sign(body.encode())).decode()
    assert str(note).startswith(f"{body}\n\N{EM DASH} example.org/log {line}\n")
    cosigned = base64.b64decode(str(note).splitlines()[-1].rpartition(" ")[2])
    seen = f"cosignature/v1\ntime 1700000000\n{body}"
    other.public_key().verify(cosigned[12:], seen.encode())
    assert cosigned[4:12] == (1700000000).to_bytes(8, "big")

    assert read_checkpoint(str(note), "x") == note
    mine, witness = key_of("example.org/log", key), key_of("w", other, COSIGNATURE)
    assert read_key(str(mine)) == mine
    assert is_signed(note, mine)
    assert is_signed(note, witness)
    assert not is_signed(note, key_of("w", other))
    assert not is_signed(note, key_of("example.org/other", key))
    larger = read_checkpoint(str(note).replace("\n7\n", "\n8\n"), "x")
    assert not is_signed(larger, mine)
    assert not is_signed(larger, witness)


HASH = f"{'A' * 43}="


@pytest.mark.parametrize(
    "text",
    [
        *("", "a\n1\n", "a\n01\nAAAA\n\n", "a\n1\n!!\n\n", f"a\n-1\n{HASH}\n\n"),
        *(f"a\n1\n{HASH}\n\n- a AAAA\n", f"a\n1\n{HASH}\n\n\N{EM DASH} a A\n"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_checkpoint(text, "x")


@pytest.mark.parametrize("text", ["", "a", "a+b+c", "a+00000000+AQ==", "a+\u0665+AQ=="])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_key(text)


def test_an_entry_is_proved_without_the_log(lived: Store, tmp_path: Path) -> None:
    key = LogKey(tmp_path / "log.key")
    head = key.signed(lived, actor="ana", at=samples.NOON)
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert key.signed(lived, actor="ana", at=samples.NOON).head == head.head
    with lived.reading() as session:
        [public] = keys_named(session)
        text = prove_entry(session, 3, head, public).model_dump_json()
    check_proof(read_proof_file(text, "x"), public)
    for name, value in (("actor", "eve"), ("payload", "{}"), ("index", 4), ("salt", "0" * 32)):
        made = json.loads(text)
        made["entry"][name] = value
        with pytest.raises(VerificationFailed):
            check_proof(read_proof_file(json.dumps(made), "x"), public)
    with pytest.raises(VerificationFailed):
        check_proof(read_proof_file(text, "x"), key_of(public.name, Ed25519PrivateKey.generate()))


def test_entries_of_before_there_were_salts_are_proved_as_they_are(
    lived: Store, state_db: StateDatabase, objects: Objects
) -> None:
    """The log as it was written by an older Ostler, from its own leaves on."""
    frontier: merkle.Frontier = ()
    heads = [size for (size,) in state_db.rows("SELECT size FROM checkpoint")]
    state_db.edit("UPDATE audit_entry SET salt = '', commitment = ''")
    rows = state_db.rows(
        'SELECT "index", at, actor, kind, subject, payload FROM audit_entry ORDER BY "index"'
    )
    for row in rows:
        leaf = unsalted_leaf_of(*row)
        frontier = merkle.pushed(frontier, row[0], leaf)
        hashes = {"leaf": leaf.hex(), "subtree": frontier[-1].hex(), "n": row[0]}
        state_db.edit(
            'UPDATE audit_entry SET leaf = :leaf, subtree = :subtree WHERE "index" = :n', **hashes
        )
        if row[0] + 1 in heads:
            root = merkle.root_of_frontier(frontier).hex()
            state_db.edit("UPDATE checkpoint SET root = :r WHERE size = :n", r=root, n=row[0] + 1)
    lived.heads.unlink()
    lived.heads.touch()
    assert verify_store(lived, objects) == ()
    with lived.transaction() as session:
        audit.append(session, at=samples.NOON, actor="a", kind="k", subject="s", payload={})
    assert verify_store(lived, objects) == ()
    state_db.edit("UPDATE audit_entry SET payload = '' WHERE \"index\" = 2")
    assert [p.subject for p in verify_store(lived, objects)][:1] == ["entry 2"]
