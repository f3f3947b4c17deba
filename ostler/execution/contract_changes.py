"""Contracts are published through the gate: a document patch, weighed and parked for people.

The text is mechanical once it is written, so the `contracts` principal proposes it for whoever
asks, and people vote on exactly what is shown: the diff, what it does to the promises and to who
reads the data, and which promises the data does not keep at the moment. The table stays as it is.
"""

from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from ostler.core.actions import PublishContract
from ostler.core.canonical import Digest, digest_bytes, digest_of, short_id
from ostler.core.checks import AnyRule, Check, CheckResult, Reported
from ostler.core.datasets import Dataset
from ostler.core.documents import text_patch
from ostler.core.errors import Conflict, NotFound
from ostler.core.items import BacklogItem, Quadrant, Track
from ostler.core.proposals import (
    CheckEffect,
    Draft,
    DryRun,
    Evidence,
    Proposal,
    Verdict,
    proposal_id,
)
from ostler.core.schema import ContractChange
from ostler.core.sentences import describe
from ostler.execution.consumers import consumer_items, refuse_unprepared
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import impacts_now, owners_of, promises_of
from ostler.execution.parking import park_asked_for
from ostler.execution.schema_changes import ASKED, refuse_denied
from ostler.execution.text_proposals import by_people, undecided
from ostler.policies.judgement import judge
from ostler.policies.requests import CheckCounts, Principal, change_request
from ostler.store import registry
from ostler.tables.patches import empty_patch
from ostler.tables.targets import current
from ostler.tables.view import View
from ostler.tools.contracts.compatibility import compatibility_of, steps_between
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.versions import raised, released
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure

CONTRACTS = Principal(kind="agent", name="contracts")


@dataclass(frozen=True)
class Asked:
    """What a person wants to be the contract in force."""

    text: str
    source: str
    """What the text is called in errors."""
    copy: Digest = ""
    """Of the working copy that it was made from, which follows it; empty: of no file."""
    raise_version: bool = False
    """Whether a version that is too low is raised, because the text comes from elsewhere."""
    because: str = ""
    migration: str = ""
    deprecated_until: date | None = None
    evidence: Evidence | None = None
    """What was measured, when the text was inferred; else the person's word is all."""
    takes_back: str = ""
    """The proposal that it reverts."""


@dataclass(frozen=True)
class Weighed:
    """A change of a contract and all that is known of it; nothing is kept."""

    dataset: Dataset
    view: View
    change: ContractChange
    results: tuple[CheckResult, ...]
    """Every promise of the new text, measured on the newest version."""
    worse: int
    """Promises that gate, are new or other ones, and fail at once; columns that are missing."""


def weigh(context: ExecutionContext, name: str, asked: Asked) -> Weighed:
    """Find out what a text would do as the contract in force.

    Raises BadInput when it cannot be used or says too low a version, and Conflict when it is
    published already.
    """
    dataset = context.dataset(name)
    with context.store.reading() as session:
        now = registry.in_force(session, name)
        before = registry.published_text(session, now) if now else None
    previous = now.version if now else ""
    text = _as_published(asked, before, previous, name)
    new = parse_contract(text, dataset=name, source=asked.source)
    old = parse_contract(before, dataset=name, source=f"version {previous}") if before else None
    steps = steps_between(old, new) if old else ()
    view = current(dataset, context.connections).view()
    results = _measured(context, dataset, view, new)
    edit = text_patch(before or "", text, f"contracts/{name}.odcs.yaml")
    change = ContractChange(
        compatibility=compatibility_of(steps),
        impacts=impacts_now(context, dataset, steps),
        migration=asked.migration.strip(),
        deprecated_until=asked.deprecated_until,
        contract=edit if before else edit.model_copy(update={"before": ""}),
        source=asked.copy,
        previous=previous,
        version=new.version,
        steps=tuple(step.words for step in steps),
        lacking=tuple(name for name in new.columns if name not in view.column_names),
        failing=tuple(result for result in results if not result.passed),
        because=asked.because.strip(),
    )
    promised = [_promise(check) for check in old.checks if check.gate] if old else []
    failing = [result.check for result in change.failing if result.check.gate]
    worse = sum(_promise(check) not in promised for check in failing)
    return Weighed(dataset, view, change, results, worse + len(change.lacking))


def request_contract(
    context: ExecutionContext, name: str, asked: Asked, person: Principal
) -> Proposal:
    """Park a change of a contract; returns what people then vote on.

    Raises what `weigh` raises, BadInput when it breaks a consumer without a migration path and a
    deprecation date, and NotAllowed when policy does not let this person ask for it.
    """
    weighed = weigh(context, name, asked)
    refuse_unprepared(weighed.change, context.clock().date())
    context.patches.put(empty_patch())
    owners = owners_of(context, name)
    with context.store.reading() as session:
        proposal = _proposal(context, session, weighed, asked, person)
    backlog = (_item(proposal, weighed), *consumer_items(proposal, owners))
    park_asked_for(context, proposal, person, backlog)
    return proposal


