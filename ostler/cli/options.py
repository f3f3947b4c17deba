"""The options that commands share."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="Folder of the workspace; by default the nearest one above.",
        show_default=False,
        envvar="OSTLER_WORKSPACE",
    ),
]

Policies = Annotated[
    Path | None,
    typer.Option(
        "--policies",
        exists=True,
        file_okay=False,
        help="A folder of *.cedar files instead of policies/ in the workspace.",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON, for programs.")]

Unmask = Annotated[
    bool,
    typer.Option("--unmask", help="Show values that the contract masks and you may read; logged."),
]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def in_parts(**sizes: int) -> type[TyperCommand]:
    """A command whose named options take several words each time: `--set ROW COLUMN VALUE`.

    Such an option is declared as a list of texts; each is the JSON of its words, for `words`.
    """

    class InParts(TyperCommand):
        # Any: the library's context has no public type.
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            left, joined = list(args), list[str]()
            while left:
                joined.append(left.pop(0))
                name = joined[-1].removeprefix("--").replace("-", "_")
                if joined[-1].startswith("--") and name in sizes:
                    joined.append(json.dumps(left[: sizes[name]]))
                    del left[: sizes[name]]
            return super().parse_args(ctx, joined)

    return InParts


def words(option: str, given: list[str] | None, *names: str) -> list[list[str]]:
    """The words of each use of an option of several (BadInput when some are missing)."""
    from ostler.core.errors import BadInput

    found: list[list[str]] = [json.loads(one) for one in given or ()]
    for one in found:
        if len(one) != len(names):
            raise BadInput(f"{option} takes {len(names)} words: {' '.join(names)}")
    return found


def example(*lines: str) -> str:
    """The examples at the end of a command's help."""
    return "Examples:\n\n" + "\n\n".join(f"`{line}`" for line in lines)
