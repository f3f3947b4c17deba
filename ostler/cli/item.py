"""`ostler item`: the backlog."""

from typing import TYPE_CHECKING, Annotated

import typer

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from ostler.store.items import ItemRecord


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=example("ostler item", "ostler item I-7K3Q"))(item)


def item(
    item_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="An item, or the start of its id.")
    ] = None,
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """The backlog items, or one of them with its whole template."""
    from dataclasses import replace

    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table
    from ostler.core.masking import ALL_MASKED, masked
    from ostler.store.items import get_item, list_items

    with opened(workspace) as parts:
        with parts.store.reading() as session:
            found = (get_item(session, item_id),) if item_id else list_items(session)
        masks = {one.name: parts.sight.masks(one) for one in parts.datasets()}
    found = tuple(
        replace(one, item=masked(one.item, masks.get(one.item.dataset, ALL_MASKED)))
        for one in found
    )
    if as_json:
        print_json([{"state": one.state, **one.item.model_dump(mode="json")} for one in found])
    elif item_id:
        _print_one(found[0])
    else:
        print_table(
            ("id", "state", "quadrant", "title"),
            [(one.item.id, one.state, one.item.quadrant, one.item.title) for one in found],
        )


def _print_one(record: "ItemRecord") -> None:
    from ostler.cli.output import print_line
    from ostler.core.sentences import describe_rule
    from ostler.review.text import visible

    one = record.item
    criteria = tuple(
        f"{describe_rule(c.check.rule)}: at most {c.max_failing:,} rows fail"
        for c in one.acceptance
    )
    print_line((f"{one.id}  ", "bold"), visible(one.title))
    fields: dict[str, str | tuple[str, ...]] = {
        "state": record.state,
        "description": one.description,
        "in scope": one.in_scope,
        "out of scope": one.out_of_scope,
        "acceptance criteria": criteria,
        "source": one.source,
        "owner": one.owner,
        "dependencies": one.dependencies or ("none known",),
        "definition of done": one.definition_of_done,
        "metrics": one.metrics,
        "rollout plan": one.rollout,
        "track": one.track,
        "quadrant": one.quadrant,
        "finding": one.finding,
    }
    for name, value in fields.items():
        if isinstance(value, str):
            print_line((f"{name:>20}  ", "dim"), visible(value))
            continue
        for place, entry in enumerate(value):
            print_line((f"{'' if place else name:>20}  ", "dim"), visible(entry))
