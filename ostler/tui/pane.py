"""A scrolling pane of lines that are wrapped already."""

from collections.abc import Callable

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from ostler.tui.text import NOTHING

Lines = Callable[[int], tuple[Content, ...]]
"""The lines of a pane for a width in columns."""


def strip_of(widget: Widget, line: Content, width: int, *component: str) -> Strip:
    """One line of a widget, filled up to its width, in the widget's or a component's colours."""
    style = widget.get_visual_style(*component) if component else widget.visual_style
    strips = Visual.to_strips(widget, line, width, 1, style, apply_selection=False)
    strip = strips[0] if strips else Strip.blank(width)
    return strip.adjust_cell_length(width, style.rich_style)


class Pane(ScrollView, inherit_bindings=False):
    """Draws lines, and wraps them anew when its width changes."""

    DEFAULT_CSS = """
    Pane { overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable;
           scrollbar-size-vertical: 1; }
    """

    def __init__(self, make: Lines, *, id: str) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self.auto_links = False
        self._make = make
        self._lines: tuple[Content, ...] = ()

    def show(self, make: Lines, *, from_top: bool = True) -> None:
        """Show other lines, from their beginning or where the pane stands."""
        self._make = make
        self._wrap()
        if from_top:
            self.scroll_to(y=0, animate=False)

    def on_resize(self, _event: Resize) -> None:
        """Wrap to the new width."""
        self._wrap()

    def by(self, lines: int) -> None:
        """Scroll by some lines."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        self._lines = self._make(width) if width else ()
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        width, at = self.scrollable_content_region.width, y + self.scroll_offset.y
        line = self._lines[at] if at < len(self._lines) else NOTHING
        return strip_of(self, line, width)
