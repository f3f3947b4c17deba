"""Attacks on the log by somebody who may write the database and every file of the workspace."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from forging import Entry, entries_of, forge

MESSAGES = list[str]


def faults(run, *more: str | Path) -> MESSAGES:
    ended = run("audit", "verify", *more, "--json")
    assert ended.code == 1
    return [f"{fault['subject']}: {fault['message']}" for fault in ended.json["faults"]]


@pytest.fixture
def note(run, groomed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, where the attacker cannot write."""
    path = tmp_path_factory.mktemp("outside") / "a.note"
    assert run("audit", "checkpoint", "--out", path).code == 0
    return path


def test_the_forger_knows_how(run, groomed: Path) -> None:
    forge(groomed, lambda entries: entries)
    assert run("audit", "verify").code == 0


def test_one_edited_entry_is_named(run, groomed: Path) -> None:
    def edit(entries: list[Entry]) -> list[Entry]:
        return [{**entries[0], "actor": "eve"}, *entries[1:]]

    # Its own hashes are right, those above are not: nothing but the entry is written anew.
    before = (groomed / ".ostler" / "heads.log").read_text(encoding="utf-8")
    forge(groomed, edit)
    (groomed / ".ostler" / "heads.log").write_text(before, encoding="utf-8")
    assert any("kept outside the database" in one for one in faults(run))


def test_a_log_rewritten_throughout_contradicts_a_checkpoint(
    run, groomed: Path, note: Path
) -> None:
    forge(groomed, lambda entries: [*entries[:3], {**entries[3], "actor": "eve"}, *entries[4:]])
    assert run("audit", "verify").code == 0, "nothing in the workspace gives it away"
    [fault] = faults(run, "--checkpoint", note)
    assert "a.note: the log was rewritten" in fault


def test_a_cut_log_contradicts_a_checkpoint(run, groomed: Path, note: Path) -> None:
    size = len(entries_of(groomed))
    # What came last is the key's entry, on which no row depends.
    forge(groomed, lambda entries: entries[:-1])
    found = faults(run, "--checkpoint", note)
    assert any(f"the log was cut: it has {size - 1} entries, and had {size}" in f for f in found)


def moved(entries: list[Entry], what: str) -> int:
    """Where a proposal got into a state."""
    return next(
        index
        for index, entry in enumerate(entries)
        if entry["kind"] == "proposal.moved"
        and str(entry["payload"]["row"]["set"].get("state")) == what  # type: ignore[index]
    )


def test_an_entry_played_again_is_named(run, groomed: Path) -> None:
    def again(entries: list[Entry]) -> list[Entry]:
        return [*entries, entries[moved(entries, "approved")]]

    forge(groomed, again)
    assert any("may not go from published to approved" in one for one in faults(run))


def test_execution_before_approval_is_named(run, groomed: Path) -> None:
    def late(entries: list[Entry]) -> list[Entry]:
        at = moved(entries, "approved")
        return [*entries[:at], *entries[at + 1 :], entries[at]]

    forge(groomed, late)
    assert any("may not go from parked to executing" in one for one in faults(run))


def test_a_vote_behind_the_execution_is_named(run, groomed: Path) -> None:
    def late(entries: list[Entry]) -> list[Entry]:
        at = next(n for n, entry in enumerate(entries) if entry["kind"] == "vote.cast")
        return [*entries[:at], *entries[at + 1 :], entries[at]]

    forge(groomed, late)
    assert any("was cast when that was published" in one for one in faults(run))


def test_a_vote_that_was_hidden_is_named_by_its_receipt(run, groomed: Path) -> None:
    """A rejection vanishes with everything of it; the database is consistent without it."""
    question = next(p["id"] for p in run("queue", "--json").json)
    before = entries_of(groomed)
    assert run("reject", question, "--because", "not like this").code == 0
    assert run("audit", "receipt", "--all").code == 0

    def without(entries: list[Entry]) -> list[Entry]:
        return entries[: len(before)]

    parked = next(
        e["payload"]["row"]["set"]  # type: ignore[index]
        for e in before
        if (e["kind"], e["subject"]) == ("proposal.parked", question)
    )
    digests = [
        f"'{e['payload']['row']['set']['digest']}'"  # type: ignore[index]
        for e in entries_of(groomed)[len(before) :]
        if e["payload"].get("row", {}).get("set", {}).get("digest")  # type: ignore[attr-defined]
    ]
    forge(
        groomed,
        without,
        f"DELETE FROM vote WHERE proposal = '{question}'",
        f"DELETE FROM answer WHERE proposal = '{question}'",
        f"DELETE FROM document WHERE digest IN ({', '.join(digests)})",
        f"UPDATE proposal SET state = 'parked', reason = '', decided_at = NULL, "
        f"changed_at = '{parked['changed_at']}' WHERE id = '{question}'",
    )
    assert run("audit", "verify").code == 0, "nothing in the workspace gives it away"
    ended = run("audit", "receipt", "--all", "--json")
    assert ended.code == 1
    [fault] = ended.json["faults"]
    assert f"vote.cast of {question} by ana" in fault["problem"]
    assert "hidden" in fault["problem"]


