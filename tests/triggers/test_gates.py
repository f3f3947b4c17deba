"""Gates: what passes, what fails, what is only worse, and how it is written for machines."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.csv
import pyarrow.parquet
import pytest

_MISSING = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
ORDERS = "id,email,city\n1,a@b.org,Oslo\n2,,Oslo\n3,c@d.org,Rome\n"

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
name: orders
version: 0.1.0
status: active
schema:
  - name: orders
    properties:
      - name: id
        logicalType: integer
        unique: true
      - name: email
        required: true
      - name: city
        quality:
          - metric: invalidValues
            arguments: {validValues: [Oslo, Rome]}
            mustBe: 0
            severity: warning
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A data file and the contract that it breaks, in no workspace."""
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    return tmp_path


def test_a_bare_file_is_gated_without_a_workspace(run, files: Path) -> None:
    before = sorted(files.iterdir())
    failed = run("gate", "orders.csv", "--contract", "orders.odcs.yaml", "--json")
    assert failed.code == 1
    assert not failed.json["passed"]
    assert failed.json["counts"] == {"failed": 1, "known": 0, "warned": 0, "passed": 3}
    [worst] = [one for one in failed.json["checks"] if one["outcome"] == "failed"]
    assert (worst["result"]["check"]["rule"]["column"], worst["result"]["rows"]) == ("email", ["2"])
    assert "groom" in worst["advice"]
    assert sorted(files.iterdir()) == before
    # The contract beside the file, or in a folder further up, need not be named.
    (files / "data").mkdir()
    (files / "contracts").mkdir()
    (files / "orders.odcs.yaml").rename(files / "contracts" / "orders.odcs.yaml")
    mended = ORDERS.replace("2,,", "2,b@b.org,")
    (files / "data" / "orders.csv").write_text(mended, encoding="utf-8")
    assert run("gate", "data/orders.csv").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gate", "none.csv", "--contract", "orders.odcs.yaml"), "no such file"),
        (("gate", "orders.csv", "--contract", "none.yaml"), "no such file"),
        (("gate", "orders.csv", "--against", "0"), "is a file"),
        (("gate", "orders.csv", "--open-items"), "ostler add"),
        (("gate", "orders.csv", "--other", "nothing"), "--other customers=c.csv"),
        (("gate", "torn.csv", "--contract", "orders.odcs.yaml"), "line 3"),
        (("gate", "orders.csv", "--junit", "none/gate.xml"), "cannot be written"),
        (("gate", "orders"), "no workspace"),
        (("gate", "s3://lake/orders.csv"), "ostler add s3://lake/orders.csv"),
    ],
)
def test_wrong_use_is_no_failed_gate(run, files: Path, arguments, said: str) -> None:
    (files / "torn.csv").write_text("id,email,city\n1,a,b\n2,b\n", encoding="utf-8")
    refused = run(*arguments)
    assert refused.code == 2
    assert said in refused.err


def test_other_kinds_of_files_are_gated_alike(run, files: Path) -> None:
    table = pyarrow.csv.read_csv(files / "orders.csv", convert_options=_MISSING)
    pyarrow.parquet.write_table(table, files / "orders.parquet")
    lines = "".join(f"{json.dumps(row)}\n" for row in table.to_pylist())
    (files / "orders.jsonl").write_text(lines, encoding="utf-8")
    for name in ("orders.csv", "orders.parquet", "orders.jsonl"):
        failed = run("gate", name, "--json")
        assert (failed.code, failed.json["counts"]["failed"], failed.json["rows"]) == (1, 1, 3)
        assert failed.json["checks"][0]["result"]["rows"] == ["2"]


def test_a_foreign_key_of_a_bare_file_looks_into_another_file(run, files: Path) -> None:
    key = "        relationships: [{to: customers.name}]\n"
    contract = CONTRACT.replace("      - name: email\n", f"{key}      - name: email\n")
    contract = contract.replace("        required: true\n", "")
    (files / "orders.odcs.yaml").write_text(contract, encoding="utf-8")
    (files / "c.csv").write_text("name\n1\n2\n3\n", encoding="utf-8")
    assert run("gate", "orders.csv", "--other", "customers=c.csv").code == 0
    (files / "c.csv").write_text("name\n1\n2\n", encoding="utf-8")
    assert run("gate", "orders.csv", "--other", "customers=c.csv").code == 1
    assert run("gate", "orders.csv").code == 1


HOSTILE = "x|y`z</failure><![CDATA[]]>[a](http://evil.example)@team\x1b[31m\u202e"


