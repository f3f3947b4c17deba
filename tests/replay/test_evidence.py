"""Evidence bundles: one file that anybody checks with its own script, and that no edit survives."""

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bundles import Files, checked, known_keys, unpacked
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from ostler.replay.evidence.verify import verify
from ostler.store import sshsig
from tests.replay.forging import Entry, forge_bundle

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
name: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - {name: id, logicalType: string}
      - {name: city, logicalType: string}
      - {name: phone, logicalType: string, classification: pii}
"""


def found(files: Files, keys) -> str:
    """What the script finds wrong with files, without starting it anew for each of them."""
    _, root, _, log_key = keys
    line = " ".join(root.split()[:2])
    return "\n".join(verify(files, line, log_key).problems)


def exported(run, folder: Path) -> tuple[Path, tuple[str | Path, ...]]:
    """A bundle about people, and what an auditor has from elsewhere."""
    file = folder / "evidence.zip"
    assert run("audit", "export", "--dataset", "people", file).code == 0
    return file, known_keys(run)


@pytest.fixture(scope="module")
def shelf() -> dict[str, tuple[bytes, tuple[str, ...], tuple[bytes, bytes]]]:
    """A bundle and its keys, made once for the tests that only read it.

    The last two are private: the log's, and that of the reviewer, for statements of their own.
    """
    return {}


@pytest.fixture
def kept(request: pytest.FixtureRequest, shelf, tmp_path: Path) -> tuple[Path, tuple[str, ...]]:
    if not shelf:
        run, signed = request.getfixturevalue("run"), request.getfixturevalue("signed")
        file, (_, root, _, log_key) = exported(run, signed)
        private = (signed / ".ostler" / "log.key").read_bytes(), root.with_suffix("").read_bytes()
        public = ("--root", root.read_text(), "--log-key", log_key)
        shelf["it"] = file.read_bytes(), public, private
    content, keys, _ = shelf["it"]
    file = tmp_path / "kept.zip"
    file.write_bytes(content)
    return file, keys


@pytest.fixture
def evidence(kept) -> Path:
    return kept[0]


@pytest.fixture
def keys(kept) -> tuple[str, ...]:
    """What an auditor has from elsewhere."""
    return kept[1]


def test_a_bundle_holds_all_of_it_and_proves_itself(run, signed) -> None:
    evidence, keys = exported(run, signed)
    code, said = checked(evidence, *keys)
    assert (code, said.splitlines()[-1]) == (0, "all of it holds")
    assert "UNSIGNED" not in said and "is that your root" not in said
    files = unpacked(evidence)
    page = files["report.html"].decode()
    [published] = run("queue", "--state", "published", "--json").json
    for words in (published["id"], "approve", "SHA256:", "What ran, with what effect", "one-vote"):
        assert words in page
    run_id = run("trace", "--json").json[0]["run"]
    item = run("item", "--json").json[0]["id"]
    for choice in (("--run", run_id), ("--item", item), ("--since", "2000-01-01")):
        assert run("audit", "export", *choice, "other.zip").code == 0
        assert checked(signed / "other.zip", *keys)[0] == 0
    assert run("audit", "verify").code == 0
    assert run("audit", "export", "none.zip").code == 2
    assert run("audit", "export", "--since", "2999-01-01", "none.zip").code == 2
    assert not (signed / "none.zip").exists()


def test_the_verifier_needs_nothing_of_ours(evidence) -> None:
    tree = ast.parse(unpacked(evidence)["verify.py"])
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {
        one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names
    }
    outside = {str(name).partition(".")[0] for name in named} - set(sys.stdlib_module_names)
    assert outside == {"cryptography"}


def test_one_changed_byte_of_any_file_is_named(evidence, keys) -> None:
    files = unpacked(evidence)
    for name in files:
        edited = {**files, name: bytes([files[name][0] ^ 1]) + files[name][1:]}
        problems = found(edited, keys)
        assert problems, name
        folder = name.partition("/")[0]
        assert any(word in problems for word in (folder, "manifest", "signature")), name


def resealed(files: Files) -> Files:
    """The manifest written anew, as somebody would who has all but the keys."""
    told = json.loads(files["manifest.json"])
    apart = {"manifest.json", "manifest.json.sig", "checkpoint"}
    told["files"] = {
        name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name not in apart
    }
    return {**files, "manifest.json": json.dumps(told).encode()}


def edit_entries(files: Files, edit: Callable[[list[dict]], list[dict]]) -> Files:
    lines = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    text = "".join(json.dumps(line) + "\n" for line in edit(lines))
    return {**files, "log.jsonl": text.encode()}


def test_edits_with_every_digest_put_right_are_found(evidence, keys) -> None:
    files = unpacked(evidence)

    def said_of(edited: Files) -> str:
        return found(resealed(edited), keys)

    assert "the checkpoint was signed for another" in said_of(files)
    votes = [
        e for e in map(json.loads, files["log.jsonl"].splitlines()) if e["kind"] == "vote.cast"
    ]
    assert votes
    other_actor = edit_entries(files, lambda es: [{**e, "actor": "eve"} for e in es])
    assert "it is not in the log" in said_of(other_actor)
    shuffled = edit_entries(files, lambda es: [{**e, "index": e["index"] + 1} for e in es])
    assert "it is not in the log" in said_of(shuffled)
    without = edit_entries(files, lambda es: [e for e in es if e["kind"] != "vote.cast"])
    assert "0 approvals before it, and 1 were needed" in said_of(without)
    payload = edit_entries(
        files, lambda es: [{**e, "payload": e["payload"].replace("approve", "reject")} for e in es]
    )
    assert "its payload was edited" in said_of(payload)
    [row] = [json.loads(vote["payload"])["row"]["set"] for vote in votes]
    name = f"documents/{row['digest']}"
    forged = {**files, name: files[name].replace(b"request 7", b"request 8")}
    assert "its content does not match its name" in said_of(forged)
    assert "signature does not hold" in said_of(forged)
    lines = next(n for n, body in files.items() if n.endswith(".lines") and b"n/a" in body)
    assert "it is not the patch" in said_of({**files, lines: files[lines].replace(b"n/a", b"n/b")})


def test_keys_from_elsewhere_are_what_it_rests_on(evidence, keys, tmp_path: Path) -> None:
    code, said = checked(evidence)
    assert code == 0
    assert "the log's key is taken from the bundle" in said and "is that your root?" in said
    other = tmp_path / "eve"
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(other)]
    subprocess.run(made, check=True, timeout=60)
    code, said = checked(evidence, "--root", f"{other}.pub")
    assert (code, "who may not" in said) == (1, True)
    name, _, key = str(keys[-1]).split("+", 2)
    code, said = checked(evidence, "--log-key", f"{name}+00000000+{key}")
    assert (code, "is not signed by" in said) == (1, True)


def test_classified_values_stay_out_unless_they_are_asked_for(run, signed) -> None:
    _, keys = exported(run, signed)
    (signed / "contracts").mkdir(exist_ok=True)
    (signed / "contracts" / "people.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    assert run("audit", "export", "--dataset", "people", "masked.zip").code == 0
    masked = unpacked(signed / "masked.zip")
    assert not [name for name, body in masked.items() if b"555-0001" in body or b"n/a" in body]
    code, said = checked(signed / "masked.zip", *keys)
    assert (code, "what was checked holds" in said, "NOT CHECKED" in said) == (0, True, True)
    refused = run("audit", "export", "--dataset", "people", "--unmask", "open.zip")
    assert (refused.code, "may not see 'phone'" in refused.err) == (2, True)
    with (signed / "ostler.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\nreaders: {pii: [owner]}\n")
    assert run("audit", "export", "--dataset", "people", "--unmask", "open.zip").code == 0
    told = [(e["kind"], e["subject"], e["payload"]) for e in run("log", "--json").json]
    assert told.count(("evidence.exported", "dataset people", {"unmasked": True})) == 1
    assert told.count(("values.unmasked", "people", {"columns": ["phone"]})) == 1
    shown = unpacked(signed / "open.zip")
    assert [name for name, body in shown.items() if b"n/a" in body]
    assert checked(signed / "open.zip", *keys)[0] == 0


class Thief:
    """Somebody with the database, the files and the log's key, at work on a bundle."""

    def __init__(self, files: Files, keys: tuple[str, ...], log_key: bytes, own: bytes) -> None:
        self.files, self.keys, self._log_key = files, keys, log_key
        key = load_ssh_private_key(own, None)
        assert isinstance(key, Ed25519PrivateKey)
        self._own = key
        [self.vote] = [e for e in self._entries() if e["kind"] == "vote.cast"]
        self.digest = json.loads(self.vote["payload"])["row"]["set"]["digest"]

    def _entries(self) -> list[dict]:
        return [json.loads(line) for line in self.files["log.jsonl"].splitlines()]

    def says(
        self,
        edit: Callable[[list[Entry]], list[Entry]] = lambda entries: entries,
        *,
        files: Files | None = None,
        root: bool = True,
        **manifest: object,
    ):
        """What the verifier says of the bundle, edited and signed by the log's key again."""
        made = forge_bundle(files or self.files, edit, log_key=self._log_key, manifest=manifest)
        line = " ".join(self.keys[1].split()[:2]) if root else ""
        return verify(made, line, self.keys[-1])

    def statement(self, **other: object) -> tuple[Files, dict[str, object]]:
        """A vote that the reviewer did sign, and the columns of a row that names it."""
        said = json.loads(self.files[f"documents/{self.digest}"]) | other
        text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(text).hexdigest()
        files = {**self.files, f"documents/{digest}": text}
        return files, {"digest": digest, "signature": self.signed("ostler-vote", text)}

    def signed(self, namespace: str, text: bytes) -> str:
        """The reviewer's own signature, who is the administrator, too."""
        return sshsig.sign(self._own, namespace, text)


