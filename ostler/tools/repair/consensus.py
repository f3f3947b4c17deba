"""Votes of the rows that agree on other columns: the meaning of `AgreeWithColumns`."""

from ostler.core.actions import AgreeWithColumns, Consensus
from ostler.tables.sql import quoted
from ostler.tables.view import Parameter, View
from ostler.tools.repair.cells import Cells, row_of, text_of

_WEIGHT = 1_000_000
"""Shares are summed in millionths: sums of whole numbers do not depend on their order."""


def won_cells(action: AgreeWithColumns, view: View) -> Cells:
    """The cells whose column's voters elect another value than the one that stands there.

    A group is the rows with one value of a determinant in which the target is not missing: what
    is missing has no say, but may be filled in. Rows without a determinant make no group.
    """
    parts = [_one_target(target, action, view) for target in action.targets]
    return Cells(
        " UNION ALL ".join(part.sql for part in parts),
        [value for part in parts for value in part.parameters],
    )


def _one_target(target: Consensus, action: AgreeWithColumns, view: View) -> Cells:
    voters = range(len(target.determinants))
    joined = " ".join(
        f"LEFT JOIN ({_votes(target.column, determinant, view)}) AS v{k}"
        f" ON t.{quoted(determinant)} = v{k}.standing"
        for k, determinant in enumerate(target.determinants)
    )
    ballots = ", ".join(f"v{k}.vote" for k in voters)
    weights = ", ".join(f"v{k}.weight" for k in voters)
    old = text_of(target.column)
    # Only rows in which some vote differs from what stands there can change.
    contested = " OR ".join(
        f"v{k}.vote IS NOT NULL AND v{k}.vote IS DISTINCT FROM {old}" for k in voters
    )
    sql = f"""SELECT 'set' AS op, "row", CAST(? AS VARCHAR) AS "column", old, vote AS new FROM (
        SELECT "row", old, vote, weight, sum(weight) OVER (PARTITION BY "row") AS cast_in_all FROM (
            SELECT "row", any_value(old) AS old, vote, sum(weight) AS weight FROM (
                SELECT {row_of(view)} AS "row", {old} AS old,
                    unnest([{ballots}]) AS vote, unnest([{weights}]) AS weight
                FROM {view.source} AS t {joined} WHERE {contested})
            WHERE vote IS NOT NULL GROUP BY "row", vote))
        WHERE 2 * weight > cast_in_all AND vote IS DISTINCT FROM old"""
    limits: list[Parameter] = [action.min_group, action.min_share] * len(target.determinants)
    return Cells(sql, [target.column, *limits])


def _votes(column: str, determinant: str, view: View) -> str:
    """A query for the vote of each group of a determinant: (standing, vote, weight).

    It binds the least size of a group and the least share that must agree.
    """
    return f"""SELECT standing, vote, CAST({_WEIGHT} * agreeing // size AS BIGINT) AS weight FROM (
        SELECT standing, vote, agreeing, sum(agreeing) OVER (PARTITION BY standing) AS size FROM (
            SELECT t.{quoted(determinant)} AS standing, {text_of(column)} AS vote,
                count(*) AS agreeing
            FROM {view.source} AS t
            WHERE t.{quoted(determinant)} IS NOT NULL AND {text_of(column)} IS NOT NULL
            GROUP BY ALL))
        WHERE size >= CAST(? AS BIGINT)
            AND agreeing >= CAST(? AS DOUBLE) * size - 1e-9"""
