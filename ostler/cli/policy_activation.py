"""`ostler policy propose | diff | show | history`: the policies in force, and the next ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened

Because = Annotated[str, typer.Option(help="Why; people see it when they vote, and in history.")]


def register(policy: typer.Typer) -> None:
    """Add the commands to those of policies."""
    policy.command(
        epilog=example(
            'ostler policy propose --because "deletions need two votes"',
            'ostler policy propose --policies new-policies/ --because "as agreed on Monday"',
        )
    )(propose)
    policy.command(epilog=example("ostler policy diff", "ostler policy diff --policies new/"))(diff)
    policy.command(
        epilog=example("ostler policy show", "ostler policy show --into policies-in-force/")
    )(show)
    policy.command(epilog=example("ostler policy history", "ostler policy history --json"))(history)


def propose(
    because: Because,
    policies: options.Policies = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Ask people to put a policy set in force, with all that is known of it beside.

    The set must be sound. It is judged by the policies in force and needs votes of others than
    whoever proposes it; `ostler work` then activates it. From the first time on what was activated
    counts, and the folder is a working copy.
    """
    from ostler.cli.asking import asker, leave_to_others
    from ostler.cli.opening import opened
    from ostler.cli.output import progress
    from ostler.core.datasets import WORKSPACE
    from ostler.core.documents import SITE
    from ostler.execution.document_changes import Asked, request_document
    from ostler.policies.in_force import folder_texts

    with opened(workspace) as parts:
        base = dict(parts.policies.site)
        asked = Asked(
            document="policies",
            name=SITE,
            texts=folder_texts(policies or parts.workspace.policies),
            base=base,
            because=because,
        )
        with progress("trying the policies on the past"):
            proposal = request_document(parts.execution, asked, asker(parts, WORKSPACE.name))
        leave_to_others(parts, proposal, as_json=as_json)
    return 0


def diff(
    policies: options.Policies = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """How a folder differs from the policies in force; exits with 1 when it does."""
    from ostler.cli.cards import print_files
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.core.documents import files_between
    from ostler.policies.in_force import folder_texts

    with opened(workspace) as parts:
        counting = dict(parts.policies.site)
        texts = folder_texts(policies or parts.workspace.policies)
        said = policies_said(parts)
    patches, removed = files_between(counting, texts)
    if as_json:
        print_json({"files": [one for one in patches if one.diff], "gone": removed})
    else:
        print_files((*patches, *removed))
        say(said)
    return int(texts != counting)


def show(
    into: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write the files into this folder, which must be new."),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """The site policies in force, as text."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_line, say
    from ostler.core.errors import Conflict
    from ostler.review.text import visible
    from ostler.storage.refusals import written

    with opened(workspace) as parts:
        counting = parts.policies.site
    if into is not None:
        if into.exists() and any(into.iterdir()):
            raise Conflict(f"{into} holds files already", "name a new folder")
        with written(into):
            into.mkdir(parents=True, exist_ok=True)
            for name, text in counting:
                (into / Path(name).name).write_text(text, encoding="utf-8")
        say(f"{len(counting)} files in {into}")
    elif as_json:
        print_json(dict(counting))
    else:
        for name, text in counting:
            print_line((f"// {visible(name)}", "bold"))
            for line in text.split("\n"):
                print_line(visible(line))


def history(workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """Versions of the policies that were put in force: when, by whose votes, why."""
    from ostler.cli.document_history import print_history
    from ostler.cli.opening import opened
    from ostler.core.documents import SITE

    with opened(workspace) as parts:
        print_history(parts, "policies", SITE, "ostler policy propose", as_json=as_json)


def policies_said(parts: "Opened") -> str:
    """Which policies count, and whether the folder is other ones; in a sentence."""
    from ostler.core.documents import SITE
    from ostler.policies.in_force import folder_texts
    from ostler.store import activations

    with parts.store.reading() as session:
        now = activations.in_force(session, "policies", SITE)
        texts = activations.texts_of(session, now) if now else {}
    if now is None:
        return "no version was ever activated, so the folder policies/ counts as it is"
    said = f"version {now.number} ({now.proposal}) is in force"
    if texts != folder_texts(parts.workspace.policies):
        return f"{said}, and the folder policies/ differs from it: ostler policy diff"
    return said
