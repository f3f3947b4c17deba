"""Lineage that was learnt from outside, and what lies up- and downstream of a dataset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ostler.core.errors import Conflict
from ostler.store.datasets import get_dataset, list_datasets
from ostler.store.models import LineageAliasRow, LineageEdgeRow
from ostler.store.projection import Event, add
from ostler.store.times import stamp

DECLARED = "declared"
"""How an edge was learnt that stands in a dataset's own record."""


@dataclass(frozen=True, order=True)
class Edge:
    """`target` is made from `source`; with columns, this column from that one."""

    source: str
    target: str
    source_column: str = ""
    target_column: str = ""
    learnt: str = ""


def record_edges(session: Session, edges: Iterable[Edge], *, actor: str, at: datetime) -> int:
    """Keep the edges that were not known; gives how many that were."""
    known = {_key(one) for one in _rows(session)}
    new = 0
    for edge in sorted(set(edges)):
        if _key(edge) in known:
            continue
        known.add(_key(edge))
        columns = {
            "source": edge.source,
            "source_column": edge.source_column,
            "target": edge.target,
            "target_column": edge.target_column,
            "learnt": edge.learnt,
            "at": stamp(at),
        }
        add(session, Event(at, actor, "lineage.learnt", edge.target), LineageEdgeRow, columns)
        new += 1
    return new


def record_alias(session: Session, name: str, dataset: str, *, actor: str, at: datetime) -> None:
    """Say what another system calls a dataset (NotFound); Conflict when it is another's name."""
    get_dataset(session, dataset)
    known = aliases(session).get(name)
    if known is None:
        columns = {"name": name, "dataset": dataset, "at": stamp(at)}
        add(session, Event(at, actor, "lineage.alias", dataset), LineageAliasRow, columns)
    elif known != dataset:
        raise Conflict(f"{name} is the name of {known} already", "see: ostler lineage show")


def aliases(session: Session) -> Mapping[str, str]:
    """Names of other systems, and the datasets of ours that they mean."""
    query = select(LineageAliasRow).order_by(col(LineageAliasRow.name))
    return {row.name: row.dataset for row in session.exec(query)}


def edges(session: Session) -> tuple[Edge, ...]:
    """All edges between datasets and between columns, under our names where there is one."""
    ours = aliases(session)
    found = {
        Edge(
            ours.get(one.source, one.source),
            ours.get(one.target, one.target),
            one.source_column,
            one.target_column,
            one.learnt,
        )
        for one in _rows(session)
    }
    for dataset in list_datasets(session):
        found |= {Edge(dataset.name, other, learnt=DECLARED) for other in dataset.downstream}
        found |= {Edge(other, dataset.name, learnt=DECLARED) for other in dataset.upstream}
    return tuple(sorted(found))


def downstream_of(session: Session, dataset: str) -> tuple[str, ...]:
    """Everything that is made, at first or at last hand, from a dataset; by name."""
    following: dict[str, list[str]] = {}
    for edge in edges(session):
        following.setdefault(edge.source, []).append(edge.target)
    seen, left = {dataset}, [dataset]
    while left:
        for target in following.get(left.pop(), ()):
            if target not in seen:
                seen.add(target)
                left.append(target)
    return tuple(sorted(seen - {dataset}))


def _rows(session: Session) -> tuple[Edge, ...]:
    query = select(LineageEdgeRow).order_by(
        col(LineageEdgeRow.source),
        col(LineageEdgeRow.target),
        col(LineageEdgeRow.source_column),
        col(LineageEdgeRow.target_column),
    )
    return tuple(
        Edge(row.source, row.target, row.source_column, row.target_column, row.learnt)
        for row in session.exec(query)
    )


def _key(edge: Edge) -> tuple[str, str, str, str]:
    return edge.source, edge.source_column, edge.target, edge.target_column
