"""`ostler drift`: how a version differs in distribution, why, and since when; stored profiles."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from ostler.cli import options
from ostler.cli.options import example

if TYPE_CHECKING:
    from rich.text import Text

    from ostler.tables.delta import VersionedTable
    from ostler.tools.drift.measure import DriftResult
    from ostler.tools.drift.report import ColumnDrift, DriftReport


class _ReportFirst(TyperGroup):
    """A group whose first argument is a dataset, unless it names a command."""

    @override
    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        """Typer's, with the command that nobody named put in front."""
        if args and args[0] not in (*self.commands, "--help", "-h"):
            args = ["of", *args]
        return super().make_context(info_name, args, *rest, **more)


drift = typer.Typer(
    cls=_ReportFirst,
    help="How a version differs in distribution from a reference: `ostler drift people`.",
    no_args_is_help=True,
    epilog=example(
        "ostler drift people",
        "ostler drift people@7 --against @3 --by country",
        "ostler drift scores --against january",
        "ostler drift profile save people@3 january",
    ),
)
profiles = typer.Typer(
    help="Stored profiles: what was counted of a version, to compare with later.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    drift.add_typer(profiles, name="profile")
    app.add_typer(drift, name="drift")


@drift.command(
    "of",
    epilog=example(
        "ostler drift people",
        "ostler drift people@7 --against @3 --by country",
        "ostler drift people --against last:5 --columns age,city --json",
        "ostler drift scores --against january",
        "ostler drift of profile",
    ),
)
def of(
    dataset: Annotated[str, typer.Argument(help="The dataset, or one version: people@7.")],
    against: Annotated[
        str,
        typer.Option(
            help="A version (@3), the last versions together (last:5) or a stored profile; "
            "by default the version before data last came in.",
            show_default=False,
        ),
    ] = "",
    by: Annotated[
        str, typer.Option(help="A column; each of its values is also looked at by itself.")
    ] = "",
    columns: Annotated[
        str, typer.Option(help="Only these columns, with commas between them.", show_default=False)
    ] = "",
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Compare a version with a reference: what drifted, by how much, since when, and why.

    Changes nothing and opens no items; `ostler check` and `ostler groom` do. What each measure
    means, and its limit, is in docs/drift.md.
    """
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, progress
    from ostler.tables.delta import table_of
    from ostler.tools.drift.report import drift_report

    name, version = dataset_at(dataset)
    names = [one.strip() for one in columns.split(",") if one.strip()] or None
    with opened(workspace) as parts:
        known = parts.current(name) if version is None else parts.dataset(name)
        table = table_of(known)
        reference = _reference(table, name, against, version)
        contract = parts.contract(name)
        with progress(f"comparing {name}") as tell:
            report = drift_report(
                table,
                table.view(version),
                reference,
                by=by,
                columns=names,
                classes=contract.classes if contract else None,
                states=parts.states,
                tell=tell,
            )
    if as_json:
        print_json({"dataset": name, "drifted": report.drifted, **report.model_dump(mode="json")})
    else:
        _print(name, report)


def _reference(table: "VersionedTable", name: str, against: str, version: int | None) -> int | str:
    from ostler.core.errors import BadInput
    from ostler.tools.drift.naming import parse_reference

    if against:
        return parse_reference(against)
    reference = table.reference
    if reference is None or (version is not None and reference >= version):
        raise BadInput(
            f"{name} has no version to compare with: no data has come in since its first load",
            "name a version or a stored profile: --against @0",
        )
    return reference


def _print(name: str, report: "DriftReport") -> None:
    from rich.text import Text

    from ostler.cli.output import print_line, print_table, say
    from ostler.cli.wording import count
    from ostler.core.rule_sentences import reference_name
    from ostler.review.text import visible

    whole = [one for one in report.columns if one.segment is None]
    parts = [one for one in report.columns if one.segment is not None and one.drifted]
    shown = sorted([*whole, *parts], key=lambda one: not one.drifted)
    print_table(
        ("", "column", "rows", "measure", "value", "limit", "since"),
        [row for one in shown for row in _rows(one)],
        right=("value", "limit"),
    )
    for one in shown:
        for number, sentence in enumerate(one.why):
            lead = Text(f"{visible(one.column)}: " if number == 0 else "  ", "bold")
            print_line(lead.plain if number else (lead.plain, "bold"), visible(sentence))
    _print_together(report)
    drifted = sum(one.drifted for one in whole)
    exact = "every value counted" if report.exact else "large columns by buckets, ± says how well"
    say(
        f"{name}@{report.version} against {reference_name(report.reference)}:"
        f" {drifted} of {count(len(whole), 'column')} drifted"
        f" ({report.rows:,} rows against {report.reference_rows:,}; {exact})"
    )


def _rows(one: "ColumnDrift") -> "Iterator[tuple[str | Text, ...]]":
    from rich.text import Text

    from ostler.review.text import visible_cell

    where = ""
    if one.segment:
        where = f"{one.segment.column} = {visible_cell(one.segment.value)}"
    if not one.results:
        return
    if not one.drifted:
        # Of a column that has not drifted, what comes nearest to its limit.
        yield (Text("ok", "green"), one.column, where, *_cells(_nearest(one)), "")
        return
    since = "" if one.since is None else f"version {one.since}"
    for result in one.results:
        if result.drifted:
            yield (Text("DRIFT", "bold red"), one.column, where, *_cells(result), since)
            since = ""


def _nearest(one: "ColumnDrift") -> "DriftResult":
    return max(one.results, key=lambda result: result.value / result.rule.limit)


def _cells(result: "DriftResult") -> tuple[str, str, str]:
    from ostler.tools.drift.comparison import METHODS

    value = f"{result.value:.3f}" + (f" ± {result.error:.2g}" if result.error else "")
    return METHODS[result.rule.statistic].name, value, f"{result.rule.limit:g}"


def _print_together(report: "DriftReport") -> None:
    from ostler.cli.output import print_line
    from ostler.review.text import visible

    told = report.together
    if told is None:
        return
    line = f"a model tells the rows apart with an AUC of {told.auc:.2f} (limit {told.limit:g})"
    if told.drifted:
        tells = ", ".join(
            f"{visible(name)} {100 * share:.0f} %" for name, share in told.columns if share >= 0.02
        )
        line += f", by {tells}"
    print_line(("all columns together: ", "bold"), line)


@profiles.command(epilog=example("ostler drift profile save people january"))
def save(
    dataset: Annotated[str, typer.Argument(help="The dataset, or one version: people@3.")],
    name: Annotated[str, typer.Argument(help="What to call the profile.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """Store what is counted of a version, beside the table, to compare with by its name.

    It holds counts, and the values of columns that have few of them; no rows.
    """
    from ostler.cli.naming import dataset_at
    from ostler.cli.opening import now, opened
    from ostler.cli.output import print_json, progress, say
    from ostler.store import audit
    from ostler.tables.delta import table_of
    from ostler.tools.drift.profile import profile_of
    from ostler.tools.drift.stored import save_profile

    known, version = dataset_at(dataset)
    with opened(workspace) as parts:
        table = table_of(parts.current(known) if version is None else parts.dataset(known))
        with progress(f"counting {known}"):
            view = table.view(version)
            profile = profile_of(view, states=parts.states)
        at, actor = now(), parts.workspace.reviewer
        stored = save_profile(table, name, view.version, profile, at=at, by=actor)
        with parts.store.transaction() as session:
            audit.append(
                session,
                at=at,
                actor=actor,
                kind="profile.stored",
                subject=known,
                payload={"profile": name, "version": stored.version, "digest": stored.digest},
            )
    if as_json:
        print_json(stored)
    else:
        say(f"profile {name}: {stored.rows:,} rows of {known}@{stored.version}")
        say(f"next: ostler drift {known} --against {name}")


@profiles.command("list", epilog=example("ostler drift profile list people"))
def list_(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    workspace: options.Workspace = None,
    as_json: options.Json = False,
) -> None:
    """The stored profiles of a dataset."""
    from ostler.cli.opening import opened
    from ostler.cli.output import print_json, print_table, say
    from ostler.tables.delta import table_of
    from ostler.tools.drift.stored import stored_profiles

    with opened(workspace) as parts:
        found = stored_profiles(table_of(parts.dataset(dataset)))
    if as_json:
        print_json(found)
    elif found:
        print_table(
            ("profile", "of", "rows", "stored", "by"),
            [
                (
                    one.name,
                    f"{dataset}@{one.version}",
                    f"{one.rows:,}",
                    f"{one.at:%Y-%m-%d}",
                    one.by,
                )
                for one in found
            ],
            right=("rows",),
        )
    else:
        say(f"{dataset} has no stored profile: ostler drift profile save {dataset} NAME")


@profiles.command(epilog=example("ostler drift profile remove people january"))
def remove(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    name: Annotated[str, typer.Argument(help="The profile.")],
    workspace: options.Workspace = None,
) -> None:
    """Forget a stored profile; checks that name it cannot be measured any more."""
    from ostler.cli.opening import now, opened
    from ostler.cli.output import say
    from ostler.store import audit
    from ostler.tables.delta import table_of
    from ostler.tools.drift.stored import remove_profile

    with opened(workspace) as parts:
        remove_profile(table_of(parts.dataset(dataset)), name)
        with parts.store.transaction() as session:
            audit.append(
                session,
                at=now(),
                actor=parts.workspace.reviewer,
                kind="profile.removed",
                subject=dataset,
                payload={"profile": name},
            )
        say(f"profile {name} of {dataset} is gone")
