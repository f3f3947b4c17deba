"""Sources: found by their values, weighed by how often they are right, copies counted once."""

from random import Random

import numpy as np
import pytest
from text_grids import text_grid

from ostler.core.experience import Answered, Experience, Taught
from ostler.core.proposals import Basis
from ostler.tools.repair.candidates import Candidates, Doubts, Found, Ground
from ostler.tools.repair.grid import Grid
from ostler.tools.repair.miners.sources import mine_sources

FACTS = ("length", "weight")
GOOD = ("alpha", "beta", "gamma", "delta")
COPIERS = ("one", "two", "three", "four", "five", "six")
Rows = list[dict[str, str | None]]


def reports(
    seed: int, *, copies: float, own: bool = False
) -> tuple[Rows, dict[tuple[str, str], str]]:
    """What ten sources say of sixty things, six of them copying one that is often wrong."""
    rng = Random(seed)
    truth: dict[tuple[str, str], str] = {}
    rows: Rows = []
    for number in range(60):
        thing = f"{rng.choice(GOOD[:2]).upper()}-{number}" if own else f"T{number}"
        for fact in FACTS:
            truth[thing, fact] = str(rng.randrange(100, 999))
        copied = {f: str(rng.randrange(100, 999)) if rng.random() < copies else truth[thing, f]
                  for f in FACTS}  # fmt: skip
        for source in (*GOOD, *COPIERS):
            row: dict[str, str | None] = {"source": source, "thing": thing}
            for fact in FACTS:
                says = copied[fact] if source in COPIERS else truth[thing, fact]
                named = own and thing.lower().startswith(source)
                slips = source in GOOD and not named and rng.random() < 0.1
                row[fact] = str(rng.randrange(100, 999)) if slips else says
            rows.append(row)
    rng.shuffle(rows)
    return rows, truth


def grid_from(rows: Rows) -> Grid:
    return text_grid({name: [row[name] for row in rows] for name in rows[0]})


def mined(rows: Rows, experience: Experience = Experience()) -> list[Found]:  # noqa: B008
    return list(mine_sources(Ground(grid_from(rows), experience)))


def settled(rows: Rows, found: list[Found], least: float) -> Rows:
    """The rows with what is proposed for them."""
    after = [dict(row) for row in rows]
    names = list(rows[0])
    for one in found:
        if isinstance(one, Candidates):
            for row, place, new, score in zip(
                one.rows, one.places, one.news, one.scores, strict=True
            ):
                if score >= least:
                    after[row][names[place]] = new
    return after


def asked(rows: Rows, found: list[Found]) -> list[tuple[str | None, str]]:
    """The facts that are doubted: of which thing, and which."""
    names = list(rows[0])
    return [
        (rows[row]["thing"], names[place])
        for one in found
        if isinstance(one, Doubts)
        for row, place in zip(one.rows, one.places, strict=True)
    ]


def right(rows: Rows, truth: dict[tuple[str, str], str]) -> float:
    """Share of the facts that are right."""
    said = [row[fact] == truth[str(row["thing"]), fact] for row in rows for fact in FACTS]
    return sum(said) / len(said)


def test_sources_that_copy_mistakes_do_not_outvote_those_that_agree_on_their_own() -> None:
    rows, truth = reports(1, copies=0.3)
    found = mined(rows)
    assert {one.principle for one in found} == {"sources"}
    assert right(rows, truth) < 0.82
    assert right(settled(rows, found, 0.0), truth) > 0.93


def test_the_source_that_an_entity_names_is_believed_about_it() -> None:
    rows, truth = reports(2, copies=0.95, own=True)
    after = settled(rows, mined(rows), 0.0)
    assert right(rows, truth) < 0.5
    assert right(after, truth) > 0.95


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_what_somebody_left_out_is_filled_or_asked_about_and_is_a_rule_of_its_own(
    seed: int,
) -> None:
    rows, truth = reports(seed, copies=0.2)
    for row in rows[::7]:
        row["length"] = None
    found = mined(rows)
    assert any("leaves out length" in one.rule for one in found if isinstance(one, Candidates))
    after = settled(rows, found, 0.0)
    assert right(after, truth) > 0.93
    # What its sources leave open is no better than a guess: a hole is asked about, not filled so.
    open_ = {str(row["thing"]) for row in after if row["length"] is None}
    assert len(open_) <= 1
    assert open_ <= {thing for thing, fact in asked(rows, found) if fact == "length"}
    grid = grid_from(rows)
    taught = tuple(
        Taught(row=grid.row_ids(np.array([number]))[0], column="length", old=None,
               new=truth[str(row["thing"]), "length"])
        for number, row in enumerate(after) if row["length"] is None
    )  # fmt: skip
    answered = settled(rows, mined(rows, Experience(taught=taught)), 0.0)
    assert all(row["length"] is not None for row in answered)


def test_what_people_say_of_a_fact_settles_it_for_all_its_sources() -> None:
    rows, _ = reports(4, copies=0.3)
    grid = grid_from(rows)
    taught = Taught(row=grid.row_ids([0])[0], column="weight", old=rows[0]["weight"], new="12.5")  # type: ignore[arg-type]
    after = settled(rows, mined(rows, Experience(taught=(taught,))), 0.9)
    assert {row["weight"] for row in after if row["thing"] == rows[0]["thing"]} == {"12.5"}


def test_a_doubtful_fact_is_asked_about_once_and_not_after_the_answer() -> None:
    rows, _ = reports(5, copies=0.5)
    doubtful = asked(rows, mined(rows))
    assert doubtful
    assert len(set(doubtful)) == len(doubtful)
    thing, fact = doubtful[0]
    row = next(number for number, row in enumerate(rows) if row["thing"] == thing)
    told = Taught(row=grid_from(rows).row_ids(np.array([row]))[0], column=fact, old=None, new="777")
    again = asked(rows, mined(rows, Experience(taught=(told,))))
    assert (thing, fact) not in again


def test_another_direction_comes_first_after_a_rejection() -> None:
    rows, _ = reports(6, copies=0.95, own=True)
    (direction,) = {one.direction for one in mined(rows) if isinstance(one, Candidates)}
    basis = Basis(principle="sources", columns=FACTS, determinants=("thing", "source"),
                  direction=direction)  # fmt: skip
    said_no = Answered(dataset="d", basis=basis, decision="reject", cells=500)
    found = mined(rows, Experience(answers=(said_no,)))
    assert direction not in {one.direction for one in found if isinstance(one, Candidates)}


def test_a_table_without_sources_that_disagree_has_none() -> None:
    rows, _ = reports(7, copies=0.0)
    for row in rows:
        row["length"], row["weight"] = f"{row['thing']} long", f"{row['thing']} heavy"
    assert mined(rows) == []
