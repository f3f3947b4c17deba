"""`ostler recipe`: what was approved on a dataset, and the same again on new rows."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.agents.grooming import Groomed
    from ostler.cli.opening import Opened
    from ostler.core.recipes import Recipe, RecipeStep

recipe = typer.Typer(
    help="What people approved on a dataset, in order; done again on new rows as one proposal.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(recipe, name="recipe")


@recipe.command(epilog=example("ostler recipe show people", "ostler recipe show people --json"))
def show(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """The cards that people approved on a dataset and did not revert, in order."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say

    with opened(workspace) as parts:
        found = _recipe(parts, dataset)
    if as_json:
        print_json(found)
    elif found.steps:
        print_table(
            ("step", "proposal", "found by", "columns", "cells", "values", "approved by", "rule"),
            [
                (
                    str(number),
                    step.proposal,
                    _principle(step),
                    ", ".join(step.columns),
                    f"{step.cells:,}",
                    f"{len(step.mapped):,}" if step.mapped else "",
                    ", ".join(step.by) or "policy",
                    step.rule,
                )
                for number, step in enumerate(found.steps, 1)
            ],
            right=("step", "cells", "values"),
            cut=("columns", "rule"),
        )
        say(f"next, when rows have come: ostler recipe apply {dataset}")
    else:
        say(f"nothing that could be done again has been approved on {dataset} yet")


@recipe.command(
    epilog=example(
        "ostler add june.csv --name people --append",
        "ostler recipe apply people",
        "ostler recipe apply people_north --from people",
    )
)
def apply(
    dataset: Annotated[str, typer.Argument(help="The dataset, at its newest version.")],
    source: Annotated[
        str, typer.Option("--from", metavar="OTHER", help="Whose recipe; by default its own.")
    ] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Look for the same again, and propose all that fits as one change; nothing is changed.

    Says step by step what fits and what no longer does. What no step covers is proposed on cards
    of its own, as `ostler groom` does.
    """
    from ostler.cli.groom import run
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json
    from ostler.core.errors import NotFound

    with opened(workspace) as parts:
        known = parts.dataset(dataset)
        found = _recipe(parts, source or dataset)
        if not found.steps:
            raise NotFound(
                f"{found.dataset} has no recipe: no correction has been approved on it yet",
                f"begin with: ostler groom {known.name}",
            )
        groomed = run(parts, known.name, (), recipe=found)
        if not as_json:
            _tell(parts, groomed)
    if as_json:
        print_json(groomed)


def _recipe(parts: "Opened", dataset: str) -> "Recipe":
    from ostler.agents.recipes import recipe_of

    return recipe_of(parts.store, parts.dataset(dataset))


def _principle(step: "RecipeStep") -> str:
    return f"{step.principle}: {step.direction}" if step.direction else step.principle


def _tell(parts: "Opened", groomed: "Groomed") -> None:
    from ostler.cli.output import print_table, say
    from ostler.cli.wording import count

    print_table(
        ("step", "proposal", "", "found anew", "same value", "rule"),
        [
            (
                str(number),
                step.proposal,
                step.outcome,
                f"{step.found:,}" if step.found else "",
                f"{step.again:,}" if step.again else "",
                f"{step.because}: {step.rule}" if step.because else step.rule,
            )
            for number, step in enumerate(groomed.recipe, 1)
        ],
        right=("step", "found anew", "same value"),
        cut=("rule",),
    )
    fits = sum(step.found + step.again for step in groomed.recipe)
    if groomed.follows:
        known = " (known already)" if groomed.follows in groomed.known else ""
        say(f"{groomed.follows}: {count(fits, 'cell')} as one proposal{known}")
    else:
        say(f"nothing of the recipe is left to do in {groomed.dataset}@{groomed.version}")
    new = [one for one in (*groomed.waiting, *groomed.approved) if one != groomed.follows]
    if new:
        wait = "that no step covers waits" if len(new) == 1 else "that no step covers wait"
        say(f"new: {count(len(new), 'card')} {wait} apart: {', '.join(new[:5])}")
    if groomed.follows:
        say(f"next: ostler show {groomed.follows} · ostler review")
