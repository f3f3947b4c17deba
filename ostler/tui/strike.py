"""Striking: the pairs of values that a card changes, and which of them a person takes out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ostler.core.actions import Correction
from ostler.core.base import RowId
from ostler.core.experience import Struck
from ostler.core.proposals import Proposal
from ostler.tui.basis_card import corrections_of, frequent, pair_line, widths_of
from ostler.tui.diff import values
from ostler.tui.listing import Listing
from ostler.tui.pane import Pane
from ostler.tui.question_card import Rows, neighbours
from ostler.tui.text import (
    MUTED,
    NOTHING,
    REMOVED,
    STRONG,
    WARNING,
    count,
    hung,
    join,
    listed,
    ours,
    packed,
    plural,
    untrusted,
)

_NAME = 60


@dataclass(frozen=True)
class Wrong:
    """What is wrong in a card that is to be rejected."""

    pairs: tuple[Struck, ...] = ()


class Strike(ModalScreen[tuple[Struck, ...] | Wrong]):
    """Space strikes the pair under the cursor; what is left makes a card of its own.

    Or the whole card is rejected, and what was struck is named as wrong.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "by(1)", "Down", id="strike.down"),
        Binding("k,up", "by(-1)", "Up", id="strike.up"),
        Binding("ctrl+d,pagedown", "page(1)", "Half a page down", id="strike.half_down"),
        Binding("ctrl+u,pageup", "page(-1)", "Half a page up", id="strike.half_up"),
        Binding("g,home", "end(-1)", "First", id="strike.first"),
        Binding("G,end", "end(1)", "Last", id="strike.last"),
        Binding("space", "strike", "Strike", id="strike.strike"),
        Binding("x", "invert", "Strike all others", id="strike.invert"),
        Binding("enter", "done", "Done", id="strike.done"),
        Binding("r", "reject", "Reject", id="strike.reject"),
        Binding("escape", "cancel", "Cancel", id="strike.cancel"),
    ]

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        corrections = corrections_of(proposal.draft.action)
        self._proposal = proposal
        self._rows: Rows = dict(proposal.dry_run.context)
        self._pairs = frequent(corrections)
        self._widths = widths_of(corrections)
        self._cells = sum(len(one.rows) for one in corrections)
        self._named = all(one.rows for one in corrections)
        """Whether the cells of every pair are known, so that they can be counted."""
        self._struck: set[int] = set()

    def compose(self) -> ComposeResult:
        """What is left, the pairs, the one under the cursor in full, the keys."""
        with Vertical(classes="sheet"):
            yield Static(self._head(), markup=False, id="head")
            yield Listing(len(self._pairs), self._line, id="pairs")
            yield Pane(self._whole, id="whole")
            yield Static(_KEYS, markup=False, id="hint")

    def _head(self) -> Content:
        gone = sum(len(one.rows) for one in self._gone)
        struck = join(
            untrusted(self._proposal.id, style=STRONG),
            ours("  "),
            join(count(len(self._struck)), ours(" of ")),
            plural(len(self._pairs), "pair", "pairs"),
            ours(" struck"),
        )
        if not self._named:
            return struck
        left = join(count(self._cells - gone), ours(" of "))
        return join(struck, ours("; "), left, plural(self._cells, "cell is", "cells are"), _LEFT)

    def _line(self, place: int, width: int) -> Content:
        struck = place in self._struck
        mark = ours("✗ ", REMOVED) if struck else ours("  ")
        line = pair_line(self._pairs[place], width - 2, self._widths)
        return join(mark, line.stylize("dim strike") if struck else line)

    def _whole(self, width: int) -> tuple[Content, ...]:
        one = self._pairs[self._list.cursor]
        old, new = values(one.old, one.new)
        cells = plural(len(one.rows), "cell", "cells") if one.rows else ours("wherever it stands")
        head = join(untrusted(one.column, _NAME), ours(", ", MUTED), cells)
        row = self._row(one)
        if row is not None:
            more = ours(" and others", MUTED) if len(one.rows) != 1 else NOTHING
            head = join(head, ours(": row ", MUTED), untrusted(row, _NAME), more)
        beside = neighbours(self._rows.get(row or "", ()), one.column)
        return (
            *hung(head, width),
            *hung(old, width, ours("  ")),
            *hung(new, width, ours("  ")),
            *(join(ours("  "), line) for line in packed(beside, width - 2)[:2]),
        )

    def _row(self, one: Correction) -> RowId | None:
        """A row of the pair, if possible one that can be shown."""
        held = (one.column, one.old)
        shown = (row for row, cells in self._rows.items() if held in cells)
        named = (row for row in one.rows if row in self._rows)
        return next(named if one.rows else shown, one.rows[0] if one.rows else None)

    @property
    def _list(self) -> Listing:
        return self.query_one("#pairs", Listing)

    def _changed(self) -> None:
        self._list.refresh()
        self.query_one("#head", Static).update(self._head())
        self._hint(_KEYS)

    def action_by(self, lines: int) -> None:
        """Move the cursor."""
        self._list.by(lines)
        self.query_one("#whole", Pane).show(self._whole)

    def action_page(self, direction: int) -> None:
        """Half a page."""
        self.action_by(direction * self._list.page)

    def action_end(self, direction: int) -> None:
        """The first or the last pair."""
        self.action_by(direction * len(self._pairs))

    def action_strike(self) -> None:
        """Take the pair out, or back in, and go on to the next."""
        self._struck ^= {self._list.cursor}
        self._changed()
        self.action_by(1)

    def action_invert(self) -> None:
        """Strike what is not struck, and nothing else."""
        self._struck = {place for place in range(len(self._pairs)) if place not in self._struck}
        self._changed()

    def action_done(self) -> None:
        """Close with what is struck; nothing and everything is asked again."""
        struck = self._gone
        if not struck:
            self._hint(_NOTHING_STRUCK)
        elif len(struck) == len(self._pairs):
            self._hint(ours("nothing would be left: r rejects the card instead", WARNING))
        else:
            self.dismiss(_named(struck))

    def action_reject(self) -> None:
        """Close with what is struck, for a rejection that names it."""
        if self._gone:
            self.dismiss(Wrong(_named(self._gone)))
        else:
            self._hint(_NOTHING_STRUCK)

    @property
    def _gone(self) -> list[Correction]:
        return [self._pairs[place] for place in sorted(self._struck)]

    def _hint(self, content: Content) -> None:
        self.query_one("#hint", Static).update(content)

    def action_cancel(self) -> None:
        """Close with nothing."""
        self.dismiss(())


def _named(pairs: Iterable[Correction]) -> tuple[Struck, ...]:
    return tuple(Struck(column=one.column, old=one.old, new=one.new) for one in pairs)


_LEFT = ours(" left")
_NOTHING_STRUCK = ours("nothing is struck: space strikes, esc cancels", WARNING)
_KEYS = listed(
    [
        ours("space strikes", STRONG),
        ours("x all others", STRONG),
        ours("enter keeps the rest", STRONG),
        ours("r rejects", STRONG),
        ours("esc cancels"),
    ],
    " · ",
)
