"""Looking back and going back, as a person types it: diff, blame, checkout, revert, compact, gc."""

import io
import json
import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from ostler.cli.opening import Opened
from ostler.config.workspace import open_workspace
from ostler.tables.delta import table_of


@pytest.fixture
def mended(run, workspace: Path) -> str:
    """A table with one published fix; gives the proposal's id."""
    run("groom", "people")
    missing = next(p for p in run("queue", "--json").json if p["columns"] == ["phone"])
    run("approve", missing["id"], "--because", "nobody has such a number")
    run("work", "--once")
    return missing["id"]


def change(workspace: Path, row: int, value: str) -> None:
    """Somebody outside Ostler sets a phone."""
    parts = Opened(open_workspace(workspace))
    uri = parts.dataset("people").uri
    parts.close()
    DeltaTable(uri).update(predicate=f"_ostler_row = {row}", new_values={"phone": value})


def test_one_version_alone_is_compared_with_the_one_before(run, mended: str) -> None:
    whole = run("diff", "people@0", "people@1", "--json").json
    assert whole["total"] > 0
    assert run("diff", "people@1", "--json").json == whole
    assert run("diff", "people", "--json").json == whole
    assert "version 0 to 1" in run("diff", "people").err
    alone = run("diff", "people@0")
    assert alone.code == 2
    assert "no version before 0" in alone.err


def test_a_diff_can_be_narrowed_counted_and_paged(run, mended: str) -> None:
    whole = run("diff", "people", "--json").json
    [counts] = whole["per_column"]
    assert counts == {"column": "phone", "set": whole["total"], "inserted": 0, "deleted": 0}
    row = whole["changes"][1]["row"]
    assert run("diff", "people", "--row", row, "--json").json["changes"] == [whole["changes"][1]]
    assert run("diff", "people", "--column", "id", "--json").json["total"] == 0
    second = run("diff", "people", "--offset", "1", "--limit", "1", "--json").json["changes"]
    assert second == [whole["changes"][1]]
    shown = run("diff", "people", "--summary")
    assert "phone" in shown.out
    assert "∅" not in shown.out
    assert run("diff", "people", "--column", "no").code == 2


def test_versions_with_other_columns_show_these_first(run, tmp_path: Path) -> None:
    uri = str(tmp_path / "lake")
    write_deltalake(uri, pa.table({"id": [1, 2], "a": ["x", "y"], "gone": [1, 2]}))
    run("init")
    run("add", "lake", "--key", "id")
    new = pa.table({"id": [1, 2], "a": ["x", "z"], "more": [True, False]})
    write_deltalake(uri, new, mode="overwrite", schema_mode="overwrite")
    found = run("diff", "lake", "--json").json
    assert [c["name"] for c in found["columns"]["added"]] == ["more"]
    assert [c["name"] for c in found["columns"]["dropped"]] == ["gone"]
    assert [(c["row"], c["old"], c["new"]) for c in found["changes"]] == [("2", "y", "z")]
    shown = run("diff", "lake").out
    assert shown.index("more") < shown.index("z")
    blamed = run("blame", "lake", "2", "--json").json
    assert {c["column"]: c["origins"][0]["how"] for c in blamed["cells"]} == {
        "id": "came in",
        "a": "outside",
        "more": "outside",
    }


def test_blame_names_the_proposal_the_approval_and_what_was_before(
    run, workspace: Path, mended: str
) -> None:
    row = run("diff", "people", "--json").json["changes"][0]["row"]
    [cell] = run("blame", "people", row, "phone", "--all", "--json").json["cells"]
    newest, first = cell["origins"]
    assert (newest["how"], newest["proposal"], newest["version"]) == ("proposal", mended, 1)
    assert newest["approvals"] == [{"reviewer": "ana", "because": "nobody has such a number"}]
    assert newest["rules"]
    assert (first["how"], first["version"], first["new"]) == ("came in", 0, newest["old"])
    shown = run("blame", "people", row).out
    assert "approved by ana: nobody has such a number" in shown
    assert "came in with version 0" in shown
    change(workspace, int(row), "555")
    [cell] = run("blame", "people", row, "phone", "--json").json["cells"]
    assert (cell["value"], [o["how"] for o in cell["origins"]]) == ("555", ["outside"])
    assert "changed outside Ostler in version 2" in run("blame", "people", row, "phone").out


def test_blame_of_a_row_that_is_gone_or_never_was(run, workspace: Path, mended: str) -> None:
    parts = Opened(open_workspace(workspace))
    DeltaTable(parts.dataset("people").uri).delete("_ostler_row = 7")
    parts.close()
    gone = run("blame", "people", "7")
    assert gone.code == 0
    assert "row 7 is not in version 2; deleted outside Ostler in version 2" in gone.out
    never = run("blame", "people", "999")
    assert never.code == 2
    assert "never had a row 999" in never.err
    assert run("blame", "people", "8", "no").code == 2


