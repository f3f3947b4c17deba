"""The registry: every tool that an agent may call, and nothing else.

A tool is a typed function with a version. It reads one pinned state of one table, and keeps patch
content under its digest; it changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from ostler.core.actions import AnyAction
from ostler.core.base import Frozen, RowId
from ostler.core.canonical import Digest
from ostler.core.checks import AnyRule, Check, CheckResult
from ostler.core.datasets import Dataset
from ostler.core.errors import InternalError
from ostler.core.experience import Experience
from ostler.core.masks import hides_ids, withheld
from ostler.core.proposals import Draft, DryRun, PatchSummary, Rank
from ostler.core.recipes import Followed, Recipe
from ostler.tables.patch_files import PatchFiles
from ostler.tables.patches import make
from ostler.tables.view import View
from ostler.tools.drift.findings import drift_findings
from ostler.tools.dry_run import Trial, dry_runs
from ostler.tools.quality.measure import measure
from ostler.tools.ranking.rank import rank
from ostler.tools.repair.compile import compile_action
from ostler.tools.repair.duplicates import mine_duplicates
from ostler.tools.repair.grid import Grid, grid_of
from ostler.tools.repair.mining import mine
from ostler.tools.repair.recipe import follow
from ostler.tools.states import States

_SAMPLE = 10
"""Failing rows that a result names."""


@dataclass(frozen=True)
class Surroundings:
    """What every tool is handed: the pinned table, what it may be compared with, and the time."""

    dataset: Dataset
    view: View
    others: Mapping[str, View]
    """Other datasets by name, and other versions of this one as `@3`."""
    patches: PatchFiles
    now: datetime
    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    """The classification of columns, which says whose values nobody may be told."""
    states: States | None = None
    """What was measured before; None to measure everything anew."""
    # cached_property writes past the frozen dataclass, into the instance's own dictionary.

    @cached_property
    def grid(self) -> Grid:
        """The pinned table as the miners read it, once in a run."""
        return grid_of(self.view, frozenset(self.dataset.protected))

    @cached_property
    def row_count(self) -> int:
        """Rows of the pinned table."""
        return self.view.row_count


class Checks(Frozen):
    """Checks to measure."""

    checks: tuple[Check, ...]


class Measurements(Frozen):
    """What measuring gave."""

    results: tuple[CheckResult, ...]
    explanations: tuple[str, ...] = ()
    """One sentence per result, or empty where there is nothing to add."""


class Reference(Frozen):
    """The version that drift is measured against."""

    version: int


class Mining(Frozen):
    """What to look for, and what people answered to what was found before."""

    principles: tuple[str, ...]
    experience: Experience = Experience()


class Drafts(Frozen):
    """What was found."""

    drafts: tuple[Draft, ...]


class Following(Frozen):
    """A recipe to apply, and what mining has found on the same table."""

    recipe: Recipe
    drafts: tuple[Draft, ...]


class Act(Frozen):
    """An action to compile."""

    action: AnyAction


class Compiled(Frozen):
    """The patch that an action makes; its content is kept under the digest."""

    patch: PatchSummary


class Try(Frozen):
    """A patch to try on the pinned version, and the rule that it wants to mend."""

    patch: Digest
    mends: AnyRule
    shows: tuple[RowId, ...] = ()
    """Rows to show with it; by default some of those that it changes."""


class Tries(Frozen):
    """Patches to try, each by itself."""

    tries: tuple[Try, ...]
    measured: tuple[CheckResult, ...]
    """What the other checks gave on the pinned version."""
    sample: int


class Tried(Frozen):
    """What trying gave, in the order of the tries."""

    runs: tuple[DryRun | None, ...]
    because: tuple[str, ...]
    """Why there is no run; empty where there is one."""


class RankInput(Frozen):
    """What a rank is made of."""

    check: Check
    patch: PatchSummary
    dry_run: DryRun
    draft: Draft


@dataclass(frozen=True)
class Tool:
    """A typed function that agents may call, under a name and a version."""

    name: str
    version: int
    summary: str
    takes: type[Frozen]
    gives: type[Frozen]
    # The border is typed by `takes` and `gives`, which `call` enforces on both sides.
    run: Callable[[Surroundings, Any], Frozen]


def _measure(around: Surroundings, given: Checks) -> Measurements:
    sample = 0 if hides_ids(around.view.key, around.classes) else _SAMPLE
    results = measure(
        around.view,
        given.checks,
        now=around.now,
        others=around.others,
        sample=sample,
        states=around.states,
    )
    return Measurements(results=results)


def _drift(around: Surroundings, given: Reference) -> Measurements:
    reference = around.others[f"@{given.version}"]
    found = drift_findings(around.view, reference, now=around.now, states=around.states)
    return Measurements(
        results=tuple(result for result, _ in found),
        explanations=tuple(
            withheld(sentence, result.check.rule.columns, around.classes)
            for result, sentence in found
        ),
    )


def _compile(around: Surroundings, given: Act) -> Compiled:
    patch = make(compile_action(given.action, around.view), around.view.columns)
    around.patches.put(patch)
    return Compiled(patch=patch.summary(around.view.version))


def _try(around: Surroundings, given: Tries) -> Tried:
    results = dry_runs(
        around.view,
        [Trial(around.patches.get(one.patch), one.mends, one.shows) for one in given.tries],
        given.measured,
        now=around.now,
        others=around.others,
        sample=given.sample,
        downstream=around.dataset.downstream,
        states=around.states,
    )
    return Tried(
        runs=tuple(one if isinstance(one, DryRun) else None for one in results),
        because=tuple("" if isinstance(one, DryRun) else one.message for one in results),
    )


def _rank(around: Surroundings, given: RankInput) -> Rank:
    return rank(
        around.dataset,
        given.check,
        given.patch,
        given.dry_run,
        given.draft,
        around.row_count,
    )


def _mine(around: Surroundings, given: Mining) -> Drafts:
    found = mine(around.grid, around.dataset.name, given.experience, given.principles)
    return Drafts(drafts=found)


def _follow(around: Surroundings, given: Following) -> Followed:
    return follow(around.grid, given.recipe, given.drafts)


def _duplicates(around: Surroundings, given: Experience) -> Drafts:
    return Drafts(drafts=mine_duplicates(around.grid, around.dataset.name, given))


REGISTRY: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("quality.measure", 1, "Measure checks", Checks, Measurements, _measure),
        Tool(
            "drift.measure", 1, "Compare with a reference version", Reference, Measurements, _drift
        ),
        Tool("repair.mine", 1, "Look for cells to mend, by some principles", Mining, Drafts, _mine),
        Tool("repair.recipe", 1, "Apply a recipe", Following, Followed, _follow),
        Tool("repair.duplicates", 2, "Look for rows to delete", Experience, Drafts, _duplicates),
        Tool("repair.compile", 1, "Make the patch of an action", Act, Compiled, _compile),
        Tool("quality.dry_run", 2, "Prove patches on the pinned version", Tries, Tried, _try),
        Tool("ranking.rank", 1, "Score a proposal and explain it", RankInput, Rank, _rank),
    )
}


Given = TypeVar("Given", bound=Frozen)


def call(name: str, around: Surroundings, given: Frozen, gives: type[Given]) -> Given:
    """Call a registered tool; what goes in and what comes out is what the tool declares."""
    tool = REGISTRY.get(name)
    if tool is None:
        raise InternalError(f"{name!r} is not a registered tool")
    if not isinstance(given, tool.takes) or gives is not tool.gives:
        raise InternalError(
            f"{name} takes {tool.takes.__name__} and gives {tool.gives.__name__}, "
            f"not {type(given).__name__} and {gives.__name__}"
        )
    result = tool.run(around, given)
    if not isinstance(result, gives):
        raise InternalError(f"{name} gave {type(result).__name__}, not {gives.__name__}")
    return result
