"""Bringing a state database to the schema of this code, with the migrations that ship with it."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ostler.core.errors import BadInput
from ostler.store.database import Database

HEAD = "0012"
"""The newest revision; written here so that opening a database need not load Alembic."""

_LEDGER = {"ledger", "undo"}
"""Of the tables that Ostler mends; they lie in a schema of the same name, which may be this one."""

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Migrate to `HEAD` in one transaction; BadInput when the database is newer or not ours.

    Of several processes that find an empty database one does it, while the others wait.
    """
    with database.writer.begin() as connection:
        found = revision_of(connection, database.where)
        if found is None:
            database.prepare(connection)
        if found != HEAD:
            _upgrade(connection, found, database.where)


def is_current(database: Database) -> bool:
    """Whether there is nothing to migrate; takes no write lock."""
    with database.reader.connect() as connection:
        return revision_of(connection, database.where) == HEAD


def revision_of(connection: Connection, where: str) -> str | None:
    """The revision of the database; None when it is empty."""
    tables = set(inspect(connection).get_table_names()) - _LEDGER
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if tables:
        raise BadInput(
            f"{where} is a database, but not one of Ostler's",
            "name another one; this one is left as it is",
        )
    return None


def _upgrade(connection: Connection, found: str | None, where: str) -> None:
    # Alembic costs start-up time and is needed once per database.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise BadInput(
            f"{where} was written by a newer Ostler (schema {found}; this one knows {HEAD})",
            "install the newer version",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
