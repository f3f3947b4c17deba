"""A proposal on paper: what `ostler show` prints."""

from typing import TYPE_CHECKING

from rich.text import Text

from ostler.cli.learning_cards import print_basis, print_choices, print_question
from ostler.cli.output import console, print_line, print_table
from ostler.core.actions import AskValues
from ostler.core.documents import called, diff_lines, file_lines
from ostler.core.rollout import describe_rollout
from ostler.core.sentences import describe_rule
from ostler.review.text import visible, visible_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ostler.core.documents import DocumentChange, DocumentPatch, FilePatch
    from ostler.core.proposals import Change, CheckEffect, Proposal
    from ostler.core.schema import (
        Announced,
        CastReport,
        ContractChange,
        Field,
        SchemaChange,
    )
    from ostler.review.making import Choice
    from ostler.review.shown import Card

_WIDTH = 60


def print_card(
    card: "Card", changes: "tuple[Change, ...]", choices: "tuple[Choice, ...]" = ()
) -> None:
    """A proposal for a person, in the order in which it is decided; data made visible."""
    proposal = card.record.proposal
    print_line((f"{proposal.id}  ", "bold"), visible(proposal.sentence))
    print_line(
        f"{proposal.dataset}@{proposal.patch.base_version} · {card.record.state.value} · "
        + (
            f"{proposal.patch.cells:,} cells in {proposal.patch.rows:,} rows"
            if not proposal.changes_text
            else "no value changes"
        )
        + (f" · {proposal.patch.deleted:,} rows deleted" if proposal.patch.deleted else "")
        + (f" · {proposal.patch.inserted:,} rows inserted" if proposal.patch.inserted else "")
    )
    if card.record.reason:
        print_line("  ", visible(card.record.reason))
    if card.masked:
        names = ", ".join(visible(name, 40) for name in card.masked)
        print_line(("  masked: ", "bold"), names, (f"; ostler show {proposal.id} --unmask", "dim"))
    _why(card)
    if proposal.schema_change is not None:
        print_schema_change(proposal.schema_change)
    if proposal.contract_change is not None:
        print_contract_change(proposal.contract_change)
    elif proposal.document_change is not None:
        print_document_change(proposal.document_change)
    elif isinstance(proposal.draft.action, AskValues):
        print_question(proposal)
    else:
        _diff(proposal, changes)
        print_choices(proposal, choices)
        _proof(proposal)
    _verdict(card)
    _section("RANK", f"{proposal.rank.score:.3f}")
    for part in proposal.rank.parts:
        print_line(f"  {part.name:<12} {part.value:<8g} ", (visible(part.because), "dim"))
    if proposal.draft.rationale:
        _section("RATIONALE", "written by a model, not verified")
        print_line("  ", visible(proposal.draft.rationale))


def _section(name: str, rest: str = "") -> None:
    console().print()
    print_line((name, "bold"), f"  {rest}" if rest else "")


def _why(card: "Card") -> None:
    proposal = card.record.proposal
    evidence = proposal.draft.evidence
    _section("WHY")
    print_line("  ", visible(evidence.summary))
    print_line(
        f"  confidence {evidence.confidence:.2f}, {evidence.support:,} for, "
        f"{evidence.against:,} against · found by {proposal.draft.tool}"
    )
    if evidence.counter:
        print_line(("  against it: ", "bold"), visible(evidence.counter))
    print_basis(proposal)
    if proposal.follows:
        print_line(f"  made by {visible(proposal.proposer)} of {proposal.follows}")
    for made in card.made:
        print_line(f"  {made} was made of it")
    print_line("  item ", card.item.id, ": ", visible(card.item.title))
    for alert in card.alerts[:_ALERTS]:
        print_line(
            f"  alert {alert.id}: ", visible(alert.summary, 300), (f" · {alert.source}", "dim")
        )
    if len(card.alerts) > _ALERTS:
        print_line(f"  and {len(card.alerts) - _ALERTS:,} alerts more: ostler alert")


_ALERTS = 3
"""Alerts that a card names."""

