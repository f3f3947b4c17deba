"""Changes of columns: compiled, weighed against the contracts, and parked for people to decide.

The patch is mechanical, so no agent proposes it: the `schema` principal does, for the person who
asks, and people vote on exactly what is shown. It is executed like any other approved proposal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ostler.core.actions import AnyAction, SchemaAction
from ostler.core.canonical import digest_of, short_id
from ostler.core.checks import AnyRule, Check, CheckResult, Reported
from ostler.core.datasets import Dataset
from ostler.core.documents import DocumentPatch, text_patch
from ostler.core.errors import BadInput, InternalError, NotAllowed
from ostler.core.items import BacklogItem, Quadrant, Track
from ostler.core.proposals import (
    CheckEffect,
    Draft,
    DryRun,
    Evidence,
    Proposal,
    Rank,
    RankPart,
    Verdict,
    proposal_id,
)
from ostler.core.schema import CastReport, SchemaChange, Shape
from ostler.core.sentences import describe
from ostler.execution.consumers import consumer_items, refuse_unprepared
from ostler.execution.context import ExecutionContext
from ostler.execution.contract_ground import impacts_now, owners_of, promises_of, text_in_force
from ostler.execution.parking import park_asked_for
from ostler.policies.judgement import at_least_one_vote, judge
from ostler.policies.requests import CheckCounts, Principal, change_request, question_of
from ostler.store import contracts, registry
from ostler.tables.delta import table_of
from ostler.tables.patches import Patch
from ostler.tables.staging import apply
from ostler.tables.view import View
from ostler.tools.contracts.compatibility import compatibility_of, steps_of
from ostler.tools.contracts.contract import Contract
from ostler.tools.contracts.editing import edit_contract, renamed_rule
from ostler.tools.contracts.parse import parse_contract
from ostler.tools.contracts.versions import raised
from ostler.tools.dry_run import shown_rows, spread
from ostler.tools.neighbours import neighbours
from ostler.tools.quality.measure import measure
from ostler.tools.schema.compile import compile_schema

SCHEMA = Principal(kind="agent", name="schema")
ASKED = Rank(score=1.0, parts=(RankPart(name="asked", value=1.0, because="a person asks"),))
_SHOWN = 20
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class Asked:
    """What a person asks for."""

    action: SchemaAction
    migration: str = ""
    deprecated_until: date | None = None
    contract: str | None = None
    """The text of the contract of the changed table, when the person wrote it."""


@dataclass(frozen=True)
class Weighed:
    """A change of columns with its patch and all that is known of it; nothing is kept."""

    dataset: Dataset
    view: View
    patch: Patch
    change: SchemaChange


def weigh(context: ExecutionContext, name: str, asked: Asked) -> Weighed:
    """Compile a change and find out whom it concerns; BadInput and NotFound as compiling raises."""
    dataset = context.dataset(name)
    if dataset.postgres is not None:
        raise BadInput(
            f"{name} lies in PostgreSQL, whose columns Ostler does not change yet",
            "change them with a migration there; `ostler check` reads the new columns",
        )
    view = table_of(dataset).view()
    compiled = compile_schema(asked.action, view)
    shape = compiled.patch.shape
    if shape is None:
        raise InternalError(f"{describe(asked.action)} has no shape")
    folders = set(table_of(dataset).handle().metadata().partition_columns) & set(shape.touched)
    if folders:
        raise BadInput(
            f"the table is partitioned by {sorted(folders)[0]!r}, so that column stays as it is"
        )
    edit = _contract_after(context, dataset, shape, asked.contract)
    change = change_of(
        context,
        dataset,
        shape,
        contract=edit,
        cast=compiled.cast,
        migration=asked.migration.strip(),
        deprecated_until=asked.deprecated_until,
    )
    return Weighed(dataset, view, compiled.patch, change)


def change_of(
    context: ExecutionContext,
    dataset: Dataset,
    shape: Shape,
    *,
    contract: DocumentPatch | None,
    cast: CastReport | None = None,
    migration: str = "",
    deprecated_until: date | None = None,
) -> SchemaChange:
    """All that is known of a shape: its class, whom it concerns, what becomes of the contract."""
    steps = steps_of(shape)
    return SchemaChange(
        shape=shape,
        compatibility=compatibility_of(steps),
        impacts=impacts_now(context, dataset, steps),
        cast=cast,
        contract=contract,
        migration=migration,
        deprecated_until=deprecated_until,
    )


def request_schema_change(
    context: ExecutionContext, name: str, asked: Asked, person: Principal
) -> Proposal:
    """Park a change of columns; returns what people then vote on.

    Raises BadInput when it breaks a consumer without a migration path and a deprecation date, and
    NotAllowed when policy does not let this person ask for it, or nobody make it.
    """
    weighed = weigh(context, name, asked)
    change, dataset = weighed.change, weighed.dataset
    refuse_unprepared(change, context.clock().date())
    proposal = _proposal(context, weighed, asked.action, person)
    context.patches.put(weighed.patch)
    owners = owners_of(context, name)
    backlog = (_item(proposal, dataset), *consumer_items(proposal, owners))
    park_asked_for(context, proposal, person, backlog)
    return proposal


def _proposal(
    context: ExecutionContext, weighed: Weighed, action: SchemaAction, person: Principal
) -> Proposal:
    dataset, change = weighed.dataset, weighed.change
    # The same change asked for again, after it was undone, is another one.
    asked_for = [weighed.patch.digest, weighed.view.version, change.migration]
    name = proposal_id(dataset.name, action, digest_of([*asked_for, change.deprecated_until]))
    result, verdict = judged(context, weighed, SCHEMA, action)
    asked = judge(
        context.policies,
        question_of(verdict).model_copy(update={"proposer": person}),
    )
    refuse_denied(asked.outcome != "deny", asked.reasons)
    return Proposal(
        id=name,
        dataset=dataset.name,
        item=short_id("I", dataset.name, action),
        run="",
        proposer=SCHEMA.name,
        requester=person.name,
        draft=Draft(
            action=action,
            rule=Reported(alert=name, what=describe(action)),
            evidence=Evidence(confidence=1.0, summary=f"Asked for by {person.name}."),
            tool="schema/1",
        ),
        sentence=describe(action),
        patch=weighed.patch.summary(weighed.view.version),
        dry_run=result,
        # The checks before and after are on the card; no count of failing rows proves a column.
        acceptance=(),
        rank=ASKED,
        verdict=verdict,
        schema_change=change,
    )


def judged(
    context: ExecutionContext, weighed: Weighed, proposer: Principal, action: AnyAction
) -> tuple[DryRun, Verdict]:
    """The dry run, and how many votes policy asks for, at least one; NotAllowed when it denies."""
    result = measured(context, weighed)
    request = change_request(
        proposer=proposer,
        dataset=weighed.dataset.model_copy(update={"downstream": result.downstream}),
        action=action,
        patch=weighed.patch.summary(weighed.view.version),
        total_rows=weighed.view.row_count,
        confidence=1.0,
        checks=CheckCounts.of(result),
        promises=promises_of(context, weighed.dataset.name),
        moment=context.moment(weighed.dataset),
        track=Track.CAPABILITY,
        schema_change=True,
        breaking=weighed.change.breaking,
    )
    verdict = judge(context.policies, request)
    refuse_denied(verdict.outcome != "deny", verdict.reasons)
    return result, at_least_one_vote(verdict)


def refuse_denied(allowed: bool, reasons: Sequence[str]) -> None:
    """Raise NotAllowed, with the reasons, when policy said no."""
    if not allowed:
        raise NotAllowed(f"policy denies it: {'; '.join(reasons)}")


def measured(context: ExecutionContext, weighed: Weighed) -> DryRun:
    """The dry run: every check of the contract before, and what it has become afterwards."""
    dataset, view, patch, change = weighed.dataset, weighed.view, weighed.patch, weighed.change
    before, after = _contracts(context, dataset, change)
    renames = dict(change.shape.renames)
    old = {renamed_rule(check.rule, renames): check for check in (before.checks if before else ())}
    checks = tuple(check for check in (after.checks if after else ()) if check.rule in old)
    first = _measure(context, dataset, view, tuple(old[check.rule] for check in checks))
    then = _measure(context, dataset, apply(patch, view), checks)
    shown = spread(patch, _SHOWN)
    return DryRun(
        version=view.version,
        effects=tuple(
            CheckEffect(check=a.check, before=b.failing, after=a.failing, total=b.total)
            for b, a in zip(first, then, strict=True)
        ),
        sample=shown,
        context=shown_rows(view, tuple(dict.fromkeys(c.row for c in shown))[:_SHOWN_ROWS]),
        downstream=context.downstream(dataset),
    )


def _measure(
    context: ExecutionContext, dataset: Dataset, view: View, checks: tuple[Check, ...]
) -> tuple[CheckResult, ...]:
    rules: list[AnyRule] = [check.rule for check in checks]
    others: Mapping[str, View] = neighbours(rules, table_of(dataset), context.newest)
    return measure(
        view, checks, now=context.clock(), others=others, sample=0, states=context.states
    )


def _contracts(
    context: ExecutionContext, dataset: Dataset, change: SchemaChange
) -> tuple[Contract | None, Contract | None]:
    text = text_in_force(context, dataset.name)
    if text is None:
        return None, None
    before = parse_contract(text, dataset=dataset.name, source="the contract")
    if change.contract is None:
        return before, before
    after = change.contract.after
    return before, parse_contract(after, dataset=dataset.name, source="the new contract")


def _contract_after(
    context: ExecutionContext, dataset: Dataset, shape: Shape, given: str | None
) -> DocumentPatch | None:
    text = text_in_force(context, dataset.name)
    if text is None:
        return None
    source = f"contracts/{dataset.name}.odcs.yaml"
    if given is None:
        edit = edit_contract(text, shape, dataset=dataset.name, source=source)
    else:
        parse_contract(given, dataset=dataset.name, source="--contract")
        edit = text_patch(text, given, source)
    return _versioned(context, dataset, text, edit) if edit.diff else None


def _versioned(
    context: ExecutionContext, dataset: Dataset, before: str, edit: DocumentPatch
) -> DocumentPatch:
    """The edit with the version that it will have, when versions are published."""
    with context.store.reading() as session:
        now = registry.in_force(session, dataset.name)
    if now is None:
        return edit
    source = f"contracts/{dataset.name}.odcs.yaml"
    after = raised(edit.after, before, now.version, dataset=dataset.name, source=source)
    return text_patch(before, after, source)


def contract_before(
    context: ExecutionContext, dataset: Dataset, original: SchemaChange, shape: Shape
) -> DocumentPatch | None:
    """The contract that goes with undoing a change: the old one, if nobody edited it since."""
    text, made = text_in_force(context, dataset.name), original.contract
    if text is not None and made is not None and text == made.after:
        with context.store.reading() as session:
            back = contracts.contract_text(session, dataset.name, made.before)
        edit = text_patch(text, back, f"contracts/{dataset.name}.odcs.yaml")
        return _versioned(context, dataset, text, edit)
    return _contract_after(context, dataset, shape, None)


_DONE = ("The change is published, and the contract matches the table.",)


def _item(proposal: Proposal, dataset: Dataset) -> BacklogItem:
    shape = proposal.schema_change.shape if proposal.schema_change else None
    columns = shape.touched if shape else ()
    return BacklogItem(
        id=proposal.item,
        dataset=dataset.name,
        title=f"{dataset.name}: {proposal.sentence}",
        description=proposal.draft.evidence.summary,
        in_scope=tuple(f"{dataset.name}.{column}" for column in columns),
        out_of_scope=("every other column of the table",),
        acceptance=(),
        source=dataset.source or dataset.uri,
        owner=dataset.owner,
        dependencies=(*dataset.upstream, *dataset.downstream),
        definition_of_done=_DONE,
        metrics=(),
        rollout=("one commit of its own; undone by the inverse patch",),
        track=Track.CAPABILITY,
        quadrant=Quadrant.TECHNICAL_DEBT,
        finding="",
    )
