"""Policies and prompts come into force through the gate: a document patch, parked for people.

A person proposes it and therefore does not vote on it. It is judged by the policies in force, never
by the ones that it brings, and what is known of the new text is part of what people vote on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ostler.core.actions import ActivateDocument
from ostler.core.canonical import digest_of, short_id
from ostler.core.checks import Reported
from ostler.core.datasets import WORKSPACE
from ostler.core.documents import (
    DocumentChange,
    DocumentKind,
    Trial,
    called,
    digest_of_texts,
    files_between,
)
from ostler.core.errors import BadInput, Conflict, NotFound
from ostler.core.items import BacklogItem, Quadrant, Track
from ostler.core.proposals import Draft, DryRun, Evidence, Proposal, proposal_id
from ostler.core.sentences import describe
from ostler.execution.context import ExecutionContext
from ostler.execution.parking import park_asked_for
from ostler.execution.schema_changes import ASKED
from ostler.execution.text_proposals import by_people, undecided
from ostler.policies.requests import ChangeRequest, CheckCounts, Principal, change_request
from ostler.policies.trials import policy_trials
from ostler.store import activations
from ostler.tables.patches import empty_patch


@dataclass(frozen=True)
class Asked:
    """What a person wants to be in force."""

    document: DocumentKind
    name: str
    texts: Mapping[str, str]
    """The whole new version: each file's text by its name."""
    base: Mapping[str, str]
    """What counts by itself as long as no version was ever activated."""
    because: str
    takes_back: str = ""
    """The proposal that it reverts."""


def request_document(context: ExecutionContext, asked: Asked, person: Principal) -> Proposal:
    """Park a change of a document; returns what others then vote on.

    Raises BadInput without a reason and for policies that are not sound or could never be replaced,
    Conflict when that version is in force already, and NotAllowed when policy denies it.
    """
    if not asked.because.strip():
        raise BadInput("a change of what everybody goes by needs a reason", "say it with --because")
    context.patches.put(empty_patch())
    change, before = _change(context, asked)
    action = ActivateDocument(
        document=asked.document,
        name=asked.name,
        version=change.version,
        before=digest_of_texts(before),
        after=digest_of_texts(asked.texts),
        takes_back=asked.takes_back,
    )
    request = _request(context, action, change, person)
    verdict = by_people(context, request)
    change = change.model_copy(update={"trials": _trials(context, asked, request)})
    with context.store.reading() as session:
        action = undecided(session, action, lambda one: _id(one, change))
    name = _id(action, change)
    proposal = Proposal(
        id=name,
        dataset=WORKSPACE.name,
        item=short_id("I", WORKSPACE.name, action),
        run="",
        proposer=person.name,
        draft=Draft(
            action=action,
            rule=Reported(alert=name, what=describe(action)),
            evidence=Evidence(
                confidence=1.0, summary=f"Asked for by {person.name}: {change.because}"
            ),
            tool="documents/1",
        ),
        sentence=_sentence(action, change),
        patch=empty_patch().summary(change.previous),
        dry_run=DryRun(version=change.previous, effects=(), sample=()),
        acceptance=(),
        rank=ASKED,
        verdict=verdict,
        document_change=change,
    )
    park_asked_for(context, proposal, person, [_item(proposal, change)])
    return proposal


def revert_document(context: ExecutionContext, original: Proposal, person: Principal) -> Proposal:
    """Park the version before an activated one as the next; returns what others then vote on.

    Before the first one lies what counted by itself. Conflict when another version has come into
    force since.
    """
    change = original.document_change
    if change is None:
        raise NotFound(f"{original.id} changes no document")
    with context.store.reading() as session:
        known = activations.versions(session, change.document, change.name)
        if not known or known[-1].proposal != original.id:
            raise Conflict(
                f"version {known[-1].number if known else 0} of "
                f"{called(change.document, change.name)} is in force by now, not the one of "
                f"{original.id}",
                "propose the text that you want, or revert the later version first",
            )
        back = activations.texts_of(session, known[-2]) if change.previous else dict(change.base)
    return request_document(
        context,
        Asked(
            document=change.document,
            name=change.name,
            texts=back,
            base=back,
            because=f"reverts {original.id}",
            takes_back=original.id,
        ),
        person,
    )


def _change(context: ExecutionContext, asked: Asked) -> tuple[DocumentChange, Mapping[str, str]]:
    """The change, and what it is a change of."""
    with context.store.reading() as session:
        now = activations.in_force(session, asked.document, asked.name)
        before = activations.texts_of(session, now) if now else asked.base
    if now is not None and dict(before) == dict(asked.texts):
        raise Conflict(
            f"version {now.number} of {called(asked.document, asked.name)}, which is in force, "
            "says exactly that",
            "there is nothing to decide",
        )
    files, gone = files_between(before, asked.texts)
    return (
        DocumentChange(
            document=asked.document,
            name=asked.name,
            previous=now.number if now else 0,
            files=files,
            gone=gone,
            base=() if now else tuple(sorted(asked.base.items())),
            because=asked.because.strip(),
        ),
        before,
    )


def _request(
    context: ExecutionContext,
    action: ActivateDocument,
    change: DocumentChange,
    person: Principal,
) -> ChangeRequest:
    return change_request(
        proposer=person,
        dataset=WORKSPACE,
        action=action,
        patch=empty_patch().summary(change.previous),
        # Of no table, so no share of one is touched.
        total_rows=1,
        confidence=1.0,
        checks=CheckCounts(),
        promises=None,
        moment=context.moment(WORKSPACE),
        track=Track.RELIABILITY,
    )


def _trials(context: ExecutionContext, asked: Asked, request: ChangeRequest) -> tuple[Trial, ...]:
    """What is found out about the text; of a prompt nothing can be, beside that people read it."""
    if asked.document == "policies":
        return policy_trials(context.store, context.policies, asked.texts, request)
    return ()


def _id(action: ActivateDocument, change: DocumentChange) -> str:
    return proposal_id(WORKSPACE.name, action, digest_of(change.because))


def _sentence(action: ActivateDocument, change: DocumentChange) -> str:
    files = [file.name for file in (*change.files, *change.gone) if file.diff]
    if not files:
        return f"{describe(action)}, as it is now"
    if change.document == "prompt":
        return describe(action)
    return f"{describe(action)}: {', '.join(files)}"


def _item(proposal: Proposal, change: DocumentChange) -> BacklogItem:
    what = called(change.document, change.name)
    return BacklogItem(
        id=proposal.item,
        dataset=WORKSPACE.name,
        title=proposal.sentence,
        description=proposal.draft.evidence.summary,
        in_scope=(what,),
        out_of_scope=("every table",),
        acceptance=(),
        source=WORKSPACE.name,
        owner="",
        dependencies=(),
        definition_of_done=(f"Version {change.version} of {what} is in force.",),
        metrics=(),
        rollout=("one row of the state database; undone by the version before it",),
        track=Track.RELIABILITY,
        quadrant=Quadrant.MODEL_HYGIENE,
        finding="",
    )
