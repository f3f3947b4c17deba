"""A class that a contract gave a column stays until people vote it away: no file takes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., Any]
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
schema:
  - name: people
    properties:
      - name: bank
        classification: PII
      - name: city
        quality:
          - {metric: invalidValues, arguments: {validValues: [Lisbon, Oslo]}, mustBe: 0}
"""
BANKS = ("Planted Bank", "Planted Union", "Planted Trust")


def planted(office: Path) -> None:
    rows = [f"p{n},{BANKS[n % 3]},{('Lisbon', 'Oslo')[n % 2]}" for n in range(240)]
    rows[4] = "p4,Plantd Union,Lisbon"
    rows[7] = "p7,Planted Union,Lisbxn"
    (office / "people.csv").write_text("\n".join(["name,bank,city", *rows]) + "\n")


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    """The contract of a table with one masked column, recorded by a check; nothing published."""
    planted(tmp_path)
    assert run("init").code == 0 and run("add", "people.csv", "--owner", "ana").code == 0
    path = tmp_path / "contracts" / "people.odcs.yaml"
    path.write_text(CONTRACT)
    assert run("check", "people").code == 1
    return path


def class_of(path: Path) -> str | None:
    [table] = yaml.safe_load(path.read_text())["schema"]
    return next(c for c in table["properties"] if c["name"] == "bank").get("classification")


def test_a_draft_over_a_contract_keeps_its_classes_and_quotes_nothing_of_them(
    run: Run, file: Path
) -> None:
    for args in (("--force",), ("--force", "--json"), ("--propose",)):
        told = run("contract", "infer", "people", *args)
        assert told.code == 0 and "lanted" not in told.out + told.err
    assert class_of(file) == "PII"
    text = file.read_text()
    assert "lanted" not in text and "validValues: [Lisbon, Oslo]" in text


TAKEN: dict[str, Callable[[str], str | None]] = {
    "no class": lambda text: text.replace("        classification: PII\n", ""),
    "an open one": lambda text: text.replace("PII", "public"),
    "another one": lambda text: text.replace("PII", "secret"),
    "not listed": lambda text: text.replace(
        "name: bank\n        classification: PII", "name: name"
    ),
    "no file": lambda _: None,
}
USES = (
    *(("check", "people"), ("groom", "people"), ("drift", "people"), ("gate", "people")),
    ("contract", "infer", "people", "--force"),
)


def test_what_a_file_says_no_longer_counts_until_people_voted(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("groom", "people")
    lines = run("queue", "--json").json
    name, city = (next(x["id"] for x in lines if c in x["columns"]) for c in ("bank", "city"))
    for how, edit in TAKEN.items():
        text = edit(CONTRACT)
        file.unlink() if text is None else file.write_text(text)
        told = run("show", name)
        assert told.code == 0 and "lanted" not in told.out + told.err, how
        for args in USES[:1] if text else USES:
            told = run(*args)
            assert (told.code, "'bank' is 'PII'" in told.err) == (2, True), (how, args, told.err)
            assert "lanted" not in told.out + told.err
        file.write_text(CONTRACT)
    assert run("check", "people").code == 1
    # The way back that the message names.
    assert run("contract", "show", "people@1", "--text").out == CONTRACT

    # A class more counts at once; one less when people have said so.
    assert "Lisbxn" in run("show", city).out
    file.write_text(CONTRACT.replace("name: city", "name: city\n        classification: PII"))
    assert "Lisbxn" not in run("show", city).out
    file.write_text(TAKEN["no class"](CONTRACT) or "")
    asked = run("contract", "publish", "people", "--propose", "--json").json
    assert "lanted" not in run("show", name).out
    monkeypatch.setenv("OSTLER_REVIEWER", "ben")
    assert run("approve", asked["proposal"]).code == 0
    assert "lanted" not in run("show", name).out
    assert run("work", "--once").code == 0
    assert "Plantd" in run("show", name).out
    # From then on the file counts for nothing at all.
    file.write_text(CONTRACT)
    assert "Plantd" in run("show", name).out and run("audit", "verify").code == 0
