"""Removing, reordering, editing, replaying an entry, a vote, a patch: each is named.

`plain`: the database or a file is edited. `agreeing`: every hash is right again; then something
that was kept outside tells, or what people and the table still say.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from forging import Entry, entries_of, forge

ROWS = [
    f"{n},{('Oslo', 'Rome')[n % 2] if n != 7 else 'Romme'},{'n/a' if n % 9 == 0 else f'555-{n:04}'}"
    for n in range(60)
]


class Place(NamedTuple):
    """A workspace in which two proposals were published, each in a commit of its own."""

    root: Path
    first: str
    second: str

    @property
    def table(self) -> Path:
        return self.root / ".ostler" / "tables" / "people"

    def sql(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.root / ".ostler" / "state.db")) as state, state:
            state.execute("PRAGMA foreign_keys = OFF")
            for statement in statements:
                state.execute(statement)

    def at(self, kind: str, subject: str = "") -> int:
        """Where the first entry of a kind stands."""
        return next(
            number
            for number, entry in enumerate(entries_of(self.root))
            if entry["kind"] == kind and subject in ("", entry["subject"])
        )

    def commit(self, version: int) -> Path:
        return self.table / "_delta_log" / f"{version:020}.json"

    def own(self, version: int) -> dict[str, Any]:
        """What a commit says of itself."""
        lines = self.commit(version).read_text(encoding="utf-8").splitlines()
        info = next(one for line in lines if (one := json.loads(line).get("commitInfo")))
        return json.loads(info["ostler"])

    def patch(self, version: int) -> Path:
        return self.root / ".ostler" / "patches" / f"{self.own(version)['patches'][0]}.parquet"

    def overwrite(self, own: dict[str, Any]) -> None:
        """One row is left, in a commit that says of itself what it wants."""
        from deltalake import CommitProperties, DeltaTable, write_deltalake

        rows = DeltaTable(str(self.table)).to_pyarrow_table().slice(0, 1)
        said = CommitProperties(custom_metadata={"ostler": json.dumps(own)})
        write_deltalake(str(self.table), rows, mode="overwrite", commit_properties=said)


@pytest.fixture
def place(run, made_once) -> Place:
    def make(root: Path) -> None:
        (root / "people.csv").write_text("id,city,phone\n" + "\n".join(ROWS), encoding="utf-8")
        run("init")
        with (root / "ostler.yaml").open("a", encoding="utf-8") as settings:
            settings.write("\nwork:\n  runs: 0\n")
        run("add", "people.csv")
        assert run("groom", "people").code == 0
        for one in [p for p in run("queue", "--json").json if p["cells"]][:2]:
            assert run("approve", one["id"]).code == 0
            assert run("work", "--once").code == 0
        assert run("audit", "checkpoint", "--out", root / "a.note").code == 0

    root = made_once("matrix", make)
    draft = Place(root, "", "")
    return Place(root, *(draft.own(version)["proposals"][0] for version in (1, 2)))


Case = tuple[str, str, str, Callable[[Place], None], str]


def without(place: Place) -> None:
    number = place.at("finding.recorded")
    forge(place.root, lambda entries: [*entries[:number], *entries[number + 1 :]])


def exchanged(place: Place) -> None:
    number = place.at("finding.recorded")

    def edit(entries: list[Entry]) -> list[Entry]:
        entries[number : number + 2] = reversed(entries[number : number + 2])
        return entries

    forge(place.root, edit)


def by_eve(place: Place) -> None:
    number = place.at("finding.recorded")

    def edit(entries: list[Entry]) -> list[Entry]:
        return [{**e, "actor": "eve"} if n == number else e for n, e in enumerate(entries)]

    forge(place.root, edit)


def again(kind: str) -> Callable[[Place], None]:
    def repeat(place: Place) -> None:
        number = place.at(kind)
        forge(place.root, lambda entries: [*entries, entries[number]])

    return repeat


def exchanged_rows(place: Place) -> None:
    place.sql(
        'UPDATE audit_entry SET "index" = -1 WHERE "index" = 5',
        'UPDATE audit_entry SET "index" = 5 WHERE "index" = 6',
        'UPDATE audit_entry SET "index" = 6 WHERE "index" = -1',
    )


def copied_row(place: Place) -> None:
    size = len(entries_of(place.root))
    place.sql(
        f"""INSERT INTO audit_entry SELECT {size}, at, actor, kind, subject, payload, leaf, subtree,
            salt, commitment FROM audit_entry WHERE "index" = 5"""
    )


def no_vote(place: Place) -> None:
    def edit(entries: list[Entry]) -> list[Entry]:
        return [e for e in entries if (e["kind"], e["subject"]) != ("vote.cast", place.first)]

    of = f"(SELECT digest FROM vote WHERE proposal = '{place.first}')"
    forge(
        place.root,
        edit,
        f"DELETE FROM document WHERE digest IN {of}",
        f"DELETE FROM vote WHERE proposal = '{place.first}'",
    )


def late_vote(place: Place) -> None:
    number = place.at("vote.cast")
    forge(place.root, lambda entries: [*entries[:number], *entries[number + 1 :], entries[number]])


def other_reason(place: Place) -> None:
    with closing(sqlite3.connect(place.root / ".ostler" / "state.db")) as state:
        [(body, old)] = state.execute(
            "SELECT body, digest FROM document JOIN vote USING (digest) WHERE proposal = ?",
            (place.first,),
        ).fetchall()
    text = json.dumps(
        {**json.loads(body), "reason": "as agreed"}, sort_keys=True, separators=(",", ":")
    )
    new = hashlib.sha256(text.encode()).hexdigest()

    def edit(entries: list[Entry]) -> list[Entry]:
        return json.loads(json.dumps(entries).replace(old, new))

    forge(
        place.root,
        edit,
        f"UPDATE document SET digest = '{new}', body = '{text}' WHERE digest = '{old}'",
        f"UPDATE vote SET digest = '{new}' WHERE digest = '{old}'",
    )


def never_proposed(place: Place) -> None:
    forge(
        place.root,
        lambda entries: [e for e in entries if e["subject"] != place.first],
        *(
            f"DELETE FROM {table} WHERE {column} = '{place.first}'"
            for table, column in (
                ("proposal", "id"),
                ("vote", "proposal"),
                ("execution", "proposal"),
            )
        ),
    )
    place.patch(1).unlink()


def exchanged_patches(place: Place) -> None:
    one, other = place.patch(1), place.patch(2)
    contents = one.read_bytes(), other.read_bytes()
    other.write_bytes(contents[0])
    one.write_bytes(contents[1])


def exchanged_commits(place: Place) -> None:
    one, other = place.commit(1), place.commit(2)
    texts = one.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")
    one.write_text(texts[1], encoding="utf-8")
    other.write_text(texts[0], encoding="utf-8")


def other_byte(place: Place) -> None:
    patch = place.patch(1)
    patch.write_bytes(patch.read_bytes()[:-1] + b"?")


def other_values(place: Place) -> None:
    """The published file says something else, and the commit has the digest of that."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    [(name, digest)] = place.own(2)["files"].items()
    data = place.table / name
    rows = pq.read_table(data)
    where = rows.schema.get_field_index("city")
    hacked = pa.array(["Hacked"] * rows.num_rows, rows.schema.field(where).type)
    pq.write_table(rows.set_column(where, rows.schema.field(where), hacked), data)
    new, file = hashlib.sha256(data.read_bytes()).hexdigest(), place.commit(2)
    file.write_text(file.read_text(encoding="utf-8").replace(digest, new), encoding="utf-8")


