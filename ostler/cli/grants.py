"""`ostler doctor --grants`: the roles that a PostgreSQL table needs, printed or made."""

from pathlib import Path


def show_grants(name: str, *, apply: bool, rows: bool, address: str, folder: Path | None) -> int:
    """Print the SQL that makes the roles of a dataset, or run it; the exit code.

    `address` is where whoever may grant connects; by default the dataset's own writing connection.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.core.errors import BadInput
    from ostler.tables.postgres.connecting import connection_of
    from ostler.tables.postgres.grants import EXECUTOR, READER, apply_grants, grants

    with opened(folder) as parts:
        dataset = parts.dataset(name)
        if dataset.postgres is None:
            raise BadInput(f"{name} is no PostgreSQL table, so there is nothing to grant")
        contract = parts.contract(name)
        protected = {*dataset.protected, *(contract.protected if contract else ())}
        writer = connection_of(dataset.postgres, parts.workspace.settings.connections).write
        owner = address or writer
        script = grants(dataset.postgres, owner, dataset.key, sorted(protected), rows=rows)
        if not apply:
            print(script, end="")
            say(f"run it as the owner of {dataset.postgres.place}, or here with --apply")
            return 0
        apply_grants(dataset.postgres, owner, script)
    say(f"{READER} may read {dataset.postgres.place}, {EXECUTOR} may patch it")
    say("next: give both a password in PostgreSQL, and name them under connections: in ostler.yaml")
    return 0