_COMPATIBLE = {
    "full": "everybody can go on",
    "backward": "who reads the data today can go on",
    "forward": "who reads a changed column is broken",
    "none": "who reads a changed column is broken, old data included",
}


def print_schema_change(change: "SchemaChange") -> None:
    """What a change does to the columns, what it loses, whom it breaks, and the contract."""
    nobody = "" if change.impacts or change.compatibility == "full" else "; no reader is known"
    said = f"{_COMPATIBLE[change.compatibility]}{nobody}"
    _section("COLUMNS", f"{change.compatibility} compatibility: {said}")
    for mark, style, field in _columns(change):
        print_line((f"  {mark} ", style), visible(field.name), (f"  {field.type.lower()}", "dim"))
    for old, new in change.shape.renames:
        print_line("  ~ ", visible(old), " → ", visible(new))
    if change.cast is not None:
        _cast(change.cast)
    _consumers(change)
    if change.contract is not None:
        _section("CONTRACT", "written when the change is in the table")
        _unified(change.contract)


def print_contract_change(change: "ContractChange") -> None:
    """What a new version of a contract does: promises, readers, the text, what fails already."""
    if change.previous:
        said = f"{change.previous} → {change.version}, {change.compatibility} compatibility"
    else:
        said = f"{change.version}, the first one"
    _section("PROMISES", said)
    for words in change.steps:
        print_line("  ~ ", visible(words))
    if change.previous and not change.steps:
        print_line(("  as before; only words change", "dim"))
    _consumers(change)
    _section("CONTRACT", "in force when it is published")
    _unified(change.contract)
    _data(change)


def print_document_change(change: "DocumentChange") -> None:
    """What becomes of each file of a document, and what is known of the new version."""
    previous = f"{change.previous} → " if change.previous else ""
    first = "" if change.previous else f", the first one; so far {_SO_FAR[change.document]} counts"
    what = called(change.document, visible(change.name))
    _section("DOCUMENT", f"{what}, version {previous}{change.version}{first}")
    for line in file_lines(change):
        print_line("  ", visible(line))
    print_files((*change.files, *change.gone))
    if change.trials:
        _section("TRIALS", "found out before anybody was asked")
    for trial in change.trials:
        mark, style = _TRIALS[trial.answer]
        print_line((f"  {mark} ", style), visible(trial.says))


def print_files(files: "Sequence[FilePatch]") -> None:
    """The diff of each file that differs."""
    for file in files:
        if file.diff:
            print_line("")
            print_line(("  ", ""), (visible(file.name), "bold"))
            _unified(file)


_SO_FAR = {"policies": "the folder policies/", "prompt": "the one that ships"}
_TRIALS = {"good": ("✓", "green"), "bad": ("✗", "bold red"), "open": ("?", "yellow")}


def _data(change: "ContractChange") -> None:
    """Promises that the data does not keep."""
    _section("DATA", "measured against the new promises as it is now")
    if not (change.failing or change.lacking):
        print_line(("  keeps every promise that is measured", "green"))
    for name in change.lacking:
        print_line(("  ✗ there is no column ", "bold red"), visible(name))
    for result in change.failing:
        mark = ("  ✗ stops a pipeline: ", "bold red") if result.check.gate else ("  ! warns: ", "")
        words = visible(describe_rule(result.check.rule))
        print_line(mark, words, (f"  ({visible(result.observed)})", "dim"))


def _consumers(change: "Announced") -> None:
    if change.impacts:
        _section("CONSUMERS")
        for hit in change.impacts:
            mark = ("  ✗ breaks ", "bold red") if hit.breaking else ("  ✓ ", "green")
            print_line(mark, visible(hit.consumer), ": ", visible(hit.because))
    if change.migration:
        print_line("  migration: ", visible(change.migration))
    if change.deprecated_until is not None:
        print_line(f"  not before {change.deprecated_until}, unless their contracts change first")


def _unified(edit: "DocumentPatch") -> None:
    for line in diff_lines(edit):
        if line.startswith("@@"):
            print_line(("  …", "dim"))
            continue
        text = line[1:].lstrip(" ")
        blanks = " " * (len(line) - len(text))
        mark = line[:1]
        print_line(f"  {mark}{blanks}", (visible(text), _DIFF_STYLES.get(mark, "dim")))


