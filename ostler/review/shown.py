"""What a desk shows: lines of the queue and cards, with masks for classified values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ostler.core.actions import AskValues
from ostler.core.base import Cell
from ostler.core.errors import BadInput
from ostler.core.items import Alert, BacklogItem
from ostler.core.masking import NO_MASKS, Masks, masked
from ostler.core.masks import MASK
from ostler.core.proposals import Proposal, Verdict
from ostler.core.states import ProposalState
from ostler.core.verdict_words import verdict_words
from ostler.store.proposals import ProposalRecord


@dataclass(frozen=True)
class Line:
    """One line of the queue."""

    id: str
    dataset: str
    sentence: str
    score: float
    cells: int
    rows: int
    verdict: str
    """`1 vote`, `2 votes incl. owner → lead`, `auto` or `denied`."""
    state: ProposalState
    created_at: datetime
    columns: tuple[str, ...]
    """Columns in which a cell is set."""
    asks: int = 0
    """Cells that it asks about; 0 for what is no question."""


@dataclass(frozen=True)
class Card:
    """All that a reviewer needs to decide on one proposal."""

    record: ProposalRecord
    """As it is shown: with masks for classified values. Its digest is that of the true document."""
    item: BacklogItem
    refusal: str
    """Why this reviewer cannot approve it, or empty."""
    alerts: tuple[Alert, ...] = ()
    """Of those that woke the run that proposed it, what concerns it; their texts are hostile."""
    made: tuple[str, ...] = ()
    """The proposals that people made of it: by an edit, or by answering it."""
    masks: Masks = NO_MASKS
    """What is hidden here."""
    masked: tuple[str, ...] = ()
    """The columns with values on the card that are hidden here."""


def concerning(alerts: tuple[Alert, ...], proposal: Proposal) -> tuple[Alert, ...]:
    """Alerts that name a column of a proposal, or none at all; all of them when there is none."""
    touched = {*proposal.patch.columns, *proposal.draft.rule.columns}
    named = tuple(one for one in alerts if not one.columns or touched & set(one.columns))
    return named or alerts


def refuse_masks(card: Card, values: Sequence[tuple[str, Cell]]) -> None:
    """BadInput when a mask was taken for a value."""
    for column, value in values:
        if value == MASK and card.masks.hides([column]):
            raise BadInput(
                f"the values of {column!r} are masked here, so none of them can be meant",
                f"see them first, if you may: ostler show {card.record.proposal.id} --unmask; "
                "in the console: u",
            )


def line_of(record: ProposalRecord, masks: Masks) -> Line:
    """A proposal's line in the queue, with masks for classified values."""
    proposal = masked(record.proposal, masks)
    action = proposal.draft.action
    also = f" → {' + '.join(record.escalated)}" if record.escalated else ""
    return Line(
        id=proposal.id,
        dataset=proposal.dataset,
        sentence=proposal.sentence,
        score=proposal.rank.score,
        cells=proposal.patch.cells,
        rows=proposal.patch.rows,
        verdict=f"{verdict_words(proposal.verdict)}{also}",
        state=record.state,
        created_at=record.created_at,
        columns=proposal.patch.columns,
        asks=len(action.cells) if isinstance(action, AskValues) else 0,
    )


def lacking(verdict: Verdict) -> tuple[str, ...]:
    """Of a denial by no rule: which permit came nearest, then each condition that it lacked."""
    near = verdict.nearest
    if near is None:
        return ()
    whom = f"nearest was {near.rule} ({near.reason}) of {near.owner}; it lacks:"
    return (whom, *near.lacks)
