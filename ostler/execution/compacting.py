"""Compaction as the log knows it: announced first, then done."""

from collections.abc import Callable
from datetime import datetime

from ostler.core.datasets import Dataset
from ostler.store.announcements import COMPACTING, announcing
from ostler.store.engine import Store
from ostler.tables.compacting import Compacted, compact
from ostler.tables.delta import table_of


def compact_announced(
    store: Store, dataset: Dataset, *, actor: str, clock: Callable[[], datetime]
) -> Compacted:
    """Write a dataset's small files together, under a mark that the log has (Conflict)."""
    tell = announcing(store, dataset.name, COMPACTING, actor=actor, clock=clock)
    return compact(table_of(dataset), announce=tell)
