"""`ostler add postgresql://… --table …`: a PostgreSQL table comes under care where it is."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostler.cli.opening import Opened

_PART = r'"((?:[^"]|"")+)"|([^".]+)'
_TABLE = re.compile(rf"(?:(?:{_PART})\.)?(?:{_PART})")


def is_postgres(parts: "Opened", where: str, table: str) -> bool:
    """Whether an argument is a PostgreSQL address, or a connection of the settings.

    BadInput when it is and no table is named, or the other way round.
    """
    from ostler.core.errors import BadInput

    known = parts.workspace.settings.connections
    is_one = where.startswith(("postgresql://", "postgres://")) or where in known
    if is_one and not table:
        raise BadInput("the table is missing", "name it: --table schema.table")
    if table and not is_one:
        raise BadInput(
            f"--table is for PostgreSQL, and {where!r} is neither an address nor a connection",
            f"ostler.yaml knows: {', '.join(sorted(known)) or 'no connection'}",
        )
    return is_one


def table_name(text: str) -> tuple[str, str]:
    """Schema and table of `sales.customers`; parts with a dot stand in double quotes."""
    from ostler.core.errors import BadInput

    found = _TABLE.fullmatch(text)
    if found is None:
        raise BadInput(
            f"{text!r} names no table",
            'write it as schema.table, with quotes around a name that holds a dot: "a.b".c',
        )
    quoted_schema, schema, quoted_table, table = found.groups()
    return (
        quoted_schema.replace('""', '"') if quoted_schema else schema or "public",
        quoted_table.replace('""', '"') if quoted_table else table,
    )


def take_postgres(
    parts: "Opened",
    where: str,
    table: str,
    name: str,
    *,
    owner: str,
    key: tuple[str, ...],
    value: int,
    protect: tuple[str, ...],
    upstream: tuple[str, ...] = (),
    downstream: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
) -> tuple[int, int]:
    """Read a table into its mirror and take it under care; returns its rows and its version."""
    from uuid import uuid4

    from ostler.cli.opening import now
    from ostler.cli.output import progress, say
    from ostler.core.canonical import short_id
    from ostler.core.datasets import Dataset, PostgresSource
    from ostler.core.errors import BadInput, Conflict
    from ostler.review.text import visible
    from ostler.storage.paths import remove_tree
    from ostler.store.datasets import add_dataset
    from ostler.tables.postgres.connecting import connection_of
    from ostler.tables.postgres.mirror import make_mirror

    namespace, relation = table_name(table)
    source = PostgresSource(
        connection=where,
        namespace=namespace,
        table=relation,
        ledger=short_id("L", name, uuid4().hex),
    )
    reader = connection_of(source, parts.workspace.settings.connections).read
    uri = parts.workspace.tables / name
    if not parts.workspace.settings.storage:
        # Not in the store, so it is what a killed import left.
        remove_tree(uri)
    elif uri.exists():
        raise Conflict(
            f"there is something at {uri} already, perhaps another workspace's table",
            "choose another --name, or remove it if you know that it is left over",
        )
    with progress(f"reading {source.place}") as tell:
        made = make_mirror(
            source, reader, str(uri), key, lambda size: tell(f"{size / 1e6:,.0f} MB")
        )
    view = made.table.view()
    unknown = [column for column in protect if column not in view.column_names]
    if unknown:
        remove_tree(uri)
        raise BadInput(
            f"there is no column {unknown[0]!r} to protect",
            f"there are: {', '.join(view.column_names)}",
        )
    dataset = Dataset(
        name=name,
        owner=owner,
        uri=str(uri),
        key=made.table.key,
        source=f"{where} {source.place}",
        value=value,
        protected=tuple(dict.fromkeys((*protect, *made.unpatchable))),
        upstream=upstream,
        downstream=downstream,
        postgres=source,
        tags=tags,
    )
    with parts.store.transaction() as session:
        add_dataset(session, dataset, actor=parts.workspace.reviewer, at=now())
    if made.unpatchable:
        say(visible(f"note: no patch can set {', '.join(made.unpatchable)}: protected"))
    if made.generated:
        say(visible(f"note: generated and left out: {', '.join(made.generated)}"))
    return view.row_count, view.version
