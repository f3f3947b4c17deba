"""What is asked of the policy engine: who wants to do what to which dataset, and its measure."""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field

from ostler.core.actions import ActivateDocument, AnyAction, Reformat
from ostler.core.base import Frozen
from ostler.core.datasets import Dataset, Risk
from ostler.core.items import Track
from ostler.core.masks import is_masked
from ostler.core.moments import Moment
from ostler.core.names import same_name
from ostler.core.promises import Promises
from ostler.core.proposals import DryRun, PatchSummary, Verdict
from ostler.policies.origins import is_exact, taint_of

Count = Annotated[int, Field(ge=0, lt=2**63)]
"""A count that fits Cedar's only number type, a signed 64-bit integer."""

Permille = Annotated[int, Field(ge=0, le=1000)]

MODEL_PREFIX = "model:"
"""How a model is declared downstream: `--downstream model:churn`."""

ChangeAction = Literal["propose", "auto_apply", "apply_after_approval", "revert", "promote"]
ACTIONS: tuple[str, ...] = (*get_args(ChangeAction), "vote")
"""Everything that policy is asked."""

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
    improved_checks: Count = 0
    """Checks that fewer rows fail afterwards, by the dry run."""
    unchanged_checks: Count = 0
    worse_checks: Count = 0
    effect: bool = False
    """Whether it reaches outside the table."""
    schema_change: bool = False
    """Whether it changes columns, and not only what stands in them."""
    breaking: bool = False
    """Whether it does so in a way that breaks somebody who reads the data."""
    # What is asked since requests are kept in this form; by default it loosens nothing.
    cell_share_permille: Permille = 0
    """Cells set per thousand of those in the columns that it sets, rounded up."""
    contract: bool = False
    """Whether the dataset has a contract."""
    contract_version: str = ""
    pii_columns: tuple[str, ...] = ()
    """Of a class that masks its values: those in which a cell is set; when rows are deleted or
    inserted, or columns changed, all of them."""
    key_columns: tuple[str, ...] = ()
    """Columns that name a row, in which a cell is set."""
    reversible: bool = False
    """Whether its inverse can be applied: by construction, everything but an effect."""
    exact: bool = False
    """Whether the action alone says what each cell becomes; see `origins.is_exact`."""
    taint: tuple[str, ...] = ()
    """Who had a hand in what it says: of `cell`, `model`, `person`; see `origins.taint_of`."""
    consumers: Count = 0
    """Everything downstream, at first or at last hand."""
    models: Count = 0
    """Those of them that are declared as models: `model:NAME`."""
    drift_permille: Permille = 0
    """The largest statistic by which a column that it sets has drifted; 0: none has."""
    track: Literal["capability", "reliability"] = "reliability"
    """Of the backlog item."""
    moment: Moment = Field(default=Moment(), exclude=True)
    """When it is asked. A verdict keeps it beside the request, because it is no part of the change
    and is renewed whenever the question is asked again."""


class CheckCounts(NamedTuple):
    """How many checks a change makes better, leaves as they are, and makes worse."""

    improved: int = 0
    unchanged: int = 0
    worse: int = 0

    @classmethod
    def of(cls, result: DryRun) -> "CheckCounts":
        """As a dry run measured it."""
        moved = [effect.after - effect.before for effect in result.effects]
        return cls(sum(m < 0 for m in moved), moved.count(0), sum(m > 0 for m in moved))


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
    checks: CheckCounts,
    promises: Promises | None,
    moment: Moment,
    model: str = "",
    drift: float = 0.0,
    track: Track = Track.RELIABILITY,
    effect: bool = False,
    schema_change: bool = False,
    breaking: bool = False,
) -> ChangeRequest:
    """The request of one exact patch on a table of `total_rows` rows.

    A share is rounded against the change: touched rows up, confidence down. Columns are compared
    without regard to case, as the table's engine does. `dataset.downstream` is all that lineage
    knows; `model` names the one that had a hand in the action, if any did.
    """
    whole = bool(patch.deleted or patch.inserted or schema_change)
    classes: Mapping[str, str] = promises.classes if promises else {}
    masked = tuple(sorted(column for column, name in classes.items() if is_masked(name)))
    keys = (*dataset.key, *(promises.keys if promises else ()))
    taint = taint_of(action, by_person=proposer.kind == "person", by_model=bool(model))
    return ChangeRequest(
        proposer=proposer,
        dataset=DatasetFacts.of(dataset),
        action_kind=kind_of(action),
        rows=patch.rows,
        cells=patch.cells,
        deleted=patch.deleted,
        inserted=patch.inserted,
        columns=patch.columns,
        protected_columns=_among(patch.columns, dataset.protected),
        pii_columns=masked if whole else _among(patch.columns, masked),
        key_columns=_among(patch.columns, keys),
        row_share_permille=_share(patch.rows, total_rows),
        cell_share_permille=_share(patch.cells, total_rows * len(patch.columns))
        if patch.cells
        else 0,
        # Six digits first: 0.29 * 1000 is a hair below 290.
        confidence_permille=floor(round(1000 * confidence, 6)),
        improved_checks=checks.improved,
        unchanged_checks=checks.unchanged,
        worse_checks=checks.worse,
        contract=promises is not None,
        contract_version=promises.version if promises else "",
        reversible=not effect,
        exact=is_exact(action, taint),
        taint=taint,
        consumers=len(dataset.downstream),
        models=sum(name.startswith(MODEL_PREFIX) for name in dataset.downstream),
        drift_permille=min(1000, ceil(round(1000 * drift, 3))),
        track=track.value,
        moment=moment,
        effect=effect,
        schema_change=schema_change,
        breaking=breaking,
    )


def _among(columns: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    names = {column.casefold() for column in wanted}
    return tuple(column for column in columns if column.casefold() in names)


def _share(part: int, whole: int) -> int:
    return min(1000, ceil(1000 * part / whole)) if whole > 0 else 1000


def question_of(verdict: Verdict, now: Moment | None = None) -> ChangeRequest:
    """The question that a verdict answers, at its own moment or at another one."""
    change = ChangeRequest.model_validate_json(verdict.request)
    moment = now or verdict.moment or Moment()
    return change.model_copy(update={"moment": moment})


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
        context={
            **facts,
            **_of_the_moment(change.moment, change.rows),
            "proposer": same_name(change.proposer.name),
        },
    )


def _of_the_moment(moment: Moment, rows: int) -> Context:
    return {
        "hour": moment.hour,
        "weekday": moment.weekday,
        "freeze": moment.freeze,
        "rows_changed_today": moment.rows_changed_today,
        "proposals_today": moment.proposals_today,
        "rows_today_after": moment.rows_after(rows),
        "budget_left": moment.budget_left(rows),
    }


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
