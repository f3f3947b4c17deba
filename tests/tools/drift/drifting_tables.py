"""Versioned tables whose last batch came in changed, in one way or another."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake
from numpy.typing import NDArray

from ostler.tables.delta import VersionedTable

Batch = dict[str, NDArray]
Change = Callable[[Batch, np.random.Generator], None]


def batch(rows: int, seed: int, start: int) -> Batch:
    random = np.random.default_rng(seed)
    return {
        "id": np.arange(start, start + rows),
        "amount": random.lognormal(3, 1, rows).round(2),
        "temperature": random.normal(20, 5, rows),
        "quantity": random.integers(1, 200, rows),
        "site": random.choice(["a", "b", "c"], rows).astype(object),
        "kind": random.choice(["w", "x", "y", "z"], rows).astype(object),
        "note": np.array([f"note {seed} {n}" for n in range(rows)], object),
    }


def write(folder: Path, rows: Batch, *, mode: Literal["append", "overwrite"] = "append") -> None:
    columns = {
        name: pa.array(values.tolist(), pa.string()) if values.dtype == object else values
        for name, values in rows.items()
    }
    write_deltalake(folder, pa.table(columns), mode=mode, schema_mode="merge")


def table_with(
    folder: Path, change: Change | None, *, seed: int = 1, rows: int = 1500, anew: bool = False
) -> VersionedTable:
    """Two batches as ever, then one that is changed, or takes the place of all; then one more."""
    random = np.random.default_rng(seed + 1000)
    write(folder, batch(2 * rows, seed, 0))
    write(folder, batch(rows // 5, seed + 1, 10**6))
    last = batch(rows, seed + 2, 2 * 10**6)
    if change:
        change(last, random)
    write(folder, last, mode="overwrite" if anew else "append")
    few = batch(10, seed + 3, 3 * 10**6)
    write(folder, few)
    return VersionedTable(str(folder), ("id",))


def some(rows: Batch, random: np.random.Generator) -> NDArray[np.bool_]:
    return random.random(len(rows["id"])) < 0.5


def in_cents(rows: Batch, random: np.random.Generator) -> None:
    rows["amount"] = rows["amount"] * 100


def in_fahrenheit(rows: Batch, random: np.random.Generator) -> None:
    rows["temperature"] = rows["temperature"] * 1.8 + 32


def from_a_new_site(rows: Batch, random: np.random.Generator) -> None:
    new = some(rows, random)
    rows["site"][new] = "new"
    rows["amount"][new] = random.normal(400, 30, int(new.sum()))


def with_a_default(rows: Batch, random: np.random.Generator) -> None:
    rows["quantity"][some(rows, random)] = 0


def with_holes(rows: Batch, random: np.random.Generator) -> None:
    rows["kind"][some(rows, random)] = None


def after_the_world_changed(rows: Batch, random: np.random.Generator) -> None:
    rows["amount"] = random.lognormal(3.9, 1.5, len(rows["id"])).round(2)
