"""A proposal as lines: what it does, why, the diff, the checks, policy, rank, rationale."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import LiteralString

from textual.content import Content

from ostler.core.checks import Check
from ostler.core.proposals import Change, CheckEffect
from ostler.core.rollout import describe_rollout
from ostler.core.states import ProposalState
from ostler.core.verdict_words import verdict_words
from ostler.review.shown import Card, lacking
from ostler.store.ballots import Ballot
from ostler.tui.basis_card import (
    corrections_of,
    counter_lines,
    direction_lines,
    sure_lines,
    value_lines,
)
from ostler.tui.diff import diff_lines
from ostler.tui.document_card import document_lines, trial_lines
from ostler.tui.question_card import asked_of, question_lines
from ostler.tui.schema_card import column_lines, consumer_lines, contract_lines, promise_lines
from ostler.tui.text import (
    ADDED,
    MUTED,
    NOTHING,
    REMOVED,
    STRONG,
    TITLE,
    WARNING,
    ago,
    count,
    fitted,
    hung,
    join,
    listed,
    ours,
    packed,
    percent,
    plural,
    score,
    span,
    untrusted,
)

_LABEL = 11
"""Columns that a section's name takes."""
_PROSE = 600
"""Characters of a sentence that are shown."""

_ALERTS = 3
"""Alerts that are named."""

_RATIONALE = 4000
"""Characters of a rationale that are shown."""


@dataclass(frozen=True)
class Shown:
    """A card as it is on the screen: what a vote is bound to."""

    card: Card
    changes: tuple[Change, ...]
    more: bool
    """Whether the patch has changes that are not here."""
    sampled: bool = False
    """Whether the changes are spread over the patch, and not its beginning."""

    @property
    def id(self) -> str:
        """The proposal's id."""
        return self.card.record.proposal.id

    def with_more(self, changes: tuple[Change, ...], more: bool) -> "Shown":
        """The card with further changes of its patch; a sample gives way to its beginning."""
        before = () if self.sampled else self.changes
        return replace(self, changes=(*before, *changes), more=more, sampled=False)

    @property
    def paged(self) -> int:
        """How many changes of the patch are here, from its beginning on."""
        return 0 if self.sampled else len(self.changes)

    @property
    def asks(self) -> bool:
        """Whether it is a question, which is answered and not approved."""
        return bool(asked_of(self.card.record.proposal))


def card_lines(shown: Shown, width: int, now: datetime) -> tuple[Content, ...]:
    """The card for a pane of `width` columns."""
    draft = shown.card.record.proposal.draft
    sections: tuple[tuple[LiteralString, Iterable[Content]], ...] = (
        ("WHY", _why(shown.card, width - _LABEL)),
        ("AGAINST", counter_lines(draft, width - _LABEL)),
        *_announced(shown.card, width - _LABEL),
        ("QUESTION", question_lines(shown.card.record.proposal, width - _LABEL)),
        ("VALUES", value_lines(corrections_of(draft.action), width - _LABEL)),
        ("OTHERWISE", direction_lines(draft.alternatives, width - _LABEL)),
        ("DIFF", _diff(shown, width - _LABEL)),
        ("CHECKS", _checks(shown.card, width - _LABEL)),
        ("POLICY", _policy(shown.card, width - _LABEL, now)),
        ("RANK", _rank(shown.card, width - _LABEL)),
        ("ITEM", _item(shown.card, width - _LABEL)),
        ("RATIONALE", _rationale(shown.card, width - _LABEL)),
    )
    lines = [*_head(shown.card, width, now)]
    for name, body in sections:
        inner = list(body)
        if not inner:
            continue
        lines.append(NOTHING)
        label = fitted(ours(name, TITLE), _LABEL)
        indent = fitted(NOTHING, _LABEL)
        lines += [join(label if at == 0 else indent, line) for at, line in enumerate(inner)]
        if name == "DIFF":
            # The table of changes needs the whole width.
            lines += _changes(shown, width)
    return tuple(lines)


def _announced(card: Card, width: int) -> Iterator[tuple[LiteralString, Iterable[Content]]]:
    change = card.record.proposal.schema_change
    if change is not None:
        yield ("COLUMNS", column_lines(change, width))
        yield ("CONSUMERS", consumer_lines(change, width))
        yield ("CONTRACT", contract_lines(change.contract, width))
    published = card.record.proposal.contract_change
    if published is not None:
        yield ("PROMISES", promise_lines(published, width))
        yield ("CONSUMERS", consumer_lines(published, width))
        yield ("CONTRACT", contract_lines(published.contract, width))
    document = card.record.proposal.document_change
    if document is not None:
        yield ("DOCUMENT", document_lines(document, width))
        yield ("TRIALS", trial_lines(document, width))


