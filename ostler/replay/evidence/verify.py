"""Verify a bundle of Ostler's evidence. Needs Python 3.11 and `cryptography`, and nothing else.

    python -I verify.py [BUNDLE.zip] [--root KEY] [--log-key KEY]

It trusts nothing in the bundle but the arithmetic. What ties it to the world are two keys, which
you should have from somewhere else: the administrator's (`--root`, a public SSH key or a file with
one) and the log's (`--log-key`, as `ostler audit checkpoint --key` prints it). Without them it says
which keys the bundle itself names. It exits with 1 and says what does not hold. Of what the
manifest says to be withheld or missing it says that it could not be checked, never that it holds.

`-I` keeps Python from taking modules out of the bundle's folder. For the same reason this is one
file, whatever its length: it is handed on alone, and read before it is run.
"""

import argparse
import base64
import hashlib
import json
import sys
import unicodedata
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
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
    unchecked: list[str] = field(default_factory=list[str])
    """What the manifest or the log says to be withheld, missing or erased."""
    unproven: list[str] = field(default_factory=list[str])
    """What could not be checked although all of it is here: votes that nobody signed."""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong, and nothing unchecked that the manifest does not own up to."""
        return not (self.problems or self.unproven)

    @property
    def sentence(self) -> str:
        """What it all comes to."""
        if self.problems:
            return f"{len(self.problems)} problems"
        if left := len(self.unchecked) + len(self.unproven):
            return f"what was checked holds; {left} votes or publications could not be checked"
        return "all of it holds"

    def json(self, name: str) -> Json:
        """A file's JSON object; Wrong when it is none."""
        if name not in self.files:
            raise Wrong(f"{name} is missing")
        return parsed(self.files[name], name)

    def lines(self, name: str) -> Iterator[Json]:
        """The JSON objects of a file, one per line."""
        for number, line in enumerate(self.files.get(name, b"").splitlines(), 1):
            yield parsed(line, f"line {number} of {name}")

    def document(self, digest: object) -> bytes | None:
        """The text of a document; None when it is not here."""
        return self.files.get(f"documents/{digest}")

    @cached_property
    def left_out(self) -> frozenset[str]:
        """The files that the manifest says to be withheld or missing."""
        manifest = self.json("manifest.json")
        return frozenset((*strings(manifest, "withheld"), *strings(manifest, "missing")))


def parsed(content: bytes | str, what: str) -> Json:
    """A JSON object; Wrong when it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{what} is not JSON") from error
    return record(found, what)


def record(found: object, what: str) -> Json:
    """An object that is part of JSON; Wrong when it is something else."""
    if not isinstance(found, dict):
        raise Wrong(f"{what} is no object")
    return cast("Json", found)


def listed(found: Json, name: str) -> list[Json]:
    """The records under a name; none where it is left out."""
    under = found.get(name, [])
    if not isinstance(under, list):
        raise Wrong(f"{name} is no list")
    return [record(one, f"what is in {name}") for one in cast("list[object]", under)]


def strings(found: Json, name: str) -> list[str]:
    """The strings under a name; none where it is left out."""
    under = found.get(name, [])
    if not isinstance(under, list):
        raise Wrong(f"{name} is no list")
    return [one for one in cast("list[object]", under) if isinstance(one, str)]


def check_files(bundle: Bundle) -> None:
    """Every file is what the manifest says, and no other is there."""
    told = record(bundle.json("manifest.json")["files"], "files in manifest.json")
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


def check_signer(bundle: Bundle, rosters: Sequence[tuple[int, Json]]) -> None:
    """Who exported it, if they signed it."""
    if "manifest.json.sig" not in bundle.files:
        bundle.notes.append("whoever exported it did not sign it; the log's key did")
        return
    armored = bundle.files["manifest.json.sig"].decode()
    signer = verify_ssh(armored, "ostler-evidence", bundle.files["manifest.json"])
    manifest = bundle.json("manifest.json")
    people = members(rosters[-1][1]) if rosters else []
    who = holder(people, signer, str(manifest["made_at"]))
    if rosters and (who is None or same_name(who["name"]) != same_name(manifest["made_by"])):
        bundle.problems.append(f"manifest.json: {signer} is no key of {manifest['made_by']}")
    bundle.notes.append(f"exported by {manifest['made_by']}: {signer}")


def check_log(bundle: Bundle, log_key: str) -> list[Json]:
    """The checkpoint is signed with the manifest, and every entry is in the tree under it."""
    note = bundle.files.get("checkpoint", b"").decode()
    size, root = read_checkpoint(note, log_key)
    bound = f"evidence {sha256(bundle.files.get('manifest.json', b''))}"
    if bound not in note.partition("\n\n")[0].splitlines()[3:]:
        bundle.problems.append("manifest.json: the checkpoint was signed for another one")
    entries = list(bundle.lines("log.jsonl"))
    places = [cast("int", entry["index"]) for entry in entries]
    if places != sorted(set(places)):
        bundle.problems.append("log.jsonl: its entries are not in order, each once")
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


TELLING = ("vote.cast", "execution.recorded", "proposal.", "roster.installed", "delegation.")
"""Kinds of entries without whose payload somebody's decision could be hidden."""


