"""The branch every installation begins with."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from salon.serving import boot
from salon.shop.models import Branch
from tests import builders

migration = import_module("salon.migrations.0002_first_branch")


def migrate():
    migration.make_branch(apps, connection.schema_editor())


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "name"), [("en", "Main branch"), ("zh-hans", "总店"), ("zh-hant", "總店")])
def test_a_new_installation_has_a_branch_and_is_empty(settings, language, name):
    settings.LANGUAGE_CODE = language
    migrate()
    assert list(Branch.objects.values_list("code", "name")) == [("main", name)]
    assert boot.is_empty()


def test_an_installation_with_branches_gets_no_other(branch):
    migrate()
    assert list(Branch.objects.all()) == [branch]
    assert not boot.is_empty()


@pytest.mark.django_db
def test_a_first_branch_in_use_is_a_beginning():
    migrate()
    builders.make_customer(branch=Branch.objects.get())
    assert not boot.is_empty()