def _head(card: Card, width: int, now: datetime) -> Iterator[Content]:
    record, proposal = card.record, card.record.proposal
    facts = [
        untrusted(proposal.id, style=STRONG),
        join(untrusted(proposal.dataset, 40), ours("@"), count(proposal.dry_run.version)),
        untrusted(record.state.value, style=STRONG),
        join(ours("found "), ago(record.created_at, now)),
        join(ours("digest "), untrusted(record.digest[:8])),
    ]
    if proposal.expires_at is not None and record.state is ProposalState.PARKED:
        facts.append(join(ours("lapses in "), span(proposal.expires_at - now)))
    if record.escalated and record.escalated_at is not None:
        roles = untrusted(" and ".join(record.escalated), 60, WARNING)
        facts.append(join(ours("escalated to "), roles, ours(" "), ago(record.escalated_at, now)))
    if record.reason:
        facts.append(untrusted(record.reason, _PROSE))
    yield from hung(untrusted(proposal.sentence, _PROSE, STRONG), width)
    yield from packed(facts, width)
    if card.masked:
        names = listed([untrusted(name, 40, STRONG) for name in card.masked])
        rest = ours("; u shows them to who may read them, and is logged", MUTED)
        yield from hung(join(names, rest), width, ours("masked: ", WARNING))
    if card.refusal and record.state is ProposalState.PARKED and not asked_of(proposal):
        refusal = untrusted(card.refusal, _PROSE, WARNING)
        yield from hung(refusal, width, ours("you cannot approve it: ", WARNING))


def _why(card: Card, width: int) -> Iterator[Content]:
    draft = card.record.proposal.draft
    evidence = draft.evidence
    yield from hung(untrusted(evidence.summary, _PROSE), width)
    if draft.basis is not None and corrections_of(draft.action):
        yield from sure_lines(draft.basis, card.record.proposal.patch.cells, width)
    sure: list[Content] = []
    if not asked_of(card.record.proposal):
        sure.append(join(ours("confidence "), percent(evidence.confidence)))
    if sure and (evidence.support or evidence.against):
        sure.append(join(count(evidence.support), ours(" for")))
        sure.append(join(count(evidence.against), ours(" against")))
    sure.append(join(ours("by "), untrusted(draft.tool, 60)))
    yield from packed(sure, width)
    for alert in card.alerts[:_ALERTS]:
        label = join(ours("alert "), untrusted(alert.id, 40), ours("  "))
        told = join(untrusted(alert.summary, _PROSE), ours(" · "), untrusted(alert.source, 40))
        yield from hung(join(label, told), width)
    if len(card.alerts) > _ALERTS:
        yield join(ours("and "), count(len(card.alerts) - _ALERTS), ours(" alerts more"))


def _item(card: Card, width: int) -> Iterator[Content]:
    item = card.item
    yield from hung(join(untrusted(item.id), ours("  "), untrusted(item.title, _PROSE)), width)
    found = [join(ours("finding "), untrusted(item.finding, 60)), untrusted(item.source, 120)]
    yield from packed(found, width)


def _diff(shown: Shown, width: int) -> Iterator[Content]:
    patch = shown.card.record.proposal.patch
    if shown.asks:
        return
    if not patch.rows:
        yield ours("no value changes")
        return
    facts = [
        part
        for number, part in (
            (patch.cells, plural(patch.cells, "cell", "cells")),
            (patch.inserted, join(count(patch.inserted), ours(" inserted"))),
            (patch.deleted, join(count(patch.deleted), ours(" deleted"))),
        )
        if number
    ]
    columns = listed([untrusted(name, 40) for name in patch.columns])
    summary = join(listed(facts), ours(" in "), plural(patch.rows, "row", "rows"))
    yield from hung(join(summary, ours(": "), columns) if patch.columns else summary, width)


def _changes(shown: Shown, width: int) -> Iterator[Content]:
    proposal = shown.card.record.proposal
    if not proposal.patch.rows:
        return
    patch, context = proposal.patch, dict(proposal.dry_run.context)
    basis = proposal.draft.basis
    yield from diff_lines(shown.changes, context, width, basis.determinants if basis else ())
    if patch.inserted or patch.deleted:
        rows = len({change.row for change in shown.changes})
        part = join(count(rows), ours(" of "), plural(patch.rows, "row", "rows"))
    else:
        part = join(
            count(len(shown.changes)), ours(" of "), plural(patch.cells, "change", "changes")
        )
    if shown.sampled:
        yield join(part, ours(", spread over all; "), ours("m for all from the first", STRONG))
    else:
        yield join(part, ours("; m for more", STRONG) if shown.more else ours("; no more"))


