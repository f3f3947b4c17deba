"""Bisect: who has to leave a batch that does not hold its criteria, found in few measurements.

The batch is built up in the order of approval. A piece that holds on what was accepted is accepted
whole; one that does not is halved, until a single proposal is left: it is the culprit. That costs
some `2 log n` measurements per culprit, also when proposals fail only together: then the one that
was approved first stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ostler.core.proposals import Proposal
from ostler.execution.acceptance import Before
from ostler.execution.context import ExecutionContext
from ostler.tables.patches import Patch
from ostler.tables.stage import Stage

Portion = tuple[Proposal, Patch]
"""A proposal, and what of it is in the batch."""


def culprits(context: ExecutionContext, stage: Stage, batch: Sequence[Portion]) -> dict[str, str]:
    """Who has to leave a staged batch so that criteria hold, and why, by id; empty when all may go.

    One whose patch rests on a culprit's is not named: it no longer fits, and staging says so.
    """
    criteria = [criterion for proposal, _ in batch for criterion in proposal.acceptance]
    before = Before(context, stage.table, criteria, stage.base)
    search = _Search(before, stage.bare)
    if not _unmet(before, stage, batch):
        return {}
    search.add(list(batch), known_bad=True)
    return search.culprits


@dataclass
class _Search:
    """A batch that grows by what holds on it."""

    before: Before
    bare: Stage
    accepted: list[Portion] = field(default_factory=list[Portion])
    culprits: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, piece: list[Portion], *, known_bad: bool = False) -> bool:
        """Accept what holds of a piece; whether that was all of it.

        `known_bad` says that the whole piece does not hold, so that it is not measured again.
        """
        if len(piece) == 1 or not known_bad:
            unmet = self._tried(piece)
            if not unmet:
                self.accepted += piece
                return True
            if len(piece) == 1:
                [(proposal, _)] = piece
                self.culprits[proposal.id] = unmet.get(proposal.id) or next(iter(unmet.values()))
                return False
        half = len(piece) // 2
        left = self.add(piece[:half])
        # What holds without the right half but not with it fails because of the right half.
        self.add(piece[half:], known_bad=left)
        return False

    def _tried(self, piece: list[Portion]) -> dict[str, str]:
        batch = [*self.accepted, *piece]
        stage, refused = self.bare.with_patches([patch for _, patch in batch])
        fitting = [one for one, stale in zip(batch, refused, strict=True) if stale is None]
        return _unmet(self.before, stage, fitting)


def _unmet(before: Before, stage: Stage, batch: Sequence[Portion]) -> dict[str, str]:
    """Whose criteria a stage does not hold, and why."""
    measured = before.with_state(stage.view)
    said = {proposal.id: measured.unmet(proposal.acceptance) for proposal, _ in batch}
    return {name: because for name, because in said.items() if because}
