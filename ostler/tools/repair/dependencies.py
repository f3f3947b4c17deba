"""Find columns that others decide, and propose to bring the cells that differ in line."""

from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import OSA

from ostler.core.actions import AgreeWithColumns, Consensus
from ostler.core.checks import Dependency
from ostler.core.proposals import Draft
from ostler.tables.sql import quoted
from ostler.tables.view import View
from ostler.tools.repair.cells import row_of, text_of
from ostler.tools.repair.consensus import votes, won_cells
from ostler.tools.repair.profile import ColumnProfile, drafted, profiles
from ostler.tools.repair.spelling import digits
from ostler.tools.repair.suffixes import split_suffixes

TOOL = "repair.dependencies/1"

_COLUMNS = 40
"""Each column is compared with each other, so of a wider table only so many."""
_ROWS = 200_000
"""Of a larger table about so many rows are compared, in whole groups."""
_VOTERS = 6
_STRONG = 0.85
_WEAK = 0.5
"""Between weak and strong, only what the columns that vote agree on widely is proposed."""
_COVERED = 0.3
"""Share of the rows that must stand in groups of three or more."""
_LIFT = 0.35
"""What a determinant must explain of the rows that the most frequent value leaves unexplained."""
_FEW = 0.15
"""A repair of more than this share of a column is not packed with others."""
_CERTAIN = 0.8
_LIKELY = 0.6


@dataclass(frozen=True)
class Strength:
    """How well one column decides another, over groups of three or more rows."""

    determinant: str
    column: str
    share: float
    """Rows that hold the most frequent value of their group."""
    covered: float
    """Rows that stand in such groups, of all."""
    lift: float
    """Share explained of what the column's most frequent value alone does not."""


@dataclass(frozen=True)
class _Candidate:
    """A column that others decide, and what bringing it in line would do."""

    target: Consensus
    strength: float
    conforming: int
    """Rows that are in line as they are."""
    changed: int
    believed: float
    """Estimated share of the changes that are right."""

    @property
    def certain(self) -> bool:
        """Whether it can be decided together with others."""
        return self.few and self.strength >= _STRONG and self.believed >= _CERTAIN

    @property
    def few(self) -> bool:
        """Whether so little changes that a column's error, not the dependency, explains it."""
        return self.changed <= _FEW * (self.changed + self.conforming)


def mine_dependencies(view: View) -> tuple[Draft, ...]:
    """Propose to bring columns in line with those that decide them.

    The columns of which this is nearly certain make one draft; each other makes one of its own.
    Values that stand at the end of another column's are moved to where they belong.
    """
    measured = strengths(view, profiles(view))
    decided = list(dict.fromkeys(strength.column for strength in measured))
    found = [c for c in (_candidate(view, column, measured) for column in decided) if c.changed]
    packed = [c for c in found if c.certain]
    alone = [c for c in found if c not in packed and c.believed >= _LIKELY]
    groups = ([packed] if packed else []) + [[candidate] for candidate in alone]
    return tuple(draft for group in groups for draft in _draft(group)) + split_suffixes(view)


def strengths(view: View, columns: tuple[ColumnProfile, ...]) -> list[Strength]:
    """Every pair of columns of which the first decides the second, by column and strength."""
    determinants = [c for c in columns if 2 <= c.distinct <= 0.5 * c.filled][:_COLUMNS]
    decided = [c for c in columns if 2 <= c.distinct <= 0.7 * c.filled][:_COLUMNS]
    most = {c.name: _most_frequent(view, c.name) / c.filled for c in decided}
    order = {c.name: place for place, c in enumerate(columns)}
    found: list[Strength] = []
    for determinant in determinants:
        others = [c.name for c in decided if c.name != determinant.name]
        found += _decided_by(view, determinant, others, most)
    return sorted(found, key=lambda s: (order[s.column], -s.share, order[s.determinant]))


def _most_frequent(view: View, column: str) -> int:
    name = quoted(column)
    return int(
        view.one(
            f"""SELECT max(held) FROM (SELECT count(*) AS held FROM {view.source}
            WHERE {name} IS NOT NULL GROUP BY {name})"""
        )[0]
    )