def test_hostile_names_break_neither_junit_nor_markdown(run, files: Path) -> None:
    field = '"' + HOSTILE.replace('"', '""') + '"'
    (files / "orders.csv").write_text(f"id,{field},city\n1,,Oslo\n", encoding="utf-8")
    quoted = '"' + HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e") + '"'
    (files / "orders.odcs.yaml").write_text(
        CONTRACT.replace("name: email", f"name: {quoted}"), encoding="utf-8"
    )
    failed = run("gate", "orders.csv", "--junit", "gate.xml", "--markdown", "gate.md")
    assert failed.code == 1
    [suite] = ElementTree.parse(files / "gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    [case] = [case for case in suite if case.find("failure") is not None]
    assert case.get("name", "").startswith("x|y`z</failure>")
    assert not any(ord(c) < 32 or c == "\u202e" for c in case.get("name", ""))
    text = (files / "gate.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ❌")]
    # Five cells, and nothing of the name outside a code span.
    assert [row.count("|") for row in rows] == [6]
    outside = [part for row in rows for part in row.split("`")[::2]]
    assert not any("evil" in part or "@team" in part or "<" in part for part in outside)


def test_every_check_is_a_case_of_its_own(run, files: Path) -> None:
    assert run("gate", "orders.csv", "--junit", "gate.xml").code == 1
    [suite] = ElementTree.parse(files / "gate.xml").getroot()
    names = [case.get("name") for case in suite]
    assert len(names) == len(set(names)) == 4
    failure = next(case.find("failure") for case in suite if case.find("failure") is not None)
    assert failure is not None
    assert "failing rows: 2" in (failure.text or "")


def test_a_summary_is_added_to_what_a_job_has_written(run, files: Path) -> None:
    (files / "summary.md").write_text("# Job\n", encoding="utf-8")
    run("gate", "orders.csv", "--markdown", "summary.md")
    assert (files / "summary.md").read_text(encoding="utf-8").startswith("# Job\n### ❌ failed")
    assert run("gate", "orders.csv", "--markdown", "-").out.startswith("### ❌ failed")


@pytest.fixture
def dataset(run, files: Path) -> Path:
    """The file as a dataset of a workspace, with its contract."""
    assert run("init").code == 0
    assert run("add", "orders.csv", "--owner", "ana").code == 0
    contract = files / "contracts" / "orders.odcs.yaml"
    (files / "orders.odcs.yaml").rename(contract)
    return files


def add(run, folder: Path, rows: str) -> None:
    (folder / "more.csv").write_text(f"id,email,city\n{rows}", encoding="utf-8")
    assert run("add", "more.csv", "--name", "orders", "--append").code == 0


def test_held_against_a_version_only_what_got_worse_fails(run, dataset: Path) -> None:
    assert run("gate", "orders").code == 1
    known = run("gate", "orders", "--against", "0", "--json")
    assert known.code == 0
    assert known.json["counts"]["known"] == 1
    add(run, dataset, "4,d@e.org,Rome\n")
    assert run("gate", "orders", "--against", "last-published").code == 0
    add(run, dataset, "5,,Rome\n")
    worse = run("gate", "orders", "--against", "last-published", "--json")
    assert worse.code == 1
    [failed] = [one for one in worse.json["checks"] if one["outcome"] == "failed"]
    assert (failed["before"], failed["result"]["failing"]) == (1, 2)
    assert run("gate", "orders@1", "--against", "0").code == 0
    assert run("gate", "orders", "--against", "soon").code == 2
    assert run("gate", "orders", "--against", "99").code == 2


def test_a_failed_gate_opens_its_item_and_the_next_pass_closes_it(run, dataset: Path) -> None:
    assert run("gate", "orders", "--open-items").code == 1
    [opened] = run("item", "--json").json
    assert opened["state"] == "open"
    assert "Failing rows: 2." in opened["description"]
    assert "Recommended: ostler groom orders" in opened["description"]
    add(run, dataset, "4,,Rome\n")
    assert run("gate", "orders", "--open-items").code == 1
    [updated] = run("item", "--json").json
    assert updated["id"] == opened["id"]
    assert "Failing rows: 2, 4." in updated["description"]
    contract = dataset / "contracts" / "orders.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(
        text.replace(
            "        required: true\n",
            "        quality: [{metric: nullValues, mustBeLessOrEqualTo: 2}]\n",
        ),
        encoding="utf-8",
    )
    assert run("gate", "orders", "--open-items").code == 0
    assert [one["state"] for one in run("item", "--json").json] == ["done"]
    contract.write_text(text, encoding="utf-8")
    assert run("gate", "orders", "--open-items").code == 1
    assert [one["state"] for one in run("item", "--json").json] == ["reopened"]
    assert run("audit", "verify").code == 0


def test_a_gate_on_a_file_loads_no_database_and_no_agents(files: Path) -> None:
    code = (
        "import sys; sys.argv = ['ostler', 'gate', 'orders.csv']\n"
        "from ostler.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 1, end.code\n"
        "odd = {'sqlalchemy', 'langgraph', 'cedarpy', 'textual'} & set(sys.modules)\n"
        "assert not odd, odd\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
