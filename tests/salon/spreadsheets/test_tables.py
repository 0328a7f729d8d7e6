"""Files of every kind and of none: read, or refused with a sentence, quickly, whatever is in them."""

import base64
import codecs
import json
import os
import shutil
import subprocess
import time
import zipfile
from itertools import islice
from pathlib import Path

import pytest

from salon.processes import restrained, untrusted
from salon.spreadsheets import reading
from tests import reference
from tests.marks import once
from tests.salon.spreadsheets import workbooks

pytestmark = once

NAMES = {"date": ("日期", "date"), "amount": ("金额", "amount", "实收"), "name": ("姓名", "name")}
LAUGHS = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
ENTITY = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def read(path, limits=reading.FROM_BROWSER):
    """(Table, its rows) of a file."""
    with reading.opened(path, NAMES, limits) as table:
        return table, list(table.rows)


def refusal(path, limits=reading.FROM_BROWSER):
    with pytest.raises(reading.Unreadable) as refused:
        read(path, limits)
    return str(refused.value)


def zipped(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return path


# --- What is read ------------------------------------------------------------------------------------------------------


def test_a_workbook(tmp_path):
    sheet = [["日期", "金额", "旧列"], ["2024-01-05", 100.5, "x"], [], [45296, "¥1", None]]
    path = workbooks.write(tmp_path / "a.xlsx", {"一月": sheet, "二月": [["x"]]})
    table, rows = read(path)
    assert table.columns == {"date": 0, "amount": 1}
    assert (table.unknown, table.notes["sheet"], table.notes["others"]) == (["旧列"], "一月", 1)
    assert rows == [[2, ["2024-01-05", 100.5, "x"]], [4, [45296, "¥1"]]]


def test_the_name_of_the_file_says_nothing(tmp_path):
    path = workbooks.write(tmp_path / "a.csv", {"S": [["日期", "金额"], [1, 2]]})
    assert read(path)[1] == [[2, [1, 2]]]
    (tmp_path / "b.xlsx").write_text("日期,金额\n1,2\n", encoding="utf-8")
    assert read(tmp_path / "b.xlsx")[1] == [[2, ["1", "2"]]]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_text(tmp_path, sign, line_end):
    lines = [sign.join(["date", "amount", "name"]), sign.join(["1", '"2,5"', '"a""b\nc"']), "", sign.join(["3", "4", ""])]
    (tmp_path / "a.csv").write_bytes(line_end.join(lines).encode())
    rows = read(tmp_path / "a.csv")[1]
    assert rows == [[2, ["1", "2,5", 'a"b\nc']], [4, ["3", "4"]]]


def test_an_official_heading_goes_before_others(tmp_path):
    (tmp_path / "a.csv").write_text("实收,日期,金额\n1,2,3\n", encoding="utf-8")
    assert read(tmp_path / "a.csv")[0].columns == {"amount": 2, "date": 1}


@pytest.mark.parametrize("heading", ["Card No.", "CARD_NO", " card-no ", "ｃａｒｄ＿ｎｏ", "*Card_No：", "card_no（必填）"])
def test_spellings_of_a_heading(heading):
    assert reading.heading_key(heading) == reading.heading_key("card_no")


# --- What is refused -----------------------------------------------------------------------------------------------------


def hostile(folder):
    """{name: (path, a word of the refusal)}: each of these is refused."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    sheets, head = workbooks.parts({"S": [["日期", "金额"], ["2024-01-05", "1"]]}), [["日期", "金额"]]
    sheet = "xl/worksheets/sheet1.xml"

    def book(name, **changes):
        return zipped(folder / f"{name}.xlsx", (sheets | changes.get("parts", {})).items())

    def rows_xml(*more):
        return workbooks.sheet_xml(head).replace("</sheetData>", f"{''.join(more)}</sheetData>")

    def raw(name, data):
        (folder / name).write_bytes(data)
        return folder / name

    good = book("good").read_bytes()
    twice = folder / "twice.xlsx"
    with zipfile.ZipFile(twice, "w") as archive:
        for name, data in sheets.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(sheet, "x")
    rows_bomb = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 30_000))
    return {
        "empty": (raw("empty.xlsx", b""), "empty"),
        "blank": (raw("blank.csv", b"\xef\xbb\xbf \r\n"), "empty"),
        "cut off": (raw("cut.xlsx", good[:-200]), "damaged"),
        "begin of a zip": (raw("begin.xlsx", good[:300]), "damaged"),
        "bad checksum": (raw("crc.xlsx", good.replace(good[60:64], b"\0\1\2\3", 1)), "damaged"),
        "not a workbook": (zipped(folder / "photos.zip", [("a.jpg", b"x")]), "not a table"),
        "web page": (raw("page.xls", "<html><table><tr><td>日期</td></tr></table>".encode()), "web page"),
        "picture": (raw("picture.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(5000)), "not a table"),
        "pdf": (raw("a.pdf", b"%PDF-1.7 ..."), "not a table"),
        "program": (raw("a.csv", b"MZ\x90\x00" + bytes(3000)), "not a table"),
        "protected": (raw("locked.xlsx", OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(9000)), "password"),
        "broken xls": (raw("broken.xls", OLE + bytes(3000)), "damaged"),
        "neither encoding": (raw("latin.csv", b"date,amount\n\xff\xff\x81\x20,1\n"), "UTF-8"),
        "four bytes a sign": (raw("utf32.csv", "日期,金额\n2024-01-05,1\n".encode("utf-32")), "Save it as “CSV UTF-8”"),
        "the other way round": (raw("be.csv", codecs.BOM_UTF32_BE + "日期,金额\n2024,1\n".encode("utf-32-be")), "CSV UTF-8"),
        "macros": (book("macros", parts={"xl/vbaProject.bin": "x"}), "macros"),
        "calc": (zipped(folder / "a.ods", [("mimetype", "application/vnd.oasis.opendocument.spreadsheet")]), "kind of workbook"),
        "binary": (zipped(folder / "a.xlsb", [("xl/workbook.bin", "x")]), "kind of workbook"),
        "outside": (book("outside", parts={"../../evil.xml": "x"}), "damaged"),
        "two parts of one name": (twice, "damaged"),
        "laughs": (book("laughs", parts={sheet: LAUGHS + "<worksheet/>"}), "damaged"),
        "outer entity": (book("xxe", parts={"xl/workbook.xml": ENTITY}), "damaged"),
        "inflates": (book("bomb", parts={"xl/sharedStrings.xml": b"<sst>" + b"a" * 60_000_000}), "too large"),
        "packed too well": (book("ratio", parts={"xl/sharedStrings.xml": b"<sst>" + b"a" * 12_000_000}), "too large"),
        "parts without end": (book("parts", parts={f"xl/x{n}.xml": "" for n in range(300)}), "too large"),
        "one cell far away": (book("far", parts={sheet: rows_xml(far)}), "damaged"),
        "too many rows": (book("rows", parts={sheet: rows_xml(rows_bomb)}), "more than 10000"),
        "too many columns": (book("columns", parts={sheet: workbooks.sheet_xml([["日期", "金额", *["x"] * 70]])}), "columns"),
        "no sheet": (book("sheetless", parts={sheet: ""}), "damaged"),
        "broken xml": (book("xml", parts={sheet: "<worksheet><sheetData><row>"}), "damaged"),
        "no heading": (book("headless", parts={sheet: workbooks.sheet_xml([["1", "2"], ["3", "4"]])}), "known column"),
        "heading twice": (book("two", parts={sheet: workbooks.sheet_xml([["日期", "日期", "金额"]])}), "Two columns"),
        "endless cell": (raw("cell.csv", b'date,amount\n"' + b"a" * 900_000), "cannot be read"),
    }  # fmt: skip


def test_hostile_files_are_refused_in_a_sentence(tmp_path):
    """Each within five seconds on an idle machine; nothing reaches the caller but the sentence."""
    wrong = []
    for name, (path, word) in hostile(tmp_path).items():
        began = time.monotonic()
        said = refusal(path)
        if word not in said or not said.endswith(".") or time.monotonic() - began > 15:
            wrong.append((name, said, time.monotonic() - began))
    assert wrong == []


def test_a_cell_is_cut_where_it_would_be_refused(tmp_path):
    path = workbooks.write(tmp_path / "a.xlsx", {"S": [["日期", "金额"], ["x" * 40_000, 1]]})
    assert read(path)[1] == [[2, ["x" * 2001, 1]]]


def test_the_heading_and_what_stands_above_it_count_for_nothing(tmp_path):
    """A file may have as many rows as is said, and not one more."""
    limits, begin = reading.Limits(rows=3), "我们店,二〇二四年\n\n日期,金额\n"
    path = tmp_path / "rows.csv"
    path.write_text(begin + "2024-01-05,1\n" * 3, encoding="utf-8")
    assert len(read(path, limits)[1]) == 3
    for more in (4, 40):
        path.write_text(begin + "2024-01-05,1\n" * more, encoding="utf-8")
        assert "more than 3 rows" in refusal(path, limits)


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert read(workbooks.write(tmp_path / "a.xlsx", {"S": [["日期", "金额"]]}))[1] == []


# --- The process ---------------------------------------------------------------------------------------------------------


def test_a_parser_that_takes_its_time_is_stopped():
    sleeper = ("timeit", "-n1", "-r1", "import time; time.sleep(60)")
    with untrusted.lines(*sleeper, patience=1) as lines, pytest.raises(untrusted.Broke) as broke:
        list(lines)
    assert broke.value.is_late


@pytest.mark.parametrize("signal", [6, 11, 9])
def test_a_parser_that_crashes_is_a_sentence(tmp_path, monkeypatch, signal):
    """As a fault in the parser itself would end it."""
    path = workbooks.write(tmp_path / "a.xlsx")
    real = untrusted.lines
    script = f"import os\nprint('{{\"notes\": {{}}}}', flush=True)\nos.kill(os.getpid(), {signal})"
    monkeypatch.setattr(untrusted, "lines", lambda *_args, **how: real("timeit", "-n1", "-r1", script, **how))
    assert refusal(path) in (str(reading.REFUSALS["damaged"]), str(reading.REFUSALS["late"]))


def test_output_of_another_kind_is_a_fault(tmp_path, monkeypatch):
    real = untrusted.lines
    script = "print('{\"notes\": {}}')"
    monkeypatch.setattr(untrusted, "lines", lambda *_args, **how: real("timeit", "-n1", "-r1", "-s", script, "pass", **how))
    (tmp_path / "a.csv").write_text("日期,金额\n")
    assert refusal(tmp_path / "a.csv") == str(reading.REFUSALS["damaged"])


def test_the_process_gets_nothing_of_ours_and_ends_with_the_block(tmp_path, monkeypatch):
    monkeypatch.setenv("SALON_SECRET_KEY", "secret " * 9)
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    with untrusted.lines("timeit", "-n1", "-r1", "import os; print(os.getpid(), sorted(os.environ))") as lines:
        said = next(iter(lines)).decode()
    assert "SECRET" not in said
    assert "DATABASE" not in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.split()[0]), 0)


def test_memory_is_limited(tmp_path):
    """One cell of 40 MB, which packs badly, so that no other limit meets it: without this one it is read, and cut."""
    text = base64.b64encode(os.urandom(30 << 20)).decode()
    path = workbooks.write(tmp_path / "a.xlsx", {"S": [["日期", "金额"], [text, 1]]})
    assert refusal(path, reading.Limits(memory=100 << 20)) in map(str, (reading.REFUSALS["large"], reading.REFUSALS["damaged"]))
    assert [len(cells[0]) for _number, cells in read(path, reading.Limits(memory=None))[1]] == [2001]


def test_who_reads_writes_no_file_leaves_no_core_and_computes_for_seconds(monkeypatch):
    resource = pytest.importorskip("resource", reason="not run: such limits are for POSIX only")
    taken = {}
    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: taken.update({what: limits}))
    restrained._restrain(100, 5)
    assert taken == {
        resource.RLIMIT_AS: (100, 100),
        resource.RLIMIT_CPU: (5, 6),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
    }


# --- Other people's files ------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_corpus_of_calamine():
    """132 workbooks, whole and broken: each is read, or refused in a sentence."""
    folder = reference.FOLDER / "xlsx" / "calamine"
    if not folder.is_dir():
        pytest.skip(f"{reference.NOT_RUN}: xlsx")
    read_well, limits = 0, reading.FROM_BROWSER.as_json()
    files = [path for path in sorted(folder.iterdir()) if path.suffix in (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")]
    for path in files:
        with untrusted.lines("salon.spreadsheets.tables", str(path), limits, patience=30) as lines:
            messages = [json.loads(line) for line in lines]
        assert "end" in messages[-1] or messages[-1]["refused"] in reading.REFUSALS | {"rows": "", "columns": ""}, path.name
        read_well += "end" in messages[-1]
    assert len(files) == 132
    assert read_well >= 88


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_files_of_libreoffice(tmp_path, suffix):
    """What LibreOffice writes is read; its own .ods is refused politely."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if not office:
        pytest.skip("not run: LibreOffice is not installed")
    (tmp_path / "visits.csv").write_text("日期,姓名,金额\n2024-01-05,张晓梅,380.5\n2024-01-06,欧阳静,-20\n", encoding="utf-8")
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    command = [office, home, "--headless", "--infilter=CSV:44,34,76", "--convert-to", suffix, "--outdir", str(tmp_path / "out")]
    done = subprocess.run([*command, str(tmp_path / "visits.csv")], capture_output=True, timeout=180, check=False)
    path = Path(tmp_path / "out" / f"visits.{suffix}")
    assert path.exists(), done.stderr.decode()[-500:]
    if suffix == "ods":
        assert "xlsx" in refusal(path)
        return
    table, rows = read(path)
    assert table.columns == {"date": 0, "name": 1, "amount": 2}
    assert [(number, cells[0]["t"][:10], *cells[1:]) for number, cells in rows] == [
        (2, "2024-01-05", "张晓梅", 380.5), (3, "2024-01-06", "欧阳静", -20),
    ]  # fmt: skip


def test_rows_come_before_the_file_is_read_to_its_end(tmp_path):
    """The reader streams: the first rows of a long file are there at once, and leaving ends it."""
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("日期,金额\n")
        file.writelines(f"2024-01-05,{n}\n" for n in range(300_000))
    with reading.opened(path, NAMES, reading.FROM_COMMAND) as table:
        assert [number for number, _cells in islice(table.rows, 3)] == [2, 3, 4]
