"""`ostler groom` and `ostler alert`: agents at work; both end in proposals that wait."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.agents.grooming import Groomed
    from ostler.cli.opening import Opened
    from ostler.core.items import Alert


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=example("ostler groom people", "ostler groom people --json"))(groom)
    app.command(epilog=example("ostler alert drift.json", "cat drift.json | ostler alert -"))(alert)


def groom(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Find what is wrong and propose exact fixes; nothing is changed."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json

    with opened(workspace) as parts:
        groomed = run(parts, dataset, None)
        tell(parts, groomed)
    if as_json:
        print_json(groomed)


def alert(
    file: Annotated[str, typer.Argument(help="The alert's JSON; - reads standard input.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Groom what an alert is about. The same alert twice is one run."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, say
    from ostler.triggers.alerts import read_alerts

    text, source = _text(file)
    alerts = read_alerts(text, source)
    with opened(workspace) as parts:
        # All names are looked up before anything is done about any of them.
        for one in alerts:
            parts.dataset(one.dataset)
        groomed = [run(parts, one.dataset, one) for one in alerts]
        for one in groomed:
            tell(parts, one)
    if not alerts:
        say(f"{source}: no alert is firing")
    if as_json:
        print_json(groomed)


def _text(file: str) -> tuple[str, str]:
    from ostler.core.errors import BadInput

    try:
        if file == "-":
            return sys.stdin.read(), "standard input"
        return Path(file).read_text(encoding="utf-8"), file
    except FileNotFoundError:
        raise BadInput(f"{file}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error


def run(parts: "Opened", dataset: str, about: "Alert | None") -> "Groomed":
    """One grooming run, with progress."""
    from ostler.agents.grooming import groom as run_groom
    from ostler.cli.output import progress, say

    contract = parts.contract_text(dataset)
    if differs := parts.unpublished(dataset):
        say(differs)
    with progress(f"grooming {dataset}") as bar:
        known = parts.current(dataset)
        return run_groom(
            parts.groomer, known, contract, parts.datasets(), alert=about, progress=bar
        )


def tell(parts: "Opened", groomed: "Groomed") -> None:
    """How a run ended, for a person."""
    from ostler.cli.output import say
    from ostler.cli.wording import count
    from ostler.core.states import ProposalState

    if groomed.repeated:
        say(f"this alert has been groomed already, in run {groomed.run}")
    else:
        rest = [
            (len(groomed.known), "known already"),
            (len(groomed.approved), "approved by policy"),
            (len(groomed.denied), "denied by policy"),
            (groomed.refused, "not proved and left out"),
            (groomed.left_out, "beyond the limit of a run"),
        ]
        also = ", ".join(f"{number} {what}" for number, what in rest if number)
        say(
            f"run {groomed.run}: {count(groomed.findings, 'finding')} in "
            f"{groomed.dataset}@{groomed.version}" + (f" ({also})" if also else "")
        )
        if groomed.model not in ("", "answered"):
            say(f"the model was not heard ({groomed.model}): see ostler trace {groomed.run}")
    waiting = parts.desk.counts().get(ProposalState.PARKED, 0)
    say(f"{count(waiting, 'proposal')} {'waits' if waiting == 1 else 'wait'} for review")
    if waiting:
        say("next: ostler review · ostler queue")
    if groomed.approved:
        say("next: ostler work --once")
