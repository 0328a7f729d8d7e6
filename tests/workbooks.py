"""Reading back what was exported, as Excel would."""

import io

from openpyxl import load_workbook


def opened(content):
    """The workbook of bytes, of a streaming response or of a path."""
    if hasattr(content, "streaming_content"):
        content = b"".join(content.streaming_content)
    return load_workbook(io.BytesIO(content) if isinstance(content, bytes) else content)


def rows(sheet):
    """The values of a sheet's rows, as tuples."""
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def records(sheet):
    """The rows below the titles, as dicts; the filter says in which row the titles stand."""
    first = sheet[sheet.auto_filter.ref][0][0].row if sheet.auto_filter.ref else 1
    titles, *others = rows(sheet)[first - 1 :]
    return [dict(zip(titles, row, strict=True)) for row in others]


def formulas(book):
    """Every cell that Excel would compute."""
    return [f"{sheet.title}!{c.coordinate}" for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
