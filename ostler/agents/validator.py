"""The validator: makes each draft's patch, proves all on the pinned version, refuses what fails."""

from ostler.agents.context import GroomingContext
from ostler.agents.outputs import Candidate, Investigation, Proposed, Refused, Validated
from ostler.core.actions import AskValues
from ostler.core.base import RowId
from ostler.core.errors import BadInput
from ostler.core.proposals import Draft, DryRun, PatchSummary
from ostler.tools.registry import Act, Compiled, Tried, Tries, Try


def validate(context: GroomingContext, proposed: Proposed, found: Investigation) -> Validated:
    """Every draft with its dry run, apart from those that change nothing or mend nothing."""
    measured = tuple(result for result in found.results if result.check in context.checks)
    outcomes: dict[int, Candidate | str] = {}
    patches: dict[int, PatchSummary] = {}
    for number, draft in enumerate(proposed.drafts):
        context.progress(f"making patch {number + 1} of {len(proposed.drafts)}")
        made = _patch(context, draft)
        if isinstance(made, str):
            outcomes[number] = made
        else:
            patches[number] = made
    if patches:
        context.progress(f"proving {len(patches)}")
        tries = Tries(
            tries=tuple(
                Try(
                    patch=patch.digest,
                    mends=proposed.drafts[number].rule,
                    shows=_asked(proposed.drafts[number]),
                )
                for number, patch in patches.items()
            ),
            measured=measured,
            sample=context.settings.sample_cells,
        )
        tried = context.call("quality.dry_run", tries, Tried)
        for number, run, because in zip(patches, tried.runs, tried.because, strict=True):
            outcomes[number] = (
                because if run is None else _mends(proposed.drafts[number], patches[number], run)
            )
    return Validated(
        candidates=tuple(one for _, one in sorted(outcomes.items()) if isinstance(one, Candidate)),
        refused=tuple(
            Refused(draft=draft, because=because)
            for number, draft in enumerate(proposed.drafts)
            if isinstance(because := outcomes[number], str)
        ),
    )


def _patch(context: GroomingContext, draft: Draft) -> PatchSummary | str:
    """The draft's patch, or why there is none."""
    try:
        patch = context.call("repair.compile", Act(action=draft.action), Compiled).patch
    except BadInput as error:
        return error.message
    if patch.rows or isinstance(draft.action, AskValues):
        return patch
    return "it changes nothing"


def _asked(draft: Draft) -> tuple[RowId, ...]:
    """The rows that a question is about."""
    if not isinstance(draft.action, AskValues):
        return ()
    return tuple(dict.fromkeys(cell.row for cell in draft.action.cells))


def _mends(draft: Draft, patch: PatchSummary, result: DryRun) -> Candidate | str:
    wanted = result.effects[0]
    asks = isinstance(draft.action, AskValues)
    if wanted.after >= wanted.before > 0 and not asks:
        return f"{wanted.after} rows would still fail what it wants to mend"
    return Candidate(draft=draft, patch=patch, dry_run=result)
