"""Verify a bundle of Ostler's evidence. Needs Python 3.11 and `cryptography`, and nothing else.

    python verify.py [BUNDLE.zip] [--root KEY] [--log-key KEY]

It trusts nothing in the bundle but the arithmetic. What ties it to the world are two keys, which
you should have from somewhere else: the administrator's (`--root`, a public SSH key or a file with
one) and the log's (`--log-key`, as `ostler audit checkpoint --key` prints it). Without them it says
which keys the bundle itself names. It exits with 1 and says what does not hold.
"""

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = Mapping[str, object]


class Wrong(Exception):
    """Something that does not hold, in one sentence."""


@dataclass
class Bundle:
    """The files of a bundle, and what was found out about them."""

    files: Mapping[str, bytes]
    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def json(self, name: str) -> Json:
        """A file's JSON object; Wrong when it is none."""
        if name not in self.files:
            raise Wrong(f"{name} is missing")
        found = json.loads(self.files[name])
        if not isinstance(found, dict):
            raise Wrong(f"{name} does not hold an object")
        return cast("Json", found)

    def lines(self, name: str) -> Iterator[Json]:
        """The JSON objects of a file, one per line."""
        for line in self.files.get(name, b"").splitlines():
            yield cast("Json", json.loads(line))


def check_files(bundle: Bundle) -> None:
    """Every file is what the manifest says, and no other is there."""
    told = cast("Mapping[str, str]", bundle.json("manifest.json")["files"])
    for name, digest in told.items():
        if name not in bundle.files:
            bundle.problems.append(f"{name}: the manifest names it, and it is not there")
        elif sha256(bundle.files[name]) != digest:
            bundle.problems.append(f"{name}: it is not what the manifest says")
    signed = {"manifest.json", "manifest.json.sig", "checkpoint"}
    for name in sorted(set(bundle.files) - set(told) - signed):
        bundle.problems.append(f"{name}: the manifest does not name it")
    for folder in ("documents", "objects"):
        for name in sorted(bundle.files):
            if name.startswith(f"{folder}/") and sha256(bundle.files[name]) != name[-64:]:
                bundle.problems.append(f"{name}: its content does not match its name")


def check_signer(bundle: Bundle) -> None:
    """Who exported it, if they signed it."""
    if "manifest.json.sig" in bundle.files:
        armored = bundle.files["manifest.json.sig"].decode()
        signer = verify_ssh(armored, "ostler-evidence", bundle.files["manifest.json"])
        bundle.notes.append(f"exported by {bundle.json('manifest.json')['made_by']}: {signer}")


def check_log(bundle: Bundle, log_key: str) -> list[Json]:
    """The checkpoint is signed with the manifest, and every entry is in the tree under it."""
    note = bundle.files.get("checkpoint", b"").decode()
    size, root = read_checkpoint(note, log_key)
    bound = f"evidence {sha256(bundle.files.get('manifest.json', b''))}"
    if bound not in note.partition("\n\n")[0].splitlines()[3:]:
        bundle.problems.append("manifest.json: the checkpoint was signed for another one")
    entries = list(bundle.lines("log.jsonl"))
    for entry in entries:
        name = f"entry {entry['index']}"
        leaf = leaf_of(entry)
        proof = [bytes.fromhex(step) for step in cast("Sequence[str]", entry["proof"])]
        if not includes(cast("int", entry["index"]), size, leaf, proof, root):
            bundle.problems.append(f"{name} ({entry['kind']}): it is not in the log of {size}")
    bundle.notes.append(f"{len(entries)} entries of the log of {size} are in it")
    return entries


