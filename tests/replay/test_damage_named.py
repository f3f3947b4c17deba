"""What was edited or taken away is named, one thing hides no other, and a replay trusts nothing."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path


def faults(run: Callable[..., object]) -> list[dict[str, str]]:
    ended = run("audit", "verify", "--json")
    assert ended.code == 1  # type: ignore[attr-defined]
    return ended.json["faults"]  # type: ignore[attr-defined]


def recorded(groomed: Path) -> dict[str, Path]:
    """The objects that the run names, by what they are to it."""
    with closing(sqlite3.connect(groomed / ".ostler" / "state.db")) as state:
        [(body,)] = state.execute(
            "SELECT body FROM run JOIN document ON document.digest = run.digest"
        ).fetchall()
        steps = dict(state.execute("SELECT name, digest FROM run_step").fetchall())
    given = {name: json.loads(body)[name] for name in ("facts", "files", "policy", "config")}
    folder = groomed / ".ostler" / "objects"
    return {name: folder / d[:2] / d[2:] for name, d in {**given, **steps}.items()}


NAMES = (
    *("facts", "files", "policy", "config"),
    *("moment", "investigate", "propose", "validate", "prioritize", "gate", "park"),
)


def test_each_object_is_named_by_a_replay_when_edited_and_by_the_audit_when_gone(
    run, groomed: Path, run_id: str
) -> None:
    paths = recorded(groomed)
    assert sorted(paths) == sorted(NAMES)
    for name in NAMES:
        path, content = paths[name], paths[name].read_bytes()
        # Still JSON, so that nothing but the digest can tell.
        path.write_bytes(content.replace(b":", b": ", 1))
        ended = run("replay", run_id)
        assert (ended.code, str(path) in ended.err.replace("\n", "")) == (1, True), name
        path.unlink()
        assert run("replay", run_id).code in (1, 2), name
        [fault] = faults(run)
        assert fault["subject"] == str(path)
        assert "is gone" in fault["message"]
        path.write_bytes(content)
    assert run("audit", "verify").code == 0
    assert run("replay", run_id).code == 0


def test_an_edited_proposal_hides_nothing_else(run, groomed: Path) -> None:
    with closing(sqlite3.connect(groomed / ".ostler" / "state.db")) as state, state:
        state.execute(
            """UPDATE document SET body = replace(body, 'proposer', 'prOposer')
               WHERE digest IN (SELECT digest FROM proposal)"""
        )
    [patch] = (groomed / ".ostler" / "patches").glob("*.parquet")
    patch.write_bytes(patch.read_bytes()[:-1] + b"?")
    found = faults(run)
    assert {fault["kind"] for fault in found} >= {"document", "patch"}
    assert all("nobody proposed" not in fault["message"] for fault in found)


def test_a_data_file_that_the_newest_version_needs_is_missed(run, groomed: Path) -> None:
    newest = run("log", "people", "--json").json[0]
    table = groomed / ".ostler" / "tables" / "people"
    [name] = newest["files"]
    (table / name).unlink()
    assert str(table / name) in {fault["subject"] for fault in faults(run)}


LOG_EDITS = {
    "metadata": ('"ostler":"{', '"ostler":"['),
    "approvers": ('\\"approvers\\":[', '\\"approvers\\":7,\\"x\\":['),
    "time": ('"timestamp":', '"timestamp":"x","t":'),
    "JSON": ('{"commitInfo"', '["commitInfo"'),
    "patch": ('\\"patches\\":[\\"', '\\"patches\\":[\\"0'),
    "proposal": ('\\"proposals\\":[\\"P-', '\\"proposals\\":[\\"P-X'),
    "file": ('.parquet\\":\\"', '.parquet\\":\\"0'),
}


def test_an_edited_table_log_is_named(run, groomed: Path) -> None:
    log = groomed / ".ostler" / "tables" / "people" / "_delta_log" / f"{1:020}.json"
    text = log.read_text(encoding="utf-8")
    for what, (old, new) in LOG_EDITS.items():
        assert old in text, what
        log.write_text(text.replace(old, new, 1), encoding="utf-8")
        found = faults(run)
        assert {fault["kind"] for fault in found} == {"table"}, what
        assert all("people" in fault["subject"] for fault in found), what
    log.write_text(text, encoding="utf-8")
    assert run("audit", "verify").code == 0
