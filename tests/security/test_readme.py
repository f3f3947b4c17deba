"""What the README says how to check is done as it says, and comes out as it says."""

import re
import shlex
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
schema: [{name: people, properties: [{name: city, classification: PII}, {name: id}]}]
"""


def commands() -> list[list[str]]:
    """Those of the section about promises, in its order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## What is promised")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    found = [re.findall(r"`((?:ostler|pytest) [^`]*)`", row) for row in rows[1:]]
    assert all(found), "each promise says how to check it"
    return [shlex.split(command) for row in found for command in row]


@pytest.fixture
def workspace(run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Signed votes, one published change of a classified column, and a role that may read it."""
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    key = str(tmp_path / "home" / ".ssh" / "id_ed25519")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OSTLER_WORK__RUNS", "0")
    monkeypatch.delenv("OSTLER_UNSIGNED_VOTES")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    root = tmp_path / "here"
    root.mkdir()
    monkeypatch.chdir(root)
    rows = [f"{n},{'Lisbxn' if n == 7 else 'Lisbon'}" for n in range(60)]
    (root / "people.csv").write_text("\n".join(["id,city", *rows]) + "\n")
    for args in (("init",), ("add", "people.csv", "--owner", "ana")):
        assert run(*args).code == 0
    with (root / "ostler.yaml").open("a") as settings:
        settings.write("readers: {pii: [owner]}\n")
    (root / "contracts" / "people.odcs.yaml").write_text(CONTRACT)
    assert run("identity", "init").code == 0 and run("groom", "people").code == 0
    [line] = [one for one in run("queue", "--json").json if not one["asks"]]
    digest = run("show", line["id"], "--json").json["digest"]
    assert run("approve", line["id"], "--digest", digest).code == 0
    assert run("work", "--once").code == 0
    return root


def test_the_readme_s_checks_run_and_come_out_right(
    run: Callable[..., Any], workspace: Path
) -> None:
    [done] = run("queue", "--state", "published", "--json").json
    [groomed] = {one["run"] for one in run("trace", "--json").json}
    words = {"ID": done["id"], "RUN": groomed}
    ran = {
        " ".join(words_of[1:3]): run(*(words.get(word, word) for word in words_of[1:]))
        for words_of in commands()
        if words_of[0] == "ostler"
    }
    assert len(ran) >= 8
    assert {name: told.err for name, told in ran.items() if told.code} == {}
    assert "Lisbxn" in ran["show ID"].out and "values.unmasked" in ran["log"].out
    with zipfile.ZipFile("evidence.zip") as bundle:
        bundle.extractall("evidence")
    checked = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd="evidence", capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout

    # "change a byte of …": named, and fine again when it is as it was.
    for kind in ("patches", "objects", "tables"):
        files = (workspace / ".ostler" / kind).rglob("*" if kind == "objects" else "*.parquet")
        file = max(path for path in files if path.is_file())
        before = file.read_bytes()
        middle = len(before) // 2
        file.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
        told = run("audit", "verify")
        assert (told.code, file.stem[-12:] in told.out + told.err) == (1, True), told.err
        file.write_bytes(before)
    with closing(sqlite3.connect(workspace / ".ostler" / "state.db")) as database, database:
        database.execute("UPDATE vote SET reviewer = 'eve'")
    told = run("audit", "verify")
    assert (told.code, done["id"] in told.out + told.err) == (1, True)


def test_the_readme_s_tests_are_those_that_it_means() -> None:
    recheck, hostile, secrets = [words[1:] for words in commands() if words[0] == "pytest"]
    assert (ROOT / recheck[0]).is_file() and recheck[1:] == []
    assert hostile == ["tests/security", "-k", "hostile"]
    collect = [sys.executable, "-m", "pytest", *secrets, "--collect-only", "-q", "--no-header"]
    ran = subprocess.run(collect, cwd=ROOT, capture_output=True, text=True, check=False)
    found = {line.partition("::")[0] for line in ran.stdout.splitlines() if "::" in line}
    meant = ("test_secrets", "test_secrets_nowhere", "test_masks", "test_file_rights")
    assert {f"tests/security/{name}.py" for name in meant} <= found, ran.stdout + ran.stderr
