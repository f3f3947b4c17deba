"""Measuring with one query over a view, whatever it is made of."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from ostler.tables.sql import quoted, row_id
from ostler.tools.quality.conditions import Ground, fails, place_of
from ostler.tools.quality.duckdb_sql import Bound, masks_of
from ostler.tools.quality.effort import Place, ordered
from ostler.tools.quality.plan import Found, Measure, Newest, Size


def measured(
    ground: Ground, measures: Iterable[Measure], *, now: datetime, sample: int
) -> tuple[int, Mapping[Measure, Found]]:
    """The number of rows, and what each measure gives.

    The inner query has a bit for each measure that a row fails; the outer one counts the patterns
    of bits, of which there are few.
    """
    view, bound = ground.view, Bound()
    wanted = [one for one in dict.fromkeys(measures) if not isinstance(one, Size)]
    tests = [one for one in wanted if not isinstance(one, Newest)]
    times = [one for one in wanted if isinstance(one, Newest)]
    utc = now.astimezone(UTC).replace(tzinfo=None).isoformat()
    masks = masks_of([fails(one, ground, bound) for one in tests])
    inner = [f"{quoted(key)} AS k{place}" for place, key in enumerate(view.key)]
    inner += [f"{mask} AS m{place}" for place, mask in enumerate(masks)]
    inner += [
        f"{ground.writer(bound).value(time.of).text} AS t{place}"
        for place, time in enumerate(times)
    ]
    names = [f"m{place}" for place in range(len(masks))]
    wrong = " OR ".join(f"{name} <> 0" for name in names) if sample else ""
    row = row_id(tuple(f"k{place}" for place, _ in enumerate(view.key)))
    first = f"min(row({place_of('id')}, id), {max(sample, 1):d}) FILTER ({wrong or 'FALSE'})"
    # One wrong year in the future must not hide a dead feed, and Python has none before Christ.
    newest = [
        f"max(t{place}) FILTER (t{place} BETWEEN TIMESTAMP '0001-01-01'"
        f" AND CAST({bound(utc)} AS TIMESTAMP))"
        for place, _ in enumerate(times)
    ]
    patterns = view.query(
        f"""SELECT {", ".join([*names, "count(*)", first, *newest])}
            FROM (SELECT *, CASE WHEN {wrong or "FALSE"} THEN {row} END AS id
                  FROM (SELECT {", ".join(inner)} FROM {view.source}))
            {f"GROUP BY {', '.join(names)}" if names else ""}""",
        bound.values,
    )
    count = len(masks)
    bits = [sum(word << 62 * place for place, word in enumerate(p[:count])) for p in patterns]
    found: dict[Measure, Found] = {}
    for place, one in enumerate(tests):
        failing = [p for p, mask in zip(patterns, bits, strict=True) if mask >> place & 1]
        places: list[Place] = [found for p in failing for found in p[count + 1] or ()]
        rows = tuple(row for _, row in sorted(places, key=ordered)[:sample])
        found[one] = Found(sum(p[count] for p in failing), rows)
    for place, one in enumerate(times):
        moments = [p[count + 2 + place] for p in patterns]
        found[one] = Found(newest=max((m for m in moments if m is not None), default=None))
    return sum(p[count] for p in patterns), found
