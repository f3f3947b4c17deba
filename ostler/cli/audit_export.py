"""`ostler audit export`: evidence of who decided what, in one file that proves itself."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlmodel import Session

    from ostler.cli.opening import Opened
    from ostler.core.masking import Masks
    from ostler.replay.evidence.scope import Scope


def register(audits: typer.Typer) -> None:
    """Add the command."""
    audits.command(
        epilog=example(
            "ostler audit export --item I-7K3Q evidence.zip",
            "ostler audit export --dataset people --unmask evidence.zip",
            "ostler audit export --since 2026-10-01 october.zip --json",
        )
    )(export)


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Where to write it.")],
    item: Annotated[str, typer.Option(help="A backlog item, and all that was done for it.")] = "",
    run: Annotated[str, typer.Option(help="A run, and all that it proposed.")] = "",
    dataset: Annotated[str, typer.Option(help="A dataset, and all decided about it.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="All that something was done about since (UTC)."),
    ] = None,
    unmask: Annotated[
        bool,
        typer.Option(
            "--unmask", help="With the classified values that you may read; the log says so."
        ),
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Write who decided what, when, on what evidence, under which policy, and what came of it.

    The file holds the log's entries with their proofs, signed votes and rosters, patches, policies,
    prompts, traces, a report to be read, and a verifier that needs Python and `cryptography` alone.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, progress, say
    from ostler.cli.wording import count
    from ostler.core.canonical import digest_bytes
    from ostler.replay.evidence.bundle import verifier
    from ostler.storage.paths import write_whole
    from ostler.storage.refusals import written

    scope = _scope(item, run, dataset, since)
    with opened(workspace) as parts, progress(f"gathering evidence for {file.name}"):
        told, content, withheld = _made(parts, scope, unmask=unmask)
    with written(file):
        write_whole(file, content)
    facts = {
        "proposals": len(told.proposals),
        "runs": len(told.runs),
        "items": len(told.items),
        "bytes": len(content),
        "withheld": withheld,
        "verifier": digest_bytes(verifier()),
    }
    if as_json:
        print_json({"file": str(file), "asked": told.asked, **facts})
    say(f"{file}: {count(len(told.proposals), 'proposal')}, {count(len(told.runs), 'run')}")
    if withheld:
        say(
            f"{count(withheld, 'file')} with classified values left out; "
            "--unmask takes in what you may read"
        )
    say(f"tell whoever gets it: SHA-256 of its verify.py is {facts['verifier']}")
    say("next: unpack it, read report.html, and python -I verify.py --root KEY --log-key KEY")


def _scope(
    item: str, run: str, dataset: str, since: datetime | None
) -> "Callable[[Session], Scope]":
    from datetime import UTC

    from ostler.core.errors import BadInput
    from ostler.replay.evidence import scope
    from ostler.store.datasets import get_dataset

    if sum((bool(item), bool(run), bool(dataset), since is not None)) != 1:
        raise BadInput(
            "say what the evidence is to be about",
            "one of --item I-…, --run R-…, --dataset NAME, --since 2026-10-01",
        )
    if item:
        return lambda session: scope.of_item(session, item)
    if run:
        return lambda session: scope.of_run(session, run)
    if since is not None:
        at = since.replace(tzinfo=UTC)
        return lambda session: scope.since(session, at)
    return lambda session: scope.of_dataset(session, get_dataset(session, dataset).name)


def _made(
    parts: "Opened", scope: "Callable[[Session], Scope]", *, unmask: bool
) -> "tuple[Scope, bytes, int]":
    """What was asked for, the bundle, and how many files are left out of it."""
    from ostler.cli.opening import now
    from ostler.replay.evidence.bundle import NAMESPACE, Sealed, bundle
    from ostler.replay.evidence.files import Sources
    from ostler.replay.evidence.gathering import gather
    from ostler.store.audit import append
    from ostler.store.subtrees import inclusion

    at, by = now(), parts.workspace.reviewer
    with parts.store.reading() as session:
        asked = scope(session)
    masks = _masks(parts, asked, unmask=unmask)
    with parts.store.transaction() as session:
        append(
            session,
            at=at,
            actor=by,
            kind="evidence.exported",
            subject=asked.asked,
            payload={"unmasked": unmask},
        )
    head = parts.log_key.signed(parts.store, actor=by, at=at)
    lines = parts.desk.key_lines
    with parts.store.reading() as session:
        gathered = gather(
            session,
            asked,
            Sources(parts.objects, parts.patches, parts.workspace.spans, masks.__getitem__),
        )
        sealed = Sealed(
            head=head,
            key=parts.log_key.public(head),
            proof=lambda index: inclusion(session, index, head.head.size),
            seal=lambda line: parts.log_key.extended(head, line),
        )
        content = bundle(
            gathered,
            sealed,
            by=by,
            at=at,
            sign=(lambda text: parts.keyring.sign(lines, NAMESPACE, text)) if lines else None,
        )
    return asked, content, len(gathered.files.withheld)


def _masks(parts: "Opened", asked: "Scope", *, unmask: bool) -> "dict[str, Masks]":
    """What stays hidden of each dataset; lifting a mask is an entry of the log."""
    from ostler.store.datasets import subject

    with parts.store.reading() as session:
        known = [subject(session, name) for name in asked.datasets]
    masks = {one.name: parts.sight.masks(one) for one in known}
    if unmask:
        for one in known:
            masks[one.name] = parts.lifted(one, one.name, sorted(masks[one.name].columns))
    return masks
