"""Consumers that a change breaks: how they get over it is said before, and they are told of it."""

from collections.abc import Mapping
from datetime import date

from ostler.core.canonical import short_id
from ostler.core.checks import Check, Reported
from ostler.core.errors import BadInput
from ostler.core.items import BacklogItem, Criterion, Quadrant, Track
from ostler.core.proposals import Proposal
from ostler.core.schema import Announced


def refuse_unprepared(change: Announced, today: date) -> None:
    """Raise BadInput when it breaks somebody without a migration path and a day to come."""
    broken = next((impact for impact in change.impacts if impact.breaking), None)
    if broken is None:
        return
    if not change.migration or change.deprecated_until is None:
        raise BadInput(
            f"it breaks {broken.consumer}: {broken.because}",
            "say how consumers get over it and how long they have: "
            "--migration TEXT --deprecated-until YYYY-MM-DD",
        )
    if change.deprecated_until < today:
        raise BadInput(
            f"{change.deprecated_until} has passed", "give the consumers a day that is to come"
        )


def consumer_items(proposal: Proposal, owners: Mapping[str, str]) -> tuple[BacklogItem, ...]:
    """What each consumer that it breaks has to do before it may; `owners` answer for them."""
    change = proposal.announced
    if change is None:
        return ()
    broken = sorted({impact.consumer for impact in change.impacts if impact.breaking})
    return tuple(_item(proposal, change, one, owners.get(one, one)) for one in broken)


def _item(proposal: Proposal, change: Announced, consumer: str, owner: str) -> BacklogItem:
    mine = [i for i in change.impacts if i.consumer == consumer and i.breaking]
    until = f" by {change.deprecated_until}" if change.deprecated_until else ""
    what = f"{consumer} reads {proposal.dataset} as it is after {proposal.id}"
    return BacklogItem(
        id=short_id("I", proposal.dataset, proposal.id, consumer),
        dataset=proposal.dataset,
        title=f"{consumer}: be ready{until} for: {proposal.sentence}",
        description=" ".join((*(f"{i.because}." for i in mine), change.migration)),
        in_scope=tuple(sorted({f"{proposal.dataset}.{i.column}" for i in mine if i.column})),
        out_of_scope=("every other column of the table",),
        acceptance=(
            Criterion(check=Check(rule=Reported(alert=proposal.id, what=what)), max_failing=0),
        ),
        source=f"contracts/consumers/{proposal.dataset}/{consumer}.yaml",
        owner=owner,
        dependencies=(proposal.id,),
        definition_of_done=(f"The contract of {consumer} names what the table will have.",),
        metrics=(),
        rollout=(change.migration,),
        track=Track.RELIABILITY,
        quadrant=Quadrant.TECHNICAL_DEBT,
        finding="",
    )
