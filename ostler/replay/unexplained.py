"""Commits to a table that no entry of the log explains."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ostler.core.datasets import Dataset
from ostler.store.announcements import Announced
from ostler.tables.delta import Commit


class Unexplained(NamedTuple):
    """A commit, and why it is one of those."""

    version: int
    message: str
    is_fault: bool
    """False where others may write: that is for the reader to know, and nobody's fault."""


def unexplained(
    dataset: Dataset, commits: Sequence[Commit], known: Collection[str], said: Announced
) -> Iterator[Unexplained]:
    """The commits without an entry, oldest first.

    `known` are the ids of all proposals; whether what commits say of those is true is looked into
    elsewhere. The mirror of a PostgreSQL table follows that, and is held to its ledger instead.
    """
    if dataset.postgres is not None:
        return
    used: dict[str, int] = {}
    for commit in sorted(commits, key=lambda one: one.version):
        if commit.mark:
            if commit.mark not in said.marks:
                why = "no entry of the log announces its mark"
                yield Unexplained(commit.version, why, is_fault=True)
            elif commit.mark in used:
                why = f"its mark was announced for version {used[commit.mark]}"
                yield Unexplained(commit.version, why, is_fault=True)
            used.setdefault(commit.mark, commit.version)
        elif commit.upkeep:
            why = f"it says {commit.upkeep}, and no entry of the log announces that"
            yield Unexplained(commit.version, why, is_fault=said.from_the_start)
        elif strangers := [name for name in commit.barred if name not in known]:
            why = f"it bars {strangers[0]}, which nobody proposed"
            yield Unexplained(commit.version, why, is_fault=True)
        elif not commit.ours:
            why = f"no entry of the log explains it ({commit.operation or 'no operation'})"
            strict = dataset.managed and said.from_the_start
            yield Unexplained(commit.version, why, is_fault=strict)
