"""What to look at first: an explained score, most valuable and most certain first.

The score is the product of its parts, and each part says why it is what it is. A part multiplies by
no more than `CAP` and no less than its inverse, so that no single signal decides the order (F170).
"""

from math import log2, log10, prod

from ostler.core.actions import DeleteDuplicates, DeleteRows
from ostler.core.checks import Check, Severity
from ostler.core.datasets import Dataset
from ostler.core.proposals import Draft, DryRun, Evidence, PatchSummary, Rank, RankPart
from ostler.tools.repair.asking import gain

CAP = 4.0
"""The most that one part multiplies the score by, and the most that it divides it by."""
USUAL_VALUE = 3
"""The worth of a dataset that counts as one."""
USUAL_CELLS = 100
"""A patch of so many cells counts as one, and one of ten thousand as two."""
SHRINK = 1
"""So many imagined rows against the evidence temper what only a few rows speak for."""
READING = 0.25
"""Each further column, and each doubling of the different changes, adds so much to the effort."""
DELETIONS = 2.0
"""Deleting every row of a table adds so much to the risk; by the root, so that a few count too."""
WORSE = 2.0
"""Making as many rows fail other checks as are mended adds so much."""
TOUCHED = 0.5
"""Touching every row of the table adds so much, where no gain is known."""
MOST_GAIN = 1e7
"""Cells that become right by one decision; more count as many."""
CONSUMER = 0.1
"""Every consumer downstream adds so much."""

_SEVERITY = {Severity.LOW: 0.5, Severity.MEDIUM: 1.0, Severity.HIGH: 2.0}


def rank(
    dataset: Dataset,
    check: Check,
    patch: PatchSummary,
    dry_run: DryRun,
    draft: Draft,
    row_count: int,
) -> Rank:
    """The rank of a proposal, with its parts.

    A card that rests on a principle goes by what a decision on it is expected to gain, by how bad
    the failure is and by what it could harm; any other proposal by what its patch does.

    Args:
        dataset: Whose table is patched; its value counts.
        check: What the patch is to mend; its severity counts.
        patch: How much is changed.
        dry_run: What the patch does to this and all other checks, and what lies downstream.
        draft: The action, and why it is believed to be right.
        row_count: Rows of the table before the patch.
    """
    if draft.basis is None:
        parts = _by_patch(dataset, check, patch, dry_run, draft.evidence, row_count)
    else:
        # Its rows are its gain: to touch many of them is no risk.
        parts = (
            _value(dataset),
            _severity(check),
            _gain(draft),
            _risk(patch, dry_run, row_count, touched=0.0),
        )
    return Rank(score=prod(part.value for part in parts), parts=parts)


def _by_patch(
    dataset: Dataset,
    check: Check,
    patch: PatchSummary,
    dry_run: DryRun,
    evidence: Evidence,
    row_count: int,
) -> tuple[RankPart, ...]:
    return (
        _value(dataset),
        _severity(check),
        _cells(patch),
        _confidence(evidence),
        _proof(check, dry_run),
        _effort(patch, dry_run),
        _risk(patch, dry_run, row_count, touched=TOUCHED),
    )


def _gain(draft: Draft) -> RankPart:
    """Grows with the gain everywhere, so that no cap makes two cards equal."""
    worth = gain(draft)
    grown = log10(1 + worth) / log10(1 + MOST_GAIN) if worth > 0 else 0.0
    basis = draft.basis
    expected = basis.expected if basis is not None else 0.0
    deletes = isinstance(draft.action, DeleteDuplicates | DeleteRows)
    what, becomes = ("rows", "be rightly deleted") if deletes else ("cells", "become right")
    said = (
        f"{expected:,.0f} {what} are expected to {becomes}, at a confidence of "
        f"{draft.evidence.confidence:.2f}: a decision is worth {worth:,.1f}"
    )
    return _part("gain", 1 / CAP + (CAP - 1 / CAP) * grown, said)


def _part(name: str, factor: float, because: str) -> RankPart:
    return RankPart(name=name, value=min(CAP, max(1 / CAP, factor)), because=because)


def _value(dataset: Dataset) -> RankPart:
    said = f"the dataset is worth {dataset.value} of 5"
    return _part("value", dataset.value / USUAL_VALUE, said)


def _severity(check: Check) -> RankPart:
    gates = ", and it stops the pipeline" if check.gate else ""
    said = f"the check is of {check.severity} severity{gates}"
    return _part("severity", _SEVERITY[check.severity], said)


def _cells(patch: PatchSummary) -> RankPart:
    changes = patch.cells + patch.inserted + patch.deleted
    kinds = [(patch.cells, "cell"), (patch.inserted, "new row"), (patch.deleted, "deleted row")]
    said = ", ".join(_counted(n, thing) for n, thing in kinds if n)
    return _part("cells", log10(1 + changes) / log10(USUAL_CELLS), f"{said or 'no cell'} to mend")


def _confidence(evidence: Evidence) -> RankPart:
    tempered = evidence.confidence
    said = f"confidence {evidence.confidence:.2f}"
    if evidence.support or evidence.against:
        tempered *= evidence.support / (evidence.support + SHRINK)
        said += f", {evidence.support:,} for it and {evidence.against:,} against"
    # The square keeps doubtful fixes well behind sure ones; a coin's chance counts as one.
    return _part("confidence", CAP * tempered**2, said)


def _proof(check: Check, dry_run: DryRun) -> RankPart:
    """What the dry run mends of the check: a fix that mends nothing is no fix."""
    effect = next((e for e in dry_run.effects if e.check.rule == check.rule), None)
    if effect is None or not effect.before:
        return _part("proof", 1.0, "the dry run has no failing rows of this check to mend")
    mended = effect.before - effect.after
    said = f"the dry run mends {mended:,} of {effect.before:,} failing rows"
    return _part("proof", 2 * mended / effect.before, said)


def _effort(patch: PatchSummary, dry_run: DryRun) -> RankPart:
    """What a reviewer must read: columns, and different changes as far as the sample shows them."""
    different = len({(c.op, c.column, c.old, c.new) for c in dry_run.sample if c.op == "set"})
    different += patch.inserted + patch.deleted
    columns = max(1, len(patch.columns))
    effort = 1 + READING * (columns - 1 + log2(max(1, different)))
    said = f"{_counted(different, 'different change')} in {_counted(columns, 'column')} to read"
    return _part("effort", 1 / effort, said)


def _risk(patch: PatchSummary, dry_run: DryRun, row_count: int, *, touched: float) -> RankPart:
    """`touched` is what touching every row of the table adds."""
    rows = max(1, row_count)
    share, deleted = min(1.0, patch.rows / rows), min(1.0, patch.deleted / rows)
    harmed = sum(effect.after - effect.before for effect in dry_run.worse)
    mended = sum(max(0, effect.before - effect.after) for effect in dry_run.effects)
    consumers = len(dry_run.downstream)
    risk = (
        1
        + DELETIONS * deleted**0.5
        + WORSE * min(1.0, harmed / max(1, mended))
        + touched * share
        + CONSUMER * consumers
    )
    said = [f"touches {100 * share:.1f} % of the table"]
    said += [f"deletes {_counted(patch.deleted, 'row')}"] if patch.deleted else []
    if harmed:
        said.append(
            f"makes {_counted(len(dry_run.worse), 'check')} worse by {_counted(harmed, 'row')}"
        )
    said += [f"{_counted(consumers, 'consumer')} downstream"] if consumers else []
    return _part("risk", 1 / risk, ", ".join(said))


def _counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
