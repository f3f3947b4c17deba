"""The report of a bundle: of each proposal what, why, who decided, by which policy, what it did.

Section by section it is what articles 12, 13, 14, 19 and 26 of the EU AI Act ask a record to show;
docs/evidence.md has the table.
"""

from collections.abc import Iterator
from datetime import datetime

from ostler.core.masks import MASK
from ostler.core.proposals import Change, Proposal
from ostler.core.sentences import describe_rule
from ostler.core.verdict_words import verdict_words
from ostler.replay.evidence.gathering import Case, Gathered
from ostler.replay.evidence.page import facts, heading, page, paragraph, table
from ostler.store.entry_proofs import Entry
from ostler.store.erasures import ERASED, erasure_in
from ostler.store.runs import RunRecord

_MODEL = "Written by a model; nobody has verified it, and nothing was decided by it."

_ERASED = "erased"

_BOUND = "digest that votes are bound to"


def report(gathered: Gathered, *, by: str, at: datetime, head: str) -> str:
    """The whole report, as HTML without scripts."""
    return page(
        f"Evidence: {gathered.scope.asked}",
        [
            heading(1, f"Evidence: {gathered.scope.asked}"),
            facts(
                (
                    ("made by", by),
                    ("at", _time(at)),
                    ("proves itself against", head),
                    ("to check it", "python -I verify.py (needs Python and `cryptography`)"),
                )
            ),
            *_withheld(gathered),
            *_overview(gathered),
            *(part for case in gathered.cases for part in _case(case)),
            *(part for run in gathered.runs for part in _run(run)),
        ],
    )


def _withheld(gathered: Gathered) -> Iterator[str]:
    withheld, missing = gathered.files.withheld, gathered.files.missing
    if withheld:
        yield paragraph(
            f"Left out because they hold values of classified columns: {len(withheld)} patches, "
            "documents and recorded inputs. manifest.json names them by their digests, which the "
            "proofs rest on."
        )
    if missing:
        yield paragraph(f"Recorded, and not here: {', '.join(sorted(missing))}.")


def _overview(gathered: Gathered) -> Iterator[str]:
    yield heading(2, "Proposals")
    yield table(
        ("proposal", "dataset", "what", "state", "decided by", "since"),
        (
            (
                case.id,
                case.dataset,
                case.shown.sentence if case.shown else _ERASED,
                case.state.value,
                ", ".join(ballot.vote.reviewer for ballot in case.ballots),
                _time(case.changed_at),
            )
            for case in gathered.cases
        ),
    )


def _case(case: Case) -> Iterator[str]:
    proposal = case.shown
    yield heading(2, f"{case.id}: {proposal.sentence if proposal else _ERASED}")
    if proposal is None:
        yield from _erased(case)
    else:
        yield from _what(case, proposal)
        yield from _why(proposal)
        yield from _policy(proposal)
    yield from _decisions(case)
    yield from _effect(case)
    yield heading(3, "In the log")
    yield table(("entry", "at", "by", "what"), (_entry(entry) for entry in case.entries))


def _erased(case: Case) -> Iterator[str]:
    for entry in case.entries:
        if entry.kind == ERASED:
            because = erasure_in(entry.said).because
            yield paragraph(f"Erased at {entry.at} by {entry.actor}: {because}")
    yield facts((("dataset", case.dataset), ("backlog item", case.item), (_BOUND, case.digest)))
    yield paragraph("What follows is what its voters signed, and what the log says.", note=True)
    yield table(
        ("voter", "patch", "base version", "policy set", "votes asked for", "roles"),
        (
            (
                vote.reviewer,
                s.patch,
                str(s.base_version),
                s.policy,
                str(s.votes),
                ", ".join(s.roles),
            )
            for vote in (ballot.vote for ballot in case.ballots)
            if (s := vote.shown) is not None
        ),
    )


def _what(case: Case, proposal: Proposal) -> Iterator[str]:
    patch = proposal.patch
    yield heading(3, "What was proposed, on what")
    yield facts(
        (
            ("dataset", f"{proposal.dataset}, version {patch.base_version}"),
            ("proposed by", proposal.proposer),
            ("run", proposal.run),
            ("backlog item", proposal.item),
            ("action", proposal.draft.action.kind),
            ("patch", patch.digest),
            ("cells set", f"{patch.cells:,} in {patch.rows:,} rows"),
            ("rows deleted", f"{patch.deleted:,}" if patch.deleted else ""),
            ("rows inserted", f"{patch.inserted:,}" if patch.inserted else ""),
            ("columns", ", ".join(patch.columns)),
            (_BOUND, case.digest),
        )
    )
    yield table(
        ("row", "column", "before", "after"),
        (_change(change) for change in proposal.dry_run.sample),
    )


