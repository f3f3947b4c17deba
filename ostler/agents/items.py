"""A finding becomes a backlog item with the whole template filled in."""

from ostler.core.checks import Check, Dimension, Severity, is_about_rows
from ostler.core.datasets import Dataset
from ostler.core.items import BacklogItem, Criterion, Finding, Quadrant, Track, item_id
from ostler.core.sentences import describe_rule

_USERS_SEE = 4
"""A dataset of this value or more is one whose faults its users see."""

_DONE = (
    "the acceptance criteria hold on the published version",
    "the dry run's effect on every other check was shown and approved",
    "the patch can be reverted and the log verifies",
)

_ROLLOUT = (
    "staging: the patch as a view over the pinned version, all checks measured on it",
    "production: one commit that carries the approval",
    "rollback: the inverse patch, also after later changes",
)


def item_of(dataset: Dataset, finding: Finding) -> BacklogItem:
    """The item that a finding opens or updates."""
    check = finding.result.check
    rule = describe_rule(check.rule)
    return BacklogItem(
        id=item_id(dataset.name, check),
        dataset=dataset.name,
        title=f"{dataset.name}: make it hold that {rule}",
        description=_description(dataset, finding, rule),
        in_scope=_scope(dataset, check),
        out_of_scope=tuple(f"{dataset.name}.{column}" for column in dataset.protected)
        or ("every other column of the table",),
        acceptance=(Criterion(check=check, max_failing=allowed(check, finding.result.total)),),
        source=dataset.source or dataset.uri,
        owner=dataset.owner,
        dependencies=(*dataset.upstream, *dataset.downstream),
        definition_of_done=_DONE,
        metrics=(f"{check.rule.dimension.value}: rows that fail, now {finding.result.observed}",),
        rollout=_ROLLOUT,
        track=Track.RELIABILITY,
        quadrant=_quadrant(dataset, check),
        finding=finding.id,
    )


def allowed(check: Check, total: int) -> int:
    """How many rows a check lets fail."""
    if check.learned is not None and check.learned.high is not None:
        return int(check.learned.high * total) if is_about_rows(check.rule) else 0
    if check.max_failing is not None:
        return check.max_failing
    return int(check.max_share * total)


def _description(dataset: Dataset, finding: Finding, rule: str) -> str:
    parts = [
        f"Version {finding.version} of {dataset.name} fails the check that {rule}: "
        f"{finding.result.observed}."
    ]
    if finding.evidence:
        parts.append(finding.evidence)
    parts.append(f"Found by {finding.source}; dimension {finding.result.check.rule.dimension}.")
    return " ".join(parts)


def _scope(dataset: Dataset, check: Check) -> tuple[str, ...]:
    return tuple(f"{dataset.name}.{c}" for c in check.rule.columns) or (dataset.name,)


def _quadrant(dataset: Dataset, check: Check) -> Quadrant:
    """Visibility is the dataset's value, risk the check's severity; drift endangers models."""
    if check.rule.kind == "drift" or check.rule.dimension is Dimension.ACCURACY:
        return Quadrant.MODEL_HYGIENE
    if dataset.value >= _USERS_SEE:
        return Quadrant.CRITICAL_FEATURE
    return Quadrant.MODEL_HYGIENE if check.severity is Severity.HIGH else Quadrant.TECHNICAL_DEBT
