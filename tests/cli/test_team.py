"""Two workspaces that share a state database and a storage, with a worker in each."""

import subprocess
import sys
from pathlib import Path

import pytest

PEOPLE = "id,city,phone\n" + "".join(
    f"{n},{('Oslo', 'Rome')[n % 2]},{'n/a' if n % 9 == 0 else f'555-{n:04}'}\n" for n in range(60)
)


@pytest.fixture
def team(
    run, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """The folders of two workspaces."""
    monkeypatch.setenv("OSTLER_STATE", postgres_url)
    monkeypatch.setenv("OSTLER_STORAGE", str(tmp_path / "shared"))
    folders = (tmp_path / "a", tmp_path / "b")
    for folder in folders:
        assert run("init", folder).code == 0
    return folders


def test_what_one_workspace_proposes_another_approves_and_both_execute(
    run, team: tuple[Path, Path], tmp_path: Path
) -> None:
    here, there = team
    names = ["one", "two", "three"]
    for name in names:
        (tmp_path / f"{name}.csv").write_text(PEOPLE, encoding="utf-8")
        assert run("add", tmp_path / f"{name}.csv", "-w", here).code == 0
        assert run("groom", name, "-w", here).code == 0
    queue = run("queue", "--json", "-w", there).json
    # One card of each; questions cannot be approved.
    waiting = list({one["dataset"]: one for one in queue if one["cells"]}.values())
    assert sorted(one["dataset"] for one in waiting) == sorted(names)
    for one in waiting:
        assert run("approve", one["id"], "-w", there).code == 0
    left = {one["id"] for one in run("queue", "--json", "-w", here).json}
    assert not left & {one["id"] for one in waiting}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "ostler", "work", "--once", "--json", "-w", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder in team
    ]
    said = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    for folder in team:
        for name in names:
            versions = run("log", name, "--json", "-w", folder).json
            assert [version["version"] for version in versions] == [1, 0]
        assert run("audit", "verify", "-w", folder).code == 0
        [newest] = run("trace", "--json", "-w", folder).json[:1]
        assert run("replay", newest["run"], "-w", folder).code == 0


def test_one_roster_counts_in_both_workspaces(
    run, team: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = team
    monkeypatch.delenv("OSTLER_UNSIGNED_VOTES")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    key = tmp_path / ".ssh" / "id_ed25519"
    key.parent.mkdir()
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(made, check=True, timeout=60)
    (tmp_path / "one.csv").write_text(PEOPLE, encoding="utf-8")
    assert run("add", tmp_path / "one.csv", "-w", here).code == 0
    assert run("groom", "one", "-w", here).code == 0
    assert run("identity", "init", "-w", here).code == 0
    said = [run("whoami", "--json", "-w", folder).json for folder in team]
    assert said[0] == said[1]
    assert said[1]["votes"] == "signed"
    [card, *_] = [one for one in run("queue", "--json", "-w", there).json if one["cells"]]
    digest = run("show", card["id"], "--json", "-w", there).json["digest"]
    voted = run("approve", card["id"], "--digest", digest, "-w", there)
    assert (voted.code, "your vote is signed" in voted.err) == (0, True)
    assert f"signed by {said[0]['keys'][0]}" in run("show", card["id"], "-w", here).out
    assert run("work", "--once", "-w", here).code == 0
    assert run("log", "one", "--json", "-w", there).json[0]["version"] == 1
    assert [run("audit", "verify", "-w", folder).code for folder in team] == [0, 0]


def test_doctor_names_the_database_and_not_its_password(
    run, team: tuple[Path, Path], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTLER_STATE", f"{postgres_url}&password=secret")
    ended = run("doctor", "--json", "-w", team[0])
    [state] = [line for line in ended.json if line["what"] == "state"]
    assert state["ok"]
    assert "PostgreSQL 1" in state["detail"]
    assert "can be written" in state["detail"]
    assert "secret" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://ana:secret@127.0.0.1:1/db", "there is no server at"),
        ("postgresql://ana:secret@host:port/db", "cannot be read"),
        ("oracle://ana:secret@host/db", "cannot lie in oracle"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    run("init")
    monkeypatch.setenv("OSTLER_STATE", address)
    ended = run("queue")
    assert ended.code == 2
    assert sentence in ended.err.replace("\n", " ")
    assert "secret" not in ended.err
