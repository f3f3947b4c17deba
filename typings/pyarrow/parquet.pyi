"""The part of pyarrow.parquet that Ostler uses."""

from pathlib import Path

from pyarrow import Table

def read_table(source: str | Path) -> Table: ...
def write_table(table: Table, where: str | Path, *, compression: str = "zstd") -> None: ...
