"""Proposals: an action with its patch, dry run, rationale, rank and verdict; and votes on them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from ostler.core.actions import AnyAction
from ostler.core.base import Cell, Frozen, RowId, Share
from ostler.core.canonical import Digest, digest_of, short_id
from ostler.core.checks import AnyRule, Check
from ostler.core.documents import DocumentChange
from ostler.core.items import Criterion
from ostler.core.moments import Moment
from ostler.core.rollout import Rollout
from ostler.core.schema import Announced, ContractChange, SchemaChange

FINDER = "proposer"
"""The agent that proposes what runs find."""


class PatchSummary(Frozen):
    """What a patch changes, without its content; the digest names the content."""

    digest: Digest
    base_version: int
    cells: int
    """Cells set to another value."""
    rows: int
    """Rows touched in any way."""
    inserted: int
    deleted: int
    columns: tuple[str, ...]
    """Columns in which a cell is set."""


class Change(Frozen):
    """One changed cell, or one cell of an inserted or deleted row."""

    op: Literal["set", "insert", "delete"]
    row: RowId
    column: str
    old: Cell
    new: Cell


class CheckEffect(Frozen):
    """What a patch does to one check."""

    check: Check
    before: int
    """Failing rows on the pinned version."""
    after: int
    """Failing rows with the patch staged."""
    total: int


class DryRun(Frozen):
    """The measured effect of a patch on its pinned version."""

    version: int
    effects: tuple[CheckEffect, ...]
    """One per check of the contract, and the one that the proposal wants to mend."""
    sample: tuple[Change, ...]
    """A bounded, ordered sample of the patch, for the card."""
    context: tuple[tuple[RowId, tuple[tuple[str, Cell], ...]], ...] = ()
    """The rows of the sample as they are, for the card: (row, (column, value)...)."""
    downstream: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[CheckEffect, ...]:
        """Checks that more rows fail afterwards."""
        return tuple(e for e in self.effects if e.after > e.before)


class RankPart(Frozen):
    """One factor of a rank, kept so that the order can be explained."""

    name: str
    value: Share
    because: str


class Rank(Frozen):
    """An explained score; higher comes first."""

    score: Share
    parts: tuple[RankPart, ...]


class Escalation(Frozen):
    """Who is asked as well when a proposal has waited for so long."""

    after_seconds: int
    role: str
    stands_for: tuple[str, ...] = ()
    """Roles in whose place this one may then approve."""


class Verdict(Frozen):
    """What policy says of a proposal, with everything needed to ask again."""

    outcome: Literal["deny", "votes", "auto"]
    votes: int = 0
    """How many reviewers must approve, when the outcome is `votes`."""
    roles: tuple[str, ...] = ()
    """Roles of which at least one vote must come; empty: anyone who may vote."""
    rules: tuple[str, ...] = ()
    """Ids of the deciding rules."""
    reasons: tuple[str, ...] = ()
    """What the deciding rules say, for people."""
    request: str = ""
    """Canonical JSON of the request that was decided."""
    escalations: tuple[Escalation, ...] = Field(default=(), exclude_if=lambda it: not it)
    """Soonest first."""
    policy: Digest = ""
    """Digest of the policy set."""
    engine: str = ""
    owners: tuple[str, ...] = Field(default=(), exclude_if=lambda it: not it)
    """Whom to ask about each deciding rule, in their order."""
    nearest: "Nearest | None" = Field(default=None, exclude_if=lambda it: it is None)
    """Of a denial by no rule: the permit that came nearest."""
    moment: Moment | None = Field(default=None, exclude_if=lambda it: it is None)
    """When it was asked; not part of the request, which a later claim asks anew."""


class Nearest(Frozen):
    """A permit that would have allowed a change, had these conditions been true."""

    rule: str
    reason: str
    owner: str
    lacks: tuple[str, ...]
    """In the words of the rule."""


class Basis(Frozen):
    """What a card rests on: what is learned from its answer concerns others with the same basis."""

    principle: str
    """What its rules have in common."""
    columns: tuple[str, ...]
    """In which cells are corrected."""
    principles: tuple[str, ...] = ()
    """Of its rules, where they are several; empty: the one above."""
    rules: int = 1
    """How many were packed together, because all of them are equally sure."""
    determinants: tuple[str, ...] = ()
    """Columns that say what is right."""
    direction: str = ""
    """Which of several forms is taken to be the right one."""
    band: Literal["sure", "likely", "doubtful"] = "likely"
    expected: float = 0.0
    """Cells that are expected to become right, rounded to one digit."""
    experience: str = ""
    """What people answered to such cards, in one sentence; empty when nobody has yet."""


class Alternative(Frozen):
    """Another direction or filler, for the reviewer to choose instead."""

    label: str
    action: AnyAction


class Evidence(Frozen):
    """Why an action is believed to be right, as whoever found it measured it."""

    confidence: Share
    """0 to 1."""
    summary: str
    support: int = 0
    """Rows or values that speak for it."""
    against: int = 0
    """Rows or values that speak against it."""
    counter: str = Field(default="", exclude_if=lambda it: not it)
    """What speaks against it, in one sentence."""


class Draft(Frozen):
    """What a proposer hands to validation: an action, the rule it mends, and why."""

    action: AnyAction
    rule: AnyRule
    evidence: Evidence
    tool: str
    """Name and version of the tool that found it."""
    rationale: str = ""
    """Written by a model, or empty; hostile."""
    model: str = Field(default="", exclude_if=lambda it: not it)
    """The model that chose a part of the action or commented on it; empty: none did."""
    basis: Basis | None = Field(default=None, exclude_if=lambda it: it is None)
    """Left out where nothing is learned from the answer."""
    alternatives: tuple[Alternative, ...] = Field(default=(), exclude_if=lambda it: not it)
    """What a reviewer may choose instead of the action."""


BY_PEOPLE_KINDS = ("ask_values", "revert", "restore")
"""Kinds of actions that no policy lets through without a vote."""

BY_PEOPLE_FIELDS = (
    *("contract_change", "schema_change", "document_change"),
    *("requester", "follows"),
)
"""Of a proposal, what has the same effect when it is there: texts, columns, what somebody wants."""


class Proposal(Frozen):
    """An exact, proved change that waits for people."""

    id: str
    dataset: str
    item: str
    run: str
    proposer: str
    requester: str = Field(default="", exclude_if=lambda it: not it)
    """The person for whom an agent of ours proposed it; never approves it where others can."""
    draft: Draft
    sentence: str
    """What it does, in one sentence of ours."""
    patch: PatchSummary
    dry_run: DryRun
    acceptance: tuple[Criterion, ...]
    rank: Rank
    verdict: Verdict
    trace: str = ""
    """W3C traceparent of the span that parked it."""
    expires_at: datetime | None = None
    rollout: Rollout | None = None
    """What goes first and how it is watched; None: straight to production."""
    schema_change: SchemaChange | None = Field(default=None, exclude_if=lambda it: it is None)
    """What it does to the columns. Left out when there is nothing, so that a proposal of cells has
    the digest that it had before there were others."""
    follows: str = Field(default="", exclude_if=lambda it: not it)
    """The card that a person edited to make it, or the question that a person answered with it."""
    contract_change: ContractChange | None = Field(default=None, exclude_if=lambda it: it is None)
    """The next version of its contract that it is, if it is one; its patch is then empty."""
    document_change: DocumentChange | None = Field(default=None, exclude_if=lambda it: it is None)
    """The next version of a document of the workspace that it is, if it is one; it then concerns
    no dataset, and its patch is empty."""

    @property
    def changes_text(self) -> bool:
        """Whether it brings a text into force and leaves every table as it is."""
        return self.contract_change is not None or self.document_change is not None

    @property
    def by_people_only(self) -> bool:
        """Whether no policy lets it through without a vote."""
        return self.draft.action.kind in BY_PEOPLE_KINDS or any(
            getattr(self, name) for name in BY_PEOPLE_FIELDS
        )

    @property
    def announced(self) -> Announced | None:
        """What readers of the data must be told of it, if anything."""
        return self.contract_change or self.schema_change

    @property
    def digest(self) -> Digest:
        """What an approval is bound to: patch, versions, evidence and policy set together."""
        return digest_of(self)


def proposal_id(dataset: str, action: AnyAction, patch: Digest) -> str:
    """The same action with the same patch on the same dataset is the same proposal."""
    return short_id("P", dataset, action, patch)


class Shown(Frozen):
    """What a vote is cast on, in the digests and versions that it binds to."""

    patch: Digest
    evidence: Digest
    """Of the dry run."""
    base_version: int
    """Of the table."""
    contract: Digest = ""
    """Of the text of the contract that the run went by; empty when there was none."""
    policy: Digest
    outcome: Literal["deny", "votes", "auto"]
    votes: int
    roles: tuple[str, ...]

    @classmethod
    def of(cls, proposal: Proposal, contract: Digest = "") -> "Shown":
        """What is shown of a proposal whose run went by a contract."""
        verdict = proposal.verdict
        return cls(
            patch=proposal.patch.digest,
            evidence=digest_of(proposal.dry_run),
            base_version=proposal.patch.base_version,
            contract=contract,
            policy=verdict.policy,
            outcome=verdict.outcome,
            votes=verdict.votes,
            roles=verdict.roles,
        )


class Vote(Frozen):
    """One reviewer's decision on exactly what was shown: the statement that they sign.

    What is kept and signed is its canonical JSON; there is no float in it.
    """

    proposal: str
    reviewer: str
    decision: Literal["approve", "reject"]
    digest: Digest
    """Digest of the proposal as the reviewer saw it."""
    because: str = ""
    wrong: tuple[Change, ...] = Field(default=(), exclude_if=lambda it: not it)
    """Of a rejection: changes that were seen to be wrong."""
    roles: tuple[str, ...] = ()
    at: datetime
    shown: Shown | None = Field(default=None, exclude_if=lambda it: it is None)
    """Left out of votes that were cast before there were signatures."""
    nonce: str = Field(default="", exclude_if=lambda it: not it)
