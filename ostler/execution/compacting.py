"""Compaction as the log knows it: announced first, then done."""

from datetime import datetime

from ostler.core.datasets import Dataset
from ostler.store.announcements import COMPACTING, announce, new_mark
from ostler.store.engine import Store
from ostler.tables.compacting import Compacted, compact
from ostler.tables.delta import table_of


def compact_announced(store: Store, dataset: Dataset, *, actor: str, at: datetime) -> Compacted:
    """Write a dataset's small files together, under a mark that the log has (Conflict)."""
    mark = new_mark()
    with store.transaction() as session:
        announce(session, dataset.name, COMPACTING, mark, actor=actor, at=at)
    return compact(table_of(dataset), mark=mark)
