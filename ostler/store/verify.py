"""Verification: the log proves itself, and every row, document and file agrees with the log."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from sqlalchemy import Table, select
from sqlmodel import Session

from ostler.core.canonical import Digest, digest_bytes
from ostler.core.errors import BadInput, OstlerError
from ostler.store.engine import Store
from ostler.store.heads import Head, KeptHeads, read_heads
from ostler.store.ledger import Ledger, Problem, read_log
from ostler.store.models import PROJECTED, CheckpointRow, DocumentRow, table_of
from ostler.store.objects import Objects
from ostler.store.projection import Key, Rows, Value, key_names

_SHOWN = 60


def verify_store(store: Store, objects: Objects) -> tuple[Problem, ...]:
    """`verify` with the heads that are kept beside the database."""
    # Before the database is read: a head that is written meanwhile would be unknown to it.
    kept, missing = _kept_heads(store)
    with store.reading() as session:
        found = verify(session, objects, kept.heads)
        size = table_of(CheckpointRow).c["size"]
        begun = session.connection().execute(select(size).limit(1)).first() is not None
    unreadable = tuple(
        Problem("head", store.heads.name, f"line {number} is not a size and a root")
        for number in kept.unreadable
    )
    return (*found, *unreadable, *(missing if begun else ()))


def verify(
    session: Session, objects: Objects, expected_heads: Iterable[Head] = ()
) -> tuple[Problem, ...]:
    """Everything that does not hold, log first; empty when all is as it was recorded.

    `expected_heads` are heads that somebody kept outside the database.
    """
    outside = tuple(expected_heads)
    try:
        recorded = _recorded(session)
    except BadInput as error:
        recorded, lost = (), (_unreadable("checkpoint", error),)
    else:
        lost = ()
    sizes = (*(head.size for head, _ in recorded), *(head.size for head in outside))
    ledger = Ledger(frozenset(sizes))
    parts = (
        ("audit_entry", read_log(session, ledger)),
        ("checkpoint", _recorded_heads(ledger, recorded)),
        ("checkpoint", _outside_heads(ledger, outside)),
        *((table.name, _rows(session, table, ledger.rows)) for table in PROJECTED),
        ("document", _documents(session, ledger.documents)),
        ("objects", _objects(objects)),
    )
    return (*lost, *chain.from_iterable(_readable(what, problems) for what, problems in parts))


def _unreadable(what: str, error: BadInput) -> Problem:
    return Problem("unreadable", what, error.message)


def _readable(what: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """The problems, and one more when what they are about cannot even be read."""
    try:
        yield from problems
    except BadInput as error:
        yield _unreadable(what, error)


def _kept_heads(store: Store) -> tuple[KeptHeads, tuple[Problem, ...]]:
    try:
        return read_heads(store.heads), ()
    except OSError as error:
        why = f"the heads kept outside the database cannot be read: {error.strerror}"
        return KeptHeads((), ()), (Problem("head", store.heads.name, why),)


def _recorded(session: Session) -> tuple[tuple[Head, str], ...]:
    """The heads in the database, each with its time, smallest first."""
    table = table_of(CheckpointRow)
    rows = session.connection().execute(select(table).order_by(table.c["size"]))
    return tuple((Head(size, root), at) for size, root, at in rows)


def _recorded_heads(ledger: Ledger, recorded: tuple[tuple[Head, str], ...]) -> Iterator[Problem]:
    wrong = {head for head, at in recorded if ledger.heads.get(head.size) != (head.root, at)}
    yield from _named(ledger, (head for head, _ in recorded), wrong, "recorded head")
    last = recorded[-1][0].size if recorded else 0
    if last != ledger.size:
        message = f"the log has {ledger.size} entries, its last recorded head has {last}"
        yield Problem("head", f"head {last}", message)


def _outside_heads(ledger: Ledger, outside: tuple[Head, ...]) -> Iterator[Problem]:
    ordered = sorted(set(outside), key=lambda head: (head.size, head.root))
    wrong = {h for h in ordered if ledger.heads.get(h.size, ("", ""))[0] != h.root}
    yield from _named(ledger, ordered, wrong, "head kept outside the database")


def _named(ledger: Ledger, heads: Iterable[Head], wrong: set[Head], what: str) -> Iterator[Problem]:
    """One problem for each stretch of heads that do not hold, so that one edit is named once."""
    for is_wrong, group in groupby(heads, key=lambda head: head in wrong):
        stretch = [head.size for head in group]
        if is_wrong:
            sizes = f"{stretch[0]}" + (f" to {stretch[-1]}" if len(stretch) > 1 else "")
            why = "was cut" if stretch[-1] > ledger.size else "was rewritten, or the head edited"
            message = f"the {what} of {sizes} entries is not that of the log: it {why}"
            yield Problem("head", f"head {sizes}", message)


def _rows(session: Session, table: Table, told: dict[str, Rows]) -> Iterator[Problem]:
    expected = told.get(table.name, {})
    names = key_names(table)
    others = tuple(column.name for column in table.columns if column.name not in names)
    seen: set[Key] = set()
    ordered = select(table).order_by(*table.primary_key.columns)
    for row in session.connection().execute(ordered).mappings():
        key: Key = tuple(row[name] for name in names)
        seen.add(key)
        if key not in expected:
            yield Problem("row", _label(table, key), "the log knows nothing of this row")
            continue
        for name in others:
            if not _same(expected[key].get(name), row[name]):
                is_now, was = _shown(row[name]), _shown(expected[key].get(name))
                message = f"{name} is {is_now}, the log says {was}"
                yield Problem("row", _label(table, key), message)
    for key in expected:
        if key not in seen:
            yield Problem("row", _label(table, key), "the log has this row, the table does not")


def _same(told: Value, found: object) -> bool:
    return type(told) is type(found) and told == found


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _label(table: Table, key: Key) -> str:
    return " ".join((table.name, *(str(part) for part in key)))


def _documents(session: Session, told: dict[Digest, str]) -> Iterator[Problem]:
    table = table_of(DocumentRow)
    seen: set[Digest] = set()
    for digest, body in session.connection().execute(select(table).order_by(table.c["digest"])):
        seen.add(digest)
        content = body.encode() if isinstance(body, str) else repr(body).encode()
        if digest not in told:
            yield Problem("document", digest, "the log knows nothing of this document")
        elif digest_bytes(content) != digest:
            message = f"its document {digest} was edited"
            yield Problem("document", told[digest], message)
    for digest, subject in told.items():
        if digest not in seen:
            yield Problem("document", subject, f"its document {digest} is gone")


def _objects(objects: Objects) -> Iterator[Problem]:
    for name in objects.names():
        try:
            objects.content(name)
        except OstlerError as error:
            yield Problem("object", str(objects.path(name)), error.message)