def erased_in(entries: Sequence[Json]) -> dict[int, Json]:
    """The entries that a later one says were erased, each with what it did to a row."""
    found: dict[int, Json] = {}
    for entry in entries:
        if entry["kind"] == "audit.erased" and entry["payload"]:
            said = parsed(cast("str", entry["payload"]), f"entry {entry['index']}")
            for one in listed(record(said["detail"], "what was erased"), "payloads"):
                index = cast("int", one["index"])
                if index < cast("int", entry["index"]):
                    found[index] = record(one.get("row") or {}, f"the row of entry {index}")
    return found


def check_blank(bundle: Bundle, entries: Sequence[Json], erased: Mapping[int, Json]) -> None:
    """A blank payload is one that the manifest withholds or that a later entry erased."""
    withheld = bundle.json("manifest.json").get("withheld_entries", [])
    blank = [entry for entry in entries if not entry["payload"]]
    for entry in blank:
        index, kind = cast("int", entry["index"]), str(entry["kind"])
        name = f"entry {index} ({kind}) on {entry['subject']}"
        if not kind.startswith(TELLING):
            continue
        if index not in erased and index not in cast("Collection[object]", withheld):
            bundle.problems.append(f"{name}: its payload is blank, and nothing says why")
        elif not kind.startswith("proposal.") and not erased.get(index):
            bundle.unchecked.append(f"{name}: its payload is withheld or erased")
    if blank:
        bundle.notes.append(f"{len(blank)} payloads are blank: withheld, or erased")


def check_documents(bundle: Bundle, rows: "Rows") -> None:
    """Every document that an entry names is here, or said not to be."""
    for index, table, digest in rows.documents:
        if bundle.document(digest) is None and f"documents/{digest}" not in bundle.left_out:
            bundle.problems.append(
                f"documents/{digest}: the {table} of entry {index} names it, it is not here, "
                "and the manifest does not say so"
            )


def check_rosters(bundle: Bundle, rows: "Rows", root: str) -> list[tuple[int, Json]]:
    """Who was who from which entry on: each roster is signed by an administrator of the last."""
    found: list[tuple[int, Json]] = []
    before = ""
    for index, row in rows.of("roster"):
        digest, at = cast("str", row["digest"]), cast("str", row["installed_at"])
        text = bundle.document(digest)
        if text is None:
            raise Wrong(f"the roster {digest} is missing")
        roster = parsed(text, f"the roster {digest}")
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
    if root and not found:
        bundle.problems.append("there is no roster in it, so nothing ties its people to the root")
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


def holder(people: Sequence[Json], line: str, at: str) -> Json | None:
    """Whose key it is at a moment; None when it is nobody's."""
    return next((one for one in people if line in keys(one, at)), None)


def keys(member: Json, at: str) -> list[str]:
    """The lines of somebody's keys that count at a moment."""
    moment = datetime.fromisoformat(at)
    return [
        cast("str", key["line"])
        for key in listed(member, "keys")
        if not ("valid_after" in key and moment < time_in(key, "valid_after"))
        and not ("valid_before" in key and time_in(key, "valid_before") <= moment)
    ]


def time_in(found: Json, name: str) -> datetime:
    """A time in a record."""
    return datetime.fromisoformat(cast("str", found[name]))


