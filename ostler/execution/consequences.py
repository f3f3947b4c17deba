"""What a published revert makes of the proposals that it takes back, and of what these did."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from ostler.core.actions import taken_back
from ostler.core.proposals import Proposal
from ostler.core.states import ItemState, ProposalState
from ostler.store import items
from ostler.store.proposals import get_proposal
from ostler.store.transitions import move

PUBLISHED, REVERTED = ProposalState.PUBLISHED, ProposalState.REVERTED


def take_back(session: Session, proposal: Proposal, *, actor: str, at: datetime) -> None:
    """Move what a published proposal takes back; nothing when it takes nothing back.

    A fix that is taken out is reverted and its item open again. Taking out a revert puts back what
    it had reverted: that is published again, because the table says so, and its item is done.
    """
    flip = _Flip(session, proposal.id, actor, at)
    for name in taken_back(proposal.draft.action):
        flip.take_out(name)


@dataclass(frozen=True)
class _Flip:
    session: Session
    by: str
    actor: str
    at: datetime

    def take_out(self, name: str) -> None:
        found = get_proposal(self.session, name)
        if found.state is PUBLISHED:
            self._move(name, PUBLISHED, REVERTED, f"by {self.by}")
            undone = taken_back(found.proposal.draft.action)
            self._item(found.proposal, ItemState.REOPENED)
            # In the order in which they came, so that the last word is the one that was last.
            for other in reversed(undone):
                self.put_back(other)

    def put_back(self, name: str) -> None:
        found = get_proposal(self.session, name)
        if found.state is REVERTED:
            self._move(name, REVERTED, PUBLISHED, f"its revert was undone by {self.by}")
            self._item(found.proposal, ItemState.DONE)
            for other in taken_back(found.proposal.draft.action):
                self.take_out(other)

    def _move(self, name: str, source: ProposalState, target: ProposalState, because: str) -> None:
        move(self.session, name, source, target, actor=self.actor, at=self.at, because=because)

    def _item(self, proposal: Proposal, state: ItemState) -> None:
        if proposal.draft.action.kind != "revert":
            items.set_item_state(self.session, proposal.item, state, actor=self.actor, at=self.at)
