"""Changes of columns as a person types them."""

from pathlib import Path

CONSUMER = """\
apiVersion: v3.1.0
kind: DataContract
id: churn
version: 1.0.0
status: active
schema:
  - name: people
    properties:
      - {name: city, logicalType: string}
"""


def test_columns_are_changed_checked_and_brought_back(run, workspace: Path) -> None:
    assert run("contract", "infer", "people").code == 0
    refused = run("schema", "cast", "people", "phone", "int", "--yes")
    assert refused.code == 2
    assert "12 of 12 values of 'phone' would not come over whole" in refused.err
    seen = run("schema", "impact", "cast", "people", "zip", "decimal(8,2)", "--json").json
    assert seen["change"]["cast"]["rewritten"] == 12
    assert not seen["breaking"]
    hostile = "o'k \"; --"
    changed = run("schema", "rename", "people", "phone", hostile, "--yes", "--json").json
    assert changed["state"] == "published"
    [cell] = run("blame", "people", "1", hostile, "--json").json["cells"]
    assert [(one["version"], one["how"]) for one in cell["origins"]] == [(0, "came in")]
    assert run("check", "people").code in (0, 1)
    assert run("contract", "diff", "people@1", "people").code == 1
    assert run("export", "people", "out.csv").code == 0
    assert (workspace / "out.csv").read_text(encoding="utf-8").startswith("id,name,city,zip,")
    assert run("show", changed["proposal"]).code == 0
    assert run("revert", changed["proposal"], "--yes").code == 0
    assert run("export", "people", "back.csv").code == 0
    assert (workspace / "back.csv").read_bytes() == (workspace / "people.csv").read_bytes()
    assert run("audit", "verify").code == 0


def test_a_change_that_breaks_a_consumer_says_whom_and_what_to_do(run, workspace: Path) -> None:
    folder = workspace / "contracts" / "consumers" / "people"
    folder.mkdir(parents=True)
    (folder / "churn.yaml").write_text(CONSUMER, encoding="utf-8")
    refused = run("schema", "drop", "people", "city", "--yes")
    assert refused.code == 2
    assert "it breaks churn" in refused.err
    assert "--migration TEXT --deprecated-until" in refused.err
    prepared = ("--migration", "read town", "--deprecated-until", "2099-12-31", "--yes", "--json")
    assert run("schema", "drop", "people", "city", *prepared).json["state"] == "parked"
    assert "churn: be ready by 2099-12-31" in run("item").out