def voted(edit: Callable[[dict], None]) -> Callable[[list[Entry]], list[Entry]]:
    """The entries, with the row of the vote edited."""

    def edited(entry: Entry) -> Entry:
        if entry["kind"] != "vote.cast":
            return entry
        payload = json.loads(str(entry["payload"]))
        edit(payload["row"])
        return {**entry, "payload": json.dumps(payload)}

    return lambda entries: [edited(entry) for entry in entries]


@pytest.fixture
def thief(evidence, keys, shelf) -> Thief:
    return Thief(unpacked(evidence), keys, *shelf["it"][2])


def test_a_log_signed_again_as_it_was_holds(thief) -> None:
    found = thief.says()
    assert (found.problems, found.sentence) == ([], "all of it holds")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"decision": "reject"}, "another decision than its row"),
        ({"reviewer": "zed"}, "another reviewer than its row"),
        ({"digest": "0" * 64}, "another digest than its row"),
        ({"proposal": "P-AAAAAAAA"}, "another proposal than its row"),
    ],
)
def test_a_signed_vote_entered_as_another_is_named(thief, other, named) -> None:
    files, columns = thief.statement(**other)
    found = thief.says(voted(lambda row: row["set"].update(columns)), files=files)
    assert any(named in one for one in found.problems)
    assert any("0 approvals before it" in one for one in found.problems)


