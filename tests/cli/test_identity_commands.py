"""Who is who by the commands, and a vote that stock OpenSSH checks."""

import json
import os
import pty
import subprocess
import sys
import termios
import zipfile
from pathlib import Path
from select import select

import pytest

from ostler.core.canonical import digest_bytes, digest_of
from ostler.core.proposals import DryRun


def keygen(path: Path) -> Path:
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(made, check=True, timeout=60)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home with one key, on a machine where no vote counts unsigned."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    keygen(folder / ".ssh" / "id_ed25519")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("OSTLER_UNSIGNED_VOTES")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder


def test_a_vote_is_signed_exported_and_checked_with_openssh(run, workspace, home) -> None:
    run("contract", "infer", "people")
    contract = (workspace / "contracts" / "people.odcs.yaml").read_bytes()
    run("groom", "people")
    name = next(one["id"] for one in run("queue", "--json").json if not one["asks"])
    refused = run("approve", name)
    assert (refused.code, "ostler identity init" in refused.err) == (2, True)
    assert run("whoami", "--json").json["votes"] == "refused"

    assert run("identity", "init").code == 0
    assert run("identity", "init").code == 2
    assert (workspace / "roster.json").exists() and (workspace / "roster.json.sig").exists()
    me = run("whoami", "--json").json
    assert (me["votes"], me["roles"]) == ("signed", {"people": ["administrator", "owner"]})

    card = run("show", name, "--json").json
    digest, verdict = card["digest"], card["verdict"]
    unseen = run("approve", name)
    assert (unseen.code, f"ostler approve {name} --digest {digest[:12]}" in unseen.err) == (2, True)
    assert run("queue", "--json").json[0]["state"] == "parked"
    other = run("approve", name, "--digest", "0" * 12)
    assert (other.code, "is not what you were shown" in other.err) == (2, True)
    done = run("approve", name, "--digest", digest[:12])
    assert (done.code, f"your vote is signed and binds to digest {digest}" in done.err) == (0, True)
    assert f"signed by {me['keys'][0]}" in run("show", name).out
    assert run("work", "--once").code == 0
    assert run("audit", "verify").code == 0
    assert run("audit", "verify", "--root", home / ".ssh" / "id_ed25519.pub").code == 0
    assert run("audit", "verify", "--root", keygen(home / "other").with_suffix(".pub")).code == 1

    assert run("audit", "vote", name, "--to", "votes").code == 0
    (workspace / "allowed").write_text(run("identity", "export").out)
    statement = workspace / "votes" / f"{name}-1.json"
    check = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ana"]

    def verified(namespace: str, signed: Path, text: bytes) -> bool:
        by = [*check, "-n", namespace, "-s", f"{signed}.sig"]
        return subprocess.run(by, input=text, capture_output=True, timeout=60).returncode == 0

    text = statement.read_bytes()
    assert verified("ostler-vote", statement, text)
    assert not verified("ostler-vote", statement, text.replace(b'"approve"', b'"reject"'))
    assert run("audit", "export", "--dataset", "people", "all.zip").code == 0
    with zipfile.ZipFile("all.zip") as bundle:
        bundle.extractall("bundle", ["manifest.json", "manifest.json.sig"])
    manifest = Path("bundle", "manifest.json")
    assert verified("ostler-evidence", manifest, manifest.read_bytes())

    said = json.loads(statement.read_text())
    assert said["shown"] == {
        "patch": card["patch"]["digest"],
        "evidence": digest_of(DryRun.model_validate(card["dry_run"])),
        "base_version": 0,
        "contract": digest_bytes(contract),
        "policy": verdict["policy"],
        **{key: verdict[key] for key in ("outcome", "votes", "roles")},
    }
    stated = {"proposal": name, "digest": digest, "reviewer": "ana", "decision": "approve",
              "roles": ["administrator", "owner"]}  # fmt: skip
    assert {key: said[key] for key in stated} == stated
    assert {*said} == {*stated, "shown", "because", "at", "nonce"}
    assert len(said["nonce"]) == 32


