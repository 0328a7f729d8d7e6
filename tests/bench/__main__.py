"""`make bench`: each figure the product promises (DESIGN.md, "Figures to reach"), measured here, beside its limit and its floor.

    python -m tests.bench [--only MEASURE …] [--customers N …] [--database sqlite|postgresql …] [--write]

The floor is the barest thing that does the same. The exit code is 1 if a figure misses its limit or could not be measured.
Salons are made by seed_demo and kept (tests/bench/salon.py); one of a million customers takes an hour and 15 GB once.
"""

import argparse
import shlex
import subprocess
import sys
import time
import traceback
from dataclasses import replace

from tests import postgres
from tests.bench import card, desk, excel, libraries, lists, recompute, report, salon, saving, search, start, waiting
from tests.bench.visitor import Effort
from tests.postgres import last_line

# Measures of a salon: functions of (a running Salon, Effort) that yield Figures. Add to these.
OF_A_SALON = {
    "search": search.measure,
    "card": card.measure,
    "desk": desk.measure,
    "list": lists.measure,
    "save": saving.measure,
    "recompute": recompute.measure,
    "libraries": libraries.measure,
    "waiting": waiting.measure,
    "excel": excel.measure,
}
ALONE = {"start": start.measure, "workbook": excel.measure_workbook}
# Functions of all Figures of a run that yield further ones, by the measure they stand with.
DERIVED = {"recompute": recompute.growth, "libraries": libraries.compared}
CUSTOMERS = (100_000, 1_000_000)


def say(*lines):
    print(*lines, sep="\n", flush=True)


def main(arguments):
    options = _options(arguments)
    chosen = options.only or [*ALONE, *OF_A_SALON]
    parts, versions, failed = [], {}, []
    parts += [report.Part(name, "", _said(ALONE[name](), name, failed)) for name in ALONE if name in chosen]
    measures = {name: measure for name, measure in OF_A_SALON.items() if name in chosen}
    for database in options.database if measures else ():
        try:
            with salon.place(database) as where:
                versions[database] = f"{where.name} {where.version}"
                for customers in options.customers:
                    try:
                        parts += _of_salon(where, customers, measures, Effort(), failed)
                    except (RuntimeError, OSError, subprocess.SubprocessError) as error:  # it was not made or did not start
                        failed.append(f"{where.name}, {customers:,} customers: not measured ({last_line(str(error))})")
        except postgres.NoServer as reason:
            failed.append(f"{salon.DATABASES[database]}: not measured ({reason})")
    measured = [figure for part in parts for figure in part.figures]
    for measure, derive in DERIVED.items():
        parts += [report.Part(measure, figure.database, [figure]) for figure in _said(derive(measured), "derived", failed)]
    figures, machine = [figure for part in parts for figure in part.figures], report.machine(versions.values())
    say("", machine, "", *report.rows(figures), *failed)
    if options.write:
        report.write(parts, machine, shlex.join(["python", "-m", "tests.bench", *arguments]), order=[*ALONE, *OF_A_SALON])
    return int(bool(failed) or any(figure.is_over for figure in figures))


def _of_salon(where, customers, measures, effort, failed):
    """Parts with the figures of one salon, measured while its server runs."""
    found = []
    with salon.opened(where, customers, say) as measured:
        measured.start()
        for name, measure in measures.items():
            say(f"{name}: {where.name}, {customers:,} customers …")
            began = time.monotonic()
            figures = (replace(each, database=where.name, customers=customers) for each in measure(measured, effort))
            found.append(report.Part(name, where.name, _said(figures, f"{name} ({where.name}, {customers:,})", failed)))
            say(f"  ({time.monotonic() - began:.0f} s)")
    return found


def _said(figures, name, failed):
    """The figures as a list, each printed as soon as it is there. One that fails is noted: others took hours to measure."""
    found = []
    try:
        for figure in figures:
            found.append(figure)
            say("  " + "  ".join(filter(None, figure.cells())), f"    {figure.how}")
    except Exception as error:  # whatever it is, it is told
        traceback.print_exc()
        failed.append(f"{name}: not measured to the end ({error!r})")
    return found


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    several = {"action": "append", "default": None}
    parser.add_argument("--only", choices=[*ALONE, *OF_A_SALON], help="this measure (may be given several times)", **several)
    parser.add_argument("--customers", type=int, help="a salon of this size (default: 100000 and 1000000)", **several)
    parser.add_argument("--database", choices=list(salon.DATABASES), help="on this database (default: both)", **several)
    parser.add_argument(
        "--write", action="store_true", help="put the figures into docs/scale.md, where those of other measures stay"
    )
    options = parser.parse_args(arguments)
    options.customers = options.customers or list(CUSTOMERS)
    options.database = options.database or list(salon.DATABASES)
    return options


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
