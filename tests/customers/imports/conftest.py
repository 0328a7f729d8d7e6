"""Imports in the browser: the work is done in this process, at once, unless a test holds it back."""

import pytest
from django.utils import timezone

from customers.imports import folders, work
from customers.imports.models import ImportRun
from tests.customers.imports.sending import Browser


@pytest.fixture
def folder(tmp_path, settings):
    """Where files of imports are kept in this test."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


@pytest.fixture
def waiting(monkeypatch, folder):
    """The steps that were begun and wait for `finish`: [(run id, step, language)]."""
    steps = []
    monkeypatch.setattr(work, "start", lambda run, *step: steps.append((run.pk, *step)))
    return steps


@pytest.fixture
def finish(waiting):
    """Do what waits, as the processes of work_import would."""

    def do():
        while waiting:
            pk, *step = waiting.pop(0)
            work.do(ImportRun.objects.select_related("branch", "user").get(pk=pk), *step, timezone.now)

    return do


@pytest.fixture
def browser(finish, django_capture_on_commit_callbacks):
    """Makes a Browser of a staff member."""
    return lambda staff, client=None: Browser(staff, finish, django_capture_on_commit_callbacks, client)


@pytest.fixture
def kept(folder):
    """The names of the files an import still keeps."""
    return lambda run: sorted(path.name for path in folders.ImportFolder(run.pk).folder.glob("*"))