def leaf_of(entry: Json) -> bytes:
    """The leaf hash of an entry; Wrong when its payload is not what the leaf holds of it."""
    names = ("at", "actor", "kind", "subject")
    at, actor, kind, subject = (cast("str", entry[name]) for name in names)
    index, commitment = entry["index"], cast("str", entry["commitment"])
    salt, payload = cast("str", entry["salt"]), cast("str", entry["payload"])
    if not commitment:  # written before payloads stood apart
        fields = [index, at, actor, kind, subject, payload]
        content = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(b"\x00" + content.encode()).digest()
    # Neither stands for a payload that was erased, or is withheld here.
    salted = f"{len(salt)}:{salt}{payload}"
    if (salt or payload) and sha256(salted.encode()) != commitment:
        raise Wrong(f"entry {index} ({kind}): its payload was edited")
    lengths = f"{index} {len(at)} {len(actor)} {len(kind)} {len(subject)} {len(commitment)}"
    content = f"{lengths}\n{at}{actor}{kind}{subject}{commitment}"
    return hashlib.sha256(b"\x00" + content.encode()).digest()


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that the leaf stands at `index` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = hashlib.sha256(b"\x01" + step + found).digest()
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + step).digest()
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def read_checkpoint(note: str, log_key: str) -> tuple[int, bytes]:
    """Size and root of a signed note (C2SP signed-note, tlog-checkpoint); Wrong if not signed."""
    body, _, signatures = note.partition("\n\n")
    body += "\n"
    name, key_id, key = log_key.split("+", 2)  # base64 may hold a plus, the name may not
    raw = base64.b64decode(key)
    for line in signatures.splitlines():
        who, _, blob = line.removeprefix("\u2014 ").rpartition(" ")
        signed = base64.b64decode(blob)
        if who == name and signed[:4].hex() == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signed[4:], body.encode())
            except InvalidSignature:
                break
            origin, size, root = body.splitlines()[:3]
            if origin != name:
                raise Wrong(f"the checkpoint is of the log {origin}, its key of {name}")
            return int(size), base64.b64decode(root)
    raise Wrong(f"the checkpoint is not signed by {log_key}")


def check_patches(bundle: Bundle) -> None:
    """Every patch is what its name says, counted again from its lines."""
    for name in sorted(bundle.files):
        if name.startswith("patches/") and name.endswith(".lines"):
            digest = name.removeprefix("patches/").removesuffix(".lines")
            if patch_digest(bundle.files[name]) != digest:
                bundle.problems.append(f"{name}: it is not the patch that its name says")


def patch_digest(content: bytes) -> str:
    """The digest of a patch: SHA-256 over its sorted lines, in two levels, and over its shape."""
    shape, *lines = content.split(b"\n")[:-1]
    buckets: dict[str, list[str]] = {}
    for digest in sorted(sha256(line) for line in lines):
        buckets.setdefault(digest[:3], []).append(digest)
    packed = "".join(name + sha256("".join(found).encode()) for name, found in buckets.items())
    changes = sha256(packed.encode())
    if shape == b"null":
        return changes
    return sha256(b'{"changes":"' + changes.encode() + b'","shape":' + shape + b"}")


def sha256(content: bytes) -> str:
    """In lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def check_rosters(bundle: Bundle, rows: "Rows", root: str) -> list[tuple[int, Json]]:
    """Who was who from which entry on: each roster is signed by an administrator of the last."""
    found: list[tuple[int, Json]] = []
    before = ""
    for index, row in rows.of("roster"):
        digest, at = cast("str", row["digest"]), cast("str", row["installed_at"])
        text = bundle.files.get(f"documents/{digest}")
        if text is None:
            raise Wrong(f"the roster {digest} is missing")
        roster = cast("Json", json.loads(text))
        signer = verify_ssh(cast("str", row["signature"]), "ostler-roster", text)
        if not found and not root:
            bundle.notes.append(f"the first roster is signed by {signer}: is that your root?")
        may = administrators(found[-1][1] if found else roster, at)
        if signer not in may or (not found and root not in ("", signer)):
            raise Wrong(f"roster {roster['number']} is signed by {signer}, who may not")
        if roster.get("previous", "") != before:
            raise Wrong(f"roster {roster['number']} does not follow the one before it")
        before = digest
        found.append((index, roster))
    return found


def administrators(roster: Json, at: str) -> list[str]:
    """The keys that may sign the next roster at a moment."""
    return [
        line
        for member in members(roster)
        if any(role["role"] == "administrator" for role in listed(member, "roles"))
        for line in keys(member, at)
    ]


def members(roster: Json) -> list[Json]:
    """The people in a roster."""
    return [one for one in listed(roster, "members") if one.get("kind", "person") == "person"]


def keys(member: Json, at: str) -> list[str]:
    """The lines of somebody's keys that count at a moment."""
    moment = datetime.fromisoformat(at)
    return [
        cast("str", key["line"])
        for key in listed(member, "keys")
        if not ("valid_after" in key and moment < time_in(key, "valid_after"))
        and not ("valid_before" in key and time_in(key, "valid_before") <= moment)
    ]


def time_in(record: Json, name: str) -> datetime:
    """A time in a record."""
    return datetime.fromisoformat(cast("str", record[name]))


def listed(record: Json, name: str) -> list[Json]:
    """The records under a name; none where it is left out."""
    return cast("list[Json]", record.get(name, []))


