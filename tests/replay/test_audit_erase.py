"""Erasing: what is gone is explained, and everything else is still found."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

STATE = Path(".ostler") / "state.db"
NAME = "Mrs Zwingli-Marker"


@pytest.fixture
def decided(run, made_once: Callable[[str, Callable[[Path], None]], Path]) -> str:
    """A published proposal whose patch, samples and reason hold what has to go."""

    def make(root: Path) -> None:
        rows = "".join(f"{n},{'n/a' if n % 9 == 0 else f'{NAME} {n}'}\n" for n in range(60))
        (root / "people.csv").write_text(f"id,name\n{rows}", encoding="utf-8")
        run("init")
        with (root / "ostler.yaml").open("a", encoding="utf-8") as settings:
            settings.write("\nwork:\n  runs: 0\n")
        run("add", "people.csv", "--owner", "zoe")
        assert run("groom", "people").code == 0
        one = next(p["id"] for p in run("queue", "--json").json if p["cells"])
        assert run("approve", one, "--because", f"{NAME} called").code == 0
        assert run("work", "--once").code == 0

    made_once("decided", make)
    [published] = run("queue", "--state", "published", "--json").json
    return published["id"]


def faults(run) -> list[str]:
    return [
        f"{f['subject']}: {f['message']}" for f in run("audit", "verify", "--json").json["faults"]
    ]


def edit(sql: str) -> None:
    with closing(sqlite3.connect(STATE)) as state, state:
        assert state.execute(sql).rowcount == 1


def test_what_was_erased_is_gone_and_the_log_still_proved(run, decided: str) -> None:
    note, trace = Path("before.note"), run("trace", "--json").json[0]["run"]
    assert run("audit", "checkpoint", "--out", note).code == 0
    receipts = run("audit", "receipt", "--all", "--json").json["receipts"]
    for subject in (decided, trace):
        ended = run("audit", "erase", subject, "--because", "request 114", "--yes")
        assert ended.code == 0, ended.err
    ended = run("audit", "verify", "--checkpoint", note, "--json")
    assert ended.json["faults"] == []
    told = [one["message"] for one in ended.json["erased"]]
    assert [text.endswith(" by ana: request 114") for text in told] == [True] * 2
    assert all(f" of {one} " in text for one, text in zip((decided, trace), told, strict=True))
    # The vote says why it was cast, and stays; nothing else of the proposal holds the name.
    with closing(sqlite3.connect(STATE)) as state:
        query = "SELECT payload FROM audit_entry UNION ALL SELECT reason FROM proposal"
        assert not [text for (text,) in state.execute(query) if NAME in text]
        of_it = "SELECT body FROM document JOIN proposal USING (digest) WHERE id = ?"
        assert state.execute(of_it, (decided,)).fetchall() == [("",)]
    assert not list(Path(".ostler/patches").glob("*.parquet"))
    assert run("audit", "receipt", "--all", "--json").json == {"receipts": receipts, "faults": []}
    assert "was erased" in run("show", decided).err
    for command in (("queue",), ("log", "people"), ("trace",), ("gc",), ("groom", "people")):
        assert run(*command).code == 0, command


def test_everything_that_no_entry_explains_is_still_named(run, decided: str) -> None:
    assert run("audit", "erase", decided, "--because", "request 114", "--yes").code == 0
    index = "(SELECT max(\"index\") FROM audit_entry WHERE kind = 'vote.cast')"
    edit(f"UPDATE audit_entry SET payload = '', salt = '' WHERE \"index\" = {index}")
    assert any("no entry says that it was erased" in one for one in faults(run))
    edit("UPDATE document SET body = '' WHERE digest = (SELECT min(digest) FROM backlog_item)")
    edit(f"UPDATE proposal SET score = 99.5 WHERE id = '{decided}'")
    found = faults(run)
    assert any("its document" in one and "was edited" in one for one in found)
    assert any(f"proposal {decided}: score is 99.5" in one for one in found)


def test_what_somebody_edited_is_not_erased_with_the_edit(run, decided: str) -> None:
    mine = f"(SELECT digest FROM proposal WHERE id = '{decided}')"
    edit(f"UPDATE document SET body = replace(body, ':', ': ') WHERE digest = {mine}")
    ended = run("audit", "erase", decided, "--because", "request 114", "--yes")
    assert (ended.code, "was edited" in ended.err) == (1, True)
    assert not any(one["kind"] == "audit.erased" for one in run("log", "--json").json)


def test_what_waits_is_not_erased(run, decided: str) -> None:
    waiting = run("queue", "--json").json[0]["id"]
    ended = run("audit", "erase", waiting, "--because", "x", "--yes")
    assert ended.code == 2
    assert "is parked" in ended.err
    assert run("audit", "erase", decided, "--because", " ", "--yes").code == 2