def test_checkout_gives_a_version_as_a_read_only_file(run, workspace: Path, mended: str) -> None:
    assert run("checkout", "people@0", "then.csv").code == 0
    assert (workspace / "then.csv").read_bytes() == (workspace / "people.csv").read_bytes()
    assert (workspace / "then.csv").stat().st_mode & 0o222 == 0
    assert run("checkout", "people@0", "then.csv").code == 2
    (workspace / "folder").mkdir()
    assert run("checkout", "people@1", "folder", "--json").json["rows"] == 12
    assert pq.read_table(workspace / "folder" / "people@1.parquet").num_rows == 12
    assert run("checkout", "people@9", "x.csv").code == 2
    assert run("checkout", "people", "--restore").code == 2
    assert len(run("log", "people", "--json").json) == 2


def test_checkout_restore_goes_through_a_vote(run, workspace: Path, mended: str) -> None:
    done = run("checkout", "people@0", "--restore", "--yes")
    assert done.code == 0, done.err
    assert "Turn the table back into version 0" in done.out
    assert "worse" in done.out
    run("export", "people", "back.csv")
    assert (workspace / "back.csv").read_bytes() == (workspace / "people.csv").read_bytes()
    assert run("show", mended, "--json").json["state"] == "reverted"
    assert run("audit", "verify").code == 0
    again = run("checkout", "people@0", "--restore", "--yes")
    assert again.code == 2
    assert "as it was in version 0" in again.err


def written_past_ostler(run) -> list[str]:
    """The versions that `ostler audit verify` names for having no entry; it names nothing else."""
    faults = run("audit", "verify", "--json").json["faults"]
    assert all("no entry of the log explains it" in fault["message"] for fault in faults)
    return [fault["subject"] for fault in faults]


def test_an_overtaken_revert_says_what_to_type(run, workspace: Path, mended: str) -> None:
    row = run("diff", "people", "--json").json["changes"][0]["row"]
    change(workspace, int(row), "555")
    refused = run("revert", mended, "--yes")
    assert refused.code == 2
    assert f"ostler revert {mended} --untouched" in refused.err
    assert "--with-later" not in refused.err
    assert run("revert", mended, "--with-later", "--yes").code == 2
    assert run("revert", mended, "--with-later", "--untouched").code == 2
    assert run("revert", mended, "--untouched", "--yes").code == 0
    assert run("show", mended, "--json").json["state"] == "published"
    [cell] = run("blame", "people", row, "phone", "--json").json["cells"]
    assert cell["value"] == "555"
    assert written_past_ostler(run) == ["people@2"]


def test_compaction_changes_nothing_but_files(run, workspace: Path, mended: str) -> None:
    (workspace / "more.csv").write_text(
        "id,name,city,zip,phone\n13,Max,Oslo,2000,555-0113\n14,Nia,Oslo,2000,555-0114\n",
        encoding="utf-8",
    )
    run("add", "more.csv", "--name", "people", "--append")
    before = run("check", "people", "--json").json
    assert run("compact", "people", "--json").json["people"]["files_after"] == 1
    after = run("check", "people", "--json").json
    assert after["version"] == before["version"] + 1

    def measured(found):
        return [(c["check"], c["failing"], c["observed"]) for c in found["checks"]]

    assert measured(after) == measured(before)
    assert run("diff", "people", "--json").json["total"] == 0
    assert "compaction, nothing changed" in run("log", "people").out
    assert run("compact").err.count("nothing to do") == 1
    [cell] = run("blame", "people", "14", "phone", "--json").json["cells"]
    assert (cell["origins"][0]["how"], cell["origins"][0]["version"]) == ("came in", 2)
    assert run("audit", "verify").code == 0
    assert run("revert", mended, "--yes").code == 0


def aged(workspace: Path, days: float) -> None:
    """Make the table's log and all kept files look as old as that."""
    parts = Opened(open_workspace(workspace))
    log = Path(parts.dataset("people").uri) / "_delta_log"
    parts.close()
    back = int(days * 86_400_000)
    for file in sorted(log.glob("*.json")):
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for line in lines:
            if "commitInfo" in line:
                line["commitInfo"]["timestamp"] -= back
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    then = time.time() - days * 86_400
    for path in (workspace / ".ostler").rglob("*"):
        if path.is_file() and path.suffix != ".db":
            os.utime(path, (then, then))


