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
    # Older releases announced nothing that carries a proposal; they made none after this one did.
    all_of_them = said.all_of_them
    for commit in sorted(commits, key=lambda one: one.version):
        if commit.mark:
            if why := _wrongly_marked(commit, said, used):
                yield Unexplained(commit.version, why, is_fault=True)
            elif said.all_of_them and not commit.ours and commit.mark not in said.files:
                why = "whoever added it was killed before its files were recorded"
                yield Unexplained(commit.version, why, is_fault=False)
            used.setdefault(commit.mark, commit.version)
            all_of_them |= bool(said.content.get(commit.mark))
        elif commit.ours and all_of_them:
            why = f"no entry of the log announces it, and it says {_says(commit)}"
            yield Unexplained(commit.version, why, is_fault=True)
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


def _wrongly_marked(commit: Commit, said: Announced, used: dict[str, int]) -> str:
    """Why the announcement with a commit's mark is not of that commit; empty when it is."""
    content = said.content.get(commit.mark)
    if content is None:
        return "no entry of the log announces its mark"
    if commit.mark in used:
        return f"its mark was announced for version {used[commit.mark]}"
    if content and content != commit.content:
        return f"it is not the commit that the log announced; it says {_says(commit)}"
    if not content and (commit.proposals or commit.barred):
        return f"its mark was announced for other than {_says(commit)}"
    return ""


def _says(commit: Commit) -> str:
    """What a commit of Ostler's own is for, by its own word."""
    return ", ".join((*commit.proposals, *commit.barred)) or commit.upkeep or "nothing"