def announced_again(place: Place) -> None:
    """The attacker announces the same patch once more, in a log that agrees."""
    from ostler.tables.delta import VersionedTable

    own = {**place.own(1), "mark": "0" * 32, "files": {}, "removed": []}
    place.overwrite(own)
    content = VersionedTable(str(place.table), ("_ostler_row",)).history(1)[0].content

    def edit(entries: list[Entry]) -> list[Entry]:
        last = next(e for e in reversed(entries) if e["kind"] == "table.committing")
        return [*entries, {**last, "payload": {"mark": "0" * 32, "content": content}}]

    forge(place.root, edit)


def sql(*statements: str) -> Callable[[Place], None]:
    def edit(place: Place) -> None:
        place.sql(*(one.format(first=place.first, second=place.second) for one in statements))

    return edit


CASES: list[Case] = [
    ("entry", "remove", "plain", sql('DELETE FROM audit_entry WHERE "index" = 5'),
     "entry 5: it is missing"),
    ("entry", "remove", "agreeing", without, "a.note: the log was cut"),
    ("entry", "reorder", "plain", exchanged_rows, "entry 5: "),
    ("entry", "reorder", "agreeing", exchanged, "a.note: the log was rewritten"),
    ("entry", "edit", "plain", sql("UPDATE audit_entry SET actor = 'eve' WHERE \"index\" = 5"),
     "entry 5: "),
    ("entry", "edit", "agreeing", by_eve, "a.note: the log was rewritten"),
    ("entry", "replay", "plain", copied_row, "entry {size}: "),
    ("entry", "replay", "agreeing", again("finding.recorded"),
     "entry {size}: finding.recorded of {finding} was entered again"),
    ("vote", "remove", "plain", sql("DELETE FROM vote WHERE proposal = '{first}'"),
     "vote {first} {digest} ana: the log has this row, the table does not"),
    ("vote", "remove", "agreeing", no_vote,
     "vote.cast of {first} by ana, entry {voted}, is hidden or changed"),
    ("vote", "reorder", "plain", sql(
        "UPDATE vote SET digest = (SELECT digest FROM vote WHERE proposal = '{second}') "
        "WHERE proposal = '{first}'"), "vote {first} {digest} ana: digest is"),
    ("vote", "reorder", "agreeing", late_vote,
     "a vote on {first} was cast when that was published"),
    ("vote", "edit", "plain",
     sql("UPDATE vote SET decision = 'reject' WHERE proposal = '{first}'"),
     "vote {first} {digest} ana: decision is 'reject', the log says 'approve'"),
    ("vote", "edit", "agreeing", other_reason,
     "vote.cast of {first} by ana, entry {voted}, is hidden or changed"),
    ("vote", "replay", "plain", sql(
        "INSERT INTO vote SELECT '{second}', proposal_digest, reviewer, decision, digest, at, "
        "signature FROM vote WHERE proposal = '{first}'"),
     "vote {second} {digest} ana: the log knows nothing of this row"),
    ("vote", "replay", "agreeing", again("vote.cast"),
     "{first}: the vote of ana was entered again in entry {size}"),
    ("patch", "remove", "plain", lambda place: place.patch(1).unlink(), "{patch}: "),
    ("patch", "remove", "agreeing", never_proposed,
     "people@1: it carries {first}, which nobody proposed"),
    ("patch", "reorder", "plain", exchanged_patches, "{patch}: "),
    ("patch", "reorder", "agreeing", exchanged_commits,
     "people@2: it carries {first}, which was executed as version 1"),
    ("patch", "edit", "plain", other_byte, "{patch}: "),
    ("patch", "edit", "agreeing", other_values,
     "people@2: it is not the commit that the log announced; it says {second}"),
    ("patch", "replay", "plain", lambda place: place.overwrite(place.own(1)),
     "people@3: its mark was announced for version 1"),
    ("patch", "replay", "agreeing", announced_again,
     "people@3: it carries {first}, which version 1 does"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attack", "said"), [case[3:] for case in CASES], ids=[" ".join(case[:3]) for case in CASES]
)
def test_each_is_named(run, place: Place, attack: Callable[[Place], None], said: str) -> None:
    entries = entries_of(place.root)
    voted = place.at("vote.cast", place.first)
    cast = entries[voted]["payload"]["row"]["key"]  # type: ignore[index]
    names = {
        "size": len(entries),
        "voted": voted,
        "first": place.first,
        "second": place.second,
        "digest": cast[1],
        "patch": place.patch(1).stem,
        "finding": entries[place.at("finding.recorded")]["subject"],
    }
    attack(place)
    told = run("audit", "verify", "--checkpoint", place.root / "a.note", "--json").json["faults"]
    kept = run("audit", "receipt", "--all", "--json").json["faults"]
    found = [f"{one['subject']}: {one['message']}" for one in told]
    found += [one["problem"] for one in kept]
    assert any(said.format_map(names) in one for one in found), found


def test_every_pair_is_in_the_matrix() -> None:
    assert {case[:3] for case in CASES} == {
        (what, how, way)
        for what in ("entry", "vote", "patch")
        for how in ("remove", "reorder", "edit", "replay")
        for way in ("plain", "agreeing")
    }


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"barred": ["{waiting}"]}, "no entry of the log announces it, and it says {waiting}"),
        ({"proposals": ["undo/P-X"], "patches": ["0" * 64]}, "undo/P-X, which nobody proposed"),
        ({"proposals": ["{first}/canary"], "patches": ["0" * 64]}, "it says {first}/canary"),
        ({"upkeep": "compaction"}, "it says compaction"),
    ],
    ids=["barred", "undo", "canary", "compaction"],
)
def test_a_write_that_borrows_a_name_is_named(
    run, place: Place, own: dict[str, list[str]], said: str
) -> None:
    names = {"waiting": run("queue", "--json").json[0]["id"], "first": place.first}

    def named(value: object) -> object:
        return [str(one).format_map(names) for one in value] if isinstance(value, list) else value

    place.overwrite({key: named(value) for key, value in own.items()})
    faults = run("audit", "verify", "--json").json["faults"]
    found = [f"{one['subject']}: {one['message']}" for one in faults]
    assert any(one.startswith("people@3: ") and said.format_map(names) in one for one in found), (
        found
    )


