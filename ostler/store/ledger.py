"""The first pass over the audit log: every entry proved, the tree grown again, its heads compared.

An entry holds hashes that depend on each other: its leaf, its subtree and the heads above it. When
one of them disagrees, the others tell which, so that a problem names what was edited. Nothing is
kept of an entry that holds, so that a log of any length takes the same memory.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import and_, func, select
from sqlmodel import Session

from ostler.core.errors import BadInput
from ostler.store.erasures import ERASED, Erased, Erasing, erasure_in, together
from ostler.store.heads import Head
from ostler.store.leaves import commitment_of, leaf_of, unsalted_leaf_of
from ostler.store.merkle import Frontier, Hash, pushed, root_of_frontier
from ostler.store.models import AuditEntryRow, CheckpointRow, table_of
from ostler.store.streams import numbered_rows

_TOLD = 100_000
"""Entries after which it is told how far it is."""

_NODE = b"\x01"
_NEVER = float("inf")
_BEHIND_ALL: tuple[float, object, object] = (_NEVER, None, None)


@dataclass(frozen=True)
class Problem:
    """Something that does not hold, and what it is."""

    kind: Literal["entry", "head", "row", "document", "object", "unreadable"]
    subject: str
    message: str


@dataclass
class Proved:
    """What reading the log has shown."""

    size: int = 0
    broken: bool = False
    """Whether entries are missing, so that no later head can be computed."""
    frontier: Frontier = ()
    unsound: set[int] = field(default_factory=set[int])
    """Entries that were named, so that what they say is not held against them again."""
    bare: dict[int, str] = field(default_factory=dict[int, str])
    """Entries without a payload, and what they are."""
    erasures: dict[int, Erasing] = field(default_factory=dict[int, Erasing])

    @property
    def head(self) -> Head:
        """The head of what was read."""
        return Head(self.size, root_of_frontier(self.frontier).hex())

    @property
    def erased(self) -> Erased:
        """What the log says was erased."""
        return together({index: one.erasure for index, one in self.erasures.items()})


def prove_log(
    session: Session, proved: Proved, progress: Callable[[int], None] = lambda _: None
) -> Iterator[Problem]:
    """Read the whole log and give what is wrong with it and with the heads recorded beside it."""
    heads = _RecordedHeads(session)
    sha256, frontier, size = hashlib.sha256, list[Hash](), 0
    for row in numbered_rows(session, table_of(AuditEntryRow).c.values()):
        index, at, actor, kind, subject, payload, leaf, subtree, salt, commitment = row
        try:
            node = leaf_of(index, at, actor, kind, subject, commitment)
            sound = node.hex() == leaf and commitment_of(salt, payload) == commitment
        except (AttributeError, TypeError):
            # Somebody has put a number or bytes where text belongs.
            node, sound = b"", False
        below, level = len(frontier), size
        while level & 1:
            below -= 1
            node = sha256(_NODE + frontier[below] + node).digest()
            level >>= 1
        if sound and index == size and node.hex() == subtree and kind != ERASED:
            del frontier[below:]
            frontier.append(node)
        else:
            proved.size, proved.frontier = size, tuple(frontier)
            yield from _looked_into(proved, index, row[1:])
            frontier = list(proved.frontier)
        size += 1
        if heads.next <= size:
            heads.compare(size, () if proved.broken else frontier, at)
        if size % _TOLD == 0:
            progress(size)
    proved.size, proved.frontier = size, tuple(frontier)
    erased = proved.erased.payloads
    for index, what in proved.bare.items():
        if index not in erased:
            why = f"the payload of {what} is gone, and no entry says that it was erased"
            yield Problem("entry", f"entry {index}", why)
    yield from heads.problems(size)


def _looked_into(proved: Proved, index: int, columns: Sequence[object]) -> Iterator[Problem]:
    """Take in one entry, whatever it is, and name what is wrong with it."""
    # The repr of what is no text has another hash.
    at, actor, kind, subject, payload, leaf, subtree, salt, commitment = (
        value if isinstance(value, str) else repr(value) for value in columns
    )
    name, sound = f"entry {index}", True
    if index != proved.size and not proved.broken:
        proved.broken = True
        yield Problem("entry", f"entry {proved.size}", f"it is missing: {name} is in its place")
    if commitment:
        computed = leaf_of(index, at, actor, kind, subject, commitment)
    else:
        computed = unsalted_leaf_of(index, at, actor, kind, subject, payload)
    if leaf != computed.hex():
        sound = False
        yield Problem("entry", name, f"{kind} of {subject} does not match its leaf hash")
    elif commitment and commitment_of(salt, payload) != commitment:
        if payload or salt:
            sound = False
            yield Problem("entry", name, f"the payload of {kind} of {subject} was edited")
        else:
            proved.bare[index] = f"{kind} of {subject}"
    grown = _grown(proved, computed, leaf, subtree)
    if sound and not proved.broken and grown[-1].hex() != subtree:
        yield Problem("entry", name, "its subtree hash is not that of the log before it")
    proved.size, proved.frontier = proved.size + 1, grown
    if not sound:
        proved.unsound.add(index)
    elif kind == ERASED:
        try:
            proved.erasures[index] = Erasing(actor, subject, erasure_in(json.loads(payload)))
        except ValueError:
            proved.unsound.add(index)
            yield Problem("entry", name, "it does not say what was erased")


def _grown(proved: Proved, computed: Hash, leaf: str, subtree: str) -> Frontier:
    """The next frontier, with the leaf that the subtree hash bears out if one of them does."""
    first = pushed(proved.frontier, proved.size, computed)
    if first[-1].hex() != subtree:
        try:
            second = pushed(proved.frontier, proved.size, bytes.fromhex(leaf))
        except ValueError:  # what stands there is no hash, so it bears nothing out
            return first
        if second[-1].hex() == subtree:
            return second
    return first


def repeated(session: Session) -> Iterator[Problem]:
    """Entries that stand in the log more than once.

    Each has a salt of its own, so two with one commitment are one that was played again; of before
    there were salts, two that say the same at the same microsecond.
    """
    entry = table_of(AuditEntryRow).c
    salted = (entry["commitment"],)
    bare = tuple(entry[name] for name in ("at", "actor", "kind", "subject", "payload"))
    for told_by, which in (
        (salted, entry["commitment"] != ""),
        (bare, entry["commitment"] == ""),
    ):
        first = func.min(entry["index"]).label("first")
        twice = select(*told_by, first).where(which).group_by(*told_by)
        found = twice.having(func.count() > 1).subquery()
        same = and_(*(found.c[column.name] == column for column in told_by))
        again = select(entry["index"], entry["kind"], entry["subject"], found.c["first"])
        again = again.join(found, same).where(which, entry["index"] > found.c["first"])
        for index, kind, subject, once in session.connection().execute(
            again.order_by(entry["index"]), execution_options={"yield_per": 1000}
        ):
            why = f"{kind} of {subject} was entered again: it is entry {once} once more"
            yield Problem("entry", f"entry {index}", why)


class _RecordedHeads:
    """The heads in the database, read beside the entries; one edit of many is named once."""

    def __init__(self, session: Session) -> None:
        self._rows = numbered_rows(session, table_of(CheckpointRow).c.values())
        self._wrong: list[list[int]] = []
        self._unreadable = ""
        self._last, self._next = 0, 0.0
        self._open = False
        self._advance()

    @property
    def next(self) -> float:
        """The size of the next one; infinite behind the last."""
        return self._next

    def compare(self, size: int, frontier: Sequence[Hash], at: object) -> None:
        """Hold the heads up to this size to the log as it is there; to none without a frontier."""
        while self._next <= size:
            holds = self._next == size and (self._root, self._at) == (
                root_of_frontier(tuple(frontier)).hex() if frontier else None,
                at,
            )
            self._take(holds=holds)

    def problems(self, size: int) -> Iterator[Problem]:
        """What was found, when the log has ended."""
        while self._next != _NEVER:
            self._take(holds=False)
        if self._unreadable:
            yield Problem("unreadable", "checkpoint", self._unreadable)
        for first, last in self._wrong:
            yield wrong_heads("recorded head", first, last, size)
        if self._last != size and not self._unreadable:
            message = f"the log has {size} entries, its last recorded head has {self._last}"
            yield Problem("head", f"head {self._last}", message)

    def _take(self, *, holds: bool) -> None:
        size = int(self._next)
        if holds:
            self._open = False
        elif self._open:
            self._wrong[-1][1] = size
        else:
            self._wrong.append([size, size])
            self._open = True
        self._last = size
        self._advance()

    def _advance(self) -> None:
        try:
            row = next(self._rows, None)
        except BadInput as error:
            self._unreadable, row = error.message, None
        self._next, self._root, self._at = row or _BEHIND_ALL


def wrong_heads(what: str, first: int, last: int, length: int) -> Problem:
    """What is wrong with a stretch of heads, of a log that has `length` entries."""
    sizes = f"{first}" + (f" to {last}" if last != first else "")
    why = "was cut" if last > length else "was rewritten, or the head edited"
    message = f"the {what} of {sizes} entries is not that of the log: it {why}"
    return Problem("head", f"head {sizes}", message)