def revert_contract(context: ExecutionContext, original: Proposal, person: Principal) -> Proposal:
    """Park the text before a published change as the next version; returns what is voted on.

    Conflict when another version has come into force since, or there was none before.
    """
    change = original.contract_change
    if change is None:
        raise NotFound(f"{original.id} changes no contract")
    with context.store.reading() as session:
        known = registry.versions(session, original.dataset)
        before = next((v for v in reversed(known) if v.digest == change.contract.before), None)
        back = registry.published_text(session, before) if before else ""
    if not known or known[-1].proposal != original.id:
        raise Conflict(
            f"version {known[-1].version if known else '?'} is in force by now, "
            f"not {change.version} of {original.id}",
            "publish the text that you want, or revert the later version first",
        )
    if not back:
        raise Conflict(
            f"{change.version} is the first version, so there is nothing to go back to",
            "edit the contract and publish it again",
        )
    asked = Asked(
        text=back,
        source=f"version {change.previous}",
        copy=digest_bytes(change.contract.after.encode()),
        raise_version=True,
        because=f"reverts {original.id}",
        takes_back=original.id,
    )
    if weigh(context, original.dataset, asked).change.breaking:
        # Consumers had what comes back until a while ago: they are told, and need no long notice.
        way, day = f"version {change.previous} is back", context.clock().date()
        asked = replace(asked, migration=way, deprecated_until=day)
    return request_contract(context, original.dataset, asked, person)


def _promise(check: Check) -> tuple[AnyRule, int | None, float]:
    return check.rule, check.max_failing, check.max_share


def _as_published(asked: Asked, before: str | None, previous: str, name: str) -> str:
    if before is not None and asked.raise_version:
        return raised(asked.text, before, previous, dataset=name, source=asked.source)
    return released(asked.text, before, previous, dataset=name, source=asked.source)


def _measured(
    context: ExecutionContext, dataset: Dataset, view: View, contract: Contract
) -> tuple[CheckResult, ...]:
    table = current(dataset, context.connections)
    others = neighbours([check.rule for check in contract.checks], table, context.newest)
    now = context.clock()
    return measure(view, contract.checks, now=now, others=others, sample=0)


def _proposal(
    context: ExecutionContext, session: Session, weighed: Weighed, asked: Asked, person: Principal
) -> Proposal:
    dataset, change = weighed.dataset, weighed.change
    action = _numbered(session, weighed, asked)
    name = _id(weighed, action)
    return Proposal(
        id=name,
        dataset=dataset.name,
        item=short_id("I", dataset.name, action),
        run="",
        proposer=CONTRACTS.name,
        requester=person.name,
        draft=Draft(
            action=action,
            rule=Reported(alert=name, what=describe(action)),
            evidence=asked.evidence
            or Evidence(confidence=1.0, summary=_asked_by(person, change.because)),
            tool="contracts/1",
        ),
        sentence=f"{describe(action)}: {_summary(change)}",
        patch=empty_patch().summary(weighed.view.version),
        dry_run=DryRun(
            version=weighed.view.version,
            # The data stays as it is, so before and after are one.
            effects=tuple(
                CheckEffect(check=r.check, before=r.failing, after=r.failing, total=r.total)
                for r in weighed.results
            ),
            sample=(),
            downstream=context.downstream(dataset),
        ),
        acceptance=(),
        rank=ASKED,
        verdict=_verdict(context, weighed, action, person),
        contract_change=change,
    )


def _asked_by(person: Principal, because: str) -> str:
    return f"Asked for by {person.name}" + (f": {because}" if because else ".")


def _summary(change: ContractChange) -> str:
    if not change.previous:
        return "the first one"
    if not change.steps:
        return "only words change"
    count = len(change.steps)
    promises = "1 promise changes" if count == 1 else f"{count} promises change"
    return f"{promises}, {change.compatibility} compatibility"


def _numbered(session: Session, weighed: Weighed, asked: Asked) -> PublishContract:
    """The action under an id that has not been decided on."""
    action = PublishContract(
        version=weighed.change.version,
        contract=digest_bytes(weighed.change.contract.after.encode()),
        takes_back=asked.takes_back,
    )
    return undecided(session, action, lambda one: _id(weighed, one))


def _id(weighed: Weighed, action: PublishContract) -> str:
    change = weighed.change
    said = [change.contract.before, change.migration, change.deprecated_until, change.because]
    return proposal_id(weighed.dataset.name, action, digest_of(said))


def _verdict(
    context: ExecutionContext, weighed: Weighed, action: PublishContract, person: Principal
) -> Verdict:
    """How many votes policy asks for, at least one; NotAllowed when it denies."""
    request = change_request(
        proposer=CONTRACTS,
        dataset=weighed.dataset.model_copy(
            update={"downstream": context.downstream(weighed.dataset)}
        ),
        action=action,
        patch=empty_patch().summary(weighed.view.version),
        total_rows=weighed.view.row_count,
        confidence=1.0,
        checks=CheckCounts(worse=weighed.worse),
        promises=promises_of(context, weighed.dataset.name),
        moment=context.moment(weighed.dataset),
        track=Track.CAPABILITY,
        breaking=weighed.change.breaking,
    )
    asked = judge(context.policies, request.model_copy(update={"proposer": person}))
    refuse_denied(asked.outcome != "deny", asked.reasons)
    return by_people(context, request)


def _item(proposal: Proposal, weighed: Weighed) -> BacklogItem:
    dataset, change = weighed.dataset, weighed.change
    return BacklogItem(
        id=proposal.item,
        dataset=dataset.name,
        title=f"{dataset.name}: {proposal.sentence}",
        description=proposal.draft.evidence.summary,
        in_scope=(f"the contract of {dataset.name}",),
        out_of_scope=("every cell of the table",),
        acceptance=(),
        source=dataset.source or dataset.uri,
        owner=dataset.owner,
        dependencies=(*dataset.upstream, *dataset.downstream),
        definition_of_done=(f"Version {change.version} is in force.",),
        metrics=(),
        rollout=("one entry of the registry; undone by the version before it",),
        track=Track.CAPABILITY,
        quadrant=Quadrant.TECHNICAL_DEBT,
        finding="",
    )