def check_votes(bundle: Bundle, rows: "Rows", rosters: Sequence[tuple[int, Json]]) -> None:
    """Each vote is on the proposal it names, and signed by a person of the roster of its time."""
    unsigned = 0
    for index, row in rows.of("vote"):
        name = f"vote of {row['reviewer']} on {row['proposal']} (entry {index})"
        text = bundle.files.get(f"documents/{row['digest']}")
        if text is None:
            bundle.notes.append(
                f"{name}: it is withheld or erased, so its signature is not checked"
            )
            continue
        vote = cast("Json", json.loads(text))
        for field_name, column in (("proposal", "proposal"), ("digest", "proposal_digest")):
            if vote[field_name] != row[column]:
                bundle.problems.append(f"{name}: it says another {field_name} than its row")
        roster = next((one for start, one in reversed(rosters) if start < index), None)
        signature = cast("str", row.get("signature") or "")
        if roster is None or not signature:
            unsigned += 1
            if roster is not None:
                bundle.problems.append(f"{name}: it is not signed, and there was a roster")
            continue
        try:
            signer = verify_ssh(signature, "ostler-vote", text)
        except Wrong as error:
            bundle.problems.append(f"{name}: {error}")
            continue
        at = cast("str", vote["at"])
        who = next((one for one in members(roster) if signer in keys(one, at)), None)
        if who is None or who["name"] != vote["reviewer"]:
            bundle.problems.append(f"{name}: the roster knows {signer} as nobody of that name")
    if unsigned:
        bundle.notes.append(f"{unsigned} votes are UNSIGNED: nothing proves who cast them")


def check_order(bundle: Bundle, rows: "Rows") -> None:
    """What was published had enough approvals before, of other people than who proposed it."""
    votes = list(rows.of("vote"))
    for index, row in rows.of("execution"):
        text = bundle.files.get(f"documents/{rows.digest_of('proposal', row['proposal'], index)}")
        if row["outcome"] != "published" or text is None:
            continue
        proposal = cast("Json", json.loads(text))
        verdict = cast("Json", proposal["verdict"])
        standing: dict[object, object] = {}
        for at, vote in votes:
            if at < index and vote["proposal"] == row["proposal"]:
                standing[vote["reviewer"]] = vote["decision"]
        people = [who for who, said in standing.items() if said == "approve"]
        if verdict["outcome"] == "votes" and len(people) < cast("int", verdict["votes"]):
            bundle.problems.append(
                f"{row['proposal']}: published (entry {index}) with {len(people)} approvals "
                f"before it, and {verdict['votes']} were needed"
            )
        if proposal["proposer"] in people:
            bundle.problems.append(f"{row['proposal']}: approved by who proposed it")
        if proposal.get("requester") in people:
            bundle.notes.append(
                f"{row['proposal']}: approved by who asked for it; was nobody else?"
            )


KEYS = {
    "proposal": ("id",),
    "vote": ("proposal", "proposal_digest", "reviewer"),
    "execution": ("proposal", "fence"),
    "roster": ("number",),
}
"""The columns by which the rows that matter here are known."""


class Rows:
    """What the entries did to the tables of the state, in their order."""

    def __init__(self, entries: Sequence[Json]) -> None:
        self._steps: list[tuple[int, str, dict[str, object]]] = []
        now: dict[tuple[str, str], dict[str, object]] = {}
        for entry in sorted(entries, key=lambda one: cast("int", one["index"])):
            payload = cast("Json", json.loads(cast("str", entry["payload"] or "{}")))
            step = cast("Json", payload.get("row") or {})
            if step:
                table, key = cast("str", step["table"]), cast("list[object]", step["key"])
                name = (table, json.dumps(key))
                named = dict(zip(KEYS.get(table, ()), key, strict=False))
                now[name] = now.get(name, {}) | named | dict(cast("Json", step["set"]))
                self._steps.append((cast("int", entry["index"]), name[0], now[name]))

    def of(self, table: str) -> Iterator[tuple[int, dict[str, object]]]:
        """Entries that wrote a table, with the row as it then was."""
        return ((index, row) for index, name, row in self._steps if name == table)

    def digest_of(self, table: str, key: object, before: int) -> object:
        """The digest that a row had when an entry was written."""
        found = [
            row["digest"] for index, row in self.of(table) if index < before and row["id"] == key
        ]
        return found[-1] if found else ""


ARMOR = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
"""The lines around a signature in text."""


