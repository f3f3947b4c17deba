"""PostgreSQL: one database for a team, with Ostler's tables in a schema of their own."""

import re

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.schema import CreateSchema

from ostler.core.errors import BadInput
from ostler.store.database import Database
from ostler.store.failures import explain
from ostler.store.postgresql_errors import meaning

SCHEMA = "ostler"
"""Where the tables lie; `?schema=` in the URL says otherwise."""

TURN_SECONDS = 30
"""How long a writer waits for its turn; `?timeout=` in the URL says otherwise."""

IDLE_SECONDS = 60
"""How long a writer may stand still before the server ends its turn: its machine may be gone."""

NOW = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
"""The time as it is stored."""

# For the transaction and no longer: a pooler may give the connection to somebody else after it.
_PATH = text("SELECT set_config('search_path', :schema, true)")
_PATIENCE = text(
    """
    SELECT set_config('search_path', :schema, true), set_config('lock_timeout', :wait, true),
           set_config('idle_in_transaction_session_timeout', :idle, true)
    """
)
# One lock for all writers: every change appends to the audit log, and the log is one chain.
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('ostler state ' || :schema, 0))")


def database(url: URL) -> Database:
    """The database of `postgresql://user@host:port/name?schema=ostler` (BadInput).

    What the address leaves out comes from libpq's environment (PGHOST, PGUSER, PGPASSWORD ...), its
    service file and `~/.pgpass`.
    """
    if "password" in url.query:
        # Where it is hidden wherever the address is shown.
        url = url.set(password=_option(url, "password", "", ".*"))
    schema = _option(url, "schema", SCHEMA, "[a-z_][a-z0-9_]{0,62}")
    wait = float(_option(url, "timeout", str(TURN_SECONDS), r"[0-9]{1,6}(\.[0-9]+)?"))
    address = url.difference_update_query(["password", "schema", "timeout"])
    where = _shown(address, schema)
    defaults = {"connect_timeout": "10", "fallback_application_name": "ostler"}
    address = address.set(drivername="postgresql+psycopg")
    address = address.update_query_dict({**defaults, **address.query})
    writer = create_engine(address, pool_pre_ping=True)
    reader = create_engine(
        address,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )

    def queued(connection: Connection) -> None:
        # Not REPEATABLE READ: what is read after the wait has to be what the one before left.
        patience = {"wait": f"{wait * 1000:.0f}", "idle": f"{IDLE_SECONDS}s"}
        connection.execute(_PATIENCE, {"schema": schema, **patience})
        connection.execute(_TURN, {"schema": schema})

    def began(connection: Connection) -> None:
        connection.execute(_PATH, {"schema": schema})

    for engine, begin in ((writer, queued), (reader, began)):
        event.listen(engine, "begin", begin)
        explain(engine, where, meaning)
    return Database(
        where=where,
        writer=writer,
        reader=reader,
        shared=True,
        exists=lambda: True,
        prepare=lambda connection: _prepare(connection, where, schema),
        describe=lambda connection: _describe(connection, where),
    )


def _option(url: URL, name: str, default: str, pattern: str) -> str:
    value = url.query.get(name, default)
    if not (isinstance(value, str) and re.fullmatch(pattern, value)):
        # The value is not shown: it may be a password.
        raise BadInput(
            f"the {name} in the address of the state database cannot be used",
            f"leave it out for {default}" if default else "PGPASSWORD or ~/.pgpass can have it",
        )
    return value


def _shown(url: URL, schema: str) -> str:
    """The address without password and without options, one of which may be a password."""
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    # A socket's folder is given as an option.
    socket = url.query.get("host", "")
    shown = f"{bare.render_as_string()} on {socket}" if socket else bare.render_as_string()
    return shown if schema == SCHEMA else f"{shown} schema {schema}"


def _prepare(connection: Connection, where: str, schema: str) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise BadInput(f"{where} is encoded in {encoding}", "make a database with ENCODING 'UTF8'")
    # Asked first: to make one takes a right that need not be given when somebody else made it.
    known = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
    if connection.execute(known, {"schema": schema}).first() is None:
        connection.execute(CreateSchema(schema))


def _describe(connection: Connection, where: str) -> str:
    version = connection.execute(text("SHOW server_version")).scalar()
    return f"PostgreSQL {version} at {where}"