def same_name(name: object) -> str:
    """The form in which names are compared."""
    seen = "".join(c for c in str(name) if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", seen).strip().casefold()


@dataclass(frozen=True)
class Vote:
    """A vote whose signature holds."""

    index: int
    line: str
    """The key that signed it."""
    person: str
    """The roster's name for whoever holds the key, to be compared."""
    member: Json
    roster: Json
    at: datetime
    """When it was cast, as it says itself."""
    said: Json
    """What was signed."""

    @property
    def approves(self) -> bool:
        """Whether it is a yes."""
        return self.said["decision"] == "approve"

    @property
    def on(self) -> tuple[object, object]:
        """The proposal, and the digest of exactly what was shown."""
        return self.said["proposal"], self.said["digest"]


@dataclass
class Votes:
    """All votes of a bundle."""

    checked: list[Vote] = field(default_factory=list[Vote])
    approvals_left: list[tuple[object, object]] = field(default_factory=list[tuple[object, object]])
    """What approvals that could not be checked are on."""


def check_votes(
    bundle: Bundle, rows: "Rows", rosters: Sequence[tuple[int, Json]], root: str
) -> Votes:
    """Each vote is what its row says, and signed by a person of the roster of its time."""
    found = Votes()
    seen: set[object] = set()
    for index, row in rows.of("vote"):
        name = f"vote of {row['reviewer']} on {row['proposal']} (entry {index})"
        digest, signature = row["digest"], cast("str", row.get("signature") or "")
        text = bundle.document(digest)
        roster = next((one for start, one in reversed(rosters) if start < index), None)
        if digest in seen:
            bundle.problems.append(f"{name}: the same signed vote is entered twice")
        elif text is None:
            bundle.unchecked.append(f"{name}: it is withheld or missing, and so not checked")
        elif roster is None or not signature:
            why = f"{name}: it is UNSIGNED, or before any roster: nothing proves who cast it"
            (bundle.problems if root or roster is not None else bundle.unproven).append(why)
        else:
            try:
                found.checked.append(checked_vote(index, row, text, roster))
            except Wrong as error:
                bundle.problems.append(f"{name}: {error}")
        if (text is None or roster is None) and row["decision"] == "approve" and digest not in seen:
            found.approvals_left.append((row["proposal"], row["proposal_digest"]))
        seen.add(digest)
    return found


def checked_vote(index: int, row: Json, text: bytes, roster: Json) -> Vote:
    """A vote, when it is what its row says and its reviewer signed it; Wrong otherwise."""
    said = parsed(text, "it")
    columns = {"digest": "proposal_digest"}
    for name in ("proposal", "digest", "reviewer", "decision"):
        if said[name] != row[columns.get(name, name)]:
            raise Wrong(f"it says another {name} than its row")
    if time_in(said, "at") != time_in(row, "at"):
        raise Wrong("it says another time than its row")
    signer = verify_ssh(cast("str", row["signature"]), "ostler-vote", text)
    who = holder(members(roster), signer, cast("str", said["at"]))
    if who is None or same_name(who["name"]) != same_name(said["reviewer"]):
        raise Wrong(f"the roster knows {signer} as nobody of that name")
    person, at = same_name(who["name"]), time_in(said, "at")
    return Vote(index, signer, person, who, roster, at, said)


DONE = ("canary", "published", "reverted")
"""States and outcomes of what has changed the table."""


def check_executions(bundle: Bundle, rows: "Rows") -> None:
    """Each execution ended as its row says."""
    for index, row in rows.of("execution"):
        text = bundle.document(row["digest"])
        if text is not None:
            said = parsed(text, f"the execution of entry {index}")
            if any(said[name] != row[name] for name in ("proposal", "fence", "outcome")):
                bundle.problems.append(f"entry {index}: its execution says another than its row")


def executed(rows: "Rows") -> dict[tuple[object, object], int]:
    """The proposals that changed the table, by their digest then, with the first entry of it.

    Of what was parked again, because its canary came to nothing, since then.
    """
    found: dict[tuple[object, object], int] = {}
    stays: set[tuple[object, object]] = set()
    steps = [(i, row["proposal"], row["outcome"]) for i, row in rows.of("execution")]
    steps += [(i, row["id"], row.get("state")) for i, row in rows.of("proposal")]
    for index, proposal, state in sorted(steps, key=lambda one: one[0]):
        on = (proposal, rows.digest_of("proposal", proposal, index + 1))
        if state in DONE:
            found.setdefault(on, index)
            stays |= {on} if state != "canary" else set()
        elif state == "parked" and on not in stays:
            found.pop(on, None)
    return found


def check_order(bundle: Bundle, rows: "Rows", votes: Votes) -> None:
    """What was executed had enough checked approvals before, of others than who proposed it."""
    cast_on: dict[tuple[object, object], list[Vote]] = {}
    for vote in votes.checked:
        cast_on.setdefault(vote.on, []).append(vote)
    for on, index in executed(rows).items():
        proposal, text, said_on = str(on[0]), bundle.document(on[1]), cast_on.get(on, [])
        check_said(bundle, rows, proposal, said_on)
        people = as_counted(bundle, [one for one in said_on if one.approves and one.index < index])
        if text is None:
            author, verdict = "", signed_verdict(rows, proposal, said_on)
            known = "is taken from what its voters signed" if said_on else "is not known"
            bundle.unchecked.append(
                f"{proposal}: it was executed, and its document is withheld or missing: what its "
                f"verdict asked for {known}, nor is known who proposed it and who stood in for whom"
            )
        else:
            said = parsed(text, f"the proposal {proposal}")
            author, verdict = check_author(bundle, said, people), checked_verdict(bundle, on, said)
        if verdict.get("outcome") == "deny":
            bundle.problems.append(f"{proposal}: executed, and its verdict was to deny it")
        if verdict.get("outcome") == "votes":
            left = votes.approvals_left.count(on)
            check_enough(bundle, rows, (proposal, index), verdict, people, author, left)


def check_said(bundle: Bundle, rows: "Rows", proposal: str, votes: Sequence[Vote]) -> None:
    """What people said of what was executed: yes, on the same thing, in roles that they held."""
    for vote in votes:
        if vote.approves:
            check_roles(bundle, rows, vote, proposal)
        else:  # one is final, whatever the same person said afterwards
            bundle.problems.append(f"{proposal}: executed, and {vote.person} rejected it")
    if any(vote.said.get("shown") != votes[0].said.get("shown") for vote in votes):
        bundle.problems.append(f"{proposal}: the votes on it were not cast on the same thing")


def checked_verdict(bundle: Bundle, on: tuple[object, object], said: Json) -> Json:
    """The verdict in a proposal's document, which is that proposal's, and could be its."""
    proposal, verdict = on[0], record(said["verdict"], f"the verdict on {on[0]}")
    if said["id"] != proposal:
        bundle.problems.append(f"{proposal}: its document is of {said['id']}")
    if verdict.get("outcome") == "auto" and by_people_only(said):
        bundle.problems.append(f"{proposal}: executed by policy alone, and people decide it")
    return verdict


def signed_verdict(rows: "Rows", proposal: str, votes: Sequence[Vote]) -> Json:
    """What the votes say that the verdict asked for; nothing where nobody voted.

    They do not say who may stand in for whom once it was escalated: no seats are known then.
    """
    if not votes:
        return {}
    shown = record(votes[0].said["shown"], "shown")
    escalated = any(row.get("escalated_to") for row in rows.all("proposal", proposal))
    return {**shown, "roles": []} if escalated else shown


def as_counted(bundle: Bundle, votes: Sequence[Vote]) -> dict[str, Vote]:
    """Each person's vote as it counted when the last one was cast: by the roster of then."""
    found: dict[str, Vote] = {}
    for vote in votes:
        last = votes[-1]
        who = holder(members(last.roster), vote.line, str(last.said["at"]))
        if who is None or same_name(who["name"]) != vote.person:
            why = "did not count any more when the last vote was cast"
            bundle.notes.append(f"{vote.on[0]}: the key of {vote.person} {why}")
        else:
            found[vote.person] = replace(
                vote, index=last.index, roster=last.roster, member=who, at=last.at
            )
    return found


def check_author(bundle: Bundle, proposal: Json, people: dict[str, Vote]) -> str:
    """Who proposed it did not approve it, nor who asked for it; gives who answers for it."""
    name, proposer = proposal["id"], same_name(proposal["proposer"])
    if proposer in people:
        bundle.problems.append(f"{name}: approved by who proposed it")
    asked = same_name(proposal.get("requester", ""))
    if people.pop(asked, None):
        bundle.notes.append(f"{name}: approved by who asked for it, which does not count")
    return asked or proposer


def by_people_only(proposal: Json) -> bool:
    """Whether no policy lets it through without a vote."""
    draft = record(proposal["draft"], "the draft")
    kind = record(draft["action"], "the action")["kind"]
    return kind in BY_PEOPLE_KINDS or any(proposal.get(name) for name in BY_PEOPLE_FIELDS)


BY_PEOPLE_KINDS = ("ask_values", "revert", "restore")
BY_PEOPLE_FIELDS = (
    *("contract_change", "schema_change", "document_change"),
    *("requester", "follows"),
)
"""What of a proposal only people let through."""


def check_enough(
    bundle: Bundle,
    rows: "Rows",
    what: tuple[str, int],
    verdict: Json,
    people: Mapping[str, Vote],
    author: str,
    left: int,
) -> None:
    """The approvals are as many, and fill the seats, as the verdict asks for.

    `left` are approvals that could not be checked: each of them is named as such already.
    """
    (proposal, index), needed = what, max(1, cast("int", verdict["votes"]))
    if len(people) + left < needed:
        bundle.problems.append(
            f"{proposal}: published (entry {index}) with {len(people)} approvals "
            f"before it, and {needed} were needed"
        )
    seats = sorted(strings(verdict, "roles"))
    holders = [
        escalated(rows, what, verdict, roles_of(bundle, rows, vote, proposal, {author, *people}))
        for vote in people.values()
    ]
    if not left:
        for role in unfilled(seats, holders):
            bundle.problems.append(f"{proposal}: no approval fills the seat of {role}")


def check_roles(bundle: Bundle, rows: "Rows", vote: Vote, proposal: str) -> None:
    """The reviewer held the roles that a vote states, or stood in for who did."""
    held = roles_of(bundle, rows, vote, proposal, ())
    if missing := sorted({*strings(vote.said, "roles")} - held):
        bundle.problems.append(f"{proposal}: {vote.person} did not hold the role {missing[0]}")


def roles_of(
    bundle: Bundle, rows: "Rows", vote: Vote, proposal: str, barred: Collection[str]
) -> set[str]:
    """The roles that a vote states and its reviewer holds on the dataset, or stands in for.

    Nobody stands in for who is barred: who votes as well, or answers for the proposal.
    """
    dataset = rows.latest("proposal", proposal, vote.index).get("dataset")
    row = rows.latest("dataset", dataset, vote.index)
    text = bundle.document(row.get("digest"))
    tags: Sequence[str] | None = None
    if text is not None:
        tags = strings(parsed(text, f"the dataset {dataset}"), "tags")
    elif not row:  # what is no dataset, because it concerns the workspace, has none
        tags = ()
    else:
        bundle.notes.append(f"{proposal}: the dataset is withheld; roles by tag are not checked")
    held = roles_on(vote.member, dataset, tags)
    for giver, role in delegated(bundle, rows, vote):
        if same_name(giver["name"]) not in barred and role in roles_on(giver, dataset, tags):
            held.add(role)
    return {*strings(vote.said, "roles")} & held


def roles_on(member: Json, dataset: object, tags: Sequence[str] | None) -> set[str]:
    """The roles of a member on a dataset; those held by tag, too, where its tags are not known."""
    found: set[str] = set()
    for one in listed(member, "roles"):
        names, by_tag = strings(one, "datasets"), strings(one, "tags")
        tagged = bool(by_tag) and (tags is None or bool({*by_tag} & {*tags}))
        if not (names or by_tag) or dataset in names or tagged:
            found.add(cast("str", one["role"]))
    return found


def delegated(bundle: Bundle, rows: "Rows", vote: Vote) -> list[tuple[Json, str]]:
    """Whom the reviewer stood in for, in which role: signed by them, and in force at the vote.

    Of several who stand in for one person in one role the first counts.
    """
    known: dict[object, tuple[datetime, str, Json, Json]] = {}
    for index, row in rows.of("delegation"):
        text = bundle.document(row["digest"])
        gone = rows.newest("delegation", row["id"]).get("withdrawn_at")
        if text is None or index > vote.index:
            continue
        said = parsed(text, f"the delegation of entry {index}")
        signer = verify_ssh(cast("str", row["signature"]), "ostler-delegation", text)
        since = time_in(said, "since")
        giver = holder(members(vote.roster), signer, since.isoformat())
        if (
            giver is not None
            and signer in keys(giver, vote.at.isoformat())
            and same_name(giver["name"]) == same_name(said["delegator"])
            and since <= vote.at < time_in(said, "until")
            and not (gone and datetime.fromisoformat(cast("str", gone)) <= vote.at)
        ):
            known[row["digest"]] = (since, cast("str", row["id"]), giver, said)
    first: dict[tuple[str, object], tuple[Json, Json]] = {}
    for _, _, giver, said in sorted(known.values(), key=lambda one: one[:2]):
        first.setdefault((same_name(giver["name"]), said["role"]), (giver, said))
    return [
        (giver, cast("str", said["role"]))
        for giver, said in first.values()
        if giver is not vote.member and same_name(said["delegate"]) == vote.person
    ]


def escalated(rows: "Rows", what: tuple[str, int], verdict: Json, roles: set[str]) -> set[str]:
    """Roles, and those that they stand for where the proposal was escalated while it waited."""
    waited = [row for row in rows.before("proposal", *what) if row.get("state") == "parked"]
    told = cast("str", waited[-1].get("escalated_to") if waited else None) or "[]"
    asked = strings({"to": json.loads(told)}, "to")
    more = {
        role
        for one in listed(verdict, "escalations")
        if one["role"] in asked and one["role"] in roles
        for role in strings(one, "stands_for")
    }
    return roles | more


def unfilled(seats: Sequence[str], holders: Sequence[Collection[str]]) -> list[str]:
    """The seats that stay empty when as many as possible are filled, one person to a seat."""
    seated: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        for who, roles in enumerate(holders):
            if seats[place] in roles and who not in tried:
                tried.add(who)
                if who not in seated or seat(seated[who], tried):
                    seated[who] = place
                    return True
        return False

    return [role for place, role in enumerate(seats) if not seat(place, set())]


KEYS = {
    "proposal": ("id",),
    "dataset": ("name",),
    "vote": ("proposal", "proposal_digest", "reviewer"),
    "execution": ("proposal", "fence"),
    "roster": ("number",),
    "delegation": ("id",),
}
"""The columns by which the rows that matter here are known."""


class Rows:
    """What the entries did to the tables of the state, in their order."""

    def __init__(self, entries: Sequence[Json], erased: Mapping[int, Json]) -> None:
        self.documents: list[tuple[int, str, object]] = []
        """By the index of the entry, and the table whose row names it."""
        self._of: dict[str, list[tuple[int, Json]]] = {}
        self._one: dict[tuple[str, object], list[tuple[int, Json]]] = {}
        now: dict[tuple[str, str], dict[str, object]] = {}
        for entry in sorted(entries, key=lambda one: cast("int", one["index"])):
            index, payload = cast("int", entry["index"]), cast("str", entry["payload"])
            name = f"the payload of entry {index}"
            said = parsed(payload, name) if payload else {"row": erased.get(index)}
            step = record(said.get("row") or {}, name)
            if step:
                table, key = cast("str", step["table"]), cast("list[object]", step["key"])
                columns = record(step["set"], name)
                place = (table, json.dumps(key))
                known = dict(zip(KEYS.get(table, ()), key, strict=False))
                now[place] = now.get(place, {}) | dict(columns) | known
                row = now[place]
                self._of.setdefault(table, []).append((index, row))
                if table in KEYS:
                    self._one.setdefault((table, row[KEYS[table][0]]), []).append((index, row))
                # The digest of a run's step names an object, not a document.
                if payload and table != "run_step" and isinstance(columns.get("digest"), str):
                    self.documents.append((index, table, columns["digest"]))

    def of(self, table: str) -> Sequence[tuple[int, Json]]:
        """Entries that wrote a table, with the row as it then was."""
        return self._of.get(table, ())

    def before(self, table: str, key: object, index: int) -> Sequence[Json]:
        """What a row was until an entry was written, oldest first."""
        steps = self._one.get((table, key), [])
        return [row for _, row in steps[: bisect_left(steps, index, key=lambda step: step[0])]]

    def latest(self, table: str, key: object, before: int) -> Json:
        """A row as it was when an entry was written; empty when there was none."""
        found = self.before(table, key, before)
        return found[-1] if found else {}

    def all(self, table: str, key: object) -> Sequence[Json]:
        """What a row ever was, oldest first."""
        return [row for _, row in self._one.get((table, key), [])]

    def newest(self, table: str, key: object) -> Json:
        """A row as it is; empty when there is none."""
        found = self.all(table, key)
        return found[-1] if found else {}

    def digest_of(self, table: str, key: object, before: int) -> object:
        """The digest that a row had when an entry was written."""
        return self.latest(table, key, before).get("digest", "")


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

    def people() -> None:
        erased = erased_in(entries)
        check_blank(bundle, entries, erased)
        rows = Rows(entries, erased)
        check_documents(bundle, rows)
        check_executions(bundle, rows)
        rosters = check_rosters(bundle, rows, root)
        check_order(bundle, rows, check_votes(bundle, rows, rosters, root))
        check_signer(bundle, rosters)

    steps: tuple[Callable[[], None], ...] = (
        lambda: check_files(bundle),
        log,
        lambda: check_patches(bundle),
        people,
    )
    for step in steps:
        try:
            step()
        except Wrong as error:
            bundle.problems.append(str(error))
        except UNREADABLE as error:
            bundle.problems.append(f"something cannot be read: {type(error).__name__}: {error}")
    # The same is found out of every vote on a proposal.
    bundle.notes[:] = dict.fromkeys(bundle.notes)
    return bundle


UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What reading something raises that is not of the shape it should be."""


def main(arguments: Sequence[str]) -> int:
    """Verify what the command line names; 0 when everything holds."""
    parser = argparse.ArgumentParser(description="Verify a bundle of Ostler's evidence.")
    here = str(Path(__file__).resolve().parent)
    parser.add_argument("bundle", nargs="?", default=here, help="the zip, or its unpacked folder")
    parser.add_argument("--root", help="the administrator's public SSH key, or a file with it")
    parser.add_argument("--log-key", help="the public key of the log")
    options = parser.parse_args(arguments)
    try:
        root, log_key = key_given(options.root, "--root"), key_given(options.log_key, "--log-key")
        found = verify(read_files(Path(options.bundle)), root, log_key)
    except Wrong as error:
        found = Bundle({}, problems=[str(error)])
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        found = Bundle({}, problems=[f"{options.bundle} cannot be read: {error}"])
    lines = [f"note: {note}" for note in found.notes]
    lines += [f"NOT CHECKED: {one}" for one in (*found.unchecked, *found.unproven)]
    lines += [f"DOES NOT HOLD: {one}" for one in found.problems]
    sys.stdout.write("".join(f"{printable(line)}\n" for line in (*lines, found.sentence)))
    return 0 if found.holds else 1


def key_given(text: str | None, option: str) -> str:
    """A key from the command line, without its comment; empty when the option was left out."""
    if text is None:
        return ""
    if option == "--root" and Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8")
    key = " ".join(text.split()[:2])
    if not key:
        raise Wrong(f"{option} names no key")
    return key


def printable(line: str) -> str:
    """A line in which nothing steers the terminal: what is in a bundle is anybody's."""
    seen = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line)
    return seen.encode(sys.stdout.encoding or "ascii", "backslashreplace").decode(
        sys.stdout.encoding or "ascii"
    )


