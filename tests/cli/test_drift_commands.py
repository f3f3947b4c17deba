"""`ostler drift` as a person meets it: the report, references, profiles, mistakes."""

import json
import random
from math import ceil
from pathlib import Path

import pytest


def orders(path: Path, rows: int, seed: int, start: int, *, factor: float = 1) -> None:
    draw = random.Random(seed)
    lines = [
        f"{start + n},{draw.lognormvariate(3, 1) * factor:.2f},{draw.choice('abc')}"
        for n in range(rows)
    ]
    path.write_text("\n".join(["id,amount,site", *lines]) + "\n", encoding="utf-8")


@pytest.fixture
def shop(run, tmp_path: Path) -> Path:
    """A workspace whose table got a batch in cents, from a site with a hostile name."""
    orders(tmp_path / "orders.csv", 800, 1, 0)
    assert run("init").code == 0
    assert run("add", "orders.csv", "--owner", "ana").code == 0
    more = tmp_path / "more.csv"
    orders(more, 500, 2, 10_000, factor=100)
    more.write_text(more.read_text().replace(",a\n", ",\x1b[31mred\u202e\n"), encoding="utf-8")
    assert run("add", "more.csv", "--append", "--name", "orders").code == 0
    return tmp_path


def test_the_report_says_what_since_when_and_why(run, shop: Path) -> None:
    told = run("drift", "orders")
    assert told.code == 0
    assert "DRIFT" in told.out and "version 1" in told.out
    assert "times 100" in told.out and "change of unit" in told.out
    assert "\x1b" not in told.out and "\u202e" not in told.out
    assert "all columns together" in told.out
    assert "against version 0: 2 of 3 columns drifted" in told.err
    report = run("drift", "orders@1", "--against", "@0", "--json").json
    assert report["dataset"] == "orders" and report["drifted"] and report["exact"]
    amount = next(one for one in report["columns"] if one["column"] == "amount")
    assert amount["since"] == 1 and amount["cause"]["evidence"]["factor"] == 100
    assert amount["results"][0]["drifted"] and amount["results"][0]["error"] == 0
    only = run("drift", "orders", "--columns", "site", "--by", "site", "--json").json
    assert {one["column"] for one in only["columns"]} == {"site"}
    # A report changes nothing.
    assert run("queue", "--json").json == []


def town(rows: int, often: int, begin: int = 0) -> str:
    """Places with their codes, every so often the second one; three are misspelt."""
    lines = [
        f"{n},{('Rome,1000', 'Oslo,2000')[n % often == 0]}" for n in range(begin, begin + rows)
    ]
    for n in (5, 17, 23):
        lines[n] = lines[n].replace(",Rome", ",Romx")
    return "\n".join(["id,city,zip", *lines]) + "\n"


PEOPLE = """\
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.2.0
status: active
schema:
  - name: people
    properties:
      - {name: city, logicalType: string, classification: PII}
      - {name: zip, logicalType: string}
    quality:
      - type: custom
        engine: ostler
        implementation: {rule: dependency, determinants: [zip], dependent: city}
"""


def test_policies_are_asked_about_what_was_measured(run, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "people.csv").write_text(town(200, 2), encoding="utf-8")
    (tmp_path / "more.csv").write_text(town(200, 20, 200), encoding="utf-8")
    downstream = ("--downstream", "model:churn", "--downstream", "report")
    run("add", "people.csv", "--owner", "ana", *downstream)
    run("add", "more.csv", "--append", "--name", "people")
    (tmp_path / "contracts" / "people.odcs.yaml").write_text(PEOPLE, encoding="utf-8")
    measured = run("drift", "people", "--json").json["columns"]
    results = next(one["results"] for one in measured if one["column"] == "city")
    drift = max(one["value"] for one in results if one["drifted"])
    assert run("groom", "people").code == 0
    [card] = [one["id"] for one in run("queue", "--json").json if one["cells"]]
    asked = json.loads(run("show", card, "--json").json["verdict"]["request"])
    assert asked["drift_permille"] == ceil(1000 * drift) > 100
    assert (asked["columns"], asked["pii_columns"], asked["key_columns"]) == (
        ["city"],
        ["city"],
        [],
    )
    checks = [asked[f"{how}_checks"] for how in ("improved", "unchanged", "worse")]
    assert checks == [1, 0, 0]
    assert (asked["consumers"], asked["models"], asked["track"]) == (2, 1, "reliability")
    assert (asked["contract"], asked["contract_version"]) == (True, "1.2.0")
    assert (asked["rows"], asked["row_share_permille"]) == (6, 15)
    assert asked["taint"] == ["cell"]


def test_a_profile_is_stored_compared_with_named_in_a_contract_and_removed(run, shop: Path) -> None:
    assert run("drift", "profile", "save", "orders@0", "january").code == 0
    assert run("drift", "profile", "save", "orders", "january").code == 2
    assert run("drift", "profile", "list", "orders", "--json").json[0]["version"] == 0
    by_name = run("drift", "orders", "--against", "january", "--json").json
    assert by_name["reference"] == "profile:january" and by_name["drifted"]
    assert by_name["together"] is None
    assert run("drift", "orders", "--against", "last:1", "--json").json["drifted"]
    (shop / "contracts" / "orders.odcs.yaml").write_text(
        """apiVersion: v3.0.2
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - name: amount
        logicalType: number
        quality:
          - type: custom
            engine: ostler
            implementation:
              {rule: drift, reference: "profile:january", statistic: wasserstein, limit: 0.2}
          - type: custom
            engine: ostler
            implementation: {rule: drift, reference: "last:1", statistic: js, limit: 0.9}
""",
        encoding="utf-8",
    )
    checked = run("check", "orders", "--json")
    assert checked.code == 1
    drifts = [
        one
        for one in checked.json["checks"]
        if one["check"]["gate"] and one["check"]["rule"]["kind"] == "drift"
    ]
    assert [one["passed"] for one in drifts] == [False, True]
    assert run("check", "orders").out.count("as in profile january") == 1
    groomed = run("groom", "orders", "--json")
    assert groomed.code == 0
    replayed = run("replay", run("trace", "--json").json[0]["run"])
    assert replayed.code == 0, replayed.err
    assert run("drift", "profile", "remove", "orders", "january").code == 0
    assert "january" in run("check", "orders").err
    assert run("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["orders", "--columns", "nope"], "no column 'nope'"),
        (["orders", "--by", "nope"], "no column 'nope'"),
        (["orders", "--against", "x y"], "nothing to compare with"),
        (["orders", "--against", "@9"], "version 9"),
        (["orders", "--against", "gone"], "no profile 'gone'"),
        (["orders@0"], "no version to compare with"),
        (["nothing"], "nothing"),
    ],
)
def test_a_mistake_is_one_sentence(run, shop: Path, arguments: list[str], said: str) -> None:
    told = run("drift", *arguments)
    assert told.code == 2
    assert said in told.err and "Traceback" not in told.err
