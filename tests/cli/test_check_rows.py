"""`ostler check --rows`, and values that nobody may see."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ostler.core.checks import Check, CheckResult, RowCount
from ostler.store.engine import open_store
from ostler.store.history import record_results

Run = Callable[..., Any]
SECRET = "s3cret@[red]x\x1b[2J"
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - name: mail
        classification: PII
        logicalTypeOptions: {{format: email}}
      - name: city
        quality:
          - type: custom
            engine: ostler
            name: cities
            implementation: {{rule: required_if, when: "mail is not missing"}}
    quality:
      - metric: rowCount
        {rows}
"""
LEARNED = "customProperties: [{property: ostler.threshold, value: learned}]"


@pytest.fixture
def people(run: Run, tmp_path: Path) -> Run:
    run("init")
    rows = "".join(
        f"{mail},{city}\n" for mail, city in [(SECRET, ""), ("a@x.org", "bonn"), ("", "k")]
    )
    Path("people.csv").write_text(f"mail,city\n{rows}")
    assert run("add", "people.csv", "--owner", "ana").code == 0
    Path("contracts/people.odcs.yaml").write_text(CONTRACT.format(rows=LEARNED))
    return run


def ids(run: Run) -> dict[str, str]:
    return {
        c["check"]["rule"]["kind"]: c["id"] for c in run("check", "people", "--json").json["checks"]
    }


def test_the_failing_rows_of_a_check_are_listed_with_what_it_looks_at(people: Run) -> None:
    known = ids(people)
    told = people("check", "people", "--rows", known["required_if"], "--json").json
    assert told["columns"] == ["city", "mail"] and told["masked"] == ["mail"]
    assert [row["cells"] for row in told["rows"]] == [[None, "•••"]]
    assert (told["failing"], told["total"]) == (1, 3)
    assert people("check", "people", "--rows", "cities").out.split() == [
        *("row", "city", "mail"),
        *(told["rows"][0]["row"], "∅", "•••"),
    ]
    line = people("check", "people", "--rows", known["required_if"], "--csv").out.splitlines()
    assert line == ["row,city,mail", f"{told['rows'][0]['row']},,•••"]


def test_no_command_shows_a_classified_value_unless_a_role_may_see_it(people: Run) -> None:
    known = ids(people)["format"]
    for args in ((), ("--json",), ("--rows", known), ("--rows", known, "--csv")):
        told = people("check", "people", *args)
        assert "s3cret" not in told.out + told.err
    refused = people("check", "people", "--rows", known, "--unmask")
    assert refused.code == 2 and "classified 'PII'" in refused.err
    assert "s3cret" not in refused.out + refused.err and not unmasked(people)
    settings = Path("ostler.yaml")
    settings.write_text(settings.read_text() + "people: {ana: [dpo]}\nreaders: {pii: [dpo]}\n")
    # The role alone shows nothing: it takes an act, and that is in the log.
    assert people("check", "people", "--rows", known, "--json").json["masked"] == ["mail"]
    assert not unmasked(people)
    told = people("check", "people", "--rows", known, "--json", "--unmask").json
    assert told["masked"] == [] and told["rows"][0]["cells"] == [SECRET]
    shown = people("check", "people", "--rows", known, "--unmask")
    assert "s3cret" in shown.out and "\x1b[2J" not in shown.out
    [first, _] = unmasked(people)
    assert (first["actor"], first["subject"]) == ("ana", "people@0")
    assert first["payload"] == {"columns": ["mail"]}
    assert people("audit", "verify").code == 0


def unmasked(run: Run) -> list[dict[str, Any]]:
    return [one for one in run("log", "--json").json if one["kind"] == "values.unmasked"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--rows", "nope"), "people has no check 'nope'"),
        (("--rows", "C-"), "can mean C-"),
        (("--csv",), "--csv prints rows"),
        (("--rows", "cities", "--csv", "--json"), "--csv prints rows"),
        (("--rows", "cities", "--limit", "0"), "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_listed_is_said(people: Run, args: tuple[str, ...], said: str) -> None:
    told = people("check", "people", *args)
    assert told.code == 2 and said in told.err
    assert "Traceback" not in told.err


def test_a_gate_knows_what_was_usual(people: Run) -> None:
    rows = CheckResult(check=Check(rule=RowCount()), failing=0, total=90, observed="", passed=True)
    with open_store("sqlite:///.ostler/state.db", Path(".ostler")).transaction() as session:
        for version in range(-5, 0):
            at = datetime(2026, 1, 10 + version, tzinfo=UTC)
            record_results(session, "people", version, [rows], actor="ana", at=at)
    gated = people("gate", "people")
    assert gated.code == 1 and "3 rows; usually 86 to 94 rows" in gated.out
    assert people("gate", "people", "--open-items").code == 1
    told = people("check", "people", "--json").json["checks"]
    [result] = [one for one in told if one["check"]["rule"]["kind"] == "row_count"]
    assert (result["passed"], result["failing"]) == (False, 1)
    assert people("audit", "verify").code == 0


def test_a_rule_about_the_whole_table_has_no_rows_and_learns(people: Run) -> None:
    known = ids(people)["row_count"]
    told = people("check", "people", "--rows", known)
    assert told.code == 2 and "about the whole table" in told.err
    entries = json.dumps(people("check", "people", "--json").json)
    assert "0 of 5 results known, nothing is usual yet" in entries
    assert people("audit", "verify").code == 0
