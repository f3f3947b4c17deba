"""The approval console: what `ostler review` opens."""

import os
import sys
from typing import ClassVar

from textual.app import App

from ostler.core.errors import BadInput
from ostler.review.desk import Desk
from ostler.tui.overview import Work
from ostler.tui.review import Review
from ostler.tui.state import Queue

_ALL = Queue()


class ReviewApp(App[None]):
    """One reviewer's console on a desk.

    `work` executes what was approved and returns one sentence to show; without it approved
    proposals wait for `ostler work`. `begin` is what the queue shows at first.
    """

    CSS_PATH = "console.tcss"
    TITLE = "ostler review"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    ALLOW_SELECT = False

    def __init__(self, desk: Desk, *, work: Work | None = None, begin: Queue = _ALL) -> None:
        # Textual paints greys under NO_COLOR, unless the terminal's own colours are asked for.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self._desk = desk
        self._work = work
        self._begin = begin

    def on_mount(self) -> None:
        """Show the main screen."""
        self.push_screen(Review(self._desk, self._work, self._begin))


def run_review(desk: Desk, *, work: Work | None = None, begin: Queue = _ALL) -> int:
    """Open the console and give the exit code; BadInput without a terminal."""
    # Textual draws on the standard error, so that the output may go elsewhere.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput("the console needs a terminal", "use ostler queue, show, approve and reject")
    app = ReviewApp(desk, work=work, begin=begin)
    app.run()
    return app.return_code or 0
