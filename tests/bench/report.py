"""What is printed above and around the figures, and the tables in docs/scale.md: one for each measure and database.

Each table says when, where and by which command it was measured, so that one can be measured again without the others.
"""

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench.figure import COLUMNS
from tests.live import ROOT

FILE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- measured by make bench: begin -->", "<!-- measured by make bench: end -->"


def machine(versions):
    """One line: the day, cores, how busy they are, memory, Python, and the versions of the databases measured."""
    day = datetime.now(UTC).date().isoformat()
    cores = f"{os.cpu_count()} cores ({_processor()})"
    busy = f"load {os.getloadavg()[2]:.1f}" if hasattr(os, "getloadavg") else "load unknown"  # over the last 15 minutes
    return ", ".join([day, cores, busy, _memory(), f"Python {platform.python_version()}", *versions, f"{platform.system()}"])


def _processor():
    """The processor's name without frequencies and trademarks, as far as the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _memory():
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return "memory unknown"
    return f"{size / 2**30:.0f} GiB"


def rows(figures):
    """The figures as lines of equal columns, the header first."""
    table = [COLUMNS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[n]) for row in table) for n in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]


@dataclass(frozen=True)
class Part:
    """Figures of one measure, and of one database unless it needs none."""

    measure: str
    database: str
    figures: list

    @property
    def title(self):
        return f"{self.measure}, {self.database}" if self.database else self.measure


def markdown(figures, machine_line, command):
    """A table: where and how it was measured, the figures, what each is."""
    lines = [f"Measured {machine_line}.", "", f"Command: `{command}`", ""]
    table = [COLUMNS, ("---",) * len(COLUMNS), *(figure.cells() for figure in figures)]
    lines += [f"| {' | '.join(row)} |" for row in table]
    notes = dict.fromkeys(f"- {figure.name}{_where(figure)}: {figure.how}." for figure in figures if figure.how)
    return "\n".join([*lines, "", *notes])


def _where(figure):
    return f" ({figure.customers:,})" if figure.customers else ""


def write(parts, machine_line, command, *, order, file=FILE):
    """Put the figures between the marks of the file, a table for each measure and database, in the order of the measures.

    Tables that were not measured now stay as they are. Raises ValueError if the file has lost its marks.
    """
    content = file.read_text(encoding="utf-8")
    before, begin, rest = content.partition(BEGIN)
    tables, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{file.name} has lost the lines between which the figures stand")
    tables = _by_title(tables) | {
        title: markdown(figures, machine_line, command) for title, figures in _figures_by_title(parts).items()
    }
    titles = sorted(tables, key=lambda title: (order.index(title.partition(",")[0]), "PostgreSQL" in title))
    text = "\n\n".join(f"### {title}\n\n{tables[title]}" for title in titles)
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _figures_by_title(parts):
    found = {}
    for part in parts:
        found.setdefault(part.title, []).extend(part.figures)
    return {title: figures for title, figures in found.items() if figures}


def _by_title(tables):
    """{title: text} of the tables that are there."""
    _nothing, *parts = re.split(r"^### (.+)$", tables, flags=re.MULTILINE)
    return {title: text.strip() for title, text in zip(parts[::2], parts[1::2])}
