"""The commands that import: how much is stored at once, and what is kept of the run."""

import pytest

from customers.imports.importer import CustomerImporter
from customers.imports.models import ImportRun
from customers.management.commands import _importing
from tests.archives.imports.importing import import_customers, write_csv


@pytest.fixture
def write(tmp_path):
    """write(3): a file of so many customers."""
    return lambda rows: write_csv(tmp_path / "customers.csv", "卡号 姓名", [[f"A{n}", f"顾客{n}"] for n in range(rows)])


@pytest.mark.parametrize(
    ("rows", "options", "at_once"), [(2, {}, True), (3, {}, False), (3, {"all_at_once": True}, True)], ids=str
)
def test_a_file_longer_than_so_many_rows_is_stored_in_parts_unless_asked_otherwise(
    branch, write, monkeypatch, rows, options, at_once
):
    monkeypatch.setattr(_importing.engine, "AT_ONCE", 2)
    asked, store = [], CustomerImporter.store
    monkeypatch.setattr(CustomerImporter, "store", lambda self, **how: asked.append(how["at_once"]) or store(self, **how))
    import_customers(write(rows), branch, **options)
    assert asked == [at_once]


def test_how_a_run_ended_is_written_to_that_run_alone(branch, write, monkeypatch):
    import_customers(write(2), branch)
    first = ImportRun.objects.values().get()
    assert (first["state"], first["counts"]["customers"]) == (ImportRun.DONE, 2)

    def fail(self, **how):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(CustomerImporter, "store", fail)
    with pytest.raises(RuntimeError):
        import_customers(write(3), branch)
    failed = ImportRun.objects.latest("pk")
    assert (failed.state, failed.problem) == (ImportRun.FAILED, "RuntimeError('the disk is full')")
    assert failed.finished_at
    monkeypatch.undo()
    import_customers(write(4), branch)
    assert [run.state for run in ImportRun.objects.order_by("pk")] == [ImportRun.DONE, ImportRun.FAILED, ImportRun.DONE]
    assert ImportRun.objects.values().get(pk=first["id"]) == first
