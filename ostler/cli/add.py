"""`ostler add`: a table comes under care, or gets more rows."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.storage.paths import AnyPath

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example(
            "ostler add people.csv --owner ana --tag finance",
            "ostler add book.xlsx --sheet People --owner ana",
            "ostler add lake/orders --key order_id --owner ana --name orders",
            "ostler add s3://lake/orders --key order_id --owner ana",
            "ostler add monday.csv --name people --append",
            "ostler add postgresql://db.example/crm --table sales.customers --owner ana",
        )
    )(add)


def add(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV, Parquet, JSON lines, Excel, a Delta table (its folder or s3:// address), a "
            "PostgreSQL database (its postgresql:// address or a connection of ostler.yaml)."
        ),
    ],
    table: Annotated[
        str, typer.Option(help="The table of a PostgreSQL database: sales.customers.")
    ] = "",
    owner: Annotated[str, typer.Option(help="Who answers for the data; by default you.")] = "",
    name: Annotated[str, typer.Option(help="Its name; by default the file's.")] = "",
    key: Annotated[
        list[str] | None,
        typer.Option(help="Column that names a row, for a table in place; repeat for several."),
    ] = None,
    value: Annotated[
        int, typer.Option(min=1, max=5, help="How critical it is to its users, 1 to 5.")
    ] = 3,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Word that policies, freezes and roles can go by; repeatable."),
    ] = None,
    protect: Annotated[
        list[str] | None, typer.Option(help="Column that agents may not change; repeatable.")
    ] = None,
    upstream: Annotated[
        list[str] | None, typer.Option(help="What it is made from; repeatable.")
    ] = None,
    downstream: Annotated[
        list[str] | None, typer.Option(help="What is made from it; repeatable.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of a CSV file.")] = "utf-8",
    sheet: Annotated[str, typer.Option(help="Of an Excel workbook that has several.")] = "",
    append: Annotated[
        bool, typer.Option("--append", help="Add the rows to the dataset of that name.")
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Take a table under care, or add rows to one."""
    from ostler.cli.add_postgres import is_postgres, take_postgres
    from ostler.cli.dataset import read_tags
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.storage.paths import path_of

    with opened(workspace) as parts:
        is_table = is_postgres(parts, file, table)
        source = Path(table) if is_table else path_of(file)
        named = name or _name_of(Path(table.rpartition(".")[2]) if is_table else source)
        owner = owner or parts.workspace.reviewer
        keys, protected, tags = tuple(key or ()), tuple(protect or ()), read_tags(tag or ())
        if append:
            rows, version = append_rows(parts, source, named, encoding=encoding, sheet=sheet)
        elif is_table:
            refuse_name(parts, named)
            rows, version = take_postgres(
                parts,
                file,
                table,
                named,
                owner=owner,
                key=keys,
                value=value,
                protect=protected,
                upstream=tuple(upstream or ()),
                downstream=tuple(downstream or ()),
                tags=tags,
            )
        else:
            rows, version = take(
                parts,
                source,
                named,
                owner=owner,
                key=keys,
                value=value,
                protect=protected,
                upstream=tuple(upstream or ()),
                downstream=tuple(downstream or ()),
                encoding=encoding,
                sheet=sheet,
                tags=tags,
            )
    if as_json:
        print_json({"dataset": named, "rows": rows, "version": version})
    if append:
        say(f"{named}: {rows:,} rows added, now version {version}")
    else:
        say(f"{named}: {rows:,} rows under care of {owner}")
    say(
        f"next: ostler check {named}"
        if append
        else f"next: ostler contract infer {named} · ostler groom {named}"
    )


def _name_of(file: "AnyPath") -> str:
    named = file.resolve().stem if isinstance(file, Path) else file.name
    return re.sub(r"[^A-Za-z0-9_-]+", "_", named).strip("_") or "table"


def refuse_name(parts: "Opened", name: str) -> None:
    """BadInput or Conflict for a name that a new dataset cannot have."""
    from ostler.core.errors import BadInput, Conflict

    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be a dataset's name",
            "use letters, digits, - and _, beginning with a letter: --name people",
        )
    if any(dataset.name == name for dataset in parts.datasets()):
        raise Conflict(
            f"there is a dataset {name} already",
            f"choose another with --name, or add rows to it: ostler add FILE --name {name} "
            "--append",
        )


