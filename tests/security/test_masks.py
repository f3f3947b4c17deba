"""Planted values of classified columns are nowhere that people, models or machines look."""

import asyncio
import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
import yaml
from console_screen import console, press, screen
from model_server import KEY, Answer, Ask, ModelServer, completion
from receiver import receiving

from ostler.cli.opening import Opened, now
from ostler.config.workspace import open_workspace
from ostler.core import masking
from ostler.core.actions import AnyAction
from ostler.core.base import Frozen
from ostler.core.checks import AnyRule
from ostler.core.masks import MASK
from ostler.core.proposals import Proposal
from ostler.store.contracts import record_contract
from ostler.tables.delta import table_of

Run = Callable[..., Any]

PLANTED = re.compile("planted|plantd", re.IGNORECASE)
"""In every value of the two classified columns, and nowhere else."""
PASSWORD = "hunter2-of-the-receiver-0123456789"
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - name: bank
        classification: PII
        logicalTypeOptions: {maxLength: 12}
      - name: token
        classification: secret
        required: true
        logicalTypeOptions: {pattern: "^[a-z0-9-]+$"}
      - name: city
        quality:
          - metric: invalidValues
            mustBe: 0
            arguments: {validValues: [Lisbon, Oslo, Madrid, Vienna]}
"""
BANKS = ("Planted Bank", "Planted Union", "Planted Trust", "Planted Savings")
PLACES = (("Lisbon", "1000"), ("Oslo", "2000"), ("Madrid", "3000"), ("Vienna", "4000"))


def people() -> list[list[str]]:
    rows = [[f"p{n}", BANKS[n % 4], f"planted-{n:04}-key", *PLACES[n % 4]] for n in range(120)]
    rows[4][1], rows[25][1], rows[34][1] = "Plantd Bank", "Planted Uniom", "PLANTED TRUST"
    rows[7][2], rows[9][2], rows[19][2] = " planted-0007-key ", "N/A", "N/A"
    rows[5][3], rows[44][3], rows[81][3] = "Oslx", "Lisbxn", "Osxo"
    return rows


def advised(ask: Ask) -> Answer:
    """A model that is in favour of everything."""
    ids = [draft["id"] for draft in ask.shown["drafts"]]
    advice = [{"draft": one, "use": True, "rationale": "It seems plausible."} for one in ids]
    return completion(json.dumps({"advice": advice}))


class Office:
    """A workspace whose table has two classified columns, and all that it ever said."""

    def __init__(self, run: Run, root: Path, settings: dict[str, object]) -> None:
        self.root = root
        self._run = run
        self.said: list[tuple[str, str]] = []
        self.do("init")
        (root / "ostler.yaml").write_text(yaml.safe_dump(settings))
        with (root / "people.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["name", "bank", "token", "city", "zip"], *people()])
        self.do("add", "people.csv", "--owner", "ana")
        (root / "contracts" / "people.odcs.yaml").write_text(CONTRACT)

    def do(self, *args: str) -> Any:
        ran = self._run(*args)
        assert ran.code in (0, 1, 2), (args, ran.err)
        assert "Traceback" not in ran.err
        self.said.append((" ".join(args), ran.out + ran.err))
        return ran

    def both(self, *args: str) -> Any:
        """A command as people read it and as programs do; gives what programs read."""
        self.do(*args)
        told = self.do(*args, "--json")
        return told.json if told.out else None

    def walk(self) -> Iterator[str]:
        """Every key that shows something, on every card."""

        async def drive() -> list[str]:
            parts = Opened(open_workspace(self.root, search=False))
            shown: list[str] = []
            async with console(parts.desk, size=(140, 60)) as pilot:
                for _ in range(len(parts.desk.queue())):
                    for keys in (("s",), ("d",), ("f",), ("a",), ("r",), ("enter", "m")):
                        await press(pilot, *keys)
                        shown.append(screen(pilot))
                        await press(pilot, "escape")
                        shown.append(screen(pilot))
                    await press(pilot, "escape", "j")
            parts.close()
            return shown

        yield from asyncio.run(drive())


@pytest.fixture
def nothing_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker executes what was approved and starts no grooming of its own."""
    monkeypatch.setenv("OSTLER_WORK__RUNS", "0")