def test_gc_releases_what_nobody_needs_and_keeps_the_rest(
    run, workspace: Path, mended: str
) -> None:
    run_id = run("trace", "--json").json[0]["run"]
    change(workspace, 3, "a")
    change(workspace, 3, "b")
    change(workspace, 3, "c")
    change(workspace, 3, "3")
    aged(workspace, 100)
    before = run("log", "--json").json
    dry = run("gc", "--keep-days", "90", "--dry-run", "--json").json
    assert [r["versions"] for r in dry["released"]] == [[2, 3]]
    assert {kept[0] for kept in dry["released"][0]["kept"]} == {0, 1, 4}
    assert run("log", "--json").json == before
    assert run("gc", "--json").json["released"] == []
    assert run("checkout", "people@3", "x.csv").code == 0
    freed = run("gc", "--keep-days", "90")
    assert "people: versions 2, 3 are released (keep-days 90)" in freed.err
    assert run("log", "--json").json[0]["kind"] == "versions.released"
    asked = run("checkout", "people@3", "y.csv")
    assert asked.code == 2
    assert "version 3 was released by gc on 20" in asked.err
    assert "(keep-days 90)" in asked.err
    assert run("log", "people").out.count("released") == 2
    assert run("gc", "--keep-days", "90", "--json").json["garbage"] == []
    assert written_past_ostler(run) == [f"people@{n}" for n in (2, 3, 4, 5)]
    assert run("replay", run_id).code == 0
    assert run("blame", "people", "3").code == 0
    assert run("revert", mended, "--yes").code == 0
    assert run("checkout", "people@0", "z.csv").code == 0


def test_gc_removes_what_nothing_names_and_nothing_else(run, workspace: Path, mended: str) -> None:
    hidden = workspace / ".ostler"
    [table] = [p for p in (hidden / "tables").iterdir() if (p / "_delta_log").is_dir()]
    kept = sorted(p for p in hidden.rglob("*") if p.is_file() and p.suffix == ".parquet")
    stage = table / f"part-{'0' * 32}-00000.parquet"
    foreign = table / "part-00000-somebody-else.parquet"
    patch = hidden / "patches" / f"{'a' * 64}.parquet"
    young = hidden / "patches" / f"{'b' * 64}.parquet"
    thing = hidden / "objects" / "cc" / ("c" * 62)
    cut = hidden / "tables" / "half.importing" / "x.parquet"
    for path in (stage, foreign, patch, young, thing, cut):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left behind")
    fresh = table / f"part-{'1' * 32}-00000.parquet"
    fresh.write_bytes(b"about to be committed")
    for path in (stage, patch, thing, cut):
        os.utime(path, (0, 0))
    found = run("gc", "--dry-run", "--json").json["garbage"]
    assert {(g["kind"], Path(g["path"]).name) for g in found} == {
        ("data file", stage.name),
        ("patch", patch.name),
        ("object", "c" * 62),
        ("import", "half.importing"),
    }
    assert stage.exists()
    assert run("gc").code == 0
    assert [p.exists() for p in (stage, patch, thing, cut.parent, foreign, fresh, young)] == [
        *[False] * 4,
        *[True] * 3,
    ]
    young.unlink()
    assert all(path.exists() for path in kept)
    assert run("audit", "verify").code == 0


def test_no_answer_is_no_and_says_what_waits(
    run, mended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ended = run("revert", mended, "--json")
    assert (ended.code, ended.json["state"]) == (0, "parked")
    assert f"waits for review: ostler approve {ended.json['proposal']}" in ended.err


def test_a_worker_that_is_at_it_executes_what_is_approved(
    run, workspace: Path, mended: str
) -> None:
    from ostler.execution.worker import worker_lock

    with worker_lock(workspace / ".ostler" / "work.lock"):
        ended = run("revert", mended, "--yes", "--json")
    assert (ended.code, ended.json["state"]) == (0, "approved")
    assert "at work in this workspace, and executes what is approved" in ended.err


def test_gc_waits_for_the_worker(run, workspace: Path) -> None:
    from ostler.execution.worker import worker_lock

    with worker_lock(workspace / ".ostler" / "work.lock"):
        ended = run("gc")
    assert ended.code == 2
    assert "another worker" in ended.err


def test_a_long_history_opens_at_both_ends(run, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,v\n1,a\n2,b\n", encoding="utf-8")
    run("init")
    run("add", "p.csv", "--name", "p")
    parts = Opened(open_workspace(tmp_path))
    table = table_of(parts.dataset("p"))
    parts.close()
    handle = table.handle()
    for number in range(120):
        handle.update(predicate="_ostler_row = 1", new_values={"v": str(number)})
    handle.create_checkpoint()
    handle.cleanup_metadata()
    assert len(table.history()) == 121
    assert table.view(0).row_count == 2
    assert run("checkout", "p@0", "first.csv").code == 0
    assert run("diff", "p@0", "p", "--json").json["total"] == 1
    [cell] = run("blame", "p", "1", "v", "--json").json["cells"]
    assert cell["origins"][0]["version"] == 120
