import pytest

from tests.archives.imports.importing import write_csv


@pytest.fixture
def write(tmp_path):
    """A function that writes a CSV file of rows."""
    return lambda header, *rows, **how: write_csv(tmp_path / "visits.csv", header, rows, **how)
