"""Bundles before and after an erasing: what is gone is said to be, and the rest proves itself."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from bundles import NAME, checked, known_keys, unpacked

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - {name: phone, logicalType: string, classification: pii}
"""


@pytest.fixture
def published(run, signed: Path) -> str:
    """The proposal that a signed vote let into the table."""
    assert signed == Path.cwd()
    [card] = run("queue", "--state", "published", "--json").json
    return card["id"]


def erase(run, *names: str) -> None:
    for name in names:
        assert run("audit", "erase", name, "--because", "request 114", "--yes").code == 0


def test_what_was_erased_is_missing_in_every_bundle_and_the_rest_holds(run, published: str) -> None:
    keys, card = known_keys(run), run("show", published, "--json").json
    ways = {"--dataset": "people", "--run": card["run"], "--item": card["item"]}
    ways["--since"] = "2000-01-01"
    # Other cards show the same rows, and stay.
    others = (run("show", one["id"], "--json").json for one in run("queue", "--json").json)
    waiting = {f"documents/{one['digest']}" for one in others}
    before = Path("before.zip")
    assert run("audit", "export", "--item", card["item"], before).code == 0
    gone = {f"documents/{card['digest']}"}
    gone |= {f"patches/{card['patch']['digest']}.{end}" for end in ("lines", "parquet")}
    assert gone < unpacked(before).keys()
    assert any(NAME.encode() in unpacked(before)[name] for name in gone)

    erase(run, published, card["run"])
    assert checked(before, *keys)[1].splitlines()[-1] == "all of it holds"
    for option, value in ways.items():
        after = Path(f"after{option}.zip")
        ended = run("audit", "export", option, value, after)
        assert ended.code == 0, ended.err
        code, said = checked(after, *keys)
        assert (code, f"NOT CHECKED: {published}: it was executed" in said) == (0, True), said
        assert "what was checked holds" in said
        files = unpacked(after)
        manifest = json.loads(files["manifest.json"])
        assert gone <= {*manifest["missing"]} and not gone & files.keys()
        assert not manifest["withheld"]
        page = files["report.html"].decode()
        assert "by ana: request 114" in page and "approve" in page and "version after" in page
        assert f"{published}: erased" in page
        assert {name for name, body in files.items() if NAME.encode() in body} <= waiting


def test_an_erasing_does_not_make_masked_values_seen_nor_the_rest_unproved(
    run, signed: Path, published: str
) -> None:
    keys = known_keys(run)
    (signed / "contracts").mkdir(exist_ok=True)
    (signed / "contracts" / "people.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    erase(run, published)
    assert run("audit", "export", "--dataset", "people", "masked.zip").code == 0
    assert not [n for n, body in unpacked(Path("masked.zip")).items() if b"n/a" in body]
    code, said = checked(Path("masked.zip"), *keys)
    assert (code, "nothing says why" in said) == (0, False), said


def test_an_erased_entry_is_proved_to_stand_in_the_log(run, published: str) -> None:
    erase(run, published)
    [first, *_] = [e for e in run("log", "--json").json if e["kind"] == "audit.erased"]
    index = first["payload"]["detail"]["payloads"][0]["index"]
    Path("entry.json").write_text(run("audit", "prove", str(index)).out, encoding="utf-8")
    assert json.loads(Path("entry.json").read_text())["entry"]["payload"] == ""
    told = run("audit", "prove", "--check", "entry.json")
    assert (told.code, f"entry {index}" in told.err) == (0, True)


def test_what_is_gone_although_no_entry_says_so_is_in_no_bundle(run, published: str) -> None:
    item = run("show", published, "--json").json["item"]
    with closing(sqlite3.connect(Path(".ostler") / "state.db")) as state, state:
        emptied = "UPDATE document SET body = '' WHERE digest = (SELECT digest FROM proposal"
        assert state.execute(f"{emptied} WHERE id = ?)", (published,)).rowcount == 1
    refused = run("audit", "export", "--item", item, "bundle.zip")
    assert (refused.code, published in refused.err) == (2, True)
    assert not Path("bundle.zip").exists()
