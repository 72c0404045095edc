"""Spreadsheets (XLSX): a head that stays in view, real dates and numbers, and no cell that a program would take for a formula."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

# What begins like this is taken for a formula when a sheet is saved as CSV and opened again (SECURITY §7).
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DAY_AND_HOUR, _A4 = "dd/mm/yyyy hh:mm", 9


@dataclass(frozen=True)
class HeadCell:
    row: int  # from 0
    column: int
    rows: int
    columns: int
    text: str


@dataclass(frozen=True)
class Sheet:
    """One sheet: lines above, a head, rows of text, whole numbers, moments without a zone (the office's clock) or None."""

    name: str
    above: list[str]
    head: list[HeadCell]
    widths: Sequence[int]  # of the columns, in letters
    rows: Iterable[Sequence[object]]
    below: list[str] = field(default_factory=list)
    bold_rows: frozenset[int] = frozenset()
    is_long: bool = False  # its rows go to disk one by one; its head is a single row


def harmless(text: str) -> str:
    """Text that no spreadsheet program runs: what could begin a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text


def write_book(file: BinaryIO, sheets: Sequence[Sheet]) -> None:
    """Write the sheets as one XLSX into `file`. A long sheet needs no more memory than a short one."""
    # Loaded when a file is asked for: the start of the program has 0.4 s.
    import xlsxwriter

    options = {"constant_memory": any(sheet.is_long for sheet in sheets), "in_memory": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options | {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        styles = {
            "above": book.add_format({"bold": True}),
            "head": book.add_format({"bold": True, "text_wrap": True, "border": 1, "align": "center", "valign": "vcenter"}),
            "text": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
            "number": book.add_format({"border": 1, "num_format": "#,##0", "valign": "top"}),
            "moment": book.add_format({"border": 1, "num_format": _DAY_AND_HOUR, "valign": "top"}),
            "bold text": book.add_format({"border": 1, "bold": True}),
            "bold number": book.add_format({"border": 1, "bold": True, "num_format": "#,##0"}),
        }
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.name), sheet, styles)


def _write_sheet(page, sheet: Sheet, styles: dict) -> None:
    for place, letters in enumerate(sheet.widths):
        page.set_column(place, place, letters)
    for row, text in enumerate(sheet.above):
        page.write_string(row, 0, harmless(text), styles["above"])
    top = len(sheet.above) + bool(sheet.above)
    depth = max(cell.row + cell.rows for cell in sheet.head)
    for cell in sheet.head:
        first, last = top + cell.row, top + cell.row + cell.rows - 1
        if (cell.rows, cell.columns) == (1, 1):
            page.write_string(first, cell.column, harmless(cell.text), styles["head"])
        else:
            page.merge_range(first, cell.column, last, cell.column + cell.columns - 1, harmless(cell.text), styles["head"])
    row = begins = top + depth
    for row, values in enumerate(sheet.rows, begins):
        for column, value in enumerate(values):
            _write_cell(page, row, column, value, styles, "bold " if row - begins in sheet.bold_rows else "")
    for line, text in enumerate(sheet.below, row + 2):
        page.write_string(line, 0, harmless(text))
    page.freeze_panes(begins, min(2, len(sheet.widths) - 1))
    page.repeat_rows(top, begins - 1)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)


def _write_cell(page, row: int, column: int, value: object, styles: dict, bold: str) -> None:
    if value is None:
        page.write_blank(row, column, None, styles[f"{bold}text"])
    elif isinstance(value, datetime):
        page.write_datetime(row, column, value, styles["moment"])
    elif isinstance(value, int):
        page.write_number(row, column, value, styles[f"{bold}number"])
    else:
        page.write_string(row, column, harmless(str(value)), styles[f"{bold}text"])