@pytest.fixture
def office(run: Run, tmp_path: Path, server: ModelServer, monkeypatch: Any) -> Iterator[Any]:
    monkeypatch.setenv("RECEIVER_TOKEN", PASSWORD)
    server.follow(advised)
    with receiving() as receiver:
        effect = {
            "url": receiver.url,
            "events": ["*"],
            "headers": {"Authorization": "Bearer ${RECEIVER_TOKEN}"},
        }
        settings: dict[str, object] = {
            "model": {"base_url": server.url, "name": "scripted"},
            "people": {"ana": ["steward"], "ben": ["clerk"]},
            "readers": {"pii": ["steward"]},
            "effects": {"all": effect},
            "lineage": {"file": "lineage.jsonl"},
        }
        yield Office(run, tmp_path, settings), receiver


def test_classified_values_are_nowhere(office: Any, server: ModelServer) -> None:
    at, receiver = office
    for args in (("check", "people"), ("drift", "people"), ("gate", "people"), ("item",)):
        at.both(*args)
    for check in at.do("check", "people", "--json").json["checks"]:
        at.both("check", "people", "--rows", check["id"])
    at.do("gate", "people", "--junit", "gate.xml", "--markdown", "gate.md")
    run = at.both("groom", "people")["run"]
    lines = at.both("queue")
    assert len(lines) >= 3
    touched: set[str] = set()
    for line in lines:
        card = at.both("show", line["id"])
        touched.update(card["masked"])
        at.both("item", card["item"])
        at.do("edit", line["id"], "--strike", "bank", MASK, MASK)
        at.do("answer", line["id"], "--set", "5", "bank", MASK)
        at.do("approve", line["id"])
    assert touched == {"bank", "token"}
    screens = list(at.walk())
    at.both("work", "--once")
    [published, *_] = at.do("queue", "--state", "published", "--json").json
    for args in (
        *(("diff", "people@0", "people@1"), ("blame", "people", "5", "--all"), ("log",)),
        *(("trace", run), ("trace", published["id"]), ("replay", run), ("log", "people")),
        *(("queue", "--state", "all"), ("outbox",), ("policy", "backtest"), ("doctor",)),
        *(("audit", "verify"), ("revert", published["id"], "--yes"), ("item",)),
        *(("recipe", "show", "people"), ("check", "people"), ("drift", "people")),
    ):
        at.both(*args)
    written = [
        *(at.root / ".ostler").glob("spans.db*"),
        *(at.root / ".ostler").glob("*.log"),
        *(at.root / name for name in ("lineage.jsonl", "gate.xml", "gate.md")),
    ]
    everything = [
        *at.said,
        *((f"screen {number}", text) for number, text in enumerate(screens)),
        *(("prompt", ask.text) for ask in server.asked),
        *(("told", request.body.decode()) for request in receiver.got),
        *(
            (path.name, path.read_bytes().decode(errors="replace"))
            for path in written
            if path.exists()
        ),
    ]
    assert {"prompt", "told", "spans.db", "lineage.jsonl"} <= {name for name, _ in everything}
    for name, text in everything:
        found = PLANTED.search(text)
        assert found is None, (name, text[max(0, found.start() - 200) : found.end() + 100])
    assert any(MASK in text for text in screens)
    secrets_are_nowhere(at, everything)


def secrets_are_nowhere(at: Office, everything: list[tuple[str, str]]) -> None:
    """Neither what the model's key nor what the receiver's header holds is kept or said."""
    files = [path for path in at.root.rglob("*") if path.is_file()]
    assert any(path.name == "state.db" for path in files)
    for secret in (KEY, PASSWORD):
        for name, text in everything:
            assert secret not in text, name
        for path in files:
            assert secret.encode() not in path.read_bytes(), path


