"""`ostler prompt`: the texts that a model is sent, and the next ones."""

from pathlib import Path
from typing import Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

prompt = typer.Typer(
    help="Prompts: the texts that a model is sent; another one comes into force by votes.",
    no_args_is_help=True,
    epilog=example(
        "ostler prompt list",
        "ostler prompt show advice > advice.txt",
        'ostler prompt propose advice advice.txt --because "our units are metric"',
    ),
)

Name = Annotated[str, typer.Argument(help="The prompt, as `ostler prompt list` calls it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(prompt, name="prompt")


@prompt.command("list", epilog=example("ostler prompt list", "ostler prompt list --json"))
def list_(workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Every prompt, what it is for, and which version of it is in force."""
    from ostler.agents.prompts import PROMPTS, prompt_in_force
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table
    from ostler.core.canonical import digest_bytes

    with opened(workspace) as parts:
        found = [prompt_in_force(parts.store, name, parts.trust) for name in sorted(PROMPTS)]
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "version": one.version.number if one.version else 0,
                    "proposal": one.version.proposal if one.version else "",
                    "digest": digest_bytes(one.text.encode()),
                    "what": PROMPTS[one.name].what,
                }
                for one in found
            ]
        )
        return
    print_table(
        ("prompt", "version", "digest", "what it is for"),
        [
            (
                one.name,
                f"{one.version.number}, by {one.version.proposal}" if one.version else "as shipped",
                digest_bytes(one.text.encode())[:12],
                PROMPTS[one.name].what,
            )
            for one in found
        ],
    )


@prompt.command(
    epilog=example("ostler prompt show advice", "ostler prompt show advice --shipped > advice.txt")
)
def show(
    name: Name,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="The one that ships, whatever is in force.")
    ] = False,
    workspace: options.Workspace = None,
) -> None:
    """The text of a prompt that is in force, letter for letter where it can be printed."""
    from ostler.agents.prompts import PROMPTS, prompt_in_force
    from ostler.cli.opening import opened
    from ostler.review.text import visible

    with opened(workspace) as parts:
        found = prompt_in_force(parts.store, name, parts.trust)
    text = PROMPTS[name].text if shipped else found.text
    for line in text.removesuffix("\n").split("\n"):
        typer.echo(visible(line))


@prompt.command(
    epilog=example('ostler prompt propose advice advice.txt --because "our units are metric"')
)
def propose(
    name: Name,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The new text.")],
    because: Annotated[
        str, typer.Option(help="Why; people see it when they vote, and in history.")
    ],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Ask people to put another text of a prompt in force.

    Others than whoever proposes it vote on it; `ostler work` then activates it. A prompt steers
    what a model prefers and never what it may do: replies are read by a closed schema.
    """
    from ostler.agents.prompts import PROMPTS, prompt_in_force, usable
    from ostler.cli.asking import asker, leave_to_others
    from ostler.cli.opening import opened
    from ostler.core.datasets import WORKSPACE
    from ostler.execution.document_changes import Asked, request_document
    from ostler.storage.paths import read_text

    with opened(workspace) as parts:
        known = prompt_in_force(parts.store, name, parts.trust)
        asked = Asked(
            document="prompt",
            name=known.name,
            texts={known.name: usable(read_text(file), str(file))},
            base={known.name: PROMPTS[known.name].text},
            because=because,
        )
        proposal = request_document(parts.execution, asked, asker(parts, WORKSPACE.name))
        leave_to_others(parts, proposal, as_json=as_json)
    return 0


@prompt.command(epilog=example("ostler prompt history advice"))
def history(name: Name, workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Versions of a prompt that were put in force: when, by whose votes, why."""
    from ostler.agents.prompts import prompt_in_force
    from ostler.cli.document_history import print_history
    from ostler.cli.opening import opened

    with opened(workspace) as parts:
        prompt_in_force(parts.store, name, parts.trust)
        command = f"ostler prompt propose {name} FILE"
        print_history(parts, "prompt", name, command, as_json=as_json)