def _checks(card: Card, width: int) -> Iterator[Content]:
    dry_run = card.record.proposal.dry_run
    changed = [effect for effect in dry_run.effects if effect.before != effect.after]
    numbers = [(count(effect.before), count(effect.after)) for effect in changed]
    widths = [max(number.cell_length for number in column) for column in zip(*numbers, strict=True)]
    for effect in changed:
        yield from hung(_words(effect.check), width, _effect(effect, widths))
    rest = [effect for effect in dry_run.effects if effect.before == effect.after]
    if rest:
        failing = sum(effect.after > 0 for effect in rest)
        yield from hung(
            join(
                ours("= "),
                plural(len(rest), "check stays as it is", "checks stay as they are"),
                join(ours(", "), count(failing), ours(" failing")) if failing else NOTHING,
            ),
            width,
        )
    if dry_run.downstream:
        names = listed([untrusted(name, 60) for name in dry_run.downstream])
        yield from hung(names, width, ours("downstream: "))


def _effect(effect: CheckEffect, widths: Sequence[int]) -> Content:
    worse = effect.after > effect.before
    mark = ours("▲ worse  ", WARNING) if worse else ours("▼ better ", ADDED)
    before, after = (
        fitted(count(number), width, right=True)
        for number, width in zip((effect.before, effect.after), widths, strict=True)
    )
    return join(mark, before, ours(" → "), after, ours("  "))


def _words(check: Check) -> Content:
    rule = join(
        untrusted(check.rule.kind),
        ours(" "),
        listed([untrusted(column, 40) for column in check.rule.columns]),
    )
    return join(untrusted(check.name, 80), ours(" · "), rule) if check.name else rule


def _policy(card: Card, width: int, now: datetime) -> Iterator[Content]:
    verdict = card.record.proposal.verdict
    words = untrusted(verdict_words(verdict), style=STRONG)
    yield from hung(join(ours("needs "), words) if verdict.outcome == "votes" else words, width)
    for place, rule in enumerate(verdict.rules):
        reason = verdict.reasons[place] if place < len(verdict.reasons) else ""
        yield from hung(
            untrusted(reason, _PROSE), width, join(untrusted(rule, 60, MUTED), ours("  "))
        )
    for reason in verdict.reasons[len(verdict.rules) :]:
        yield from hung(untrusted(reason, _PROSE), width)
    for place, line in enumerate(lacking(verdict)):
        yield from hung(untrusted(line, _PROSE), width, ours("  ", MUTED) if place else ours(""))
    plan = card.record.proposal.rollout
    if plan is not None:
        sentence = untrusted(describe_rollout(plan), _PROSE)
        yield from hung(sentence, width, ours("rollout  ", MUTED))
    if not card.record.votes:
        yield ours("no votes so far")
    for ballot in card.record.ballots:
        yield from _vote(ballot, width, now)


def _vote(ballot: Ballot, width: int, now: datetime) -> Iterator[Content]:
    vote = ballot.vote
    mark = ours("+ approve ", ADDED) if vote.decision == "approve" else ours("- reject ", REMOVED)
    by = untrusted(ballot.key, 60, MUTED) if ballot.key else ours("UNSIGNED", WARNING)
    who = join(untrusted(vote.reviewer, 60), ours(", "), ago(vote.at, now), ours(", "), by)
    because = join(ours(": "), untrusted(vote.because, _PROSE)) if vote.because else NOTHING
    yield from hung(join(who, because), width, mark)


def _rank(card: Card, width: int) -> Iterator[Content]:
    rank = card.record.proposal.rank
    yield score(rank.score, STRONG)
    name_width = max((untrusted(part.name, 30).cell_length for part in rank.parts), default=0)
    for part in rank.parts:
        head = join(
            fitted(untrusted(part.name, 30), name_width),
            ours(" "),
            fitted(score(part.value), 8, right=True),
            ours("  "),
        )
        yield from hung(untrusted(part.because, _PROSE), width, head)


def _rationale(card: Card, width: int) -> Iterator[Content]:
    rationale = card.record.proposal.draft.rationale
    if not rationale:
        return
    yield ours("written by a model, not verified", WARNING)
    for paragraph in rationale[:_RATIONALE].replace("\r\n", "\n").split("\n"):
        yield from hung(untrusted(paragraph), width)
    if len(rationale) > _RATIONALE:
        yield join(ours("and "), plural(len(rationale) - _RATIONALE, "letter", "letters more"))
