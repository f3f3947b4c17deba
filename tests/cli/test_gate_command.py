"""A gate beside proposals that wait."""

from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake


def test_an_item_that_a_proposal_waits_for_is_not_closed_over_its_head(
    run, workspace: Path
) -> None:
    assert run("contract", "infer", "people").code == 0
    contract = workspace / "contracts" / "people.odcs.yaml"
    # In the order in which the miner names them: the contract's check and its own are then one.
    text = contract.read_text(encoding="utf-8").replace("[N/A, n/a]", "[n/a, N/A]")
    contract.write_text(text, encoding="utf-8")
    assert run("groom", "people").code == 0
    waiting = [proposal["id"] for proposal in run("queue", "--json").json]
    held = {run("show", name, "--json").json["item"] for name in waiting}
    contract.write_text(text.replace("mustBe: 0", "mustBeLessOrEqualTo: 99"), encoding="utf-8")
    run("gate", "people", "--open-items")
    items = {one["id"]: one for one in run("item", "--json").json}
    annotated = [
        one for one in items.values() if any("holds again" in said for said in one["metrics"])
    ]
    assert annotated
    assert all(one["state"] == "open" and one["id"] in held for one in annotated)


CLASSIFIED = """\
apiVersion: v3.1.0
kind: DataContract
id: mails
name: mails
version: 0.1.0
status: active
schema:
  - name: mails
    properties:
      - name: mail
        classification: confidential
      - name: city
        required: true
"""


def test_rows_are_not_named_by_a_key_that_is_classified(run, workspace: Path) -> None:
    rows = pa.table({"mail": ["ana@example.org", "ben@example.org"], "city": ["Oslo", None]})
    write_deltalake(str(workspace / "mails"), rows)
    assert run("add", "mails", "--key", "mail", "--owner", "ana").code == 0
    contract = workspace / "contracts" / "mails.odcs.yaml"
    contract.write_text(CLASSIFIED, encoding="utf-8")
    written = ("--junit", "gate.xml", "--markdown", "gate.md")
    failed = run("gate", "mails", "--json", "--open-items", *written)
    assert failed.code == 1
    assert failed.json["checks"][0]["result"]["failing"] == 1
    [item] = [one for one in run("item", "--json").json if one["dataset"] == "mails"]
    kept = [(workspace / name).read_text(encoding="utf-8") for name in ("gate.xml", "gate.md")]
    assert "example.org" not in f"{failed.out}{failed.err}{item}{kept}"
