"""Driving the console by keys and reading its screen as text."""

import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.events import Paste
from textual.pilot import Pilot

from ostler.review.desk import Desk
from ostler.tui.app import ReviewApp
from ostler.tui.card_pane import CardPane
from ostler.tui.state import Queue

ALL = Queue()
SNAPSHOTS = Path(__file__).parent / "snapshots"


@asynccontextmanager
async def console(
    desk: Desk,
    *,
    size: tuple[int, int] = (132, 34),
    work: Callable[[], str] | None = None,
    begin: Queue = ALL,
) -> AsyncIterator[Pilot[None]]:
    """The console on a desk, settled."""
    app = ReviewApp(desk, work=work, begin=begin)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the pause before a card is over, every question answered and all drawn."""
    while True:
        await pilot.pause(0.04)
        await pilot.pause()
        if all(worker.is_finished for worker in pilot.app.workers) and not _expecting(pilot):
            return
        await pilot.app.workers.wait_for_complete()


def _expecting(pilot: Pilot[None]) -> bool:
    """Whether a card is on its way: on a busy machine its pause is over late."""
    panes = (pane for screen in pilot.app.screen_stack for pane in screen.query(CardPane))
    return any(pane._soon for pane in panes)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one by one, each after the screen has settled."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def write(pilot: Pilot[None], text: str) -> None:
    """Type into the field that has the focus."""
    await pilot.press(*({" ": "space", "-": "minus"}.get(c, c) for c in text))
    await settle(pilot)


async def paste(pilot: Pilot[None], text: str) -> None:
    """Paste into the field that has the focus."""
    field = pilot.app.screen.focused
    assert field is not None
    field.post_message(Paste(text))
    await settle(pilot)


def drawn(pilot: Pilot[None]) -> LayoutUpdate:
    """The whole screen as it goes to the terminal, with what lies below an open question."""
    app = pilot.app
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return update


def segments(pilot: Pilot[None]) -> list[list[Segment]]:
    """The screen, line by line, in pieces of one style."""
    return [[segment for strip in line for segment in strip] for line in drawn(pilot).strips]


def screen(pilot: Pilot[None]) -> str:
    """The screen as plain text, without blanks at line ends."""
    lines = ("".join(segment.text for segment in line) for line in segments(pilot))
    return "\n".join(line.rstrip() for line in lines)


def status(pilot: Pilot[None]) -> str:
    """The line above the keys."""
    return screen(pilot).splitlines()[-2].strip()


def matches_snapshot(pilot: Pilot[None], name: str) -> None:
    """Compare the screen with snapshots/NAME.txt; SNAPSHOTS=write writes it instead.

    The digest binds the version of the policy engine, so it is left out.
    """
    seen = re.sub(r"digest [0-9a-f]{8}", "digest 0a1b2c3d", screen(pilot)) + "\n"
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        file.write_text(seen, encoding="utf-8")
    assert seen == file.read_text(encoding="utf-8")
