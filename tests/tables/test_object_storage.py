"""Tables, patches and recorded inputs in object storage, on a real server of the S3 protocol."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from object_store import BUCKET, ObjectStore
from publisher import once

from ostler.core.canonical import digest_bytes
from ostler.core.errors import BadInput, Conflict, NotFound, VerificationFailed
from ostler.storage.paths import files_under, path_of, write_whole
from ostler.storage.refusals import plain
from ostler.store.objects import Objects
from ostler.tables.delta import open_delta
from ostler.tables.importing import import_file

HTTP = {"AWS_ALLOW_HTTP": "true"}


@pytest.fixture
def place(store: ObjectStore) -> str:
    return f"s3://{BUCKET}/{uuid4().hex}"


def counters(uri: str, rows: int) -> None:
    write_deltalake(uri, pa.table({"id": range(rows), "n": [0] * rows}), storage_options=HTTP)


def test_several_publishers_apply_each_proposal_once(place: str) -> None:
    proposals = 6
    counters(place, proposals)
    script = Path(__file__).with_name("publisher.py")
    racing = [
        subprocess.Popen(
            [sys.executable, str(script), place, str(first), str(proposals)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in range(4)
    ]
    ended = [(*process.communicate(timeout=300), process.returncode) for process in racing]
    assert [code for _, _, code in ended] == [0, 0, 0, 0], [err[-2000:] for _, err, _ in ended]
    applied = sorted(int(n) for out, _, _ in ended for n in out.split())
    assert applied == list(range(proposals))
    table = open_delta(place, ("id",))
    view = table.view()
    assert view.query(f"SELECT DISTINCT n FROM {view.source}") == [(1,)]
    carried = [proposal for commit in table.history() for proposal in commit.proposals]
    assert sorted(carried) == [f"P-{n}" for n in range(proposals)]
    live = {path.rpartition("/")[2] for path in DeltaTable(place, storage_options=HTTP).file_uris()}
    named = {name for commit in table.history() for name in commit.files}
    left = {n for n in files_under(path_of(place)) if n.endswith(".parquet")} - live - named
    assert all(name.startswith("part-00000") for name in left), "files of beaten tries are removed"


def test_a_commit_whose_answer_was_lost_is_not_made_twice(place: str, store: ObjectStore) -> None:
    counters(place, 2)
    table = open_delta(place, ("id",))
    store.lose_answers(1)
    once(table, 1)
    assert store.counts["lose"] == 0
    assert not once(table, 1)
    view = table.view()
    assert view.query(f"SELECT id, n FROM {view.source} ORDER BY id") == [(0, 0), (1, 1)]
    assert [c.proposals for c in table.history() if c.proposals] == [("P-1",)]


def test_one_column_of_a_wide_table_is_not_the_whole_table(place: str, store: ObjectStore) -> None:
    rows = 20_000
    wide = {f"c{i}": [os.urandom(8).hex() for _ in range(rows)] for i in range(10)}
    write_deltalake(place, pa.table({"id": range(rows), **wide}), storage_options=HTTP)
    size = sum(path_of(f"{place}/{n}").size for n in files_under(path_of(place)))
    view = open_delta(place, ("id",)).view()
    before = store.counts
    assert view.one(f"SELECT count(DISTINCT c3) FROM {view.source}") == (rows,)
    after = store.counts
    assert after["sent"] - before["sent"] < size / 5
    assert after["requests"] - before["requests"] < 20


def test_a_whole_workspace_in_object_storage(place: str, run: Any, tmp_path: Path) -> None:
    rows = [f"n{i},{'Lisbxn' if i == 7 else ('Lisbon', 'Porto')[i % 2]}" for i in range(200)]
    (tmp_path / "people.csv").write_text("name,city\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert run("init", "--storage", place).code == 0
    assert run("add", "people.csv").code == 0
    assert run("contract", "infer", "people").code == 0
    assert run("groom", "people").code == 0
    waiting = next(p for p in run("queue", "--json").json if p["cells"])
    assert run("approve", waiting["id"]).code == 0
    assert run("work", "--once").code == 0
    assert "Lisbon" in run("diff", "people@0", "people@1").out
    assert run("export", "people", "out.csv").code == 0
    out = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert out == "name,city\n" + "\n".join(rows).replace("Lisbxn", "Lisbon") + "\n"
    assert run("audit", "verify").code == 0
    names = files_under(path_of(place))
    assert {name.partition("/")[0] for name in names} == {"tables", "patches", "objects"}
    assert not list((tmp_path / ".ostler").rglob("*.parquet"))
    told = {line["what"]: line["detail"] for line in run("doctor", "--json").json}
    assert told["storage"] == f"{place}, can be written"

    # The other one may be a question's, and empty.
    patch = next(n for n in names if n.startswith("patches/") and digest_bytes(b"") not in n)
    write_whole(path_of(f"{place}/{patch}"), b"something else")
    verified = run("audit", "verify")
    assert verified.code == 1
    assert "patch" in verified.out


def test_a_killed_import_leaves_no_table_and_a_foreign_one_is_left_alone(
    place: str, run: Any, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 3"):
        import_file(tmp_path / "t.csv", f"{place}/tables/t", ("_ostler_row",))
    assert files_under(path_of(place)) == []
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    import_file(tmp_path / "t.csv", f"{place}/tables/t", ("_ostler_row",))
    with pytest.raises(Conflict):
        import_file(tmp_path / "t.csv", f"{place}/tables/t", ("_ostler_row",))
    kept = files_under(path_of(place))
    assert run("init", "--storage", place).code == 0
    refused = run("add", "t.csv")
    assert refused.code == 2
    assert "perhaps another workspace's" in refused.err
    assert files_under(path_of(place)) == kept


def test_objects_are_kept_under_their_digests_and_checked(place: str) -> None:
    objects = Objects(path_of(place))
    digest = objects.put({"a": 1})
    assert objects.get(digest) == {"a": 1}
    assert list(objects.names()) == [digest]
    write_whole(objects.path(digest), b"{}")
    with pytest.raises(VerificationFailed):
        objects.get(digest)
    objects.path(digest).unlink()
    with pytest.raises(NotFound):
        objects.get(digest)


def ostler(folder: Path, *args: str, **environment: str | None) -> tuple[int, str]:
    """A command in a process of its own, since a process reads the environment of a store once."""
    known = {k: v for k, v in {**os.environ, **environment}.items() if v is not None}
    ended = subprocess.run(
        [sys.executable, "-m", "ostler", *args],
        cwd=folder,
        env=known,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("address", "environment", "says"),
    [
        ("s3://no-such-bucket/t", {}, "there is no such bucket: s3://no-such-bucket/t"),
        (f"s3://{BUCKET}/nothing", {}, "there is no Delta table at"),
        (f"s3://{BUCKET}/t", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
        (f"s3://{BUCKET}/t", {"AWS_ENDPOINT_URL": "http://store.example"}, "without encryption"),
        (
            f"s3://{BUCKET}/t",
            {"AWS_ENDPOINT_URL": "https://u:hunter2@store.example"},
            "may hold no user",
        ),
        (
            f"s3://{BUCKET}/t",
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            "no credentials|cannot be reached",
        ),
    ],
)
def test_what_a_store_refuses_is_one_sentence_without_the_secret(
    store: ObjectStore, tmp_path: Path, address: str, environment: dict[str, str | None], says: str
) -> None:
    assert ostler(tmp_path, "init")[0] == 0
    code, said = ostler(tmp_path, "add", address, "--key", "id", **environment)
    assert code == 2, said
    assert any(part in said for part in says.split("|")), said
    assert "hunter2" not in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 2


def test_data_that_may_not_be_read_or_is_gone_is_one_sentence(
    place: str, store: ObjectStore, run: Any
) -> None:
    counters(place, 3)
    assert run("init").code == 0
    assert run("add", place, "--key", "id", "--name", "t").code == 0
    store.deny_data()
    denied = run("contract", "infer", "t")
    store.allow()
    assert denied.code == 2, denied.err
    assert f"{place} may not be read or written with these credentials" in denied.err
    for name in files_under(path_of(place)):
        if name.endswith(".parquet"):
            path_of(f"{place}/{name}").unlink()
    gone = run("contract", "infer", "t")
    assert gone.code == 2, gone.err
    assert f"a data file of {place} is gone" in gone.err


@pytest.mark.parametrize(
    "address",
    [
        "s3://ana:hunter2@lake/t",
        "s3://ana@lake/t",
        "s3://lake/t?X-Amz-Signature=hunter2",
        "ftp://lake/t",
        "s3://",
        "s3:///t",
        "s3://lake/a//b",
        "s3://lake/../b",
        "s3://lake/a*",
        "s3://lake/a%20b",
    ],
)
def test_addresses_that_are_refused(run: Any, address: str, tmp_path: Path) -> None:
    assert run("init").code == 0
    added = run("add", address, "--key", "id")
    assert added.code == 2
    assert "hunter2" not in added.out + added.err
    made = run("init", tmp_path / "other", "--storage", address)
    assert made.code == 2
    assert not (tmp_path / "other" / "ostler.yaml").exists()
    (tmp_path / "ostler.yaml").write_text(f'storage: "{address}"\n', encoding="utf-8")
    opened = run("queue")
    assert opened.code == 2
    assert "hunter2" not in opened.out + opened.err


def test_a_secret_in_a_librarys_message_is_struck_out(store: ObjectStore) -> None:
    said = plain(OSError("\x1b[31m↳\x1b[0m signing with\nhunter2-of-the-tester  failed"))
    assert said == ": signing with *** failed"


def test_a_storage_folder_of_ones_own(run: Any, tmp_path: Path) -> None:
    share = tmp_path / "share"
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    assert run("init", "--storage", share).code == 0
    assert run("add", "t.csv").code == 0
    assert (share / "tables" / "t" / "_delta_log").is_dir()
    assert run("add", "t.csv", "--name", "v", "--protect", "nope").code == 2
    assert run("add", "t.csv", "--name", "v", "--protect", "a").code == 0
    assert run("doctor").code == 0
    assert run("add", "t.csv", "--name", "u", "--append").code == 2
