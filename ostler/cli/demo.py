"""`ostler demo`: the main job on invented data, from a dirty table to a verified revert."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.tables.view import View

REVIEWER = "demo-reviewer"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler demo", "ostler demo --folder /tmp/demo --seed 7"))(demo)


def demo(
    folder: Annotated[Path, typer.Option(help="Where; it is made anew.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Of the generated data.")] = 7,
) -> int:
    """Make a dirty table, groom it, and open the console on the proposals.

    Without a terminal it goes through everything by itself: queue, one proposal in full, approval,
    execution, the table before and after, verification, replay, revert.
    """
    from ostler.cli.output import say

    _clear(folder)
    parts = _prepare(folder, seed)
    try:
        if all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
            from ostler.cli.review import open_console

            say(f"opening the console; the workspace stays in {folder}")
            return open_console(parts)
        return _walk(parts)
    finally:
        parts.close()


def _clear(folder: Path) -> None:
    import shutil

    from ostler.config.section import FILE
    from ostler.core.errors import Conflict

    if not folder.exists() or not any(folder.iterdir()):
        return
    # Only what an earlier demo made is removed.
    if not (folder / FILE).exists() or not (folder / "customers.csv").exists():
        raise Conflict(f"{folder} exists and is no demo", "choose another with --folder")
    shutil.rmtree(folder)


def _prepare(folder: Path, seed: int) -> "Opened":
    """A workspace with two dirty tables, contracts drafted from them, a drifted batch; groomed."""
    from ostler.cli import add, groom
    from ostler.cli.demo_data import write_demo
    from ostler.cli.init import write_policies
    from ostler.cli.opening import Opened
    from ostler.cli.output import say
    from ostler.config.workspace import create_workspace
    from ostler.triggers.alerts.reading import Message

    workspace = create_workspace(folder.resolve(), unsigned=True)
    write_policies(workspace.policies)
    settings = workspace.settings.model_copy(update={"reviewer": REVIEWER})
    parts = Opened(type(workspace)(workspace.root, settings))
    files = write_demo(workspace.root, seed)
    for name, file, value in (("customers", files.customers, 4), ("orders", files.orders, 3)):
        rows, _ = add.take(parts, file, name, owner="ana", value=value)
        _draft_contract(parts, name)
        say(f"{name}: {rows:,} rows, dirty; a contract drafted from them")
    rows, _ = add.append_rows(parts, files.batch, "orders")
    say(f"orders: {rows:,} more rows came in, and an alert about them")
    groom.tell(parts, groom.run(parts, "customers", ()))
    parts.intake.take([Message(files.alert.read_bytes())])
    ran = groom.due_runs(parts).next("orders")
    if ran is not None:
        groom.tell_ran(parts, ran)
    groom.tell(parts, groom.run(parts, "orders", ()))
    return parts


def _draft_contract(parts: "Opened", name: str) -> None:
    from ostler.cli.opening import now
    from ostler.tables.delta import table_of
    from ostler.tools.contracts.infer import infer_contract

    dataset = parts.dataset(name)
    text = infer_contract(table_of(dataset).view(), dataset, now=now())
    parts.workspace.contract(name).write_text(text, encoding="utf-8")


def _walk(parts: "Opened") -> int:
    """The whole flow, printed; every step is what the commands do."""
    from ostler.cli.cards import print_card
    from ostler.cli.output import print_line
    from ostler.cli.revert import propose_revert
    from ostler.cli.work import execute
    from ostler.core.errors import VerificationFailed
    from ostler.replay.rerun import replay
    from ostler.review.text import visible
    from ostler.store.runs import get_run
    from ostler.tables.delta import table_of
    from ostler.tables.staging import digest_of_view

    _queue(parts)
    first = parts.desk.queue(limit=1)[0]
    card = parts.desk.card(first.id)
    proposal = card.record.proposal
    _title(f"ostler show {first.id}")
    print_card(card, parts.desk.changes(card, 8))

    table = table_of(parts.dataset(proposal.dataset))
    before = table.view()
    _title(f"ostler approve {first.id}")
    print_line(f"{first.id} is {parts.desk.approve(card).value} by {REVIEWER}, UNSIGNED: a demo")
    _title("ostler work --once")
    print_line(visible(execute(parts)))
    published = table.view()
    _title(f"{proposal.dataset} before and after, where it changed")
    _rows(parts, proposal.id, before, published)

    _title("ostler audit verify")
    _verify(parts)
    _title(f"ostler revert {first.id}")
    inverse = propose_revert(parts, first.id)
    parts.desk.approve(parts.desk.card(inverse.id))
    print_line(visible(execute(parts)))
    if digest_of_view(table.view()) != digest_of_view(before):
        raise VerificationFailed("the reverted table is not what it was")
    print_line(f"{proposal.dataset} is what it was, cell for cell")
    _verify(parts)

    _title(f"ostler replay {proposal.run}")
    with parts.store.reading() as session:
        run = get_run(session, proposal.run)
    again = replay(parts.objects, run, parts.datasets())
    for step in again.steps:
        print_line(f"{step.step:<12} {step.replayed[:16]}  {'equal' if step.equal else 'differs'}")
    if again.first_difference:
        raise VerificationFailed(f"step {again.first_difference.step} came out otherwise")
    _title("that was the whole flow")
    print_line(f"look around: cd {parts.workspace.root} && ostler review")
    return 0


def _title(text: str) -> None:
    from ostler.cli.output import console, print_line

    console().print()
    print_line((f"── {text} ", "bold cyan"))


def _queue(parts: "Opened") -> None:
    from ostler.cli.output import print_table

    _title("ostler queue")
    print_table(
        ("rank", "id", "dataset", "what", "cells", "verdict"),
        [
            (
                f"{line.score:.2f}",
                line.id,
                line.dataset,
                line.sentence,
                f"{line.cells:,}",
                line.verdict,
            )
            for line in parts.desk.queue()
        ],
        right=("rank", "cells"),
        cut=("what",),
    )


def _rows(parts: "Opened", proposal: str, before: "View", after: "View") -> None:
    from ostler.cli.output import print_table

    changes = parts.desk.changes(parts.desk.card(proposal), 6)
    rows = list(dict.fromkeys(change.row for change in changes))
    for name, view in (("before", before), ("after", after)):
        print_table(
            view.column_names,
            [
                tuple("" if cell is None else str(cell) for cell in row)
                for row in _cells(view, rows)
            ],
            title=name,
        )


def _cells(view: "View", rows: list[str]) -> "list[tuple[object, ...]]":
    from ostler.tables.sql import quoted

    columns = ", ".join(quoted(column) for column in view.column_names)
    return list(
        view.query(
            f"SELECT {columns} FROM {view.source} "
            f"WHERE list_contains(CAST(? AS VARCHAR[]), {view.row}) ORDER BY {view.row}",
            [rows],
        )
    )


def _verify(parts: "Opened") -> None:
    from ostler.cli.output import print_line
    from ostler.core.errors import VerificationFailed
    from ostler.replay.verification import verify_workspace

    faults = verify_workspace(parts.store, parts.objects, parts.patches, parts.datasets())
    if faults:
        raise VerificationFailed(f"{faults[0].kind} {faults[0].subject}: {faults[0].message}")
    print_line("verified: the log, every row and file under it, and the tables")
