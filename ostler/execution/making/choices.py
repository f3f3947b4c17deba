"""What a card can be turned into: its alternatives, with the cells that each would set."""

from ostler.core.proposals import Alternative, Change
from ostler.review.making import Choice
from ostler.tables.view import View
from ostler.tools.repair.compile import compile_action


def choice(number: int, one: Alternative, view: View, limit: int) -> Choice:
    """One alternative with at most so many of its changes."""
    changes = compile_action(one.action, view)
    shown = changes.slice(0, limit).to_pylist()
    return Choice(
        number=number,
        label=one.label,
        cells=changes.num_rows,
        changes=tuple(Change.model_validate(change) for change in shown),
    )
