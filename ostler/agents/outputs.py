"""What each node of the grooming graph hands on; its digest is what a replay compares."""

from pydantic import Field

from ostler.agents.model import ModelCall
from ostler.core.base import Frozen
from ostler.core.checks import CheckResult
from ostler.core.items import BacklogItem, Finding
from ostler.core.proposals import Draft, DryRun, PatchSummary, Proposal, Rank
from ostler.core.recipes import StepFit


class Investigation(Frozen):
    """Everything that was measured, and what of it is a finding."""

    rows: int
    results: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]


class ToolUse(Frozen):
    """A tool that the planner chose, why, and how many drafts it gave."""

    tool: str
    because: str
    drafts: int


class Proposed(Frozen):
    """The drafts, the tools that found them, and what a model was asked and answered."""

    drafts: tuple[Draft, ...]
    tools: tuple[ToolUse, ...]
    calls: tuple[ModelCall, ...] = ()
    recipe: tuple[StepFit, ...] = Field(default=(), exclude_if=lambda it: not it)
    """What became of each step of the recipe that the run applied."""


class Candidate(Frozen):
    """A draft with its patch and its proof."""

    draft: Draft
    patch: PatchSummary
    dry_run: DryRun


class Refused(Frozen):
    """A draft that did not survive validation."""

    draft: Draft
    because: str


class Validated(Frozen):
    """The drafts that hold, and those that do not."""

    candidates: tuple[Candidate, ...]
    refused: tuple[Refused, ...]


class RankedCandidate(Frozen):
    """A candidate with its rank."""

    candidate: Candidate
    rank: Rank


class Prioritized(Frozen):
    """The candidates, best first, at most as many as a run may park."""

    candidates: tuple[RankedCandidate, ...]
    left_out: int
    """How many more there were."""


class Judged(Frozen):
    """The proposals, each with its verdict."""

    proposals: tuple[Proposal, ...]


class Parking(Frozen):
    """What is written in one transaction at the end of a run."""

    findings: tuple[Finding, ...]
    items: tuple[BacklogItem, ...]
    proposals: tuple[Proposal, ...]
