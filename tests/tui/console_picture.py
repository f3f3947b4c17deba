"""Draws docs/console.svg: `python tests/tui/console_picture.py`."""

import asyncio
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from console_cases import AMOUNT, CITY, DUPLICATE, STATUS
from console_desk import Case, build_desk, sets
from console_screen import console

from ostler.core.checks import Check, NotNull

PICTURE = Path(__file__).parents[2] / "docs" / "console.svg"

OWNERS = """
@id("owner-approves-customers") @reason("Customers are approved by an owner.") @owner("workspace")
@votes("1") @role("owner")
permit (principal, action == Action::"apply_after_approval", resource == Dataset::"customers");
"""

FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def case(
    dataset: str, sentence: str, score: float, column: str, cells: int, hours: float = 3
) -> Case:
    return Case(
        dataset=dataset,
        sentence=sentence,
        score=score,
        hours=hours,
        check=Check(rule=NotNull(column=column)),
        changes=sets(column, *((str(row), "n/a", None) for row in range(cells))),
    )


CASES = (
    replace(
        CITY,
        sentence="Set 3 values of city and 1 of state to what the rows with the same zip say",
        changes=(*CITY.changes, *sets("state", ("2044", "0R", "OR"))),
        context=(
            *CITY.context,
            ("2044", (("name", "Mila Sand"), ("city", "Salem"), ("zip", "97301"))),
        ),
    ),
    STATUS,
    AMOUNT,
    DUPLICATE,
    case("orders", "Set 212 markers of a missing coupon to missing", 7.9, "coupon", 212),
    case("customers", "Write 96 values of joined as dates", 7.02, "joined", 96),
    case("orders", "Convert 58 values of weight from grams to kilograms", 6.66, "weight", 58),
    case("customers", "Replace 17 rare spellings of country", 5.3, "country", 17),
    case("customers", "Move 9 states from the end of city to state", 4.4, "state", 9),
    case("orders", "Trim 31 values of ship_to", 3.15, "ship_to", 31, 27),
    case("orders", "Write 6 values of currency in upper case", 2.9, "currency", 6, 27),
    case("customers", "Set 140 markers of a missing phone to missing", 1.75, "phone", 140, 75),
)


async def draw() -> str:
    """The console on these cases, as SVG without fonts from elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        desk = build_desk(Path(folder) / "shop", CASES, site=OWNERS)
        async with console(desk, size=(132, 38)) as pilot:
            svg = pilot.app.export_screenshot(simplify=True)
        desk.store.close()
    svg = re.sub(r"\s*@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", FONT) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(asyncio.run(draw()), encoding="utf-8")
