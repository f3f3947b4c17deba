"""A small realistic data set for the demo, with errors planted on purpose and written down.

Every name, place and product is invented. The same seed gives the same bytes.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

_CUSTOMERS = 380
_ORDERS = 2_000
_BATCH = 300
_START = date(2024, 1, 8)

_FIRST = (
    *("Ada", "Bela", "Cora", "Dario", "Edda", "Fenn", "Gilda", "Hanno", "Ilka", "Joris"),
    *("Kaya", "Lumi", "Mirko", "Nerys", "Odile", "Pavel", "Quill", "Runa", "Sorin", "Tilda"),
)
_SURNAMES = (
    *("Abernal", "Brandvik", "Castellow", "Dunmarsh", "Eskelund", "Farrowby", "Grimaldo"),
    *("Hollister", "Ivarsen", "Jennick", "Kestrel", "Lindqvar", "Marchetto", "Norwell"),
    *("Ostrander", "Pemberly", "Quarrington", "Rosendahl", "Silverman", "Thornbury"),
)
_STREETS = ("Alder Lane", "Brewer Street", "Canal Road", "Dovecote Way", "Elm Grove", "Foundry Row")
_PLACES = (
    *(("Ashford Mills", "NC", "27114"), ("Brackenridge", "NC", "27260")),
    *(("Coldwater", "NC", "28105"), ("Dunmore Falls", "VT", "05411")),
    *(("Eastleigh", "VT", "05602"), ("Fairhaven", "VT", "05733")),
    *(("Glenrock", "OR", "97108"), ("Hawthorn Bay", "OR", "97220")),
    *(("Inverness", "OR", "97351"), ("Juniper Creek", "NM", "87014")),
    *(("Kingsbridge", "NM", "87122"), ("Larkspur", "NM", "87305")),
    *(("Millbrook", "WI", "53018"), ("Northgate", "WI", "53127")),
    *(("Oakhurst", "WI", "53290"), ("Pinecrest", "ME", "04022")),
    *(("Quarrytown", "ME", "04139"), ("Ravenswood", "ME", "04270")),
)
_SEGMENTS = ("consumer", "small business", "enterprise", "public sector")
_PRODUCTS = (
    *(("Oak Desk Lamp", "lighting", 1.85, 4449), ("Brass Wall Light", "lighting", 1.15, 3895)),
    *(("Paper Lantern", "lighting", 0.35, 1149), ("Copper Kettle", "kitchen", 1.42, 5299)),
    *(("Stoneware Bowl", "kitchen", 0.78, 1695), ("Cast Iron Pan", "kitchen", 2.65, 4795)),
    *(("Linen Apron", "textiles", 0.28, 2349), ("Wool Blanket", "textiles", 1.74, 8899)),
    *(("Cotton Towel Set", "textiles", 1.22, 3199), ("Garden Trowel", "garden", 0.46, 1299)),
    *(("Watering Can", "garden", 0.94, 2795), ("Pruning Shears", "garden", 0.38, 2149)),
    *(("Walnut Shelf", "furniture", 5.35, 9495), ("Folding Stool", "furniture", 3.12, 5949)),
)
"""Name, category, weight of one in kilograms, price of one in cents."""
_STATUSES = ("delivered", "shipped", "processing", "returned")

_Row = dict[str, str]


class Planted(NamedTuple):
    """One error that was put in, and what the cell should be; '' is a missing value."""

    dataset: str
    row: int
    """Row of the file, from 1 on, as it is numbered at import."""
    column: str
    """Empty for a row that should not be there."""
    kind: str
    right: str


@dataclass(frozen=True)
class DemoFiles:
    """The files of the demo, and what is wrong with them."""

    customers: Path
    orders: Path
    batch: Path
    """Later orders, whose prices are in cents and which know a new status."""
    alert: Path
    """What a monitor would say of the batch, as a webhook of Alertmanager."""
    planted: tuple[Planted, ...]

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many errors of each kind each dataset has: (dataset, kind) to count."""
        return Counter((error.dataset, error.kind) for error in self.planted)