_DIFF_STYLES = {"+": "green", "-": "red"}


def _columns(change: "SchemaChange") -> "list[tuple[str, str, Field]]":
    gone = [("-", "red", field) for field in change.shape.gone]
    gone += [("-", "red", before) for before, _ in change.shape.cast]
    new = [("+", "green", after) for _, after in change.shape.cast]
    return [*gone, *new, *(("+", "green", field) for field in change.shape.new)]


def _cast(cast: "CastReport") -> None:
    _section("VALUES", f"{cast.before.lower()} to {cast.after.lower()}")
    print_line(
        f"  {cast.exact:,} stay as they are, {cast.rewritten:,} say the same otherwise, "
        f"{cast.missing:,} missing"
    )
    for loss in cast.losses:
        examples = ", ".join(
            f"{visible_cell(old, 30)} → {visible_cell(new, 30)}" for _, old, new in loss.examples
        )
        print_line((f"  {loss.values:,} lose: {loss.kind}", "red"), f"  {examples}")


def _diff(proposal: "Proposal", changes: "tuple[Change, ...]") -> None:
    total = proposal.patch.cells
    _section("DIFF", f"{len(changes):,} changes shown, {total:,} cells set" if total else "")
    print_table(
        ("", "row", "column", "before", "after"),
        [
            (
                Text({"set": "~", "insert": "+", "delete": "-"}[change.op], "bold"),
                change.row,
                change.column,
                Text(visible_cell(change.old, _WIDTH), "red"),
                Text(visible_cell(change.new, _WIDTH), "green"),
            )
            for change in changes
        ],
    )


def _proof(proposal: "Proposal") -> None:
    _section("CHECKS", f"measured on version {proposal.dry_run.version}, before and after")
    shown = [e for e in proposal.dry_run.effects if e.before != e.after]
    print_table(
        ("", "check", "failing before", "after"),
        [
            (_mark(e), describe_rule(e.check.rule), f"{e.before:,}", f"{e.after:,}")
            for e in shown or proposal.dry_run.effects[:1]
        ],
        right=("failing before", "after"),
    )
    same = len(proposal.dry_run.effects) - len(shown)
    if same and shown:
        print_line((f"  {same} other checks are as before", "dim"))


def _mark(effect: "CheckEffect") -> Text:
    if effect.after > effect.before:
        return Text("▲ worse", "bold red")
    return Text("▼ better", "green") if effect.after < effect.before else Text("  same", "dim")


def _verdict(card: "Card") -> None:
    from ostler.core.verdict_words import verdict_words
    from ostler.review.shown import lacking

    verdict = card.record.proposal.verdict
    _section("POLICY", verdict_words(verdict))
    owners = verdict.owners or ("",) * len(verdict.rules)
    for rule, reason, owner in zip(verdict.rules, verdict.reasons, owners, strict=False):
        whom = f" (of {visible(owner)})" if owner else ""
        print_line(f"  {visible(rule)}: {visible(reason)}", (whom, "dim"))
    for reason in verdict.reasons[len(verdict.rules) :]:
        print_line(f"  {visible(reason)}")
    for place, line in enumerate(lacking(verdict)):
        print_line(f"  {'  ' if place else ''}{visible(line)}")
    if card.record.escalated and card.record.escalated_at is not None:
        roles = " and ".join(map(visible, card.record.escalated))
        print_line(f"  escalated to {roles} since {card.record.escalated_at:%Y-%m-%d %H:%M} UTC")
    for ballot in card.record.ballots:
        vote, by = ballot.vote, f"  signed by {ballot.key}" if ballot.key else "  UNSIGNED"
        because = f": {visible(vote.because)}" if vote.because else ""
        print_line(f"  {vote.decision} by {visible(vote.reviewer)}{because}", (by, "dim"))
    plan = card.record.proposal.rollout
    if plan is not None:
        print_line("  rollout: ", visible(describe_rollout(plan)))
    if card.refusal:
        print_line(("  you cannot approve it: ", "dim"), visible(card.refusal))
    print_line((f"  digest {card.record.digest}", "dim"))
