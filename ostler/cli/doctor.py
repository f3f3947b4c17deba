"""`ostler doctor`: what this installation has, and what is wrong with it."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Callable

    from ostler.cli.opening import Opened


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler doctor",
            "ostler doctor --grants customers",
            "ostler doctor --grants customers --apply",
        )
    )(doctor)


def doctor(
    grants: Annotated[
        str,
        typer.Option(
            metavar="DATASET", help="Print the SQL that makes the roles for a PostgreSQL table."
        ),
    ] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Run that SQL, with your own rights in the database.")
    ] = False,
    rows: Annotated[
        bool, typer.Option("--rows", help="Let the executor insert and delete rows as well.")
    ] = False,
    connection: Annotated[
        str,
        typer.Option(
            "--as", metavar="ADDRESS", help="Connect as the owner: postgresql://owner@host/db."
        ),
    ] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Look over the installation and the workspace; exits with 1 when something is wrong."""
    if grants:
        from ostler.cli.grants import show_grants

        return show_grants(grants, apply=apply, rows=rows, address=connection, folder=workspace)
    from ostler.cli.output import print_json, print_table
    from ostler.core.errors import OstlerError

    found: list[tuple[str, bool, str]] = [("python", True, _python())]
    try:
        from ostler.cli.opening import opened

        with opened(workspace) as parts:
            found.append(("workspace", True, str(parts.workspace.root)))
            for name, look in _LOOKS.items():
                try:
                    found.append((name, True, look(parts)))
                except OstlerError as error:
                    found.append((name, False, error.message))
    except OstlerError as error:
        found.append(("workspace", False, f"{error.message}; {error.hint}"))
    if as_json:
        print_json([{"what": what, "ok": ok, "detail": detail} for what, ok, detail in found])
    else:
        print_table(
            ("", "what", "detail"),
            [("ok" if ok else "WRONG", what, detail) for what, ok, detail in found],
        )
    return 0 if all(ok for _, ok, _ in found) else 1


def _python() -> str:
    import platform
    from importlib.metadata import version

    packages = ("ostler", "duckdb", "deltalake", "langgraph", "textual", "cedarpy")
    return f"{platform.python_version()}; " + ", ".join(f"{p} {version(p)}" for p in packages)


def _state(parts: "Opened") -> str:
    from ostler.core.errors import UserError
    from ostler.store.audit import head
    from ostler.store.rights import try_writing

    with parts.store.reading() as session:
        seen = f"{parts.store.describe(session.connection())}, {head(session).size:,} audit entries"
    try:
        with parts.store.transaction() as session:
            try_writing(session)
    except UserError as error:
        # Right for an auditor, wrong for everybody else, who will know.
        return f"{seen}, only to be read: {error.message}"
    return f"{seen}, can be written"


def _storage(parts: "Opened") -> str:
    from uuid import uuid4

    from ostler.core.errors import BadInput
    from ostler.storage.paths import write_whole
    from ostler.storage.refusals import plain, refused

    place = parts.workspace.storage
    probe = place / f"probe-{uuid4().hex}"
    try:
        with refused(place):
            write_whole(probe, b"ostler doctor")
            probe.unlink()
    except OSError as error:
        raise BadInput(f"{place} cannot be written: {plain(error)}") from error
    return f"{place}, can be written"


def _privacy(parts: "Opened") -> str:
    import shlex

    from ostler.core.errors import BadInput
    from ostler.storage.privacy import open_to_others

    place = parts.workspace.hidden
    loose = list(open_to_others(place))
    if loose:
        raise BadInput(
            f"others may read or write {len(loose):,} files, such as {loose[0]}; "
            f"mend it with: chmod -R go-rwx {shlex.quote(str(place))}"
        )
    return f"nobody else can read {place}"


def _votes(parts: "Opened") -> str:
    from ostler.cli.roster_changes import electorate_now

    who = electorate_now(parts)
    if who.roster is not None:
        people = sum(member.kind == "person" for member in who.roster.members)
        return f"signed; roster {who.roster.number} knows {people} people"
    if who.unsigned:
        return "UNSIGNED: whoever is at the keyboard is believed"
    return "nobody can vote yet: ostler identity init"


def _policies(parts: "Opened") -> str:
    from ostler.cli.policy_activation import policies_said

    counting = parts.policies
    return f"{len(counting.site)} site files, set {counting.digest[:12]}; {policies_said(parts)}"


def _contracts(parts: "Opened") -> str:
    names = [dataset.name for dataset in parts.datasets()]
    with_contract = [name for name in names if parts.contract(name) is not None]
    return f"{len(with_contract)} of {len(names)} datasets have one"


def _tables(parts: "Opened") -> str:
    from ostler.tables.delta import table_of

    versions = [f"{d.name}@{table_of(d).version}" for d in parts.datasets()]
    return ", ".join(versions) or "none yet: ostler add FILE"


def _model(parts: "Opened") -> str:
    model = parts.workspace.settings.model
    if model is None:
        return "none; the embedded planner decides alone"
    return f"{model.name} at {model.base_url}"


def _outbox(parts: "Opened") -> str:
    from ostler.core.errors import BadInput
    from ostler.store.deliveries import DeliveryState, delivery_counts

    with parts.store.reading() as session:
        counts = delivery_counts(session)
    dead, waiting = counts[DeliveryState.DEAD], counts[DeliveryState.PENDING]
    if dead:
        raise BadInput(f"{dead:,} events could not be delivered: ostler outbox")
    names = ", ".join(one.name for one in parts.relay.destinations)
    return f"{waiting:,} events wait for {names}" if names else "nobody outside is told"


def _alerts(parts: "Opened") -> str:
    from ostler.core.errors import BadInput
    from ostler.core.reports import AlertState
    from ostler.store.alerts import group_counts
    from ostler.store.dead_letters import count_letters
    from ostler.store.due import list_due

    with parts.store.reading() as session:
        firing = group_counts(session)[AlertState.FIRING]
        letters = count_letters(session)
        due = list_due(session)
    given_up = [one.dataset for one in due if not one.waits]
    if given_up:
        raise BadInput(f"no run came about over {', '.join(given_up)}: ostler alert due")
    if letters:
        raise BadInput(f"{letters:,} messages could not be taken for alerts: ostler alert dead")
    return f"{firing:,} fire, {sum(one.waits for one in due):,} datasets wait for a run"


def _disk(parts: "Opened") -> str:
    import shutil

    from ostler.core.errors import BadInput

    free = shutil.disk_usage(parts.workspace.hidden).free
    if free < 100 * 1024 * 1024:
        raise BadInput(f"only {free / 1e6:,.0f} MB are free")
    return f"{free / 1e9:,.1f} GB free"


_LOOKS: "dict[str, Callable[[Opened], str]]" = {
    "state": _state,
    "storage": _storage,
    "privacy": _privacy,
    "votes": _votes,
    "policies": _policies,
    "contracts": _contracts,
    "tables": _tables,
    "model": _model,
    "outbox": _outbox,
    "alerts": _alerts,
    "disk": _disk,
}
