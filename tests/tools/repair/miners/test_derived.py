"""Derived: texts made up of pieces of other columns."""

from random import Random

from ostler.tools.repair.miners.derived import mine_derived
from tests.tools.repair.miners.numeric_tables import doubted, proposed


def _people(rows: int = 300) -> dict[str, list[str | None]]:
    rng = Random(3)
    syllables = ("ba", "ke", "ri", "mo", "tu", "la", "fen", "sor", "wi", "dar")
    names = ["".join(rng.choices(syllables, k=3)).title() for _ in range(40)]
    first, last = rng.choices(names[:20], k=rows), rng.choices(names[20:], k=rows)
    mails = [f"{a}.{b}@post.example".lower() for a, b in zip(first, last, strict=True)]
    return {"first": [*first], "last": [*last], "mail": [*mails]}


def test_a_mail_that_is_missing_or_misspelt_follows_from_the_names() -> None:
    table = _people()
    right = {row: table["mail"][row] for row in (4, 9)}
    table["mail"][4] = None
    table["mail"][9] = (right[9] or "").replace(".", "x.", 1)
    mended = proposed(mine_derived, table, 0.75)
    assert mended == {(row, "mail"): mail for row, mail in right.items()}


def test_a_name_that_nobody_else_has_is_the_wrong_side() -> None:
    table = _people()
    right = table["first"][20]
    table["first"][20] = f"{right}q"
    mended = proposed(mine_derived, table, 0.5)
    assert mended == {(20, "first"): right}
    assert (20, "mail") not in doubted(mine_derived, table, 0.75)


def test_exceptions_that_repeat_are_no_errors() -> None:
    table = _people()
    for row, name in enumerate(table["first"]):
        if name == table["first"][0]:
            table["mail"][row] = f"info.{(table['last'][row] or '').lower()}@post.example"
    assert not proposed(mine_derived, table)


def test_a_clean_table_has_nothing_to_mend() -> None:
    assert not proposed(mine_derived, _people(), 0.0)
