"""Editing a card: what is struck, turned or filled makes another action of it."""

from collections.abc import Iterable, Sequence

from ostler.core.actions import Correct, Correction
from ostler.core.base import Cell, RowId
from ostler.core.checks import AnyRule, NotNull, RejectedValues
from ostler.core.edits import LONGEST, Edit
from ostler.core.errors import BadInput
from ostler.core.experience import Answered, Struck
from ostler.core.proposals import Draft, Proposal
from ostler.tables.view import View
from ostler.tools.repair.compile import compile_action

_NAMED = 200
"""Values that a rule names at most."""


def edited(proposal: Proposal, edit: Edit, view: View, person: str) -> tuple[Draft, Answered]:
    """The draft that a person makes of a card on a version, and what is learned from it.

    BadInput for a card that is no list of cells, for an edit that names what the card does not
    have or fills in what is too long, and for one that leaves nothing of it or all as it is.
    """
    before, basis = proposal.draft, proposal.draft.basis
    whole = before.action
    if not isinstance(whole, Correct) or basis is None:
        raise BadInput(
            f"{proposal.id} is not a card of single cells, so it cannot be edited",
            "approve it or reject it as a whole",
        )
    if edit.fill is not None and len(edit.fill.value or "") > LONGEST:
        raise BadInput(
            f"what is to fill the cells is longer than {LONGEST:,} characters",
            "give them a shorter value, or leave --fill away",
        )
    label, action = _directed(proposal, whole, edit.direction)
    kept, struck = _without(proposal.id, action.corrections, edit, view)
    if edit.fill is not None:
        kept = _filled(kept, edit.fill.value)
    if not kept:
        raise BadInput(
            f"nothing would be left of {proposal.id}",
            f'reject it: ostler reject {proposal.id} --because "..."',
        )
    if kept == whole.corrections:
        raise BadInput("the edit changes nothing", f"approve it: ostler approve {proposal.id}")
    said = _said(label, struck, edit)
    chosen = label or (repr(edit.fill.value) if edit.fill is not None else "")
    draft = before.model_copy(
        update={
            "action": action.model_copy(
                update={"corrections": kept, "rule": f"{whole.rule}; {person} {said}"}
            ),
            "rule": _mended(kept) if label or edit.fill is not None else before.rule,
            "evidence": before.evidence.model_copy(
                update={"summary": f"{before.evidence.summary}; {person} {said}"}
            ),
            "basis": basis.model_copy(update={"direction": label or basis.direction}),
            "alternatives": (),
        }
    )
    answered = Answered(
        dataset=proposal.dataset,
        basis=basis,
        decision="edit",
        cells=proposal.patch.cells,
        struck=_changes(struck),
        direction=chosen,
        refused=struck,
    )
    return draft, answered


def _directed(proposal: Proposal, whole: Correct, direction: str) -> tuple[str, Correct]:
    """The label and the action of the alternative that is named; the card's own without one."""
    if not direction:
        return "", whole
    known = proposal.draft.alternatives
    found = [one for one in known if one.label == direction]
    if not found and direction.isdecimal() and 1 <= int(direction) <= len(known):
        found = [known[int(direction) - 1]]
    action = found[0].action if found else None
    if not isinstance(action, Correct):
        labels = "; ".join(f"{n} {one.label}" for n, one in enumerate(known, 1))
        raise BadInput(
            f"{proposal.id} has no direction {direction!r}",
            f"there are: {labels}" if labels else "there is only the one that it shows",
        )
    return found[0].label, action


def _without(
    name: str, corrections: Sequence[Correction], edit: Edit, view: View
) -> tuple[tuple[Correction, ...], tuple[Correction, ...]]:
    """The corrections that stay and those that are struck (BadInput for one that is not there)."""
    see = f"see what it changes: ostler show {name} --changes 1000"
    known = {_change(one) for one in corrections}
    for one in edit.strike:
        if _change(one) not in known:
            raise BadInput(
                f"{name} does not change {one.old!r} to {one.new!r} in {one.column!r}", see
            )
    gone, alone = set(map(_change, edit.strike)), dict.fromkeys(edit.strike_cells)
    columns = {column for _, column in alone}
    kept: list[Correction] = []
    struck: list[Correction] = []
    met: set[tuple[RowId, str]] = set()
    for one in corrections:
        if one.column in columns:
            rows = one.rows or _rows_of(one, view)
            out = tuple(row for row in rows if (row, one.column) in alone)
            met.update((row, one.column) for row in out)
        else:
            rows, out = one.rows, ()
        if _change(one) in gone:
            struck.append(one)
        elif not out:
            kept.append(one)
        else:
            struck.append(one.model_copy(update={"rows": out}))
            left = tuple(row for row in rows if row not in out)
            kept += [one.model_copy(update={"rows": left})] if left else []
    for row, column in alone:
        if (row, column) not in met:
            raise BadInput(f"{name} does not change column {column!r} of row {row!r}", see)
    return tuple(kept), tuple(struck)


def _rows_of(one: Correction, view: View) -> tuple[RowId, ...]:
    """The rows of a correction that names none: those in which it finds its old value."""
    changes = compile_action(Correct(principle="", rule="", corrections=(one,)), view)
    return tuple(changes.column("row").to_pylist())


def _change(one: Correction | Struck) -> tuple[str, Cell, Cell]:
    return one.column, one.old, one.new


def _changes(corrections: Iterable[Correction]) -> tuple[Struck, ...]:
    return tuple(Struck(column=one.column, old=one.old, new=one.new) for one in corrections)


def _filled(corrections: Iterable[Correction], value: Cell) -> tuple[Correction, ...]:
    """The same cells with one value for all; those that hold it already are left as they are."""
    rows: dict[tuple[str, Cell], list[RowId]] = {}
    for one in corrections:
        if one.old != value:
            rows.setdefault((one.column, one.old), []).extend(one.rows)
    return tuple(
        Correction(column=column, old=old, new=value, rows=tuple(names))
        for (column, old), names in rows.items()
    )


def _said(label: str, struck: Sequence[Correction], edit: Edit) -> str:
    """What a person did, in words."""
    parts = [f"chose: {label}"] if label else []
    parts += [f"took out {len(struck):,} change{'s' if len(struck) > 1 else ''}"] if struck else []
    parts += ["gave all one value"] if edit.fill is not None else []
    return " and ".join(parts)


def _mended(corrections: Sequence[Correction]) -> AnyRule:
    """The rule that fails less once the cells are corrected."""
    column = corrections[0].column
    olds = [one.old for one in corrections if one.column == column and one.old is not None]
    if not olds:
        return NotNull(column=column)
    return RejectedValues(column=column, values=tuple(dict.fromkeys(olds[:_NAMED])))
