"""The rows of a place as an Ibis relation, in columns c0, c1 and so on."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ostler.tables.engine import Row
from ostler.tables.place import Place
from ostler.tools.quality.engines.dialect import DIALECTS, Dialect
from ostler.tools.quality.engines.readings import Reader
from ostler.tools.quality.engines.tree import Read, Writer

_TYPES = {
    "VARCHAR": "string",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp('UTC')",
}
"""Ibis' types of DuckDB's."""


def arrow_type(kind: str) -> pa.DataType:
    """Arrow's type of DuckDB's."""
    return ibis.dtype(_type(kind)).to_pyarrow()


def _type(kind: str) -> str:
    return kind.lower() if kind.startswith("DECIMAL(") else _TYPES.get(kind, "unknown")


@dataclass(frozen=True)
class Relation:
    """What is asked of a place."""

    place: Place
    table: ir.Table

    @property
    def dialect(self) -> Dialect:
        """What its engine needs."""
        return DIALECTS[self.place.engine]

    def column(self, name: str) -> ir.Value:
        """A column by its name in the dataset."""
        return self.table[f"c{[c.name for c in self.place.columns].index(name)}"]

    def writer(self) -> Writer:
        """Who writes conditions over the rows."""
        cells = {c.name: Read(self.column(c.name), c.type) for c in self.place.columns}
        return Writer(cells, self.place.key, self.dialect, Reader(self.dialect))

    def ask(self, query: ir.Table) -> list[Row]:
        """The rows of a query."""
        getattr(ibis, self.dialect.ibis)  # which loads the options that its compiler reads
        return self.place.ask(str(ibis.to_sql(query, dialect=self.dialect.ibis)))


def relation_of(place: Place) -> Relation:
    """The rows of a place."""
    columns = {f"c{number}": _type(column.type) for number, column in enumerate(place.columns)}
    return Relation(place, ibis.table(columns, name="ostler"))