def _change(change: Change) -> tuple[str, str, str, str]:
    missing = "(missing)"
    old = missing if change.old is None else change.old
    new = missing if change.new is None else change.new
    return change.row, change.column, old, new


def _why(proposal: Proposal) -> Iterator[str]:
    evidence = proposal.draft.evidence
    yield heading(3, "Why: evidence, dry run, rank")
    yield facts(
        (
            ("rule", describe_rule(proposal.draft.rule)),
            ("evidence", evidence.summary),
            ("against it", evidence.counter),
            ("counted", f"{evidence.support:,} for, {evidence.against:,} against"),
            ("confidence", f"{evidence.confidence:.2f}"),
            ("found by", proposal.draft.tool),
            ("rationale", proposal.draft.rationale),
        )
    )
    if proposal.draft.rationale:
        yield paragraph(f"Of the rationale: {_MODEL}", note=True)
    yield table(
        ("check", "failing before", "failing after", "of"),
        (
            (describe_rule(e.check.rule), f"{e.before:,}", f"{e.after:,}", f"{e.total:,}")
            for e in proposal.dry_run.effects
        ),
    )
    yield table(
        ("rank", f"{proposal.rank.score:.3f}", "because"),
        ((part.name, f"{part.value:g}", part.because) for part in proposal.rank.parts),
    )


def _policy(proposal: Proposal) -> Iterator[str]:
    verdict = proposal.verdict
    yield heading(3, "Under which policy")
    yield facts(
        (
            ("verdict", verdict_words(verdict)),
            ("policy set", verdict.policy),
            ("engine", verdict.engine),
        )
    )
    yield table(("rule", "says"), zip(verdict.rules, verdict.reasons, strict=False))


def _decisions(case: Case) -> Iterator[str]:
    yield heading(3, "Who decided, and when")
    yield table(
        ("person", "decision", "at", "roles", "reason", "signed by"),
        (
            (
                ballot.vote.reviewer,
                ballot.vote.decision,
                _time(ballot.vote.at),
                ", ".join(ballot.vote.roles),
                MASK if case.masks and ballot.vote.because else ballot.vote.because,
                ballot.key or "UNSIGNED",
            )
            for ballot in case.ballots
        ),
    ) or paragraph("Nobody has voted.", note=True)


def _effect(case: Case) -> Iterator[str]:
    yield heading(3, "What ran, with what effect")
    if not case.executions:
        yield paragraph("Nothing: the table is as it was.", note=True)
    for execution in case.executions:
        yield facts(
            (
                ("outcome", execution.outcome.value),
                ("at", _time(execution.at)),
                ("version before", str(execution.version_before)),
                ("version after", str(execution.version_after or "")),
                ("commit", execution.commit),
                ("because", execution.because),
            )
        )
        yield table(
            ("acceptance criterion", "failing rows", "passed"),
            (
                (describe_rule(check.check.rule), f"{check.failing:,}", _yes(check.passed))
                for check in execution.checks
            ),
        )


def _run(run: RunRecord) -> Iterator[str]:
    inputs = run.inputs
    yield heading(2, f"Run {run.id}")
    yield facts(
        (
            ("dataset", f"{inputs.dataset}, version {inputs.version}"),
            ("from", _time(run.started_at)),
            ("to", _time(run.finished_at) if run.finished_at else ""),
            ("state", run.state.value),
            ("code", inputs.code),
            ("model", inputs.model or "none"),
            ("policy set", inputs.policy),
            ("contract", inputs.contract or ""),
            ("woken by alerts", ", ".join(alert.id for alert in inputs.alerts)),
        )
    )
    yield table(
        ("step", "what it handed on", "at"), ((s.name, s.digest, _time(s.at)) for s in run.steps)
    )


def _entry(entry: Entry) -> tuple[str, str, str, str]:
    detail = entry.said.get("detail")
    moved = detail if isinstance(detail, dict) and "to" in detail else None
    way = f": {moved.get('from', '')} → {moved['to']}" if moved else ""
    return str(entry.index), entry.at, entry.actor, f"{entry.kind}{way}"


def _yes(passed: bool) -> str:
    return "yes" if passed else "NO"


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
