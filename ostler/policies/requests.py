"""What is asked of the policy engine: who wants to do what to which dataset, and its measure."""

from collections.abc import Mapping
from math import ceil, floor
from typing import Annotated, Literal

from pydantic import Field

from ostler.core.actions import ActivateDocument, AnyAction, Reformat
from ostler.core.base import Frozen
from ostler.core.datasets import Dataset, Risk
from ostler.core.names import same_name
from ostler.core.proposals import PatchSummary

Count = Annotated[int, Field(ge=0, lt=2**63)]
"""A count that fits Cedar's only number type, a signed 64-bit integer."""

Permille = Annotated[int, Field(ge=0, le=1000)]

ChangeAction = Literal["propose", "auto_apply", "apply_after_approval", "revert", "promote"]
Context = Mapping[str, bool | int | str | tuple[str, ...]]


class Principal(Frozen):
    """Who asks: an agent, or a person with roles."""

    kind: Literal["agent", "person"]
    name: str
    roles: tuple[str, ...] = ()


class DatasetFacts(Frozen):
    """What policy may know of a dataset; nothing that depends on the machine."""

    name: str
    owner: str
    value: int = 3
    managed: bool = True
    tags: tuple[str, ...] = ()
    risk: Risk = "unknown"

    @classmethod
    def of(cls, dataset: Dataset) -> "DatasetFacts":
        """The facts of a dataset under care."""
        return cls(
            name=dataset.name,
            owner=dataset.owner,
            value=dataset.value,
            managed=dataset.managed,
            tags=dataset.tags,
            risk=dataset.risk,
        )


class ChangeRequest(Frozen):
    """A change to be judged: its proposer, its dataset and its measured size."""

    proposer: Principal
    dataset: DatasetFacts
    action_kind: str
    rows: Count
    cells: Count
    deleted: Count = 0
    inserted: Count = 0
    columns: tuple[str, ...] = ()
    protected_columns: tuple[str, ...] = ()
    """Columns in which a cell is set although the dataset protects them."""
    row_share_permille: Permille
    """Touched rows per thousand of the table, rounded up."""
    confidence_permille: Permille
    """Of the evidence, rounded down."""
    worse_checks: Count = 0
    effect: bool = False
    """Whether it reaches outside the table."""
    schema_change: bool = False
    """Whether it changes columns, and not only what stands in them."""
    breaking: bool = False
    """Whether it does so in a way that breaks somebody who reads the data."""


class Pace(Frozen):
    """How fast somebody votes, counted when the vote is asked for."""

    votes_last_minute: Count = 0
    approvals_last_hour: Count = 0
    seconds_shown: Count | None = None
    """Since the card came on the screen; None where nobody knows, as on the command line."""


class Request(Frozen):
    """One question: may this principal do this to that dataset?"""

    principal: Principal
    action: ChangeAction | Literal["vote"]
    dataset: DatasetFacts
    context: Context


def change_request(
    *,
    proposer: Principal,
    dataset: Dataset,
    action: AnyAction,
    patch: PatchSummary,
    total_rows: int,
    confidence: float,
    worse_checks: int,
    effect: bool = False,
    schema_change: bool = False,
    breaking: bool = False,
) -> ChangeRequest:
    """The request of one exact patch on a table of `total_rows` rows.

    A share is rounded against the change: touched rows up, confidence down. Columns are compared
    with the protected ones without regard to case, as the table's engine does.
    """
    protected = {column.casefold() for column in dataset.protected}
    share = ceil(1000 * patch.rows / total_rows) if total_rows > 0 else 1000
    return ChangeRequest(
        proposer=proposer,
        dataset=DatasetFacts.of(dataset),
        action_kind=kind_of(action),
        rows=patch.rows,
        cells=patch.cells,
        deleted=patch.deleted,
        inserted=patch.inserted,
        columns=patch.columns,
        protected_columns=tuple(c for c in patch.columns if c.casefold() in protected),
        row_share_permille=min(1000, share),
        # Six digits first: 0.29 * 1000 is a hair below 290.
        confidence_permille=floor(round(1000 * confidence, 6)),
        worse_checks=worse_checks,
        effect=effect,
        schema_change=schema_change,
        breaking=breaking,
    )


def kind_of(action: AnyAction) -> str:
    """The kind of an action as policies name it: `replace_values`, or `reformat.trim`."""
    if isinstance(action, ActivateDocument):
        return f"{action.kind}.{action.document}"
    return f"{action.kind}.{action.form}" if isinstance(action, Reformat) else action.kind


def to_change(action: ChangeAction, change: ChangeRequest) -> Request:
    """The question whether a change may be proposed, applied or reverted."""
    facts = change.model_dump(exclude={"proposer", "dataset"})
    return Request(
        principal=change.proposer,
        action=action,
        dataset=change.dataset,
        context={**facts, "proposer": same_name(change.proposer.name)},
    )


NO_PACE = Pace()


def to_vote(
    voter: Principal,
    dataset: DatasetFacts,
    proposer: str,
    decision: str,
    pace: Pace = NO_PACE,
) -> Request:
    """The question whether somebody may vote so on what `proposer` proposed."""
    known = pace.model_dump(exclude_none=True)
    return Request(
        principal=voter,
        action="vote",
        dataset=dataset,
        context={"proposer": same_name(proposer), "decision": decision, **known},
    )
