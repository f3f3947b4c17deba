"""`ostler groom`: agents at work; it ends in proposals that wait."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Callable

    from ostler.agents.grooming import Groomed
    from ostler.cli.opening import Opened
    from ostler.core.items import Alert
    from ostler.core.recipes import Recipe
    from ostler.triggers.runs import DueRuns, Ran


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=example("ostler groom people", "ostler groom people --json", "ostler groom --due")
    )(groom)


def groom(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="The dataset.", show_default=False)
    ] = None,
    due: Annotated[
        bool,
        typer.Option("--due", help="All that alerts or schedules asked for, as a worker does."),
    ] = False,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> int:
    """Find what is wrong and propose exact fixes; nothing is changed."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json
    from ostler.core.errors import BadInput

    if (dataset is None) is not due:
        raise BadInput("name a dataset, or say --due", "see: ostler groom --help")
    with opened(workspace) as parts:
        if dataset is None:
            return _due(parts, as_json)
        groomed = due_runs(parts).whole(dataset)
        tell(parts, groomed)
    if as_json:
        print_json(groomed)
    return 0


def run(
    parts: "Opened",
    dataset: str,
    about: "tuple[Alert, ...]",
    beat: "Callable[[], None]" = lambda: None,
    recipe: "Recipe | None" = None,
) -> "Groomed":
    """One grooming run, with progress; `beat` is called at every step of it."""
    from ostler.agents.grooming import groom as run_groom
    from ostler.cli.output import progress, say

    contract = parts.contract_text(dataset)
    if differs := parts.unpublished(dataset):
        say(differs)
    with progress(f"grooming {dataset}") as bar:
        known = parts.current(dataset)

        def step(text: str) -> None:
            bar(text)
            beat()

        return run_groom(
            parts.groomer,
            known,
            contract,
            parts.datasets(),
            alerts=about,
            recipe=recipe,
            progress=step,
        )


def due_runs(parts: "Opened") -> "DueRuns":
    """What grooms due datasets of a workspace, in this process."""
    from ostler.cli.opening import now
    from ostler.store.owners import this_process
    from ostler.triggers.runs import DueRuns

    return DueRuns(
        store=parts.store,
        bench=_Bench(parts),
        settings=parts.workspace.settings.work,
        owner=this_process(),
        clock=now,
    )


@dataclass(frozen=True)
class _Bench:
    parts: "Opened"

    def newest(self, dataset: str) -> int:
        from ostler.tables.delta import table_of

        return table_of(self.parts.current(dataset)).version

    def groom(
        self, dataset: str, about: "tuple[Alert, ...]", beat: "Callable[[], None]"
    ) -> "Groomed":
        return run(self.parts, dataset, about, beat)


def _due(parts: "Opened", as_json: bool) -> int:
    from ostler.cli.output import print_json, say

    ran = due_runs(parts).run(lambda one: tell_ran(parts, one))
    if as_json:
        print_json([plain_ran(one) for one in ran])
    elif not ran:
        say("nothing is due")
    return 1 if any(one.problem for one in ran) else 0


def plain_ran(ran: "Ran") -> dict[str, object]:
    """What became of a due dataset, as JSON."""
    return {
        "dataset": ran.dataset,
        "runs": ran.groomed,
        "problem": ran.problem,
        "gave_up": ran.gave_up,
    }


def tell_ran(parts: "Opened", ran: "Ran") -> None:
    """What became of a due dataset, for a person."""
    from ostler.cli.output import say
    from ostler.review.text import visible

    for groomed in ran.groomed:
        tell(parts, groomed)
    if ran.problem:
        then = "given up: ostler alert due" if ran.gave_up else "it will be tried again"
        say(visible(f"{ran.dataset} could not be groomed: {ran.problem}; {then}"))
    elif not ran.groomed:
        say(f"{ran.dataset}: what fires has been looked into on this version already")


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