@pytest.mark.parametrize(
    ("which", "said"),
    [
        (0, "stands there, but in another log: ostler.log/"),
        (1, "stands there, but the log around it is not the one that was promised"),
    ],
    ids=["the first entry", "an entry before it"],
)
def test_a_log_that_was_rewritten_around_a_vote_is_named_by_its_receipt(
    run, groomed: Path, which: int, said: str
) -> None:
    def edit(entries: list[Entry]) -> list[Entry]:
        return [{**e, "actor": "eve"} if n == which else e for n, e in enumerate(entries)]

    forge(groomed, edit)
    ended = run("audit", "receipt", "--all", "--json")
    assert ended.code == 1
    assert [said in fault["problem"] for fault in ended.json["faults"]] == [True]


def test_a_receipt_convinces_a_third_person_and_an_edited_one_does_not(
    run, groomed: Path, own_state: Path, tmp_path: Path
) -> None:
    [kept] = own_state.rglob("*.json")
    key = run("audit", "checkpoint", "--key").out.strip()
    ended = run("audit", "prove", "--check", kept, "--log-key", key)
    assert (ended.code, "vote.cast of P-" in ended.err) == (0, True)
    edited = tmp_path / "edited.json"
    edited.write_text(kept.read_text(encoding="utf-8").replace("approve", "abstain"), "utf-8")
    assert run("audit", "prove", "--check", edited, "--log-key", key).code == 1
    ended = run("audit", "receipt", edited, "--json")
    assert ended.code == 1
    assert "the receipt itself does not hold" in ended.json["faults"][0]["problem"]


