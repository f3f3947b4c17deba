"""Answering a question: what a person typed for the cells they were asked about."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostler.core.actions import AskedCell, AskValues, SetCells
from ostler.core.base import Cell
from ostler.core.checks import AnyRule, NotNull, RejectedValues
from ostler.core.edits import LONGEST, Said
from ostler.core.errors import BadInput
from ostler.core.experience import Taught
from ostler.core.proposals import Draft, Evidence, Proposal
from ostler.tables.view import View
from ostler.tools.repair.compile import canonical_values


@dataclass(frozen=True)
class Understood:
    """What the answers to a question come to."""

    taught: tuple[Taught, ...]
    draft: Draft | None
    """Of the cells that are to change; None when all that was answered is right as it is."""


def understood(proposal: Proposal, said: Sequence[Said], view: View, person: str) -> Understood:
    """Check what a person said against the question and the table.

    BadInput when it is no question, when a cell was not asked about or is answered twice, when a
    value does not fit its column, and when nothing is answered at all.
    """
    action = proposal.draft.action
    if not isinstance(action, AskValues):
        raise BadInput(
            f"{proposal.id} is not a question",
            f"approve or reject it: ostler approve {proposal.id}",
        )
    asked = {(cell.row, cell.column): cell for cell in action.cells}
    answers: dict[tuple[str, str], Said] = {}
    for one in said:
        if (one.row, one.column) not in asked:
            raise BadInput(
                f"{proposal.id} does not ask about column {one.column!r} of row {one.row!r}",
                f"see the cells that it asks about: ostler show {proposal.id}",
            )
        if answers.setdefault((one.row, one.column), one) != one:
            raise BadInput(f"there are two answers for column {one.column!r} of row {one.row!r}")
        if one.value is not None and len(one.value) > LONGEST:
            raise BadInput(f"the value for row {one.row!r} is longer than {LONGEST:,} characters")
    if not answers:
        raise BadInput(
            "nothing is answered",
            f"say at least one: ostler answer {proposal.id} --set ROW COLUMN VALUE",
        )
    taught = tuple(
        Taught(row=cell.row, column=cell.column, old=cell.old, new=new)
        for key, cell in asked.items()
        if key in answers
        for new in [_meant(cell, answers[key], view)]
    )
    return Understood(taught, _draft(proposal, taught, person))


def _meant(cell: AskedCell, said: Said, view: View) -> Cell:
    """The value in the canonical text of its column (BadInput when it does not fit)."""
    if said.right:
        return cell.old
    return canonical_values(view, cell.column, (said.value,))[said.value]


def _draft(proposal: Proposal, taught: Sequence[Taught], person: str) -> Draft | None:
    wrong = [cell for cell in taught if cell.new != cell.old]
    if not wrong:
        return None
    basis = proposal.draft.basis
    return Draft(
        action=SetCells(cells=tuple((cell.row, cell.column, cell.new) for cell in wrong)),
        rule=_mended(wrong),
        evidence=Evidence(
            confidence=1.0,
            summary=f"{person} typed it in answer to {proposal.id}",
            support=len(wrong),
        ),
        tool=f"answer to {proposal.id}",
        basis=basis
        and basis.model_copy(
            update={
                "band": "sure",
                "expected": float(len(wrong)),
                "columns": tuple(dict.fromkeys(cell.column for cell in wrong)),
            }
        ),
    )


def _mended(wrong: Sequence[Taught]) -> AnyRule:
    """The rule that fails less once the cells are set."""
    column = wrong[0].column
    olds = [cell.old for cell in wrong if cell.column == column and cell.old is not None]
    if not olds:
        return NotNull(column=column)
    return RejectedValues(column=column, values=tuple(dict.fromkeys(olds)))
