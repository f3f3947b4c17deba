"""Verification: the log proves itself, and every row, document and file agrees with the log."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import SEEK_END
from itertools import chain, groupby, islice

from sqlalchemy import Table
from sqlmodel import Session, col, select

from ostler.core.canonical import digest_bytes
from ostler.core.errors import BadInput, OstlerError, VerificationFailed
from ostler.store.engine import Store
from ostler.store.erasures import Erased, Erasing
from ostler.store.folding import Folded, fold_log, folded
from ostler.store.heads import Head, read_heads
from ostler.store.ledger import Problem, Proved, prove_log, repeated, wrong_heads
from ostler.store.models import PROJECTED, CheckpointRow, DocumentRow, table_of
from ostler.store.objects import Objects
from ostler.store.projection import Key, Value, key_names
from ostler.store.streams import table_in_order
from ostler.store.subtrees import root_at

_SHOWN = 60
_AT_ONCE = 500


@dataclass(frozen=True)
class Verified:
    """What came of it."""

    problems: tuple[Problem, ...]
    """Everything that does not hold, log first; empty when all is as it was recorded."""
    head: Head
    """Of the log as it was read, from its leaves and not from what is stored of it."""
    erasures: dict[int, Erasing]
    """What was erased, by the index of the entry that says so."""
    erased: Erased


def verify_store(store: Store, objects: Objects) -> tuple[Problem, ...]:
    """Everything that does not hold in a store; empty when all is as it was recorded."""
    return examine_store(store, objects).problems


def verify(
    session: Session, objects: Objects, expected_heads: Iterable[Head] = ()
) -> tuple[Problem, ...]:
    """Everything that does not hold in a database; `expected_heads` were kept outside of it."""
    return examine(session, objects, expected_heads).problems


def examine_store(
    store: Store, objects: Objects, progress: Callable[[int], None] = lambda _: None
) -> Verified:
    """`examine` with the heads that are kept beside the database."""
    missing: tuple[Problem, ...] = ()
    try:
        # Before the database is read: a head that is written meanwhile would be unknown to it.
        with store.heads.open("rb") as file:
            length = file.seek(0, SEEK_END)
    except OSError as error:
        why = f"the heads kept outside the database cannot be read: {error.strerror}"
        length, missing = 0, (Problem("head", store.heads.name, why),)
    unreadable: list[Problem] = []

    def kept() -> Iterator[Head]:
        for one in read_heads(store.heads, length) if length else ():
            if isinstance(one, Head):
                yield one
            else:
                why = f"line {one} is not a size and a root"
                unreadable.append(Problem("head", store.heads.name, why))

    with store.reading() as session:
        found = examine(session, objects, kept(), progress)
        begun = session.exec(select(CheckpointRow.size).limit(1)).first() is not None
    problems = (*found.problems, *unreadable, *(missing if begun else ()))
    return Verified(problems, found.head, found.erasures, found.erased)


def examine(
    session: Session,
    objects: Objects,
    expected_heads: Iterable[Head] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Verified:
    """Read the log to its end and hold all that lies under it against it.

    `expected_heads` are heads that somebody kept outside the database; `progress` hears how many
    entries are proved.
    """
    proved = Proved()
    problems = list(_readable("audit_entry", prove_log(session, proved, progress)))
    problems += _readable("checkpoint", _outside_heads(session, proved, expected_heads))
    erased = proved.erased
    with folded() as fold:
        parts = (
            ("audit_entry", repeated(session)),
            ("audit_entry", fold_log(session, proved, fold)),
            *((table.name, _rows(session, table, fold)) for table in PROJECTED),
            ("document", _documents(session, fold, erased)),
            ("objects", _objects(objects)),
        )
        problems += chain.from_iterable(_readable(what, some) for what, some in parts)
    return Verified(tuple(problems), proved.head, proved.erasures, erased)


def _readable(what: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """The problems, and one more when what they are about cannot even be read."""
    try:
        yield from problems
    except BadInput as error:
        yield Problem("unreadable", what, error.message)


def _outside_heads(session: Session, proved: Proved, kept: Iterable[Head]) -> Iterator[Problem]:
    """Heads that somebody kept; most are also recorded, and those were held to the log already."""
    left = iter(kept)
    while some := tuple(islice(left, _AT_ONCE)):
        sizes = sorted({head.size for head in some})
        query = select(CheckpointRow.size, CheckpointRow.root)
        recorded = dict(session.exec(query.where(col(CheckpointRow.size).in_(sizes))).all())
        ordered = sorted(set(some), key=lambda head: (head.size, head.root))
        wrong = {
            h for h in some if recorded.get(h.size) != h.root and not _held(session, proved, h)
        }
        for is_wrong, group in groupby(ordered, key=lambda head: head in wrong):
            stretch = [head.size for head in group]
            if is_wrong:
                what = "head kept outside the database"
                yield wrong_heads(what, stretch[0], stretch[-1], proved.size)


def _held(session: Session, proved: Proved, head: Head) -> bool:
    """Whether the log had this head once."""
    if proved.broken or head.size > proved.size:
        return False
    try:
        return root_at(session, head.size).hex() == head.root
    except VerificationFailed:
        return False


def _rows(session: Session, table: Table, fold: Folded) -> Iterator[Problem]:
    """A table beside what the log makes of it."""
    columns = [column.name for column in table.columns]
    names = key_names(table)
    others = [name for name in columns if name not in names]
    for values in table_in_order(session, table):
        row = dict(zip(columns, values, strict=True))
        key: Key = tuple(row[name] for name in names)
        expected = fold.meet_row(table.name, key)
        if expected is None:
            yield Problem("row", _label(table, key), "the log knows nothing of this row")
            continue
        for name in others:
            if not _same(expected.get(name), row[name]):
                is_now, was = _shown(row[name]), _shown(expected.get(name))
                message = f"{name} is {is_now}, the log says {was}"
                yield Problem("row", _label(table, key), message)
    for key in fold.unmet_rows(table.name):
        yield Problem("row", _label(table, key), "the log has this row, the table does not")


def _same(told: Value, found: object) -> bool:
    return type(told) is type(found) and told == found


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _label(table: Table, key: Key) -> str:
    return " ".join((table.name, *(str(part) for part in key)))


def _documents(session: Session, fold: Folded, erased: Erased) -> Iterator[Problem]:
    for digest, body in table_in_order(session, table_of(DocumentRow)):
        content = body.encode() if isinstance(body, str) else repr(body).encode()
        subject = fold.meet_document(digest)
        if subject is None:
            yield Problem("document", digest, "the log knows nothing of this document")
        elif digest_bytes(content) != digest and (content or digest not in erased.documents):
            yield Problem("document", subject, f"its document {digest} was edited")
    for digest, subject in fold.unmet_documents():
        yield Problem("document", subject, f"its document {digest} is gone")


def _objects(objects: Objects) -> Iterator[Problem]:
    for name in objects.names():
        try:
            objects.content(name)
        except OstlerError as error:
            yield Problem("object", str(objects.path(name)), error.message)
