"""What the console looks like, as text. SNAPSHOTS=write pytest ... writes the files anew."""

from collections.abc import Callable

import pytest
from console_cases import AMOUNT, DUPLICATE
from console_screen import console, matches_snapshot, press, screen, segments

from ostler.core.errors import BadInput
from ostler.review.desk import Desk
from ostler.tui.app import run_review

MakeDesk = Callable[..., Desk]


async def test_queue_and_card_side_by_side(desk: Desk) -> None:
    async with console(desk, size=(132, 42)) as pilot:
        matches_snapshot(pilot, "wide")


async def test_a_card_with_a_worse_check_and_a_rationale(make_desk: MakeDesk) -> None:
    async with console(make_desk([AMOUNT]), size=(100, 40)) as pilot:
        matches_snapshot(pilot, "worse")


async def test_the_list_at_80_by_24(desk: Desk) -> None:
    async with console(desk, size=(80, 24)) as pilot:
        matches_snapshot(pilot, "list_80x24")


async def test_a_card_at_80_by_24(make_desk: MakeDesk) -> None:
    async with console(make_desk([DUPLICATE]), size=(80, 24)) as pilot:
        await press(pilot, "enter")
        matches_snapshot(pilot, "card_80x24")


async def test_the_question_before_an_approval(desk: Desk) -> None:
    async with console(desk, size=(110, 30)) as pilot:
        await press(pilot, "a")
        matches_snapshot(pilot, "approve")


async def test_help(desk: Desk) -> None:
    async with console(desk, size=(110, 40)) as pilot:
        await press(pilot, "question_mark")
        matches_snapshot(pilot, "help")


async def test_an_empty_queue(make_desk: MakeDesk) -> None:
    async with console(make_desk([]), size=(80, 24)) as pilot:
        matches_snapshot(pilot, "empty")


async def test_no_color_leaves_the_terminals_own_colours(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(desk, size=(132, 42)) as pilot:
        styles = [style for line in segments(pilot) for _, style, _ in line if style is not None]
        colours = {c for style in styles for c in (style.color, style.bgcolor) if c is not None}
        assert {colour.name for colour in colours} <= {"default"}
        cursor = next(row for row in screen(pilot).splitlines() if row.startswith(">"))
        assert "Set 3 values" in cursor
        assert "~ 1204  city  -Portlnd    +Portland" in screen(pilot)
        marked = [
            text for line in segments(pilot) for text, style, _ in line if style and style.underline
        ]
        assert "a" in marked


def test_the_console_needs_a_terminal(desk: Desk) -> None:
    with pytest.raises(BadInput, match="needs a terminal"):
        run_review(desk)
