"""What went on without a vote, judged once more: by the policies of its run, on its patch."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from ostler.core.errors import NotFound, OstlerError
from ostler.core.proposals import Proposal
from ostler.core.states import ProposalState
from ostler.execution.true_facts import contradiction
from ostler.policies.judgement import judge
from ostler.policies.policyset import policies_from
from ostler.policies.requests import question_of
from ostler.store import runs
from ostler.store.documents import ERASED_BODY
from ostler.store.engine import Store
from ostler.store.models import DocumentRow, ProposalRow
from ostler.store.objects import Objects
from ostler.store.proposals import proposal_of
from ostler.tables.patch_files import PatchFiles

_GONE_ON = (
    *(ProposalState.EXECUTING, ProposalState.CANARY),
    *(ProposalState.PUBLISHED, ProposalState.REVERTED),
)


def unjustified(store: Store, objects: Objects, patches: PatchFiles) -> Iterator[tuple[str, str]]:
    """Ids of proposals that no policy let through without votes, and why.

    What cannot be read is left to the checks of the log, of patches and of kept objects.
    """
    query = (
        select(ProposalRow, DocumentRow.body)
        .join(DocumentRow)
        .where(col(ProposalRow.state).in_(_GONE_ON))
        .order_by(ProposalRow.id)
    )
    with store.reading() as session:
        for row, body in session.exec(query):
            if body == ERASED_BODY:
                continue
            try:
                proposal = proposal_of(row, body)
                if proposal.verdict.outcome == "votes":
                    continue
                why = _why(session, proposal, objects, patches)
            except (OstlerError, ValueError):
                continue
            if why:
                yield row.id, f"it went on without votes, but {why}"


def _why(session: Session, proposal: Proposal, objects: Objects, patches: PatchFiles) -> str:
    """Why the verdict of a proposal does not hold; empty when it does."""
    if proposal.by_people_only:
        return "only people let such a change through"
    try:
        given = runs.get_run(session, proposal.run).inputs.policy
    except NotFound:
        return "no run found it"
    if why := contradiction(proposal, patches.get(proposal.patch.digest)):
        return why
    said = judge(policies_from(objects.text(given)), question_of(proposal.verdict))
    return "" if said.outcome == "auto" else f"the policies of its run say {said.outcome!r}"