def take(
    parts: "Opened",
    file: "AnyPath",
    name: str,
    *,
    owner: str,
    key: tuple[str, ...] = (),
    value: int = 3,
    protect: tuple[str, ...] = (),
    upstream: tuple[str, ...] = (),
    downstream: tuple[str, ...] = (),
    encoding: str = "utf-8",
    sheet: str = "",
    tags: tuple[str, ...] = (),
) -> tuple[int, int]:
    """Take a file or a Delta table under care; returns its rows and its version."""
    from ostler.cli.opening import now
    from ostler.core.datasets import ROW_ID, Dataset
    from ostler.core.errors import BadInput, Conflict
    from ostler.storage.addresses import refuse_ambiguous
    from ostler.storage.paths import remove_tree
    from ostler.store.announcements import ADDED, announce, new_mark
    from ostler.store.datasets import add_dataset
    from ostler.tables.delta import VersionedTable, brought_by, open_delta

    refuse_name(parts, name)
    made: AnyPath | None = None
    mark = new_mark()
    if not isinstance(file, Path):
        refuse_ambiguous(file)
        table = open_delta(str(file), key)
    elif (file / "_delta_log").is_dir():
        refuse_ambiguous(file.resolve())
        table = open_delta(str(file.resolve()), key)
    else:
        if key:
            raise BadInput(
                "--key is for Delta tables", "the rows of a file get hidden ids of their own"
            )
        uri = parts.workspace.tables / name
        if not parts.workspace.settings.storage:
            # Not in the store, so it is what a killed import left.
            remove_tree(uri)
        elif uri.exists():
            raise Conflict(
                f"there is something at {uri} already, perhaps another workspace's table",
                "choose another --name, or remove it if you know that it is left over",
            )
        _import(file, str(uri), encoding, sheet, mark)
        made = uri
        table = VersionedTable(str(uri), (ROW_ID,))
    view = table.view()
    unknown = [column for column in protect if column not in view.column_names]
    if unknown:
        if made is not None:
            remove_tree(made)
        raise BadInput(
            f"there is no column {unknown[0]!r} to protect",
            f"there are: {', '.join(view.column_names)}",
        )
    dataset = Dataset(
        name=name,
        owner=owner,
        uri=table.uri,
        key=table.key,
        source=str(file),
        value=value,
        protected=protect,
        upstream=upstream,
        downstream=downstream,
        tags=tags,
    )
    # What lies in a table of others is theirs to say.
    files = brought_by(table, mark) if made is not None else {}
    with parts.store.transaction() as session:
        at, actor = now(), parts.workspace.reviewer
        add_dataset(session, dataset, actor=actor, at=at)
        announce(session, name, ADDED, mark, actor=actor, at=at, files=files)
    return view.row_count, view.version


def _import(file: Path, uri: str, encoding: str, sheet: str, mark: str) -> None:
    from ostler.cli.output import progress
    from ostler.core.datasets import ROW_ID
    from ostler.tables.importing import import_file

    with progress(f"reading {file.name}") as tell:
        import_file(
            file,
            uri,
            (ROW_ID,),
            encoding=encoding,
            sheet=sheet,
            mark=mark,
            progress=lambda rows: tell(f"{rows:,} rows"),
        )


def append_rows(
    parts: "Opened", file: "AnyPath", name: str, *, encoding: str = "utf-8", sheet: str = ""
) -> tuple[int, int]:
    """Add a file's rows to a managed dataset; returns how many, and the new version."""
    from ostler.cli.opening import now
    from ostler.cli.output import progress
    from ostler.core.errors import BadInput
    from ostler.store.announcements import APPENDING, announce, came_in, new_mark
    from ostler.tables.delta import brought_by, table_of
    from ostler.tables.importing import append_file

    dataset = parts.dataset(name)
    if not dataset.managed:
        raise BadInput(f"{name} is a table of its own", "append to it with whatever writes it")
    if not isinstance(file, Path):
        raise BadInput(f"{file} is not a file here", "copy it to this machine and append that")
    table, mark = table_of(dataset), new_mark()
    with parts.store.transaction() as session:
        announce(session, name, APPENDING, mark, actor=parts.workspace.reviewer, at=now())
    with progress(f"reading {file.name}") as tell:
        rows = append_file(
            file,
            table,
            encoding=encoding,
            sheet=sheet,
            mark=mark,
            progress=lambda count: tell(f"{count:,} rows"),
        )
    with parts.store.transaction() as session:
        files = brought_by(table, mark)
        came_in(session, name, mark, files, actor=parts.workspace.reviewer, at=now())
    return rows, table.version
