"""A list with a cursor, drawn line by line: ten thousand entries cost no more than a screenful."""

from collections.abc import Callable
from typing import ClassVar

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from typing_extensions import override

from ostler.tui.pane import strip_of
from ostler.tui.text import NOTHING

Draw = Callable[[int, int], Content]
"""An entry's line, by its place and the width in columns."""


class Listing(ScrollView, inherit_bindings=False):
    """So many entries, one line each."""

    DEFAULT_CSS = """
    Listing { overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable;
              scrollbar-size-vertical: 1; }
    Listing > .listing--cursor { background: $block-cursor-background;
                                 color: $block-cursor-foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"listing--cursor"}

    def __init__(self, entries: int, draw: Draw, *, id: str) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self.auto_links = False
        self._entries = entries
        self._draw = draw
        self.cursor = 0

    @property
    def page(self) -> int:
        """Half of the lines in sight."""
        return max(1, self.scrollable_content_region.height // 2)

    def by(self, lines: int) -> None:
        """Move the cursor, as far as there are entries, and keep it in sight."""
        before, self.cursor = self.cursor, max(0, min(self._entries - 1, self.cursor + lines))
        self.refresh_line(before)
        self.refresh_line(self.cursor)
        self._follow()

    def on_resize(self, _event: Resize) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, self._entries)
        self._follow()

    @override
    def render_line(self, y: int) -> Strip:
        width, at = self.scrollable_content_region.width, y + self.scroll_offset.y
        line = self._draw(at, width) if at < self._entries else NOTHING
        return strip_of(self, line, width, *(["listing--cursor"] if at == self.cursor else []))

    def _follow(self) -> None:
        rows, top = self.scrollable_content_region.height, self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + rows:
            self.scroll_to(y=self.cursor - rows + 1, animate=False)