def test_one_signature_is_one_person_whatever_the_row_says(thief) -> None:
    def twice(entries: list[Entry]) -> list[Entry]:
        copies = voted(lambda row: row["key"].__setitem__(2, "zed"))(entries)
        place = next(n for n, one in enumerate(entries) if one["kind"] == "vote.cast")
        return [*entries[: place + 1], copies[place], *entries[place + 1 :]]

    assert any("entered twice" in one for one in thief.says(twice).problems)


def test_without_roster_or_signature_nothing_ties_a_vote_to_anybody(thief) -> None:
    def unsigned(entries: list[Entry]) -> list[Entry]:
        bare = voted(lambda row: row["set"].update(signature=None))(entries)
        return [entry for entry in bare if entry["subject"] != "roster"]

    problems = "\n".join(thief.says(unsigned).problems)
    assert "there is no roster" in problems and "it is UNSIGNED" in problems
    found = thief.says(unsigned, root=False)
    assert not found.holds and "could not be checked" in found.sentence


def test_an_absent_vote_is_no_approval_unless_the_manifest_owns_up_to_it(thief) -> None:
    name = f"documents/{thief.digest}"
    without = {one: body for one, body in thief.files.items() if one != name}
    found = thief.says(files=without)
    assert any(one.startswith(name) for one in found.problems)
    for word in ("missing", "withheld"):
        found = thief.says(files=without, **{word: [name]})
        assert found.holds
        assert found.sentence.startswith("what was checked holds; 1 votes")


def test_an_approval_counts_only_for_what_was_executed(thief) -> None:
    files, columns = thief.statement(digest="0" * 64)

    def elsewhere(row: dict) -> None:
        row["key"][1] = "0" * 64
        row["set"].update(columns)

    found = thief.says(voted(elsewhere), files=files)
    assert any("with 0 approvals before it" in one for one in found.problems)


@pytest.mark.parametrize(
    "kind", ["vote.cast", "execution.recorded", "proposal.parked", "roster.installed"]
)
def test_a_blank_payload_that_nothing_explains_is_named(thief, kind: str) -> None:
    def blank(entries: list[Entry]) -> list[Entry]:
        gone = {"payload": "", "salt": ""}
        return [{**e, **gone} if e["kind"] == kind else e for e in entries]

    found = thief.says(blank)
    assert any(f"({kind})" in one and "is blank" in one for one in found.problems)
    assert any("payloads are blank" in one for one in found.notes)


