"""What a card can be turned into: its alternatives, with the cells that each would set."""

from dataclasses import dataclass

from ostler.core.proposals import Alternative, Change
from ostler.tables.view import View
from ostler.tools.repair.compile import compile_action


@dataclass(frozen=True)
class Choice:
    """An alternative to a card, on the version that the card was made on."""

    number: int
    """From 1 on, as `ostler edit --direction` takes it."""
    label: str
    cells: int
    changes: tuple[Change, ...]
    """The first ones, by row and column."""


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
