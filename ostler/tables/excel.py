"""Excel workbooks: one sheet as rows of text, streamed, each cell as a person reads it.

Like CSV, a workbook comes in as text throughout, an empty cell as missing: what a value means is
the contract's matter. Formats that only dress a number (currency, percent, colours) are left out.
"""

import warnings
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol, cast

import pyarrow as pa
import pyarrow.parquet as pq

from ostler.core.errors import BadInput
from ostler.tables.files import refuse_duplicates

UNPACKED_LIMIT = 1 << 30
"""Bytes that a workbook may unpack to: 1 GiB; a few kilobytes can claim to be far more."""

_BATCH = 10_000


class _Cell(Protocol):
    @property
    def value(self) -> object: ...
    @property
    def number_format(self) -> str: ...


def write_sheet(path: Path, sheet: str, target: Path) -> None:
    """Write a sheet's rows, all as text, to a Parquet file; memory is bounded by one batch.

    The first row names the columns. Empty rows and columns at the end are left out. Raises BadInput
    for a file that is no workbook, a workbook of several sheets when none is named, formulas whose
    results were never stored, and values beside the named columns.
    """
    _check_archive(path)
    rows = _rows(path, sheet)
    names = _names(path, next(rows, ()))
    schema = pa.schema([(name, pa.string()) for name in names])
    whole = _without_empty_end(path, rows, len(names))
    with pq.ParquetWriter(target, schema) as file:
        while some := list(islice(whole, _BATCH)):
            columns = [pa.array(list(column), pa.string()) for column in zip(*some, strict=True)]
            file.write_table(pa.table(dict(zip(names, columns, strict=True)), schema))


def _names(path: Path, first: Sequence[str | None]) -> list[str]:
    names = [text or "" for text in first]
    while names and not names[-1].strip():
        names.pop()
    if not names:
        raise BadInput(f"{path}: the first row is blank", "it must hold the column names")
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise BadInput(f"{path}: column {number} has no name", "name it in the first row")
    refuse_duplicates(path, names)
    return names


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            # zipfile never unpacks more of a part than is declared here.
            size = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:
        raise BadInput(
            f"{path} is not an Excel workbook, or one that a password protects",
            "save it again as .xlsx, without a password",
        ) from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    if size > UNPACKED_LIMIT:
        raise BadInput(
            f"{path} unpacks to {size:,} bytes; the limit is {UNPACKED_LIMIT:,}",
            "save the sheet as CSV and add that",
        )


@contextmanager
def _sheet(path: Path, sheet: str, *, results: bool) -> Generator[Iterator[Sequence[_Cell]]]:
    """The rows of one sheet, with results of formulas or with the formulas themselves."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with warnings.catch_warnings():
        # It warns of dress that it does not keep; only values are read here.
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(path, read_only=True, data_only=results, keep_links=False)
        except (InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as error:
            raise BadInput(f"{path} is not an Excel workbook that can be read") from error
        with closing(book):
            found = book[_chosen(path, [each.title for each in book.worksheets], sheet)]
            # What the file says of its own size may be wrong; rows are read to the last.
            found.reset_dimensions()
            yield cast("Iterator[Sequence[_Cell]]", iter(found.rows))


def _chosen(path: Path, sheets: list[str], sheet: str) -> str:
    listed = ", ".join(sheets)
    if sheet:
        if sheet not in sheets:
            raise BadInput(f"{path} has no sheet {sheet!r}", f"it has: {listed}")
        return sheet
    if len(sheets) != 1:
        raise BadInput(f"{path} has {len(sheets)} sheets: {listed}", "choose one: --sheet NAME")
    return sheets[0]


def _rows(path: Path, sheet: str) -> Iterator[list[str | None]]:
    with (
        _sheet(path, sheet, results=True) as results,
        _sheet(path, sheet, results=False) as formulas,
    ):
        for number, (row, written) in enumerate(zip(results, formulas, strict=True), 1):
            _refuse_uncalculated(path, number, row, written)
            yield [_text(cell) for cell in row]


def _refuse_uncalculated(
    path: Path, number: int, row: Sequence[_Cell], written: Sequence[_Cell]
) -> None:
    for cell, formula in zip(row, written, strict=True):
        if cell.value is None and formula.value is not None:
            raise BadInput(
                f"{path}, row {number} holds a formula whose result is not stored",
                "open the workbook in a spreadsheet program, which calculates it, and save it",
            )


def _without_empty_end(
    path: Path, rows: Iterator[list[str | None]], width: int
) -> Iterator[list[str | None]]:
    empty = 0
    for number, row in enumerate(rows, 2):
        if any(text is not None for text in row[width:]):
            raise BadInput(
                f"{path}, row {number} has a value in a column without a name",
                "name the column in the first row, or remove the value",
            )
        if all(text is None for text in row):
            empty += 1
            continue
        for _ in range(empty):
            yield [None] * width
        empty = 0
        yield [*row, *([None] * width)][:width]


def _text(cell: _Cell) -> str | None:
    value = cell.value
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # A spreadsheet keeps 17 digits and shows 15.
        return f"{value:.15g}"
    if isinstance(value, datetime):
        dressed = cell.number_format.lower()
        return str(value if "h" in dressed or "s" in dressed else value.date())
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