def verify_ssh(armored: str, namespace: str, message: bytes) -> str:
    """The public key that signed a message (PROTOCOL.sshsig, Ed25519); Wrong if none did."""
    lines = armored.splitlines()
    try:
        if (lines[0], lines[-1]) != ARMOR:
            raise ValueError("it is no SSH signature")
        blob = base64.b64decode("".join(lines[1:-1]), validate=True)
        if blob[:10] != b"SSHSIG\x00\x00\x00\x01":
            raise ValueError("it is none of version 1")
        key, space, reserved, hashing, signature = parts(blob[10:])
        if space != namespace.encode():
            raise ValueError(f"it was made for {space!r}")
        digest = hashlib.new(hashing.decode(), message).digest()
        framed = b"SSHSIG" + b"".join(map(packed, (space, reserved, hashing, digest)))
        kind, raw, *application = parts(key)
        _, signed, *rest = parts(signature[: -5 if application else None])
        if rest or kind not in (b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"):
            raise ValueError(f"its key is of kind {kind!r}")
        if application:  # on hardware, which signs that it was touched and a counter as well
            if not signature[-5] & 1:
                raise ValueError("nobody touched the key")
            touched = hashlib.sha256(application[0]).digest() + signature[-5:]
            framed = touched + hashlib.sha256(framed).digest()
        Ed25519PublicKey.from_public_bytes(raw).verify(signed, framed)
    except InvalidSignature as error:
        raise Wrong("its signature does not hold") from error
    except (ValueError, IndexError) as error:
        raise Wrong(f"its signature cannot be read: {error}") from error
    return f"{kind.decode()} {base64.b64encode(key).decode()}"


def packed(content: bytes) -> bytes:
    """Bytes behind their length."""
    return len(content).to_bytes(4, "big") + content


def parts(content: bytes) -> list[bytes]:
    """What bytes behind their lengths hold (ValueError)."""
    found: list[bytes] = []
    while content:
        end = 4 + int.from_bytes(content[:4], "big")
        if len(content) < max(end, 4):
            raise ValueError("it is cut short")
        found.append(content[4:end])
        content = content[end:]
    return found


def verify(files: Mapping[str, bytes], root: str = "", log_key: str = "") -> Bundle:
    """Check all of a bundle; what does not hold is in its problems."""
    bundle = Bundle(files)
    entries: list[Json] = []

    def log() -> None:
        named = log_key or cast("str", bundle.json("manifest.json")["log_key"])
        if not log_key:
            bundle.notes.append(f"the log's key is taken from the bundle: {named}")
        entries.extend(check_log(bundle, named))

    def votes() -> None:
        rows = Rows(entries)
        check_votes(bundle, rows, check_rosters(bundle, rows, root))
        check_order(bundle, rows)

    steps: tuple[Callable[[], None], ...] = (
        lambda: check_files(bundle),
        lambda: check_signer(bundle),
        log,
        lambda: check_patches(bundle),
        votes,
    )
    for step in steps:
        try:
            step()
        except Wrong as error:
            bundle.problems.append(str(error))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            bundle.problems.append(f"something cannot be read: {type(error).__name__}: {error}")
    return bundle


def main(arguments: Sequence[str]) -> int:
    """Verify what the command line names; 0 when everything holds."""
    parser = argparse.ArgumentParser(description="Verify a bundle of Ostler's evidence.")
    here = str(Path(__file__).resolve().parent)
    parser.add_argument("bundle", nargs="?", default=here, help="the zip, or its unpacked folder")
    parser.add_argument("--root", default="", help="the administrator's public SSH key")
    parser.add_argument("--log-key", default="", help="the public key of the log")
    options = parser.parse_args(arguments)
    root = options.root
    if root and Path(root).is_file():
        root = Path(root).read_text(encoding="utf-8")
    found = verify(read_files(Path(options.bundle)), " ".join(root.split()[:2]), options.log_key)
    for note in found.notes:
        sys.stdout.write(f"note: {note}\n")
    for problem in found.problems:
        sys.stdout.write(f"DOES NOT HOLD: {problem}\n")
    sys.stdout.write(f"{len(found.problems)} problems\n" if found.problems else "all of it holds\n")
    return 1 if found.problems else 0


def read_files(path: Path) -> dict[str, bytes]:
    """The files of a zip or of a folder, by their names in the bundle."""
    if path.is_dir():
        return {
            file.relative_to(path).as_posix(): file.read_bytes()
            for file in sorted(path.rglob("*"))
            if file.is_file() and "__pycache__" not in file.parts
        }
    with zipfile.ZipFile(path) as packed_files:
        return {name: packed_files.read(name) for name in packed_files.namelist()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
