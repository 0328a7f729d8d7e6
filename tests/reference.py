"""Published data that lies beside the project, not in it: in ../shared/data, or where SALON_REFERENCE_DATA says. Tests ship
small data of their own and say "not run" where a comparison with the published data could not be made; CI fails then.
"""

import csv
import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
FOLDER = Path(os.environ.get("SALON_REFERENCE_DATA") or BESIDE)
NOT_RUN = "not run: the published data is not here (../shared/data or SALON_REFERENCE_DATA)"


def rows(name):
    """The rows of a published CSV file as dicts. Skips the test, saying "not run", without the data."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{NOT_RUN}: {name}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def lines(name):
    """The lines of a published text file that are neither blank nor comments."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{NOT_RUN}: {name}")
    text = path.read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
