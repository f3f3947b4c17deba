"""`ostler audit`: verify, prove, votes to be checked without us; the rest stands beside it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import audit_checkpoints, audit_erase, audit_export, audit_receipts, options
from ostler.cli.keys import public_line
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.roster import Trust

audits = typer.Typer(help="The audit log.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit_checkpoints.register(audits)
    audit_receipts.register(audits)
    audit_erase.register(audits)
    audit_export.register(audits)
    app.add_typer(audits, name="audit")


@audits.command(
    epilog=example(
        "ostler audit verify",
        "ostler audit verify --checkpoint /media/usb/june.note --root root.pub",
        "ostler audit verify --checkpoint june.note --witness-key KEY --json",
    )
)
def verify(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint kept elsewhere that the log has to extend; repeatable."),
    ] = None,
    witness_key: Annotated[
        list[str] | None,
        typer.Option(help="Each --checkpoint has to be cosigned by this witness; repeatable."),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="The public key that must have signed the first roster, as you know it.",
        ),
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Prove the log, and everything it speaks of; exits with 1 and names what does not hold.

    What was erased is listed, and no fault where an entry of the log says so.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, progress, say
    from ostler.cli.wording import count
    from ostler.replay.outside_heads import read_kept
    from ostler.replay.verification import examine_workspace
    from ostler.review.text import visible
    from ostler.store.notes import read_key

    with opened(workspace) as parts:
        kept = [read_kept(path) for path in checkpoint or ()]
        cosigned = [read_kept(path) for path in sorted(parts.workspace.cosigned.glob("*.note"))]
        witnesses = [read_key(text) for text in witness_key or ()]
        with progress("verifying") as bar:
            found = examine_workspace(
                parts.store,
                parts.objects,
                parts.patches,
                parts.datasets(),
                bar,
                parts.workspace.settings.connections,
                _trust(parts, root),
                kept=kept,
                cosigned=cosigned,
                witnesses=witnesses,
            )
    faults = found.faults
    if as_json:
        print_json(
            {
                "verified": not faults,
                # The head of a log that does not hold means nothing.
                "entries": None if faults else found.head.size,
                "root": None if faults else found.head.root,
                "faults": [fault._asdict() for fault in faults],
                "erased": [gone._asdict() for gone in found.erased],
                "notes": [note._asdict() for note in found.notes],
            }
        )
    else:
        if faults:
            print_table(("what", "which", "does not hold because"), faults)
        for gone in found.erased:
            say(f"erased: {visible(gone.message)} (entry {gone.subject})")
        for note in found.notes:
            say(f"note: {visible(note.subject)}: {visible(note.message)}")
    if faults:
        say(f"{count(len(faults), 'thing')} {'does' if len(faults) == 1 else 'do'} not hold")
        return 1
    head = found.head
    say(f"verified: {count(head.size, 'entry', 'entries')}, root {head.root[:16]}")
    return 0


@audits.command(
    epilog=example(
        "ostler audit prove 12 > entry-12.json",
        "ostler audit prove --check entry-12.json --log-key KEY",
    )
)
def prove(
    entry: Annotated[
        int | None, typer.Argument(min=0, help="The entry's number, as verify and --json name it.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="Check such a file; needs no workspace and no database.")
    ] = None,
    log_key: Annotated[
        str, typer.Option(help="With --check: the key that the log was known by.")
    ] = "",
    workspace: options.Workspace = None,
) -> None:
    """Prove to anybody that an entry stands in the log: the entry, hashes up to a signed head."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, say
    from ostler.core.errors import BadInput
    from ostler.review.text import visible
    from ostler.storage.paths import read_text
    from ostler.store.entry_proofs import check_proof, prove_entry, read_proof_file
    from ostler.store.notes import read_key

    if (entry is None) == (check is None):
        raise BadInput("name an entry, or a file to check", "ostler audit prove 12")
    if check is not None:
        proof = read_proof_file(read_text(check), str(check))
        check_proof(proof, read_key(log_key or proof.key))
        one, head = proof.entry, proof.head.head
        what = f"entry {one.index}, {one.kind} of {one.subject} by {one.actor} at {one.at}"
        say(f"proved: {visible(what)}")
        say(f"in the log of {head.size:,} entries with root {head.root[:16]}")
        if not log_key:
            say(f"note: compare the key with the one that you know the log by: {proof.key}")
        return
    with opened(workspace) as parts:
        head = parts.log_key.signed(parts.store, actor=parts.workspace.reviewer, at=now())
        public = parts.log_key.public(head)
        with parts.store.reading() as session:
            print_json(prove_entry(session, entry or 0, head, public))


def _trust(parts: "Opened", root: Path | None) -> "Trust":
    """What an auditor takes for granted: the root that they bring, or that of the settings."""
    return parts.trust.model_copy(update={"root": public_line(root)}) if root else parts.trust


@audits.command(epilog=example("ostler audit vote P-7K3Q", "ostler audit vote P-7K3Q --to votes/"))
def vote(
    proposal: Annotated[str, typer.Argument(metavar="ID", help="A proposal.")],
    to: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    workspace: options.Workspace = None,
) -> None:
    """Write the votes on a proposal, each as it was signed, with its signature beside it.

    `ssh-keygen -Y verify` checks them: see docs/identity.md.
    """
    from ostler.cli.opening import opened
    from ostler.cli.output import say
    from ostler.core.errors import NotFound
    from ostler.storage.refusals import written

    with opened(workspace) as parts:
        record = parts.desk.record(proposal)
    signed = [ballot for ballot in record.ballots if ballot.signature is not None]
    if not signed:
        raise NotFound(f"no signed vote was cast on {record.proposal.id}")
    with written(to):
        to.mkdir(parents=True, exist_ok=True)
        for number, ballot in enumerate(signed, 1):
            # Never by the reviewer's name: it comes from outside and would be part of a path.
            file = to / f"{record.proposal.id}-{number}.json"
            file.write_bytes(ballot.text.encode())
            file.with_name(f"{file.name}.sig").write_text(ballot.signature or "", encoding="utf-8")
            say(f"{file}: {ballot.vote.decision} by {ballot.vote.reviewer}, {ballot.key}")
