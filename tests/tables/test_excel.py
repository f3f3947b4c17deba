"""Workbooks come in as a person reads them, or a sentence says why not."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from ostler.core.datasets import ROW_ID
from ostler.core.errors import BadInput
from ostler.tables import excel
from ostler.tables.importing import append_file, import_file


def book(path: Path, *rows: list[Any], sheets: tuple[str, ...] = ()) -> Path:
    made = Workbook()
    sheet = made.worksheets[0]
    for row in rows:
        sheet.append(row)
    for name in sheets:
        made.create_sheet(name).append(["other"])
    made.save(path)
    return path


def rows_of(path: Path, sheet: str = "") -> list[tuple[str | None, ...]]:
    table = import_file(path, str(path.with_suffix("")), (ROW_ID,), sheet=sheet)
    view = table.view()
    cells = view.query(f"SELECT * EXCLUDE {ROW_ID} FROM {view.source} ORDER BY {ROW_ID}")
    assert {column.type for column in view.columns} == {"VARCHAR"}
    return [view.column_names, *cells]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Ana", "Ana"),
        ("  0012 ", "  0012 "),
        (1, "1"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (0.1 + 0.2, "0.3"),
        (1e21, "1e+21"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2020, 2, 1), "2020-02-01"),
        (dt.datetime(2020, 2, 1), "2020-02-01 00:00:00"),  # noqa: DTZ001
        (dt.datetime(2020, 2, 1, 3, 4, 5), "2020-02-01 03:04:05"),  # noqa: DTZ001
        (dt.time(3, 4), "03:04:00"),
        (dt.timedelta(hours=30, minutes=1), "30:01:00"),
        ("#N/A", "#N/A"),
        ("line\nbreak", "line\nbreak"),
    ],
)
def test_a_cell_becomes_the_text_that_a_person_reads(tmp_path: Path, cell: Any, text: str) -> None:
    assert rows_of(book(tmp_path / "b.xlsx", ["a", "b"], ["x", cell]))[1] == ("x", text)


def test_an_error_cell_stays_as_its_text(tmp_path: Path) -> None:
    made = Workbook()
    made.worksheets[0].append(["a"])
    made.worksheets[0].append([None])
    made.worksheets[0]["A2"].value = "#DIV/0!"
    assert made.worksheets[0]["A2"].data_type == "e"
    made.save(tmp_path / "b.xlsx")
    assert rows_of(tmp_path / "b.xlsx") == [("a",), ("#DIV/0!",)]


def test_empty_ends_are_dropped_and_empty_rows_between_are_kept(tmp_path: Path) -> None:
    path = book(
        tmp_path / "b.xlsx",
        ["a", "b", None, " "],
        ["x"],
        [None, None],
        [None, "y", None],
        [None],
        [None, ""],
    )
    assert rows_of(path) == [("a", "b"), ("x", None), (None, None), (None, "y")]


def test_a_merged_cells_value_stands_in_its_first_row_and_column(tmp_path: Path) -> None:
    made = Workbook()
    sheet: Worksheet = made.worksheets[0]
    for row in (["a", "b"], ["x", None], [None, None], ["y", "z"]):
        sheet.append(row)
    sheet.merge_cells("A2:B3")
    made.save(tmp_path / "b.xlsx")
    assert rows_of(tmp_path / "b.xlsx")[1:] == [("x", None), (None, None), ("y", "z")]


def calculated(path: Path, result: str) -> Path:
    """A workbook with a formula, and its result as a spreadsheet program would store it."""
    plain = book(path.with_name("plain.xlsx"), ["a", "b"], [1, "=A2+1"])
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content.replace(b"<v></v>", result.encode()).replace(
                b"<v />", result.encode()))  # fmt: skip
    return path


def test_a_formula_is_its_stored_result(tmp_path: Path) -> None:
    assert rows_of(calculated(tmp_path / "b.xlsx", "<v>2</v>"))[1] == ("1", "2")


def test_a_workbook_that_was_never_calculated_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", ["a", "b"], ["x", 1], ["x", "=B2+1"])
    with pytest.raises(BadInput, match="row 3 holds a formula whose result is not stored"):
        rows_of(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.xlsx"]


def test_one_of_several_sheets_is_chosen(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", ["a"], ["x"], sheets=("Other", "Last"))
    with pytest.raises(BadInput, match="3 sheets: Sheet, Other, Last"):
        rows_of(path)
    with pytest.raises(BadInput, match="no sheet 'Nope'"):
        rows_of(path, "Nope")
    assert rows_of(path, "Other") == [("other",)]


def test_rows_are_appended_from_a_sheet(tmp_path: Path) -> None:
    first = book(tmp_path / "a.xlsx", ["a", "b"], ["1", 2])
    table = import_file(first, str(tmp_path / "t"), (ROW_ID,))
    more = book(tmp_path / "b.xlsx", ["b", "a"], [4, "3"])
    assert append_file(more, table, sheet="Sheet") == 1
    view = table.view()
    assert view.query(f"SELECT a, b FROM {view.source} ORDER BY 1") == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "first row is blank"),
        ([[None, None], ["a"]], "first row is blank"),
        ([["a", None, "c"]], "column 2 has no name"),
        ([["a", "A"]], "differ only in case"),
        ([["a"], ["x", "y"]], "row 2 has a value in a column without a name"),
    ],
)
def test_a_sheet_that_is_no_table_is_named_and_leaves_nothing(
    tmp_path: Path, rows: list[list[Any]], says: str
) -> None:
    path = book(tmp_path / "b.xlsx", *rows)
    with pytest.raises(BadInput, match=says):
        rows_of(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.xlsx"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("b.xls", b"\xd0\xcf\x11\xe0", "of the old kind"),
        ("b.xlsx", b"\xd0\xcf\x11\xe0 encrypted", "a password protects"),
        ("b.xlsx", b"name,city\n", "is not an Excel workbook"),
        ("b.xlsx", b"", "is empty"),
    ],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=says):
        rows_of(tmp_path / name)


def test_an_archive_that_is_no_workbook_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(BadInput, match="is not an Excel workbook"):
        rows_of(tmp_path / "b.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (4 << 20))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(excel, "UNPACKED_LIMIT", 1 << 20)
    with pytest.raises(BadInput, match=r"unpacks to 4,194,304 bytes; the limit is 1,048,576"):
        rows_of(path)


def test_many_rows_come_in_whole_and_in_order(tmp_path: Path) -> None:
    made = Workbook(write_only=True)
    sheet = made.create_sheet("Only")
    sheet.append(["n"])
    for number in range(25_000):
        sheet.append([number])
    made.save(tmp_path / "b.xlsx")
    assert rows_of(tmp_path / "b.xlsx")[1:] == [(str(number),) for number in range(25_000)]
