"""A recipe, as a person types it: approve, add rows, do the same again."""

import os
from pathlib import Path

import pytest

HEADING = "name,city,zip\n"
CITIES = (("Lisbon", "1000"), ("Oslo", "2000"), ("Madrid", "3000"))


def rows(first: int, number: int, wrong: dict[int, str]) -> str:
    lines: list[str] = []
    for place in range(first, first + number):
        city, postcode = CITIES[place % 3]
        lines.append(f"N{place},{wrong.get(place, city)},{postcode}\n")
    return HEADING + "".join(lines)


@pytest.fixture
def approved(run, tmp_path: Path) -> str:
    """Two misspelt cities, corrected by a card that was approved; gives its id."""
    wrong = {3: "Lisbxn", 63: "Lisbxn", 10: "Osko", 40: "Osko"}
    (tmp_path / "people.csv").write_text(rows(0, 120, wrong), encoding="utf-8")
    run("init")
    run("add", "people.csv", "--owner", "ana")
    run("groom", "people")
    card = next(p for p in run("queue", "--json").json if p["cells"] >= 4)
    assert run("approve", card["id"]).code == 0
    assert run("work", "--once").code == 0
    return card["id"]


def test_the_same_again_on_new_rows_is_one_proposal(run, tmp_path: Path, approved: str) -> None:
    shown = run("recipe", "show", "people", "--json").json
    assert [(one["proposal"], one["cells"]) for one in shown["steps"]] == [(approved, 4)]
    (tmp_path / "more.csv").write_text(rows(120, 60, {120: "Lisbxn", 150: "Lisbxn"}))
    run("add", "more.csv", "--name", "people", "--append")
    applied = run("recipe", "apply", "people", "--json").json
    [fit] = applied["recipe"]
    assert (fit["outcome"], fit["found"] + fit["again"]) == ("fits", 2)
    proposal = run("show", applied["follows"], "--json").json
    assert [(c["row"], c["old"], c["new"]) for c in proposal["changes"]] == [
        ("121", "Lisbxn", "Lisbon"),
        ("151", "Lisbxn", "Lisbon"),
    ]
    assert run("replay", applied["run"]).code == 0
    # It waits on while others are groomed, and is not proposed twice.
    assert run("groom", "people").code == 0
    waiting = [one["id"] for one in run("queue", "--json").json]
    assert waiting.count(applied["follows"]) == 1
    run("approve", applied["follows"])
    run("work", "--once")
    again = run("recipe", "apply", "people")
    assert "nothing of the recipe is left to do" in again.err


def test_another_datasets_recipe_says_what_does_not_fit(run, tmp_path: Path, approved: str) -> None:
    text = rows(0, 60, {3: "Lisbxn"}).replace("name,city,zip", "name,town,zip")
    (tmp_path / "north.csv").write_text(text)
    run("add", "north.csv", "--owner", "ana")
    told = run("recipe", "apply", "north", "--from", "people")
    assert told.code == 0
    assert "no longer fits" in told.out
    assert "the column city is gone" in told.out


def test_what_has_no_recipe_says_what_to_do(run, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(rows(0, 9, {}))
    run("init")
    run("add", "people.csv")
    assert "nothing that could be done again" in run("recipe", "show", "people").err
    refused = run("recipe", "apply", "people")
    assert refused.code == 2
    assert "ostler groom people" in refused.err
    assert os.sep not in refused.err