def test_a_role_that_the_roster_does_not_give_is_named(thief) -> None:
    files, columns = thief.statement(roles=["steward"])
    found = thief.says(voted(lambda row: row["set"].update(columns)), files=files)
    assert any("did not hold the role steward" in one for one in found.problems)


def test_a_role_may_be_lent_by_who_holds_it_and_signs(thief) -> None:
    bea, at = Ed25519PrivateKey.generate(), thief.vote["at"]
    entries = [json.loads(line) for line in thief.files["log.jsonl"].splitlines()]
    [old] = [json.loads(e["payload"])["row"] for e in entries if e["kind"] == "roster.installed"]
    roster = json.loads(thief.files[f"documents/{old['set']['digest']}"])
    [owner] = [one for one in roster["members"] if one["kind"] == "person"]
    key, role = {"line": sshsig.public_line(bea)}, {"role": "steward", "datasets": ["people"]}
    roster["members"].append({"name": "bea", "kind": "person", "keys": [key], "roles": [role]})
    lent = {
        "delegator": "bea",
        "delegate": owner["name"],
        "role": "steward",
        "since": "2000-01-01T00:00:00Z",
        "until": "2999-01-01T00:00:00Z",
    }
    files, columns = thief.statement(roles=["steward"])

    def with_lent(**other: object) -> str:
        texts = (json.dumps(roster).encode(), json.dumps(lent | other).encode())
        one, two = (hashlib.sha256(text).hexdigest() for text in texts)
        installed = {"digest": one, "signature": thief.signed("ostler-roster", texts[0])}
        made = {"digest": two, "signature": sshsig.sign(bea, "ostler-delegation", texts[1])}
        step = {"table": "delegation", "key": ["D-1"], "set": {**made, "at": at}}

        def edit(entries: list[Entry]) -> list[Entry]:
            found: list[Entry] = []
            for entry in voted(lambda row: row["set"].update(columns))(entries):
                if entry["kind"] != "roster.installed":
                    found.append(entry)
                    continue
                row = {**old, "set": {**old["set"], **installed}}
                found.append({**entry, "payload": json.dumps({"row": row})})
                delegation = {"kind": "delegation.made", "payload": json.dumps({"row": step})}
                found.append({**entry, **delegation})
            return found

        added = {f"documents/{one}": texts[0], f"documents/{two}": texts[1]}
        return "\n".join(thief.says(edit, files={**files, **added}).problems)

    assert with_lent() == ""
    for other in (
        {"delegator": owner["name"]},
        {"delegate": "zed"},
        {"until": "2001-01-01T00:00:00Z"},
        {"role": "dean"},
    ):
        assert "did not hold the role steward" in with_lent(**other)


@pytest.mark.parametrize("payload", ["[]", "{", "[" * 100_000, '{"row":7}', '{"row":{"key":1}}'])
def test_what_cannot_be_read_is_a_sentence(thief, payload: str) -> None:
    for kind in ("vote.cast", "audit.erased"):
        swapped = thief.says(
            lambda entries, kind=kind: [
                {**e, "payload": payload, "kind": kind} if e["kind"] == "vote.cast" else e
                for e in entries
            ]
        )
        assert swapped.problems
    for name in ("manifest.json", "log.jsonl", f"documents/{thief.digest}"):
        assert verify({**thief.files, name: payload.encode()}).problems
    assert verify({**thief.files, "manifest.json": b'{"files":[],"log_key":"x"}'}).problems


def test_only_a_plain_zip_or_folder_is_read(evidence, tmp_path: Path) -> None:
    files = unpacked(evidence)

    def said_of(path: Path) -> str:
        done = verify_main(path)
        assert done.returncode == 1 and not done.stderr
        return done.stdout

    script = tmp_path / "apart.py"
    script.write_bytes(files["verify.py"])

    def verify_main(path: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-I", str(script), str(path)]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    nonsense = tmp_path / "nonsense.zip"
    nonsense.write_bytes(b"nonsense")
    assert "cannot be read" in said_of(nonsense)
    assert "cannot be read" in said_of(tmp_path / "gone.zip")
    for name in ("/etc/x", "../x", "a\\b", "a/./b"):
        odd = tmp_path / "odd.zip"
        with zipfile.ZipFile(odd, "w") as target:
            target.writestr(name, "x")
        assert "in the zip" in said_of(odd)
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as target:
        target.writestr("report.html", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("report.html", "two")
    assert "in the zip twice" in said_of(twice)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "report.html").symlink_to(nonsense)
    assert "is a link" in said_of(folder)