@dataclass
class _Table:
    """Rows that are being spoiled; a row gets at most one error."""

    name: str
    rows: list[_Row]
    random: Random
    planted: list[Planted] = field(default_factory=list[Planted])
    spoiled: set[int] = field(default_factory=set[int])

    def spoil(
        self,
        kind: str,
        column: str,
        count: int,
        wrong: Callable[[_Row], str],
        right: Callable[[str], str] = lambda value: value,
    ) -> None:
        """Put an error of a kind into a column of so many rows."""
        for place in self._sound(column, count):
            row = self.rows[place]
            self.planted.append(Planted(self.name, place + 1, column, kind, right(row[column])))
            row[column] = wrong(row)

    def repeat(self, kind: str, count: int, vary: Callable[[_Row], None]) -> None:
        """Append a varied copy of so many rows, under an id of its own."""
        for place in self._sound("id", count):
            copy = dict(self.rows[place])
            copy["id"] = f"{copy['id'][0]}{len(self.rows) + 1:05d}"
            vary(copy)
            self.rows.append(copy)
            self.spoiled.add(len(self.rows) - 1)
            self.planted.append(Planted(self.name, len(self.rows), "", kind, ""))

    def _sound(self, column: str, count: int) -> Iterable[int]:
        sound = [
            place
            for place, row in enumerate(self.rows)
            if place not in self.spoiled and row[column]
        ]
        chosen = sorted(self.random.sample(sound, count))
        self.spoiled.update(chosen)
        return chosen


def write_demo(folder: Path, seed: int = 7) -> DemoFiles:
    """Write customers, orders, a drifted batch of orders and the alert about it into a folder."""
    random = Random(seed)  # noqa: S311 - invented data, no secret
    customers = _dirty_customers(random)
    orders = _dirty_orders(random, customers.rows)
    batch = _batch(random, customers.rows, len(orders.rows))
    folder.mkdir(parents=True, exist_ok=True)
    alert = folder / "drift.json"
    alert.write_text(json.dumps(_alert(), indent=2) + "\n", encoding="utf-8")
    return DemoFiles(
        customers=_write(folder / "customers.csv", customers.rows),
        orders=_write(folder / "orders.csv", orders.rows),
        batch=_write(folder / "orders_batch.csv", batch),
        alert=alert,
        planted=(*customers.planted, *orders.planted),
    )


