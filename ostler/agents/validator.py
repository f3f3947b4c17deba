"""The validator: makes each draft's patch, proves it on the pinned version, refuses what fails."""

from ostler.agents.context import GroomingContext
from ostler.agents.outputs import Candidate, Investigation, Proposed, Refused, Validated
from ostler.core.checks import CheckResult
from ostler.core.errors import BadInput
from ostler.core.proposals import Draft, DryRun, PatchSummary
from ostler.tools.registry import Act, Compiled, Trial


def validate(context: GroomingContext, proposed: Proposed, found: Investigation) -> Validated:
    """Every draft with its dry run, apart from those that change nothing or mend nothing."""
    measured = tuple(result for result in found.results if result.check in context.checks)
    held: list[Candidate] = []
    refused: list[Refused] = []
    for number, draft in enumerate(proposed.drafts, 1):
        context.progress(f"proving {number} of {len(proposed.drafts)}")
        tried = _tried(context, draft, measured)
        if isinstance(tried, Candidate):
            held.append(tried)
        else:
            refused.append(Refused(draft=draft, because=tried))
    return Validated(candidates=tuple(held), refused=tuple(refused))


def _tried(
    context: GroomingContext, draft: Draft, measured: tuple[CheckResult, ...]
) -> Candidate | str:
    """The draft with its proof, or why it does not hold."""
    try:
        patch = context.call("repair.compile", Act(action=draft.action), Compiled).patch
    except BadInput as error:
        return error.message
    if patch.rows == 0:
        return "it changes nothing"
    trial = Trial(
        patch=patch.digest,
        mends=draft.rule,
        measured=measured,
        sample=context.settings.sample_cells,
    )
    result = context.call("quality.dry_run", trial, DryRun)
    return _mends(draft, patch, result)


def _mends(draft: Draft, patch: PatchSummary, result: DryRun) -> Candidate | str:
    wanted = result.effects[0]
    if wanted.after >= wanted.before and wanted.before > 0:
        return f"{wanted.after} rows would still fail what it wants to mend"
    return Candidate(draft=draft, patch=patch, dry_run=result)
