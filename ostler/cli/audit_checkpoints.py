"""`ostler audit checkpoint` and `ostler audit witness`: the log's head, kept elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example
from ostler.storage.refusals import written

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.store.notes import Checkpoint
    from ostler.store.witness import Witness


def register(audits: typer.Typer) -> None:
    """Add the commands."""
    audits.command(
        epilog=example(
            "ostler audit checkpoint --out /media/usb/june.note",
            "ostler audit checkpoint --witness http://witness.example:9312 --witness-key KEY",
            "ostler audit checkpoint --out july.note --since june.note --proof july.proof",
            "ostler audit checkpoint --key",
        )
    )(checkpoint)
    audits.command(
        epilog=example(
            "ostler audit witness --state DIR --log KEY july.note july.proof >> july.note",
            "ostler audit witness --state DIR --log KEY --port 9312",
        )
    )(witness)


def checkpoint(
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    since: Annotated[
        Path | None, typer.Option(help="With --proof: the checkpoint from which the log grew.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option(help="Write the proof of growth, for a witness without a net.")
    ] = None,
    witness: Annotated[str, typer.Option(help="Address of a witness that is to cosign it.")] = "",
    witness_key: Annotated[str, typer.Option(help="The key that the witness is known by.")] = "",
    key: Annotated[
        bool, typer.Option("--key", help="Print the key that checkpoints are signed with.")
    ] = False,
    workspace: options.Workspace = None,
) -> None:
    """Sign the log's head, to be kept where those who may write the database may not.

    The form is C2SP's tlog-checkpoint. `ostler audit verify --checkpoint FILE` later proves that
    the log only grew from there.
    """
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_exactly, say
    from ostler.core.errors import BadInput

    if bool(witness) != bool(witness_key):
        raise BadInput(
            "--witness and --witness-key go together",
            "the witness prints its key when it starts; signatures of others count for nothing",
        )
    if since is not None and proof is None:
        raise BadInput("--since needs --proof FILE", "that is where the proof is written")
    with opened(workspace) as parts:
        made = parts.log_key.signed(parts.store, actor=parts.workspace.reviewer, at=now())
        public = parts.log_key.public(made)
        if witness:
            made = _cosigned(parts, made, witness, witness_key)
        if proof is not None:
            growth = _growth(parts, made, since)
            with written(proof):
                proof.write_text(growth, encoding="utf-8")
    if key:
        print_exactly(f"{public}\n")
    elif out is None:
        print_exactly(str(made))
    if out is not None:
        with written(out):
            out.write_text(str(made), encoding="utf-8")
        say(f"{made.head.size:,} entries, root {made.head.root[:16]}, signed: {out}")
    if witness:
        say("cosigned: the witness has seen no other log than this")
    if out is not None or witness:
        say("next: ostler audit verify --checkpoint FILE, whenever you want to know")


def _growth(parts: "Opened", made: "Checkpoint", since: Path | None) -> str:
    """The proof that the log grew from a checkpoint, or from nothing."""
    from ostler.core.errors import VerificationFailed
    from ostler.replay.outside_heads import read_kept
    from ostler.store.subtrees import consistency
    from ostler.store.witness_requests import growth_text

    old, size = (read_kept(since).checkpoint.head.size if since else 0), made.head.size
    if old > size:
        raise VerificationFailed(
            f"the log was cut: {since} has {old} entries, the log {size}",
            f"ostler audit verify --checkpoint {since}",
        )
    with parts.store.reading() as session:
        return growth_text(old, consistency(session, old, size) if old else ())


def _cosigned(parts: "Opened", made: "Checkpoint", url: str, key: str) -> "Checkpoint":
    from ostler.replay.cosigning import cosigned
    from ostler.replay.outside_heads import read_kept
    from ostler.store.notes import read_key

    known = read_key(key)
    kept = parts.workspace.cosigned / f"{known.id.hex()}.note"
    before = read_kept(kept).checkpoint.head.size if kept.exists() else 0
    found = cosigned(parts.store, made, url, known, before)
    with written(kept):
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        kept.write_text(str(found), encoding="utf-8")
    return found


def witness(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="A checkpoint; without one, checkpoints come over HTTP.")
    ] = None,
    proof: Annotated[Path | None, typer.Argument(help="The proof that the log grew to it.")] = None,
    state: Annotated[
        Path, typer.Option(help="Folder of the witness: its key, and the last it saw of each log.")
    ] = Path("witness"),
    log: Annotated[
        list[str] | None, typer.Option(help="Key of a log to know from now on; repeatable.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 9312,
) -> None:
    """Cosign checkpoints of logs that only grow; refuse one that was rolled back or rewritten.

    A witness sees no entry and needs no workspace. Let it run where those who may write the
    database may not. Over HTTP it speaks C2SP's tlog-witness: POST /add-checkpoint.
    """
    from ostler.cli.opening import now
    from ostler.cli.output import print_exactly, say
    from ostler.core.errors import BadInput
    from ostler.replay.outside_heads import read_kept
    from ostler.storage.paths import read_text
    from ostler.store.notes import read_key
    from ostler.store.witness import Witness
    from ostler.store.witness_requests import read_growth

    seeing = Witness(state)
    for text in log or ():
        seeing.know(read_key(text))
    if checkpoint is None:
        _serve(seeing, host, port)
        return
    if proof is None:
        raise BadInput(
            "name the proof too", "ostler audit checkpoint --since FILE --proof FILE writes it"
        )
    old, steps = read_growth(read_text(proof), str(proof))
    found = read_kept(checkpoint).checkpoint
    made = seeing.add(old, steps, found, at=now())
    print_exactly(str(made))
    say(f"cosigned: {found.head.size:,} entries; this witness's key: {seeing.key}")


def _serve(seeing: "Witness", host: str, port: int) -> None:
    from ostler.cli.opening import now
    from ostler.cli.output import say
    from ostler.cli.work import stopping
    from ostler.triggers.service.serving import listening
    from ostler.triggers.service.witnessing import witnessing

    key = seeing.key
    opened_socket = listening(host, port)
    bound = opened_socket.getsockname()[1]
    stop = stopping()
    with witnessing(seeing, opened_socket, now):
        shown = f"[{host}]" if ":" in host else host
        say(f"key: {key}")
        say(f"witnessing at http://{shown}:{bound}; ctrl-c ends it")
        stop.wait()
