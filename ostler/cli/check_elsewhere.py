"""`ostler check --engine`: the contract measured in PostgreSQL itself, or by Spark.

The rows are those that lie there now. They are no version of ours, so what fails opens no item.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ostler.cli.check import WhichEngine, print_results
from ostler.core.errors import BadInput

if TYPE_CHECKING:
    from ostler.cli.opening import Opened
    from ostler.core.checks import Check, CheckResult
    from ostler.core.datasets import Dataset
    from ostler.tables.place import Place


def check_elsewhere(
    parts: "Opened", name: str, version: int | None, engine: WhichEngine, *, as_json: bool
) -> int | None:
    """Measure and show; None when `auto` finds the rows nowhere but in a table of ours.

    Raises BadInput, before anything is measured, when an engine that was asked for cannot measure
    one of the checks so that it means the same; each is named with the reason.
    """
    from ostler.cli.opening import now
    from ostler.cli.output import print_json, progress, say
    from ostler.tools.quality.elsewhere import measure_at, obstacles

    if version is not None:
        raise BadInput(
            f"{name}@{version} is a version of ours, which only DuckDB reads",
            f"ostler check {name}@{version}, or ostler check {name} --engine {engine}",
        )
    dataset, contract = parts.dataset(name), parts.contract(name)
    checks = contract.checks if contract else ()
    with _place(parts, dataset, engine) as place:
        if place is None:
            return None
        cannot = obstacles(place, checks)
        for check, why in cannot.items():
            say(f"{place.engine} cannot: {_described(check)}: {why}")
        if cannot and engine is not WhichEngine.AUTO:
            raise BadInput(
                f"{len(cannot)} of {len(checks)} checks of {name} cannot be measured by"
                f" {place.engine} so that they mean the same",
                f"ostler check {name} --engine auto measures them with DuckDB",
            )
        there = [check for check in checks if check not in cannot]
        with progress(f"checking {name} in {place.engine}"):
            measured = dict(zip(there, measure_at(place, there, now=now()), strict=True))
    with progress(f"checking the rest of {name}"):
        measured |= _here(parts, dataset, list(cannot))
    results = tuple(measured[check] for check in checks)
    failed = [r for r in results if not r.passed and r.check.gate]
    engines = ["duckdb" if check in cannot else place.engine for check in checks]
    if as_json:
        shown = [
            {"engine": by, **result.model_dump(mode="json")}
            for by, result in zip(engines, results, strict=True)
        ]
        print_json({"dataset": name, "place": place.name, "passed": not failed, "checks": shown})
    else:
        print_results(results)
    told = f"{name} in {place.name}, {engines.count(place.engine)} of {len(checks)} checks there"
    fails = f"{len(failed)} fail · ostler groom {name}" if failed else "none fails that gates"
    say(f"{told}: {fails}")
    return 1 if failed else 0


def _described(check: "Check") -> str:
    from ostler.core.sentences import describe_rule
    from ostler.review.text import visible

    return str(visible(check.name or describe_rule(check.rule)))


@contextmanager
def _place(parts: "Opened", dataset: "Dataset", engine: WhichEngine) -> "Generator[Place | None]":
    spark = parts.workspace.settings.engines.spark
    table = spark.tables.get(dataset.name) if spark else None
    if engine is WhichEngine.AUTO:
        in_spark = WhichEngine.SPARK if table else WhichEngine.DUCKDB
        engine = WhichEngine.POSTGRESQL if dataset.postgres else in_spark
    if engine is WhichEngine.POSTGRESQL:
        if dataset.postgres is None:
            raise BadInput(
                f"{dataset.name} does not lie in PostgreSQL",
                "ostler add postgresql://host/database --table schema.table takes a table in place",
            )
        from ostler.tables.postgres.place import postgres_place

        with postgres_place(dataset, parts.workspace.settings.connections) as place:
            yield place
    elif engine is WhichEngine.SPARK:
        if spark is None or table is None:
            raise BadInput(
                f"ostler.yaml does not say where {dataset.name} lies for Spark",
                f"engines: {{spark: {{address: sc://host:15002, tables: {{{dataset.name}: …}}}}}}",
            )
        from ostler.tables.spark import spark_place

        with spark_place(spark.address, table, dataset.name, dataset.key) as place:
            yield place
    else:
        yield None


def _here(
    parts: "Opened", dataset: "Dataset", checks: "Sequence[Check]"
) -> "dict[Check, CheckResult]":
    from ostler.cli.opening import now
    from ostler.tables.delta import table_of
    from ostler.tables.view import View
    from ostler.tools.neighbours import neighbours
    from ostler.tools.quality.measure import measure

    if not checks:
        return {}
    table = table_of(parts.current(dataset.name))
    names = {known.name: known for known in parts.datasets()}

    def newest(name: str) -> View | None:
        return table_of(names[name]).view() if name in names else None

    others = neighbours([check.rule for check in checks], table, newest, reference=None)
    view = table.view()
    learned = {check.id: check for check in parts.checks(dataset.name, view.version)}
    some = [learned[check.id] for check in checks]
    results = measure(view, some, now=now(), others=others, states=parts.states)
    return dict(zip(checks, results, strict=True))
