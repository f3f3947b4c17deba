"""Files in: read strictly, with errors that name the line."""

import codecs
import csv
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ostler.core.datasets import ROW_ID
from ostler.core.errors import BadInput
from ostler.tables.sql import quoted

_SAMPLE = 64 * 1024
_WORKBOOKS = (".xlsx", ".xlsm")
_DELIMITERS = ",;\t|"
_ENCODINGS = "say how it is encoded, for example --encoding latin-1 or --encoding utf-16"

# What Delta cannot hold as it is, or what other readers of the table would not understand.
_AS_TEXT = re.compile(r"^(TIME|TIME WITH TIME ZONE|INTERVAL|UUID|HUGEINT|UHUGEINT|ENUM|BIT|UTINYINT"
                      r"|USMALLINT|UINTEGER|UBIGINT|MAP|UNION|JSON|NULL|\"NULL\")")  # fmt: skip


@contextmanager
def as_readable(path: Path, encoding: str, sheet: str = "") -> Generator[Path]:
    """A file that `open_file` reads: the file itself, or a copy in UTF-8, or a workbook's sheet."""
    kind = path.suffix.lower()
    if kind == ".xls":
        raise BadInput(f"{path} is an Excel workbook of the old kind", "save it as .xlsx or as CSV")
    if kind not in _WORKBOOKS:
        if sheet:
            raise BadInput(f"{path} has no sheets", "--sheet is for Excel workbooks")
        with as_utf8(path, encoding) as text:
            yield text
        return
    from ostler.tables.excel import write_sheet

    _refuse_absent(path)
    with tempfile.TemporaryDirectory(prefix="ostler-") as folder:
        copy = Path(folder) / f"{path.stem}.parquet"
        write_sheet(path, sheet, copy)
        yield copy


@contextmanager
def as_utf8(path: Path, encoding: str) -> Generator[Path]:
    """The file itself when it is UTF-8, otherwise a copy that is, for as long as it is read."""
    if codecs_name(encoding) == "utf-8":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ostler-") as folder:
        copy = Path(folder) / path.name
        try:
            with (
                path.open(encoding=encoding, newline="") as given,
                copy.open("w", encoding="utf-8", newline="") as taken,
            ):
                shutil.copyfileobj(given, taken, 1 << 20)
        except UnicodeError as error:
            raise BadInput(
                f"{path} is not {encoding} text: {error}", "try another --encoding"
            ) from None
        except FileNotFoundError:
            raise BadInput(f"{path}: there is no such file") from None
        yield copy


def codecs_name(encoding: str) -> str:
    """Python's own name of an encoding; BadInput when there is none."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise BadInput(f"{encoding!r} is not an encoding", "try utf-8, latin-1 or utf-16") from None


def open_file(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    """A file as a relation; nothing is read yet beyond its head.

    CSV comes as text throughout, an empty field as missing: what a value means is the contract's
    matter. Raises BadInput for a file that is absent, empty or of no kind that is known.
    """
    _refuse_absent(path)
    readers = {
        ".csv": _open_csv,
        ".tsv": _open_csv,
        ".txt": _open_csv,
        ".parquet": _open_parquet,
        ".pq": _open_parquet,
        ".jsonl": _open_json,
        ".ndjson": _open_json,
        ".json": _open_json,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadInput(
            f"{path}: files that end in {path.suffix or 'nothing'} are not read",
            "CSV (.csv, .tsv, .txt), Parquet (.parquet), JSON lines (.jsonl, .ndjson) and "
            "Excel workbooks (.xlsx) are",
        )
    try:
        relation = reader(connection, path)
    except duckdb.Error as error:
        raise reading_error(path, error) from None
    refuse_duplicates(path, relation.columns)
    return relation


def _refuse_absent(path: Path) -> None:
    if not path.exists():
        raise BadInput(f"{path}: there is no such file")
    if path.is_dir():
        raise BadInput(
            f"{path} is a folder and not a Delta table",
            "name a CSV, Parquet, JSON lines or Excel file, or the folder of a Delta table",
        )
    if path.stat().st_size == 0:
        raise BadInput(f"{path} is empty", "a table needs at least a line of column names")


def _open_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    names, delimiter = _head(path)
    refuse_duplicates(path, names)
    return connection.read_csv(
        str(path),
        header=True,
        auto_detect=False,
        delimiter=delimiter,
        quotechar='"',
        escapechar='"',
        columns=dict.fromkeys(names, "VARCHAR"),
        strict_mode=True,
    )


def _head(path: Path) -> tuple[list[str], str]:
    """Column names and delimiter, from the first line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sample = file.read(_SAMPLE)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start})", _ENCODINGS) from None
    first = sample.splitlines()[0] if sample.strip() else ""
    if not first.strip():
        raise BadInput(f"{path}: the first line is blank", "it must hold the column names")
    delimiter = max(_DELIMITERS, key=first.count)
    names = next(csv.reader(sample.splitlines(keepends=True), delimiter=delimiter))
    blank = [str(i) for i, name in enumerate(names, 1) if not name.strip()]
    if blank:
        raise BadInput(f"{path}: column {blank[0]} has no name", "name it in the first line")
    return names, delimiter


def _open_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return connection.read_parquet(str(path))


def _open_json(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    return connection.read_json(str(path), format="newline_delimited", sample_size=-1)


def refuse_duplicates(path: Path, names: list[str]) -> None:
    """BadInput for columns that not every reader could tell apart, and for Ostler's own."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.lower())
        if other is not None:
            raise BadInput(
                f"{path}: two columns are called {name!r}"
                if other == name
                else f"{path}: columns {other!r} and {name!r} differ only in case",
                "rename one of them",
            )
        seen[name.lower()] = name
        if name == ROW_ID:
            raise BadInput(f"{path}: {ROW_ID!r} is Ostler's own column", "rename it")


def reading_error(path: Path, error: duckdb.Error) -> BadInput:
    """What DuckDB says of a file, as one sentence and a next step."""
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"{path}, line {line[1]}" if line else str(path)
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if fields:
        return BadInput(
            f"{where} has {fields[2]} fields where the first line has {fields[1]}",
            "mend the line, or quote the value that holds the delimiter",
        )
    if "not utf-8 encoded" in text or "unicode" in text.lower():
        return BadInput(
            f"{where} is not UTF-8 text",
            _ENCODINGS,
        )
    if "unterminated quote" in text:
        return BadInput(f"{where} opens a quote that is never closed", "close or remove it")
    if "Malformed JSON" in text or "JSON" in text:
        return BadInput(
            f"{where} is not JSON lines: {_first_line(text)}", "one JSON object on each line"
        )
    return BadInput(f"{where} cannot be read: {_first_line(text)}")


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200]


def with_row_ids(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The relation with the hidden key 1..n in file order, in types that Delta can hold."""
    columns = [
        f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}"
        if _AS_TEXT.match(str(kind))
        else quoted(name)
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    return relation.project(f"row_number() OVER () AS {quoted(ROW_ID)}, {', '.join(columns)}")
