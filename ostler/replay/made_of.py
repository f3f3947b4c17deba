"""What a table is made of, held to the log: which data files, where, with what digest."""

from collections.abc import Iterator, Mapping, Sequence

from ostler.core.canonical import Digest
from ostler.core.datasets import Dataset
from ostler.replay.faults import Fault
from ostler.storage.paths import path_of
from ostler.store.announcements import Announced, Files
from ostler.tables.delta import Commit
from ostler.tables.layout import Layout

Claims = Mapping[tuple[str, Digest], str]
"""Of a data file and the digest that it should have: who says so."""


def claims_of(dataset: Dataset, commits: Sequence[Commit], said: Announced) -> Claims:
    """The data files that commits made, with the digests that the log has of them.

    It has that of the commit that names them, which is compared elsewhere; or, of data that came
    in, their own. What no log has is taken from the commit.
    """
    return {
        (str(path_of(dataset.uri) / name), digest): f"version {commit.version} made"
        for commit in commits
        for name, digest in _added(commit, said).items()
    }


def unlike(commits: Sequence[Commit], said: Announced, newest: Layout) -> Iterator[Fault]:
    """Where the newest version is made of other files than the commits, which all are announced.

    Of data whose writer was killed before it could record the files, they are as they are found.
    """
    made: set[str] = set()
    unknown = False
    for commit in sorted(commits, key=lambda one: one.version):
        made.difference_update(commit.removed)
        made.update(_added(commit, said))
        unknown |= not commit.ours and commit.mark not in said.files
    found = {newest.relative(file) for file in newest.files}
    for name in sorted(made - found):
        yield Fault("table", newest.root + name, "the newest version is without it, by no commit")
    for name in () if unknown else sorted(found - made):
        yield Fault("table", newest.root + name, "the newest version has it, by no commit")


def misplaced(commits: Sequence[Commit], newest: Layout) -> Iterator[Fault]:
    """Files that stand in another partition than the one that they were written for."""
    meant = {name: values for commit in commits for name, values in commit.partitions.items()}
    for file, values in newest.files.items():
        stands = dict(zip(newest.partitioned_by, values, strict=True))
        if stands != meant.get(newest.relative(file), stands):
            yield Fault("table", file, f"its rows were moved to the partition {stands}")


def _added(commit: Commit, said: Announced) -> Files:
    return said.files.get(commit.mark, commit.files)