@pytest.mark.parametrize(("typed", "state"), [("n", "parked"), ("y", "approved")])
def test_at_a_terminal_what_is_approved_is_shown_first(
    run, workspace, home, typed: str, state: str
) -> None:
    run("groom", "people")
    run("identity", "init")
    name = next(one["id"] for one in run("queue", "--json").json if not one["asks"])
    digest = run("show", name, "--json").json["digest"]
    person, terminal = pty.openpty()
    os.write(person, f"{typed}\n".encode())
    command = [sys.executable, "-m", "ostler", "approve", name]
    asked = subprocess.run(
        command, stdin=terminal, cwd=workspace, capture_output=True, text=True, timeout=60
    )
    os.close(person)
    os.close(terminal)
    assert f"digest {digest}" in asked.stdout
    assert "Approve exactly this" in asked.stderr
    assert run("show", name, "--json").json["state"] == state


def test_a_passphrase_is_asked_for_at_a_terminal_and_nowhere_shown(run, workspace, home) -> None:
    run("groom", "people")
    name = next(one["id"] for one in run("queue", "--json").json if not one["asks"])
    assert run("identity", "init").code == 0
    vote = ("approve", name, "--digest", run("show", name, "--json").json["digest"])
    key = str(home / ".ssh" / "id_ed25519")
    lock = ["ssh-keygen", "-q", "-p", "-a", "1", "-P", "", "-N", "open sesame", "-f", key]
    subprocess.run(lock, check=True, timeout=60, stdout=subprocess.DEVNULL)
    piped = run(*vote)
    assert (piped.code, "ssh-add" in piped.err) == (2, True)
    wrong, right = (at_a_terminal(typed, *vote) for typed in ("sesame", "open sesame"))
    assert (wrong[0], "that is not the passphrase" in wrong[1]) == (2, True)
    assert (right[0], "your vote is signed" in right[1]) == (0, True)
    assert "Passphrase of id_ed25519" in right[1]
    assert "sesame" not in wrong[1] + right[1]