def test_an_entry_is_proved_to_who_has_neither_log_nor_database(
    run, groomed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command, and by the twenty lines of docs/audit.md."""
    page = Path(__file__).parents[2] / "docs" / "audit.md"
    [lines] = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    proof, key = run("audit", "prove", "12"), run("audit", "checkpoint", "--key").out.strip()
    monkeypatch.chdir(tmp_path)
    file = Path("entry-12.json")
    for edit, code in (("", 0), ("actor", 1), ("payload", 1)):
        told = proof.json
        if edit:
            told["entry"][edit] += " "
        file.write_text(json.dumps(told), encoding="utf-8")
        ended = run("audit", "prove", "--check", file, "--log-key", key)
        assert (ended.code, "proved: entry 12, " in ended.err) == (code, not code), edit
        ours = subprocess.run([sys.executable, "-c", lines], check=False, capture_output=True)
        assert ours.returncode == code, edit
    other = "x" + key
    assert run("audit", "prove", "--check", file, "--log-key", other).code != 0


def test_a_write_behind_the_log_is_named(run, groomed: Path) -> None:
    from deltalake import write_deltalake

    from ostler.tables.delta import VersionedTable

    uri = groomed / ".ostler" / "tables" / "people"
    (groomed / "more.csv").write_text("id,city,phone\n99,Bern,none\n", encoding="utf-8")
    assert run("add", "more.csv", "--name", "people", "--append").code == 0
    assert run("compact", "people").code == 0
    assert run("audit", "verify").code == 0, "data that comes in is announced"
    rows = VersionedTable(str(uri), ("_ostler_row",)).handle().to_pyarrow_table()
    write_deltalake(str(uri), rows.slice(0, 1), mode="append")
    [fault] = faults(run)
    assert fault.startswith("people@4: no entry of the log explains it")


def test_data_whose_writer_was_killed_before_it_was_recorded_is_a_note(run, groomed: Path) -> None:
    (groomed / "more.csv").write_text("id,city,phone\n99,Bern,none\n", encoding="utf-8")
    assert run("add", "more.csv", "--name", "people", "--append").code == 0
    forge(groomed, lambda entries: [e for e in entries if e["kind"] != "data.appended"])
    ended = run("audit", "verify", "--json")
    assert ended.code == 0
    why = "whoever added it was killed before its files were recorded"
    assert [(one["subject"], one["message"]) for one in ended.json["notes"]] == [("people@2", why)]


def test_the_mark_of_another_commit_explains_nothing(run, groomed: Path) -> None:
    log = groomed / ".ostler" / "tables" / "people" / "_delta_log"
    text = (log / f"{0:020}.json").read_text(encoding="utf-8")
    start = text.index('\\"mark\\":')
    mark = text[start : text.index("}", start)]
    written = next(line for line in text.splitlines() if "commitInfo" in line)
    assert mark in written
    (log / f"{2:020}.json").write_text(f"{written}\n", encoding="utf-8")
    [fault] = faults(run)
    assert fault == "people@2: its mark was announced for version 0"


def test_commits_of_others_to_their_own_table_are_a_note(run, tmp_path: Path) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    rows = pa.table({"id": ["1", "2"], "city": ["Oslo", "Rome"]})
    write_deltalake(str(tmp_path / "lake"), rows)
    run("init")
    assert run("add", "lake", "--key", "id", "--name", "cities").code == 0
    write_deltalake(
        str(tmp_path / "lake"), pa.table({"id": ["3"], "city": ["Bern"]}), mode="append"
    )
    ended = run("audit", "verify", "--json")
    assert ended.code == 0
    assert [note["subject"] for note in ended.json["notes"]] == ["cities@0", "cities@1"]


def test_rows_that_were_moved_to_another_partition_are_named(run, tmp_path: Path) -> None:
    """The partition stands in the table's log alone, and is as much a part of a row as its file."""
    import pyarrow as pa
    from deltalake import write_deltalake

    rows = {
        "id": [str(number) for number in range(60)],
        "city": [("Oslo", "Rome")[number % 2] for number in range(60)],
        "phone": ["n/a" if number % 10 == 0 else f"555-{number:04}" for number in range(60)],
    }
    write_deltalake(str(tmp_path / "lake"), pa.table(rows), partition_by=["city"])
    run("init")
    assert run("add", "lake", "--key", "id", "--name", "cities").code == 0
    assert run("groom", "cities").code == 0
    one = next(p for p in run("queue", "--json").json if p["cells"])
    assert run("approve", one["id"]).code == 0
    assert run("work", "--once").code == 0
    assert run("audit", "verify").code == 0
    commit = tmp_path / "lake" / "_delta_log" / f"{1:020}.json"
    lines = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["partitionValues"] = {"city": "Bern"}
    commit.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    assert all("moved to the partition {'city': 'Bern'}" in fault for fault in faults(run))


def test_two_logs_of_one_origin_are_not_both_witnessed(
    run, groomed: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A split view: the reviewers are shown one log, the auditor another that grew from it, too."""
    outside = tmp_path_factory.mktemp("outside")
    state, key = outside / "witness", run("audit", "checkpoint", "--key").out.strip()

    def seen(name: str, since: str = "") -> object:
        more = ("--since", outside / f"{since}.note") if since else ()
        files = (outside / f"{name}.note", outside / f"{name}.proof")
        made = run("audit", "checkpoint", "--out", files[0], "--proof", files[1], *more)
        assert made.code == 0, made.err
        return run("audit", "witness", "--state", state, "--log", key, *files)

    assert seen("first").code == 0
    copy = shutil.copytree(groomed / ".ostler", outside / "copy")
    assert run("reject", run("queue", "--json").json[0]["id"], "--because", "no").code == 0
    assert seen("shown", since="first").code == 0
    shutil.rmtree(groomed / ".ostler")
    shutil.copytree(copy, groomed / ".ostler")
    for _ in range(4):
        assert run("add", "people.csv", "--name", "people", "--append").code == 0
    refused = seen("other", since="first")
    assert refused.code == 1
    refused = run(
        "audit",
        "checkpoint",
        "--since",
        outside / "shown.note",
        "--proof",
        outside / "forged.proof",
    )
    assert refused.code == 0
    last = run(
        "audit", "witness", "--state", state, outside / "other.note", outside / "forged.proof"
    )
    assert last.code == 1
    assert "rewritten" in last.err