def _decided_by(
    view: View, determinant: ColumnProfile, others: list[str], most: dict[str, float]
) -> list[Strength]:
    if not others:
        return []
    group = quoted(determinant.name)
    # Sampled by the group's hash, so that each group is compared as a whole or not at all.
    every = max(1, determinant.rows // _ROWS)
    sampled = f"{group} IS NOT NULL AND hash({group}) % {every} = 0"
    parts = " UNION ALL ".join(
        f"""SELECT CAST(coalesce(sum(size), 0) AS BIGINT) AS size,
            CAST(coalesce(sum(agreeing), 0) AS BIGINT) AS agreeing
        FROM (SELECT max(held) AS agreeing, sum(held) AS size
            FROM (SELECT {group} AS g, {quoted(other)} AS v, count(*) AS held FROM {view.source}
                WHERE {sampled} AND {quoted(other)} IS NOT NULL GROUP BY ALL)
            GROUP BY g) WHERE size >= 3"""
        for other in others
    )
    found: list[Strength] = []
    for other, (size, agreeing) in zip(others, view.query(parts), strict=True):
        share = agreeing / size if size else 0.0
        lift = (share - most[other]) / (1 - most[other])
        covered = size * every / determinant.rows
        if share >= _WEAK and lift >= _LIFT and covered >= _COVERED:
            found.append(Strength(determinant.name, other, share, covered, lift))
    return found


def _candidate(view: View, column: str, measured: list[Strength]) -> _Candidate:
    own = [s for s in measured if s.column == column]
    best = own[0]
    # A determinant that errs much more often than the best is a weaker echo of it.
    voters = [s for s in own if 1 - s.share <= 3 * (1 - best.share) + 0.02][:_VOTERS]
    target = Consensus(column=column, determinants=tuple(s.determinant for s in voters))
    action = _action(best.share, target)
    changes = _changes(view, action)
    changed = sum(change.held for change in changes)
    others = [s for s in measured if s.determinant == best.determinant and s.column != column]
    trust = 1.0 if len(voters) > 1 else _vindicated(view, action, others)
    # The more rows contradict a dependency with sound values, the less there is a dependency;
    # less so when many columns say the same.
    doubt = (1.5 if len(voters) > 3 else 4.5) * (1 - best.share)
    swapped = trust * max(0.0, 0.95 - doubt)
    believed = sum(_belief(change, best.share, swapped) * change.held for change in changes)
    in_line = view.row_count - changed
    return _Candidate(target, best.share, in_line, changed, believed / max(1, changed))


class _Change(NamedTuple):
    """Cells that change alike."""

    old: str | None
    new: str
    rare: bool
    """Whether the column hardly knows the old value."""
    exception: bool
    """Whether the old value is shared by more rows of a group than mistakes would be."""
    held: int


def _action(strength: float, *targets: Consensus) -> AgreeWithColumns:
    return AgreeWithColumns(targets=targets, min_share=0.6 if strength >= _STRONG else 0.7)


def _changes(view: View, action: AgreeWithColumns) -> list[_Change]:
    (target,) = action.targets
    cells = won_cells(action, view)
    group, value = text_of(target.determinants[0]), text_of(target.column)
    rows = view.query(
        f"""WITH sizes AS (
            SELECT {group} AS g, count(*) AS size FROM {view.source} AS t GROUP BY ALL),
        known AS (SELECT {value} AS v, count(*) AS held FROM {view.source} AS t GROUP BY ALL),
        alike AS (
            SELECT c.old, c.new, {group} AS g, count(*) AS held
            FROM ({cells.sql}) AS c JOIN {view.source} AS t ON c."row" = {row_of(view)}
            GROUP BY ALL)
        SELECT old, new, before.held * 4 <= after.held, alike.held > 1 AND alike.held > 0.1 * size,
            CAST(sum(alike.held) AS BIGINT)
        FROM alike LEFT JOIN sizes USING (g) LEFT JOIN known AS before ON before.v = old
            LEFT JOIN known AS after ON after.v = new
        GROUP BY ALL ORDER BY ALL""",
        cells.parameters,
    )
    return [_Change(*row) for row in rows]


def _belief(change: _Change, strength: float, swapped: float) -> float:
    """How likely a change is right, by what tells mistakes from exceptions to a dependency."""
    if change.old is None:
        return strength
    if change.rare and _misspelt(change.old, change.new):
        return 0.97
    return min(swapped, 0.4) if change.exception else swapped


def _misspelt(old: str, new: str) -> bool:
    """Whether a value looks like another one mistyped; other digits alone say something else."""
    if OSA.normalized_similarity(old, new) < 0.6:
        return False
    return digits(old) == digits(new) or _shape(old) != _shape(new)


def _shape(value: str) -> str:
    return "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in value)


def _vindicated(view: View, action: AgreeWithColumns, others: list[Strength]) -> float:
    """How far a single determinant is to be trusted where it contradicts the target.

    It may itself be what is wrong; but not where another column that it decides agrees with it.
    """
    if not others:
        return 0.6
    witness, determinant = others[0].column, action.targets[0].determinants[0]
    cells = won_cells(action, view)
    said = votes(witness, determinant, view)
    agreed, changed = view.one(
        f"""SELECT count(*) FILTER (WHERE v.vote = {text_of(witness)}), count(*)
        FROM ({cells.sql}) AS c JOIN {view.source} AS t ON c."row" = {row_of(view)}
        LEFT JOIN ({said}) AS v ON v.standing = t.{quoted(determinant)}""",
        [*cells.parameters, action.min_group, action.min_share],
    )
    return agreed / changed if changed else 1.0


def _draft(group: list[_Candidate]) -> tuple[Draft, ...]:
    worst = max(group, key=lambda candidate: candidate.changed)
    changed = sum(candidate.changed for candidate in group)
    believed = sum(candidate.believed * candidate.changed for candidate in group) / changed
    determinant = worst.target.determinants[0]
    others = len(worst.target.determinants) - 1
    decided = f"{determinant} decides {worst.target.column} in {worst.strength:.1%} of the rows"
    beside = f", and {others} more columns agree" if others else ""
    packed = f"; {len(group) - 1} more columns are decided likewise" if len(group) > 1 else ""
    return drafted(
        TOOL,
        _action(worst.strength, *(candidate.target for candidate in group)),
        Dependency(determinants=(determinant,), dependent=worst.target.column),
        believed if len(group) > 1 or worst.few else 0.5 * believed,
        f"{decided}{beside}{packed}",
        support=sum(candidate.conforming for candidate in group),
        against=changed,
    )
