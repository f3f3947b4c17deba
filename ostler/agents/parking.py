"""Park: findings open items, proposals wait; written in one transaction, then the run is over."""

from ostler.agents.context import GroomingContext
from ostler.agents.items import item_of
from ostler.agents.outputs import Investigation, Judged, Parking
from ostler.core.checks import Check, CheckResult
from ostler.core.items import Finding
from ostler.core.proposals import Proposal


def park(context: GroomingContext, judged: Judged, found: Investigation) -> Parking:
    """Everything that the run leaves behind, handed to the store as one."""
    context.progress("parking")
    findings = {finding.id: finding for finding in found.findings}
    for proposal in judged.proposals:
        mined = _mined(context, proposal)
        findings.setdefault(mined.id, mined)
    parking = Parking(
        findings=tuple(findings.values()),
        items=tuple(item_of(context.dataset, finding) for finding in findings.values()),
        proposals=judged.proposals,
    )
    context.record.park(parking)
    return parking


def _mined(context: GroomingContext, proposal: Proposal) -> Finding:
    """What a miner found, as a finding: the rule that its draft mends, failing before it."""
    wanted = proposal.dry_run.effects[0]
    share = f" of {wanted.total:,}" if wanted.total else ""
    return Finding(
        dataset=context.dataset.name,
        version=context.version,
        result=CheckResult(
            check=Check(rule=proposal.draft.rule),
            failing=wanted.before,
            total=wanted.total,
            observed=f"{wanted.before:,}{share}",
            passed=False,
        ),
        source="miner",
        evidence=proposal.draft.evidence.summary,
    )