MOST_FILES, MOST_BYTES = 100_000, 4_000_000_000
"""Of a bundle that is read at all, unpacked."""


def read_files(path: Path) -> dict[str, bytes]:
    """The files of a zip or of a folder, by their names in the bundle (Wrong, OSError ...)."""
    if path.is_dir():
        inside = sorted(path.rglob("*"))
        for file in inside:
            if file.is_symlink():
                raise Wrong(f"{file.relative_to(path).as_posix()} is a link, and leads elsewhere")
        found = [file for file in inside if file.is_file()]
        refuse_large([file.stat().st_size for file in found])
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in found}
    with zipfile.ZipFile(path) as packed_files:
        listing = packed_files.infolist()
        refuse_large([one.file_size for one in listing])
        seen: set[str] = set()
        for name in (one.orig_filename for one in listing):
            if name in seen:
                raise Wrong(f"{name} is in the zip twice")
            if "\\" in name or ":" in name or "\0" in name or {"", "."} & {*name.split("/")}:
                raise Wrong(f"{name!r} in the zip is not a plain name")
            if ".." in name.split("/"):
                raise Wrong(f"{name!r} in the zip leads out of it")
            seen.add(name)
        return {one.filename: packed_files.read(one) for one in listing}


def refuse_large(sizes: Sequence[int]) -> None:
    """Wrong when it is more than can be evidence."""
    if len(sizes) > MOST_FILES or sum(sizes) > MOST_BYTES:
        raise Wrong(f"it is too large: {len(sizes)} files, {sum(sizes)} bytes unpacked")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
