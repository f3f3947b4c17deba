"""`ostler schema`: columns renamed, cast, added, dropped, split and merged."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.core.actions import SchemaAction
    from ostler.execution.schema_changes import Asked

schema = typer.Typer(help="Change the columns of a table.", no_args_is_help=True)
impact = typer.Typer(
    help="What a change of columns would do and whom it would break; changes nothing.",
    no_args_is_help=True,
)

Dataset = Annotated[str, typer.Argument(help="The dataset.")]
Column = Annotated[str, typer.Argument(help="The column.")]
Migration = Annotated[
    str, typer.Option(help="How consumers get over it; needed when it breaks one.")
]
Until = Annotated[
    datetime | None,
    typer.Option(
        "--deprecated-until",
        formats=["%Y-%m-%d"],
        help="Not published before this day while a consumer's contract still names the column.",
    ),
]
Contract = Annotated[
    Path | None,
    typer.Option(
        "--contract",
        exists=True,
        dir_okay=False,
        help="The contract of the changed table, instead of the one that Ostler derives.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(schema, name="schema")
    schema.add_typer(impact, name="impact")


class Ask:
    """What the commands of a group do with the change that was typed."""

    def __init__(
        self,
        group: typer.Typer,
        do: "Callable[[str, Asked, Path | None, bool, bool], int]",
        words: str,
    ) -> None:
        self.group = group
        self.do = do
        self.words = words

    def command(self, name: str, line: str) -> "Callable[[Callable[..., int]], object]":
        """Register a command of this group, with its example."""
        return self.group.command(name, epilog=example(f"ostler {self.words} {name} {line}"))


def _propose(dataset: str, asked: "Asked", workspace: Path | None, yes: bool, as_json: bool) -> int:
    from ostler.cli.asking import asker, decide
    from ostler.cli.opening import opened
    from ostler.cli.output import progress
    from ostler.execution.schema_changes import request_schema_change

    with opened(workspace) as parts:
        parts.contract_text(dataset)
        with progress(f"trying it on {dataset}"):
            proposal = request_schema_change(parts.execution, dataset, asked, asker(parts, dataset))
        because = "asked for the change"
        return decide(parts, proposal, "Approve this change?", because, yes, as_json)


def _weigh(dataset: str, asked: "Asked", workspace: Path | None, yes: bool, as_json: bool) -> int:
    from ostler.cli.cards import print_schema_change
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line, progress
    from ostler.core.masking import masked
    from ostler.core.sentences import describe
    from ostler.execution.schema_changes import weigh
    from ostler.review.text import visible

    with opened(workspace) as parts, progress(f"trying it on {dataset}"):
        weighed = weigh(parts.execution, dataset, asked)
        masks = parts.sight.masks(parts.dataset(dataset))
    change = masked(weighed.change, masks)
    if as_json:
        summary = weighed.patch.summary(weighed.view.version)
        print_json({"patch": summary, "change": change, "breaking": change.breaking})
        return 0
    print_line((visible(describe(masked(asked.action, masks))), "bold"))
    print_schema_change(change)
    return 0


def _asked(
    action: "SchemaAction", migration: str, until: datetime | None, contract: Path | None
) -> "Asked":
    from ostler.execution.schema_changes import Asked
    from ostler.storage.paths import read_text

    return Asked(
        action=action,
        migration=migration,
        deprecated_until=until.date() if until else None,
        contract=read_text(contract) if contract else None,
    )


def _commands(ask: Ask) -> None:
    """The six changes, in one group."""

    @ask.command("rename", "people city town")
    def rename(
        dataset: Dataset,
        column: Column,
        to: Annotated[str, typer.Argument(help="Its new name.")],
        migration: Migration = "",
        deprecated_until: Until = None,
        contract: Contract = None,
        yes: options.Yes = False,
        workspace: options.Workspace = None,
        as_json: options.Json = False,
    ) -> int:
        """Give a column another name."""
        from ostler.core.actions import RenameColumn

        action = RenameColumn(column=column, to=to)
        asked = _asked(action, migration, deprecated_until, contract)
        return ask.do(dataset, asked, workspace, yes, as_json)

    @ask.command("cast", "people zip int --on-loss null")
    def cast(
        dataset: Dataset,
        column: Column,
        to: Annotated[
            str,
            typer.Argument(help="text, int, double, decimal(10,2), boolean, date or timestamp."),
        ],
        on_loss: Annotated[
            Literal["refuse", "null"],
            typer.Option(help="What to do when values would lose something."),
        ] = "refuse",
        keep_in: Annotated[
            str, typer.Option(help="Keep the text of values that lose something in a new column.")
        ] = "",
        migration: Migration = "",
        deprecated_until: Until = None,
        contract: Contract = None,
        yes: options.Yes = False,
        workspace: options.Workspace = None,
        as_json: options.Json = False,
    ) -> int:
        """Give a column another type; says what that loses.

        With --on-loss null, values that cannot be converted become missing, and others are
        converted as far as the type holds them.
        """
        from ostler.core.actions import CastColumn

        mode = "keep" if keep_in else on_loss
        action = CastColumn(column=column, to=_type(to), on_loss=mode, keep_in=keep_in)
        asked = _asked(action, migration, deprecated_until, contract)
        return ask.do(dataset, asked, workspace, yes, as_json)

    @ask.command("add", "people country --type text --default Portugal")
    def add(
        dataset: Dataset,
        column: Annotated[str, typer.Argument(help="The new column.")],
        type: Annotated[str, typer.Option(help="Its type.")] = "text",
        default: Annotated[
            str | None, typer.Option(help="What all rows hold; nothing by default.")
        ] = None,
        contract: Contract = None,
        yes: options.Yes = False,
        workspace: options.Workspace = None,
        as_json: options.Json = False,
    ) -> int:
        """Add a column."""
        from ostler.core.actions import AddColumn

        action = AddColumn(column=column, type=_type(type), default=default)
        asked = _asked(action, "", None, contract)
        return ask.do(dataset, asked, workspace, yes, as_json)

    @ask.command("drop", "people fax")
    def drop(
        dataset: Dataset,
        column: Column,
        migration: Migration = "",
        deprecated_until: Until = None,
        contract: Contract = None,
        yes: options.Yes = False,
        workspace: options.Workspace = None,
        as_json: options.Json = False,
    ) -> int:
        """Take a column away; its values are kept, and `ostler revert` brings them back."""
        from ostler.core.actions import DropColumn

        asked = _asked(DropColumn(column=column), migration, deprecated_until, contract)
        return ask.do(dataset, asked, workspace, yes, as_json)

    @ask.command("split", 'people name first last --at " "')
    def split(
        dataset: Dataset,
        column: Column,
        into: Annotated[list[str], typer.Argument(help="Two or more new columns.")],
        at: Annotated[str, typer.Option("--at", help="The text between the parts.")],
        migration: Migration = "",
        deprecated_until: Until = None,
        contract: Contract = None,
        yes: options.Yes = False,
        workspace: options.Workspace = None,
        as_json: options.Json = False,
    ) -> int:
        """Replace a column by its parts; the last new column holds all that is left."""
        from ostler.core.actions import SplitColumn
        from ostler.core.errors import BadInput

        if len(into) < 2 or not at:
            raise BadInput("a split needs two new columns and a separator that is not empty")
        action = SplitColumn(column=column, into=tuple(into), separator=at)
        asked = _asked(action, migration, deprecated_until, contract)
        return ask.do(dataset, asked, workspace, yes, as_json)

    @ask.command("merge", 'people street number --into address --with " "')
    def merge(
        dataset: Dataset,
        columns: Annotated[list[str], typer.Argument(help="Two or more columns, in order.")],
        into: Annotated[str, typer.Option("--into", help="The new column.")],
        between: Annotated[str, typer.Option("--with", help="The text between the values.")] = " ",
        migration: Migration = "",
        deprecated_until: Until = None,
        contract: Contract = None,
        yes: options.Yes = False,
        workspace: options.Workspace = None,
        as_json: options.Json = False,
    ) -> int:
        """Replace columns by one that holds the values of all; missing ones are left out."""
        from ostler.core.actions import MergeColumns
        from ostler.core.errors import BadInput

        if len(columns) < 2:
            raise BadInput("a merge needs two columns or more")
        action = MergeColumns(columns=tuple(columns), into=into, separator=between)
        asked = _asked(action, migration, deprecated_until, contract)
        return ask.do(dataset, asked, workspace, yes, as_json)


def _type(written: str) -> str:
    from ostler.tools.schema.types import stored_type

    return stored_type(written)


_commands(Ask(schema, _propose, "schema"))
_commands(Ask(impact, _weigh, "schema impact"))
