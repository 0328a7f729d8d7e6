"""Tables out of files somebody sent: xlsx, xls, csv. The only importer of python-calamine.

Run as a program of its own (`python -m salon.spreadsheets.tables`) it reads one file and writes its rows to standard output, one
JSON text a line; reading.py starts it so, with little memory and time and none of our data (salon/processes/untrusted.py). It
knows nothing of Django and says what is wrong by a code.
"""

import codecs
import csv
import json
import re
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from salon.processes import restrained
from salon.processes.restrained import Refused

BATCH = 500  # rows in one line of output
CHUNK = 1 << 16
RATIO, RATIO_FROM = 100, 10 << 20  # a part that has so many bytes may be packed so tightly at most
EXACT = 10**15  # whole numbers below this are exact in a spreadsheet
MARGIN = b"\xef\xbb\xbf \t\r\n"
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
DELIMITERS = ",\t;|"


def rows(path, limits):
    """(notes, iterator of (row number, cells)) of a file. Raises Refused, at once or while iterating.

    `limits`: the most bytes inflated ("inflated", "part"), zip entries ("entries"), rows, columns, and characters in a cell
    ("rows", "columns", "cell"). Rows are numbered as a spreadsheet shows them; empty ones are left out.
    """
    path = Path(path)
    read = {"zip": _workbook, "ole": _workbook, "text": _text}[_kind(path, limits)]
    notes, numbered = read(path, limits)
    return notes, _within(numbered, limits)


def _within(numbered, limits):
    count = 0
    for number, cells in numbered:
        while cells and cells[-1] in ("", None):
            cells.pop()
        if not cells:
            continue
        count += 1
        if count > limits["rows"]:
            raise Refused("rows", limit=limits["rows"])
        if len(cells) > limits["columns"]:
            raise Refused("columns", limit=limits["columns"], row=number)
        yield number, [_plain(cell, limits["cell"]) for cell in cells]


def _plain(cell, longest):
    """A cell as JSON can carry it: text, number, or {"t": ISO date or time}. Text is cut one character beyond the limit."""
    if isinstance(cell, str):
        return cell[: longest + 1]
    if isinstance(cell, bool) or cell is None:
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < EXACT else cell
    if isinstance(cell, (date, datetime)):
        return {"t": cell.isoformat()}
    return cell if isinstance(cell, int) else str(cell)


# --- What kind of file it is, by its content -----------------------------------------------------------------------------


def _kind(path, limits):
    with path.open("rb") as file:
        begin = file.read(4096)
    if not begin.strip(MARGIN):
        raise Refused("empty")
    if begin.startswith(b"PK\x03\x04"):
        _check_zip(path, limits)
        return "zip"
    if begin.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        _check_ole(path)
        return "ole"
    if begin.lstrip(MARGIN).startswith(b"<"):
        raise Refused("markup")
    if begin.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # the first begins like UTF-16
        raise Refused("encoding")
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "text"
    if begin.startswith((b"%PDF", b"PK", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf")):
        raise Refused("unknown")
    if begin.count(0) * 20 > len(begin):
        raise Refused("unknown")
    return "text"


def _check_ole(path):
    """The old container of .xls; a protected .xlsx lies in one, too."""
    needle, kept = "EncryptedPackage".encode("utf-16-le"), b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if needle in kept + chunk:
                raise Refused("password")
            kept = chunk[-len(needle) :]


def _check_zip(path, limits):
    """Look at an xlsx before a parser does: it must be a plain workbook, and small when it is inflated."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = [part.filename.replace("\\", "/").lower() for part in parts]
            _check_names(parts, names, limits)
            total = 0
            for part in parts:
                total += _inflated_size(archive, part, min(limits["part"], limits["inflated"] - total))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
        raise Refused("damaged") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise Refused("damaged") from error
        raise


def _check_names(parts, names, limits):
    if len(names) > limits["entries"]:
        raise Refused("large")
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("password")
    if len(set(names)) != len(names) or any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise Refused("damaged")
    if "mimetype" in names or any(name.endswith("workbook.bin") for name in names):
        raise Refused("other")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Refused("macros")
    if not any(name.endswith("workbook.xml") or name.endswith(".sheet.main+xml") for name in names):
        raise Refused("unknown")


def _inflated_size(archive, part, most):
    """The size of a part, counted while it is inflated: the size a zip declares may be a lie."""
    size, end = 0, b""
    is_xml = not part.filename.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bin"))
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > most or size > RATIO_FROM and size > RATIO * max(1, part.compress_size):
                raise Refused("large")
            if is_xml and any(word in end + chunk for word in DECLARATIONS):
                raise Refused("damaged")
            end = chunk[-16:]
    return size


# --- Excel ---------------------------------------------------------------------------------------------------------------


def _workbook(path, limits):
    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except PasswordError as error:
        raise Refused("password") from error
    except CalamineError as error:
        raise Refused("damaged") from error
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    shown = [each.name for each in sheets if each.visible == SheetVisibleEnum.Visible] or [each.name for each in sheets]
    for name in shown:
        try:
            sheet = workbook.get_sheet_by_name(name)
        except CalamineError as error:
            raise Refused("damaged") from error
        if sheet.start is not None:
            return {"sheet": name, "others": len(shown) - 1}, _sheet_rows(sheet)
    raise Refused("empty")


def _sheet_rows(sheet):
    """Rows from the first of the sheet; a merged cell has its value in its first row and column only."""
    return enumerate(sheet.iter_rows(), start=1)


# --- Text ----------------------------------------------------------------------------------------------------------------


def _text(path, limits):
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        begin = file.read(CHUNK)
    csv.field_size_limit(max(4 * limits["cell"], 131_072))
    return {"encoding": encoding}, _text_rows(path, encoding, _delimiter(begin))


def _encoding(path):
    with path.open("rb") as file:
        begin = file.read(4)
    is_utf16 = begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if is_utf16 else ["utf-8-sig", "gb18030"]:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            return encoding
        except UnicodeError:
            continue
    raise Refused("encoding")


def _delimiter(begin):
    """The sign that stands most often in the first lines, outside quotes."""
    lines = [re.sub('"[^"]*"', "", line) for line in begin.splitlines()[:10]]
    counts = {sign: sum(line.count(sign) for line in lines) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: counts[sign])


def _text_rows(path, encoding, delimiter):
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        number = 0
        while True:
            number += 1
            try:
                yield number, next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise Refused("row", row=number) from error


# --- The program ---------------------------------------------------------------------------------------------------------


def _messages(path, limits):
    """Notes, then rows in batches."""
    notes, numbered = rows(path, limits)
    yield {"notes": notes}
    batch = []
    for row in numbered:
        batch.append(row)
        if len(batch) == BATCH:
            yield {"rows": batch}
            batch = []
    yield {"rows": batch}


def main(path, limits):
    """Say what the file holds, or why it is refused."""
    restrained.answer(_messages(path, limits), limits)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