def _write(path: Path, rows: Sequence[_Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _customers(random: Random) -> list[_Row]:
    names = random.sample([(f, s) for f in _FIRST for s in _SURNAMES], _CUSTOMERS)
    phones = random.sample(range(10_000), _CUSTOMERS)
    rows: list[_Row] = []
    for number, (first, surname) in enumerate(names, start=1):
        city, state, postcode = random.choice(_PLACES)
        rows.append(
            {
                "id": f"C{number:05d}",
                "name": f"{first} {surname}",
                "email": f"{first}.{surname}@example.org".lower(),
                "phone": f"{random.randrange(201, 990)}-555-{phones[number - 1]:04d}",
                "street": f"{random.randrange(1, 250)} {random.choice(_STREETS)}",
                "city": city,
                "state": state,
                "zip": postcode,
                "segment": random.choices(_SEGMENTS, (6, 3, 1, 1))[0],
                "joined": (_START - timedelta(days=random.randrange(30, 2_000))).isoformat(),
            }
        )
    return rows


def _dirty_customers(random: Random) -> _Table:
    table = _Table("customers", _customers(random), random)
    table.spoil("missing", "phone", 15, lambda _: random.choice(("N/A", "-", "n/a")), _nothing)
    table.spoil("missing", "email", 8, lambda _: random.choice(("null", "?")), _nothing)
    table.spoil("filler", "phone", 6, lambda _: "000-000-0000", _nothing)
    table.spoil("typo", "city", 12, lambda row: _mistyped(random, row["city"]))
    table.spoil("typo", "segment", 8, lambda row: _mistyped(random, row["segment"]))
    table.spoil("dependency", "state", 10, lambda row: _other_place(random, row)[1])
    table.spoil("dependency", "city", 6, lambda row: _other_place(random, row)[0])
    table.spoil("format", "joined", 14, lambda row: _day_first(row["joined"]))
    table.spoil("format", "name", 9, lambda row: f" {row['name']} ")
    table.repeat("duplicate", 8, lambda _: None)
    table.repeat("near duplicate", 10, lambda row: _vary(random, row))
    return table


def _orders(random: Random, customers: Sequence[_Row], first: int, count: int) -> list[_Row]:
    rows: list[_Row] = []
    for number in range(first, first + count):
        product, category, weight, cents = random.choice(_PRODUCTS)
        quantity = random.choices((1, 2, 3, 4, 6), (9, 5, 3, 2, 1))[0]
        ordered = _START + timedelta(days=(number * 120) // _ORDERS)
        status = random.choices(_STATUSES, (70, 15, 10, 5))[0]
        shipped = ordered + timedelta(days=random.randrange(1, 9))
        rows.append(
            {
                "id": f"O{number:05d}",
                "customer_id": random.choice(customers)["id"],
                "product": product,
                "category": category,
                "quantity": str(quantity),
                "unit_price": f"{cents / 100:.2f}",
                "weight_kg": f"{weight * quantity:.2f}",
                "ordered_at": ordered.isoformat(),
                "shipped_at": "" if status == "processing" else shipped.isoformat(),
                "status": status,
            }
        )
    return rows


def _dirty_orders(random: Random, customers: Sequence[_Row]) -> _Table:
    table = _Table("orders", _orders(random, customers, 1, _ORDERS), random)
    categories = sorted({category for _, category, _, _ in _PRODUCTS})
    table.spoil("missing", "status", 20, lambda _: random.choice(("N/A", "#N/A")), _nothing)
    table.spoil("filler", "shipped_at", 150, lambda _: "1900-01-01", _nothing)
    table.spoil("typo", "product", 24, lambda row: _mistyped(random, row["product"]))
    table.spoil("typo", "category", 16, lambda row: _mistyped(random, row["category"]))
    table.spoil(
        "dependency",
        "category",
        18,
        lambda row: random.choice([name for name in categories if name != row["category"]]),
    )
    table.spoil("unit", "weight_kg", 45, lambda row: f"{float(row['weight_kg']) * 1000:.0f}")
    table.spoil("format", "quantity", 30, lambda row: f"{row['quantity']} pcs")
    table.repeat("duplicate", 14, lambda _: None)
    return table


def _batch(random: Random, customers: Sequence[_Row], ordered: int) -> list[_Row]:
    rows = _orders(random, customers, ordered + 1, _BATCH)
    for row in rows:
        row["unit_price"] = row["unit_price"].replace(".", "")
        if random.random() < 0.25:
            row["status"] = "on hold"
            row["shipped_at"] = ""
    return rows


def _alert() -> dict[str, object]:
    labels = {"alertname": "DataDrift", "dataset": "orders", "severity": "warning"}
    return {
        "version": "4",
        "groupKey": '{}:{alertname="DataDrift", dataset="orders"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "ostler",
        "groupLabels": {"alertname": "DataDrift"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": [
            {
                "status": "firing",
                "labels": {**labels, "columns": "unit_price,status"},
                "annotations": {
                    "summary": "unit_price and status of the newest orders are distributed anew",
                    "description": "The mean of unit_price rose a hundredfold within one batch.",
                },
                "startsAt": "2024-05-27T06:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example.org/graph",
                "fingerprint": "5f1c0d8a9b7e2346",
            }
        ],
    }


def _nothing(_: str) -> str:
    return ""


def _mistyped(random: Random, value: str) -> str:
    """One slip of the fingers inside a word: two letters swapped, or one lost, doubled or wrong."""
    while True:
        place = random.randrange(1, len(value) - 1)
        before, letter, after = value[:place], value[place], value[place + 1 :]
        wrong = random.choice(
            (
                f"{before}{after[:1]}{letter}{after[1:]}",
                f"{before}{after}",
                f"{before}{letter}{letter}{after}",
                f"{before}{random.choice('aeinorst')}{after}",
            )
        )
        if wrong != value and wrong.split() != value.split() and letter != " ":
            return wrong


def _other_place(random: Random, row: _Row) -> tuple[str, str, str]:
    return random.choice([place for place in _PLACES if place[1] != row["state"]])


def _day_first(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{day}/{month}/{year}"


def _vary(random: Random, row: _Row) -> None:
    """As if the same person had been entered again by somebody in a hurry."""
    what = random.choice(("name", "phone", "joined"))
    if what == "name":
        row["name"] = _mistyped(random, row["name"])
    elif what == "phone":
        row["phone"] = ""
    row["joined"] = (date.fromisoformat(row["joined"]) + timedelta(days=3)).isoformat()
