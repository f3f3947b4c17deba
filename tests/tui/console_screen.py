"""Driving the console by keys and reading its screen as text."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.pilot import Pilot

from ostler.review.desk import Desk
from ostler.tui.app import ReviewApp

SNAPSHOTS = Path(__file__).parent / "snapshots"


@asynccontextmanager
async def console(
    desk: Desk, *, size: tuple[int, int] = (132, 34), work: Callable[[], str] | None = None
) -> AsyncIterator[Pilot[None]]:
    """The console on a desk, settled."""
    app = ReviewApp(desk, work=work)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[None]) -> None:
    """Wait until no question is open, no timer is due and everything is drawn."""
    for _ in range(3):
        await pilot.pause(0.05)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one by one, each after the screen has settled."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def write(pilot: Pilot[None], text: str) -> None:
    """Type into the field that has the focus."""
    await pilot.press(*("space" if c == " " else c for c in text))
    await settle(pilot)


def lines_of_segments(pilot: Pilot[None]) -> list[list[Segment]]:
    """What is drawn, line by line, with the screens below an open question."""
    app = pilot.app
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [[segment for strip in line for segment in strip] for line in update.strips]


def screen(pilot: Pilot[None]) -> str:
    """The screen as plain text, without blanks at line ends."""
    lines = ("".join(s.text for s in line if not s.control) for line in lines_of_segments(pilot))
    return "\n".join(line.rstrip() for line in lines)


def matches_snapshot(pilot: Pilot[None], name: str) -> None:
    """Compare the screen with tests/tui/snapshots/NAME.txt."""
    assert screen(pilot) + "\n" == (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8")
