"""`ostler dataset`: what is recorded of a dataset beside its data, shown and changed."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.core.datasets import Dataset

dataset = typer.Typer(
    help="What is recorded of a dataset: owner, value, tags, risk category. Policies go by it.",
    no_args_is_help=True,
    epilog=example("ostler dataset show people", "ostler dataset set people --tag finance"),
)

Name = Annotated[str, typer.Argument(help="The dataset.")]

_TAG = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,62}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(dataset, name="dataset")


def read_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Tags as a person typed them; BadInput for a word that cannot be one."""
    from ostler.core.datasets import tags_of
    from ostler.core.errors import BadInput

    tags = tags_of(words)
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise BadInput(
                f"{tag!r} cannot be a tag", "use letters, digits, and _ . : - within: --tag pii"
            )
    return tags


@dataset.command(epilog=example("ostler dataset show people", "ostler dataset show people --json"))
def show(name: Name, workspace: options.Workspace = None, as_json: options.Json = False) -> None:
    """What is recorded of a dataset."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json

    with opened(workspace) as parts:
        known = parts.dataset(name)
    if as_json:
        print_json(known)
        return
    _print(known)


@dataset.command(
    "set",
    epilog=example(
        "ostler dataset set people --tag finance --tag eu",
        "ostler dataset set people --untag eu --value 5",
        "ostler dataset set people --risk high --owner ben",
    ),
)
def set_(
    name: Name,
    tag: Annotated[list[str] | None, typer.Option(help="Word to add; repeatable.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="Word to remove; repeatable.")] = None,
    value: Annotated[
        int | None, typer.Option(min=1, max=5, help="How critical it is to its users, 1 to 5.")
    ] = None,
    risk: Annotated[
        str | None,
        typer.Option(
            help="By the EU AI Act: minimal, limited, high, unacceptable; or unknown.",
        ),
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for the data.")] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Change what is recorded of a dataset; the audit log keeps who did."""
    from ostler.cli.keys import asked
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json
    from ostler.core.canonical import digest_of
    from ostler.core.datasets import tags_of
    from ostler.core.errors import BadInput, Conflict
    from ostler.store import deeds
    from ostler.store.datasets import get_dataset, replace_dataset

    if all(one is None for one in (tag, untag, value, risk, owner)):
        raise BadInput("there is nothing to change", "say what: --tag finance, --value 5 ...")
    added, taken = read_tags(tag or ()), tags_of(untag or ())
    with opened(workspace) as parts:
        known = parts.dataset(name)
        missing = [word for word in taken if word not in known.tags]
        if missing:
            raise BadInput(
                f"{name} has no tag {missing[0]!r}", f"it has: {', '.join(known.tags) or 'none'}"
            )
        changes: dict[str, object] = {
            "tags": tags_of(word for word in (*known.tags, *added) if word not in taken),
            "value": known.value if value is None else value,
            "risk": known.risk if risk is None else _risk(risk),
            "owner": known.owner if owner is None else _owner(owner),
        }
        changed = known.model_copy(update=changes)
        if changed != known:
            asked(parts)
            done = parts.desk.deed("describe", name, digest_of(changed))
            with parts.store.transaction() as session:
                if get_dataset(session, name) != known:
                    raise Conflict(f"{name} was changed just now by somebody else", "look again")
                deeds.keep(session, done, parts.trust)
                replace_dataset(session, changed, actor=done.deed.person, at=now())
    if as_json:
        print_json(changed)
        return
    _print(changed)


def _risk(word: str) -> str:
    from typing import get_args

    from ostler.core.datasets import Risk
    from ostler.core.errors import BadInput

    if word not in get_args(Risk):
        raise BadInput(f"{word!r} is no risk category", f"known: {', '.join(get_args(Risk))}")
    return word


def _owner(name: str) -> str:
    from ostler.core.errors import BadInput

    if not name.strip():
        raise BadInput("an owner has a name", "say who answers for the data: --owner ana")
    return name.strip()


def _print(known: "Dataset") -> None:
    from ostler.cli.output import print_line
    from ostler.review.text import visible

    print_line((visible(known.name), "bold"))
    for title, said in (
        ("owner", known.owner),
        ("value", f"{known.value} of 5"),
        ("tags", ", ".join(known.tags) or "none"),
        ("risk", f"{known.risk} (EU AI Act)"),
        ("protected", ", ".join(known.protected) or "no column"),
        ("key", "hidden ids" if known.managed else ", ".join(known.key)),
    ):
        print_line(f"  {title:<10} {visible(said)}")
