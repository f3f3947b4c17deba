"""Who is who by the commands, and a vote that stock OpenSSH checks."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest


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

    digest = run("show", name, "--json").json["digest"]
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
    (workspace / "allowed").write_text(run("identity", "export", "--allowed-signers").out)
    statement = workspace / "votes" / f"{name}-1.json"
    check = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ana", "-n", "ostler-vote"]

    def verified(text: bytes) -> bool:
        by = [*check, "-s", f"{statement}.sig"]
        return subprocess.run(by, input=text, capture_output=True, timeout=60).returncode == 0

    assert verified(statement.read_bytes())
    assert not verified(statement.read_bytes().replace(b'"approve"', b'"reject"'))
    said = json.loads(statement.read_text())
    assert (said["reviewer"], said["digest"], said["shown"]["votes"]) == ("ana", digest, 1)


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
    assert "counts for nothing" in run("identity", "init", "--role", "owner").err
    assert run("whoami", "--json").json["roles"] == {"people": ["administrator", "owner"]}