def at_a_terminal(typed: str, *arguments: str) -> tuple[int, str]:
    """How a command ended at a terminal where this was typed when it asked, and all it said."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ostler", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # else a passphrase is asked for where the tests were started
    )
    shown = b""
    while process.poll() is None:
        while select([ours], [], [], 0.05)[0]:
            shown += os.read(ours, 4096)
        # What is typed before nothing is echoed any more is thrown away.
        if b"Passphrase" in shown and typed and not termios.tcgetattr(ours)[3] & termios.ECHO:
            os.write(ours, f"{typed}\n".encode())
            typed = ""
    while select([ours], [], [], 0)[0]:
        shown += os.read(ours, 4096)
    os.close(theirs)
    os.close(ours)
    return process.returncode, shown.decode()


def test_a_roster_is_signed_elsewhere_with_openssh(run, workspace, home) -> None:
    key = home / ".ssh" / "id_ed25519"
    assert run("identity", "init").code == 0
    ben = keygen(home / "ben")
    options = ("--key", f"{ben}.pub", "--role", "steward", "--role", "owner:people")
    assert run("identity", "add", "ben", *options, "--out", "next.json").code == 0
    assert "ben" not in run("identity", "list").out
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "ostler-roster", "-f"]
    subprocess.run([*sign, str(ben), "next.json"], check=True, timeout=60, capture_output=True)
    install = ("identity", "roster", "install", "next.json", "--signature", "next.json.sig")
    refused = run(*install)
    assert (refused.code, "no key of an administrator" in refused.err) == (1, True)
    Path("next.json.sig").unlink()
    subprocess.run([*sign, str(key), "next.json"], check=True, timeout=60, capture_output=True)
    assert run("identity", "roster", "check", *install[3:]).code == 0
    assert run(*install).code == 0
    assert run("identity", "roster", "show").out == Path("next.json").read_text()
    listed = run("identity", "list").out
    assert "steward, owner:people" in listed and "proposer" in listed

    assert run("identity", "delegate", "ben", "--role", "owner", "--until", "2999-12-31").code == 0
    [given] = run("whoami", "--json").json["delegations"]
    assert (given["delegate"], given["role"]) == ("ben", "owner")
    shown = next(w for w in run("identity", "list").err.split() if w.startswith("D-"))
    assert run("identity", "withdraw", shown.rstrip(":")).code == 0
    assert run("whoami", "--json").json["delegations"] == []
    assert run("identity", "remove", "ben").code == 0
    assert run("identity", "remove", "ana").code == 2  # the last administrator
    assert run("audit", "verify").code == 0


def test_roles_in_the_settings_end_with_a_roster(run, workspace, home) -> None:
    with (workspace / "ostler.yaml").open("a") as settings:
        settings.write("unsigned_votes: true\npeople: {ana: [steward]}\n")
    assert run("whoami", "--json").json["roles"] == {"people": ["steward"]}
    assert "UNSIGNED" in run("whoami").err
    run("groom", "people")
    name = next(one["id"] for one in run("queue", "--json").json if not one["asks"])
    assert "your vote is UNSIGNED" in run("approve", name).err
    assert "approve by ana  UNSIGNED" in run("show", name).out
    assert "counts for nothing" in run("identity", "init", "--role", "owner").err
    assert run("whoami", "--json").json["roles"] == {"people": ["administrator", "owner"]}


def test_a_file_that_cannot_be_written_is_the_users_to_mend(run, workspace, home) -> None:
    for name in ("roster.json", "mine.json.sig"):
        (workspace / name).mkdir()
    made = run("identity", "init")
    assert (made.code, "roster.json cannot be written" in made.err) == (2, True)
    assert "roster 1 is in force" in made.err and "ana" in run("identity", "list").out

    (workspace / "mine.json").write_text(run("identity", "roster", "show").out)
    sign = run("identity", "roster", "sign", "mine.json", "--key", home / ".ssh" / "id_ed25519")
    assert (sign.code, "mine.json.sig cannot be written" in sign.err) == (2, True)
    shown = run("policy", "show", "--into", "ostler.yaml/in-force")
    assert (shown.code, "in-force cannot be written" in shown.err) == (2, True)


def test_nobody_acts_in_the_name_of_somebody_whose_key_is_not_there(
    run, workspace, home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("groom", "people")
    lines = [one for one in run("queue", "--json").json if not one["asks"]]
    done = lines[0]["id"]
    ben = keygen(home / "ben")
    assert run("identity", "init").code == 0
    assert run("identity", "add", "ben", "--key", f"{ben}.pub", "--role", "owner").code == 0
    digest = run("show", done, "--json").json["digest"]
    assert run("approve", done, "--digest", digest).code == 0
    assert run("work", "--once").code == 0
    acts = (
        ("dataset", "set", "people", "--tag", "finance"),
        ("revert", done, "--json"),
        ("audit", "erase", done, "--because", "request 114", "--json"),
        ("policy", "propose", "--because", "it is time"),
    )
    before = run("log", "--json").out
    with monkeypatch.context() as keyboard:
        keyboard.setenv("OSTLER_REVIEWER", "ben")
        for act in acts:
            refused = run(*act)
            assert (refused.code, "no private key was found" in refused.err) == (2, True), act
    assert run("log", "--json").out == before
    assert run(*acts[0]).code == 0
    assert run("revert", done, "--json").json["state"] == "parked"
    assert run(*acts[2]).code == 0
    assert run("audit", "verify").code == 0

    deeds = [one for one in run("log", "--json").json if one["kind"] == "deed.done"]
    assert sorted(json.loads(one["payload"]["deed"])["act"] for one in deeds) == [
        *("ask", "describe", "erase")
    ]
    (workspace / "allowed").write_text(run("identity", "export").out)
    (workspace / "deed.sig").write_text(deeds[0]["payload"]["signature"])
    by = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ana", "-n", "ostler-deed"]
    text = deeds[0]["payload"]["deed"].encode()
    for said, code in ((text, 0), (text.replace(b"ana", b"ben"), 255)):
        checked = subprocess.run(
            [*by, "-s", "deed.sig"], input=said, capture_output=True, timeout=60
        )
        assert checked.returncode == code
