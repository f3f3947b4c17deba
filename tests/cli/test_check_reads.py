"""`ostler check` on a table that is large enough to remember."""

from pathlib import Path

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true, unique: true}
      - {name: kind, logicalType: string, required: true}
"""


def rows(first: int, count: int) -> str:
    return "".join(f"{i},{'' if i % 50_000 == 7 else 'a'}\n" for i in range(first, first + count))


def test_only_what_is_new_is_read_and_the_result_is_the_same(run, tmp_path: Path) -> None:
    run("init", ".")
    (tmp_path / "orders.csv").write_text("id,kind\n" + rows(0, 100_000))
    assert run("add", "orders.csv", "--owner", "ana").code == 0
    (tmp_path / "contracts" / "orders.odcs.yaml").write_text(CONTRACT)
    first = run("check", "orders", "--json")
    assert first.code == 1 and first.json["read"] == {"files": 1, "of": 1, "anew": 0}
    (tmp_path / "more.csv").write_text("id,kind\n" + rows(99_999, 10))
    assert run("add", "more.csv", "--name", "orders", "--append").code == 0
    again = run("check", "orders", "--json")
    whole = run("check", "orders", "--json", "--no-states")
    assert again.json["read"] == {"files": 1, "of": 2, "anew": 0} and whole.json["read"] is None
    told = [
        [(c["check"]["rule"], c["failing"], c["rows"]) for c in one.json["checks"]]
        for one in (again, whole)
    ]
    assert told[0] == told[1]
    assert {c["failing"] for c in whole.json["checks"]} == {0, 2, 3}
    assert "0 of 2 data files read" in run("check", "orders").err
