"""The same tiers by pandas, polars and DuckDB from the same database, each in a process and an environment of its own.

What they stored is compared with what the product stored, customer by customer. Nothing was promised about their figures: they
say what the product's are worth.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from operator import attrgetter
from statistics import median

from tests.bench import recompute
from tests.bench.figure import Figure
from tests.live import ROOT, clean_environment

ENVIRONMENT = ROOT / ".venv-bench"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK, STAMP = ROOT / "requirements" / "bench.txt", ENVIRONMENT / "bench.stamp"
# How each reads: the database does the GROUP BY, or every visit is read. (pandas would need an object for each value of each.)
WAYS = {"pandas": ["grouped"], "polars": ["grouped", "rows"], "DuckDB": ["grouped", "rows"]}
WAY_NAMES = {"grouped": "after a GROUP BY of the database", "rows": "from all visits"}
COMPUTED, STORED = "read and computed", "every row stored"


class NotHad(Exception):
    """The libraries cannot be had here; the text says why."""


@dataclass(frozen=True)
class Told:
    """Seconds of reading and computing, and of storing; MiB above the process with the library loaded."""

    computing: float
    storing: float
    mb: float | None
    version: str

    @property
    def all(self):
        return self.computing + self.storing


def measure(salon, effort):
    """Two figures for each library: until the tiers are computed, and until they are stored too."""
    run = salon.call("tests.bench.recompute:last_run")
    wanted = salon.call("tests.bench.libraries:tiers_of_product")
    for library, ways in WAYS.items():
        try:
            prepare()
            told = {way: _runs(salon, run, library, way, wanted, effort.runs) for way in ways}
        except NotHad as reason:
            yield Figure(_name(library, COMPUTED), None, None, "s", str(reason))
            continue
        yield from _figures(library, told)


def _name(library, what):
    return f"tiers by {library}, {what}"


def _figures(library, told):
    """The way that is fastest for each, and what the other way took."""
    for what, seconds in ((COMPUTED, attrgetter("computing")), (STORED, attrgetter("all"))):
        medians = {way: median(map(seconds, runs)) for way, runs in told.items()}
        best, *others = sorted(medians, key=medians.get)
        runs = told[best]
        known = [run.mb for run in runs if run.mb is not None]
        parts = [f"{library} {runs[0].version}, {WAY_NAMES[best]}, median of {len(runs)}"]
        parts += [f"{max(known):.0f} MiB above the process before"] if known else []
        parts += [f"{WAY_NAMES[way]} {medians[way]:.2f} s" for way in others]
        parts += ["the same tier, scores and figures for each customer as the product's"]
        yield Figure(_name(library, what), medians[best], None, "s", "; ".join(parts))


def compared(figures):
    """A Figure for each database and size, of the first run and a night's: the product's time ÷ that of the fastest library."""
    for act, what in ((recompute.FIRST, STORED), (recompute.NEXT, COMPUTED)):
        for own in (each for each in figures if each.name == act):
            same_place = [each for each in figures if (each.database, each.customers) == (own.database, own.customers)]
            others = {name: each for name in WAYS for each in same_place if each.name == _name(name, what) and each.value}
            if others:
                fastest = min(others, key=lambda name: others[name].value)
                times = ", ".join(f"{name} {each.value:.2f} s" for name, each in others.items())
                yield Figure(
                    f"{act} ÷ fastest of the libraries, {what}",
                    own.value / others[fastest].value,
                    None,
                    "×",
                    f"{own.value:.2f} s ÷ {fastest}; {times}",
                    database=own.database,
                    customers=own.customers,
                )


def prepare():
    """Make the environment if its lock is newer. Raises NotHad if that does not succeed."""
    if STAMP.exists() and STAMP.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    done = subprocess.run(
        [sys.executable, "requirements/install.py", "bench"], cwd=ROOT, capture_output=True, text=True, timeout=1800
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise NotHad(f"requirements/bench.txt could not be installed: {lines[-1] if lines else done.returncode}")


def _runs(salon, run, library, way, wanted, times):
    found = []
    for _ in range(times):
        salon.call("tests.bench.libraries:forget")
        try:
            found.append(_run(salon, run, library, way))
            stored = salon.call("tests.bench.libraries:tiers_stored")
        finally:
            salon.call("tests.bench.libraries:forget")
        if stored != wanted:
            raise RuntimeError(f"{library} ({way}) has other tiers than the product: {stored}, not {wanted}")
    return found


def _run(salon, run, library, way):
    file = "" if salon.database_url else str(salon.data_dir / "salon.sqlite3")
    job = {"url": salon.database_url, "file": file, "as_of": run["as_of"], "start_on": run["start_on"], "way": way}
    command = [PYTHON, "-m", f"tests.bench.frames.with_{library.lower()}", json.dumps(job)]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=3600)
    if done.returncode:
        raise RuntimeError(f"{library} ({way}) failed:\n{done.stderr[-3000:]}")
    return Told(**json.loads(done.stdout.splitlines()[-1]))


# --- In a process that has the salon's database -----------------------------------------------------------------------


def tiers_of_product():
    """What everybody reads: how many are in each class, and a digest of everybody's figures."""
    from segmentation.runs.models import TierRun
    from tests.bench.frames.results import COLUMNS

    run = TierRun.objects.current()
    return _summed(run.figures().order_by("customer_id").values_list(*COLUMNS).iterator(chunk_size=5000))


def tiers_stored():
    """The same of what a library stored."""
    from django.db import connection

    from tests.bench.frames.results import COLUMNS, TABLE

    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {TABLE} ORDER BY customer_id")
        return _summed(cursor)


def _summed(rows):
    import hashlib
    from collections import Counter

    digest, classes = hashlib.sha256(), Counter()
    for row in rows:
        digest.update("|".join(map(str, row)).encode())
        classes[row[-1]] += 1
    return {"digest": digest.hexdigest(), **dict(sorted(classes.items()))}


def forget():
    """Drop the table of results."""
    from django.db import connection

    from tests.bench.frames.results import TABLE

    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