@pytest.mark.usefixtures("nothing_due")
def test_a_class_stays_with_the_values_of_a_column_that_has_another_name_by_now(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = office
    at.do("groom", "people")
    name = next(x["id"] for x in at.do("queue", "--json").json if "bank" in x["columns"])
    at.do("approve", name)
    at.do("work", "--once")
    asked = at.do("schema", "rename", "people", "bank", "house", "--yes", "--json")
    # Who asks for it does not approve it.
    assert (asked.code, asked.json["state"]) == (0, "parked")
    with monkeypatch.context() as other:
        other.setenv("OSTLER_REVIEWER", "ben")
        assert at.do("approve", asked.json["proposal"]).code == 0
    at.do("work", "--once")
    assert "house" in (at.root / "contracts" / "people.odcs.yaml").read_text()
    for args in (
        ("show", name),
        ("diff", "people@0", "people@1"),
        ("blame", "people", "5", "--all"),
    ):
        told = at.do(*args, "--json")
        assert told.code == 0 and MASK.encode("ascii", "backslashreplace").decode() in told.out
        assert not PLANTED.search(told.out + told.err), args


async def test_a_role_lifts_the_masks_that_it_may_lift_and_the_log_says_so(office: Any) -> None:
    at, _ = office
    at.do("groom", "people")
    lines = at.do("queue", "--json").json
    cards = {line["id"]: at.do("show", line["id"], "--json").json for line in lines}
    name = next(n for n, card in cards.items() if "bank" in card["masked"])
    lifted = at.do("show", name, "--unmask", "--json").json
    # The steward may read PII, and nobody the secret.
    assert lifted["masked"] == ["token"] and "Plantd Bank" in str(lifted)
    assert not re.search("planted-[0-9]", str(lifted))
    assert lifted["digest"] == cards[name]["digest"]
    entries = [e for e in at.do("log", "--json").json if e["kind"] == "values.unmasked"]
    [entry] = entries
    assert (entry["actor"], entry["subject"]) == ("ana", name)
    assert entry["payload"] == {"columns": ["bank"]}
    assert at.do("audit", "verify").code == 0

    parts = Opened(open_workspace(at.root, search=False))
    async with console(parts.desk, size=(140, 60)) as pilot:
        while "bank" not in screen(pilot) or "DIFF" not in screen(pilot):
            await press(pilot, "j")
        assert "masked: bank" in screen(pilot) and not PLANTED.search(screen(pilot))
        await press(pilot, "u")
        assert "Plantd Bank" in screen(pilot)
        # Another card and back again: masked as before.
        await press(pilot, "j", "k")
        assert not PLANTED.search(screen(pilot))
    parts.close()


@pytest.mark.usefixtures("nothing_due")
def test_a_person_without_the_role_sees_nothing_and_may_vote(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = office
    at.do("groom", "people")
    # A contract that cannot be read: every column is masked.
    [first, *_] = at.do("queue", "--json").json
    (at.root / "contracts" / "people.odcs.yaml").write_text("schema: [")
    shown = at.do("show", first["id"], "--json")
    assert shown.code == 0 and "zip" in shown.json["masked"]
    assert not PLANTED.search(shown.out) and "Lisbxn" not in shown.out
    (at.root / "contracts" / "people.odcs.yaml").write_text(CONTRACT)

    monkeypatch.setenv("OSTLER_REVIEWER", "ben")
    lines = at.do("queue", "--json").json
    name = next(line["id"] for line in lines if "bank" in line["columns"])
    refused = at.do("show", name, "--unmask")
    assert refused.code == 2 and "ben may not see" in refused.err
    assert not PLANTED.search(refused.out + refused.err)
    assert not [e for e in at.do("log", "--json").json if e["kind"] == "values.unmasked"]
    assert at.do("approve", name).code == 0
    assert at.do("work", "--once").code == 0

    # Nor is anything shown where an earlier one cannot be read any more.
    with closing(Opened(open_workspace(at.root))) as parts, parts.store.transaction() as session:
        record_contract(session, "people", "schema: [", actor="ana", at=now())
    shown = at.do("show", first["id"], "--json")
    assert shown.code == 0 and "zip" in shown.json["masked"]
    [done] = at.do("queue", "--state", "published", "--json").json
    assert done["id"] == name
    # Grooming worked on the values themselves.
    parts = Opened(open_workspace(at.root, search=False))
    view = table_of(parts.dataset("people")).view()
    data = str(view.query(f"SELECT bank FROM {view.source}"))
    parts.close()
    assert "Planted Bank" in data and "Plantd Bank" not in data


def test_what_is_taken_out_is_masked_until_a_role_lifts_it_which_is_logged(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = office

    def taken(*args: str, code: int = 0) -> tuple[list[tuple[Any, ...]], Any]:
        """The names, banks and tokens in the file that a command wrote; and what it told."""
        for file in at.root.glob("out.*"):
            file.unlink()
        told = at.do(*args)
        assert told.code == code and not PLANTED.search(told.out + told.err)
        [file] = [*at.root.glob("out.*")] or [None]
        found = file and duckdb.sql(f"SELECT name, bank, token FROM '{file}'").fetchall()
        return found or [], told

    whole = [(name, bank, token) for name, bank, token, *_ in people()]
    for kind in ("csv", "jsonl", "parquet"):
        rows, told = taken("export", "people", f"out.{kind}")
        assert rows == [(name, MASK, MASK) for name, *_ in whole]
        assert "masked by the contract's classification: bank, token" in told.err
    rows, _ = taken("checkout", "people@0", "out.parquet", "--unmask")
    assert rows == [(name, bank, MASK) for name, bank, _ in whole]
    [entry] = [e for e in at.do("log", "--json").json if e["kind"] == "values.unmasked"]
    assert (entry["actor"], entry["subject"]) == ("ana", "people@0")
    assert entry["payload"] == {"columns": ["bank"]}
    monkeypatch.setenv("OSTLER_REVIEWER", "ben")
    assert taken("export", "people", "out.csv", "--unmask", code=2)[0] == []
    assert len([e for e in at.do("log", "--json").json if e["kind"] == "values.unmasked"]) == 1


def test_of_every_field_it_is_known_what_it_is() -> None:
    """Every text in an action, a rule or a proposal is a name, a row, a value, or hidden prose."""
    prose = {
        *("rule", "because", "summary", "counter", "rationale", "experience", "direction", "label"),
        *("what", "observed", "migration", "cells", "context", "examples"),
    }
    known = masking.NAMES | masking.ROWS | masking.VALUES | prose
    seen: set[type[Frozen]] = set()
    unknown = {f"{model.__name__}.{name}" for model, name in texts(Proposal, seen)} | {
        f"{model.__name__}.{name}"
        for one in (*get_args(get_args(AnyAction)[0]), *get_args(get_args(AnyRule)[0]))
        for model, name in texts(one, seen)
    }
    assert len(seen) > 50
    assert {one for one in unknown if one.partition(".")[2] not in known} == set()


def texts(model: type[Frozen], seen: set[type[Frozen]]) -> Iterator[tuple[type[Frozen], str]]:
    """The fields with text of a record and of all records in it."""
    if model in seen or issubclass(model, masking.SHOWN_WHOLE):
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        inner = list(parts_of(field.annotation))
        if str in inner:
            yield model, name
        for one in inner:
            if isinstance(one, type) and issubclass(one, Frozen):
                yield from texts(one, seen)


def parts_of(annotation: object) -> Iterator[object]:
    parts = get_args(annotation)
    if not parts:
        yield annotation
    for part in parts:
        yield from parts_of(part)