def test_an_entry_of_any_kind_played_again_is_named(run, place: Place) -> None:
    entries = entries_of(place.root)
    firsts = {str(entry["kind"]): number for number, entry in reversed([*enumerate(entries)])}
    assert len(firsts) > 12
    forge(place.root, lambda made: [*made, *(made[number] for number in firsts.values())])
    faults = run("audit", "verify", "--json").json["faults"]
    found = {(one["subject"], one["message"]) for one in faults}
    for place_now, (kind, number) in enumerate(firsts.items(), start=len(entries)):
        subject = entries[number]["subject"]
        why = f"{kind} of {subject} was entered again: it is entry {number} once more"
        assert (f"entry {place_now}", why) in found


def test_a_row_is_made_once_whatever_the_salt(run, place: Place) -> None:
    entries = entries_of(place.root)
    kinds = ("finding.recorded", "execution.recorded", "run.started")
    chosen = [entries[place.at(kind)] for kind in kinds]
    forge(place.root, lambda made: [*made, *({**one, "salt": "0" * 32} for one in chosen)])
    found = {one["subject"] for one in run("audit", "verify", "--json").json["faults"]}
    assert {f"entry {len(entries) + number}" for number in range(len(chosen))} <= found


def test_what_the_newest_version_is_made_of_is_what_the_log_says(run, place: Place) -> None:
    """Another file in the table's own log, with what the commit says of itself left as it was."""
    [(name, _)] = place.own(2)["files"].items()
    (place.table / "other.parquet").write_bytes((place.table / name).read_bytes())
    file = place.commit(2)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["path"] = "other.parquet"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    faults = run("audit", "verify", "--json").json["faults"]
    assert [(one["subject"].rpartition("/")[2], one["message"]) for one in faults] == [
        (name, "the newest version is without it, by no commit"),
        ("other.parquet", "the newest version has it, by no commit"),
    ]


def test_commits_from_before_they_all_were_announced_are_verified_as_they_were(
    run, place: Place
) -> None:
    """Data was announced by its mark alone, and what carries a proposal by nothing."""

    def edit(entries: list[Entry]) -> list[Entry]:
        kept = [e for e in entries if e["kind"] != "table.committing"]
        for entry in kept:
            if entry["kind"] == "data.added":
                del entry["payload"]["files"]  # type: ignore[attr-defined]
        return kept

    forge(place.root, edit)
    for version in (1, 2):
        own = place.own(version)
        older = {key: value for key, value in own.items() if key not in ("mark", "removed")}
        old, new = (
            json.dumps(json.dumps(it, sort_keys=True, separators=(",", ":"))) for it in (own, older)
        )
        text = place.commit(version).read_text(encoding="utf-8")
        assert old in text
        place.commit(version).write_text(text.replace(old, new), encoding="utf-8")
    assert run("audit", "verify", "--json").json["faults"] == []
    place.overwrite(place.own(1))
    faults = run("audit", "verify", "--json").json["faults"]
    found = {f"{one['subject']}: {one['message']}" for one in faults}
    assert f"people@3: it carries {place.first}, which version 1 does" in found
