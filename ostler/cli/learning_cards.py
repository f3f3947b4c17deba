"""What a card rests on, what may be chosen instead, and what a question asks, on paper."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from ostler.cli.output import console, print_line, print_table
from ostler.core.actions import AskValues
from ostler.review.text import visible, visible_cell

if TYPE_CHECKING:
    from ostler.core.proposals import Proposal
    from ostler.review.making import Choice

_SHOWN = 5
"""Changes of an alternative."""
_WIDTH = 40
_NEIGHBOURS = 8
"""Columns that are shown of a row that is asked about."""


def print_basis(proposal: "Proposal") -> None:
    """The principle, how sure it is, and what people said to such cards."""
    basis = proposal.draft.basis
    if basis is None:
        return
    deletes = proposal.patch.deleted > 0
    what, becomes = ("rows", "be rightly deleted") if deletes else ("cells", "become right")
    print_line(
        f"  {visible(basis.principle)}, {basis.band}: "
        f"{basis.expected:,.0f} {what} are expected to {becomes}"
    )
    if basis.experience:
        print_line("  ", visible(basis.experience))


def print_choices(proposal: "Proposal", choices: "Iterable[Choice]") -> None:
    """What may be chosen instead, each before and after."""
    for one in choices:
        console().print()
        print_line((f"OR {one.number}", "bold"), f"  {visible(one.label)} · {one.cells:,} cells")
        for change in one.changes[:_SHOWN]:
            print_line(
                f"  ~ {visible(change.row, 20)} {visible(change.column, 30)}  ",
                (visible_cell(change.old, _WIDTH), "red"),
                " → ",
                (visible_cell(change.new, _WIDTH), "green"),
            )
    if proposal.draft.alternatives:
        print_line((f"  choose one: ostler edit {proposal.id} --direction 1", "dim"))


def print_question(proposal: "Proposal") -> None:
    """The cells that are asked about, each with the reason, the choices and its row."""
    action = proposal.draft.action
    if not isinstance(action, AskValues):
        return
    console().print()
    print_line(("QUESTION", "bold"), "  what ought these cells to say?")
    print_table(
        ("", "row", "column", "it says", "doubted because", "perhaps"),
        [
            (
                f"{number}",
                cell.row,
                cell.column,
                Text(visible_cell(cell.old, _WIDTH), "red"),
                cell.because,
                Text(" · ".join(visible_cell(one, _WIDTH) for one in cell.choices), "green"),
            )
            for number, cell in enumerate(action.cells, 1)
        ],
    )
    asked = {cell.row for cell in action.cells}
    for row, cells in proposal.dry_run.context:
        if row in asked:
            shown = ", ".join(
                f"{visible(name, 30)} {visible_cell(value, _WIDTH)}"
                for name, value in cells[:_NEIGHBOURS]
            )
            print_line((f"  row {visible(row, 20)}: {shown}", "dim"))
    print_line((f"  ostler answer {proposal.id} --set ROW COLUMN VALUE --leave ROW COLUMN", "dim"))
