"""What `restore` asks before a salon is replaced."""

import builtins
import sys

import pytest
from django.core.management import CommandError

from salon.backups import restoring
from salon.management.commands.restore import Command
from tests.marks import once

pytestmark = once


@pytest.fixture
def typing(monkeypatch):
    """typing(text): somebody sits at a terminal, in front of a salon, and types that."""

    def typing(text, *, is_terminal=True):
        monkeypatch.setattr(restoring, "has_data", lambda: True)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: is_terminal, raising=False)
        monkeypatch.setattr(builtins, "input", lambda _question: text)

    return typing


def test_yes_is_yes(typing):
    typing(" yes ")
    Command().confirm(yes=False)


@pytest.mark.parametrize("text", ["", "y", "no", "YES"])
def test_anything_else_restores_nothing(typing, text):
    typing(text)
    with pytest.raises(CommandError, match="Nothing was restored"):
        Command().confirm(yes=False)
    Command().confirm(yes=True)  # said already


def test_where_nobody_can_be_asked_it_has_to_be_said(typing):
    typing("yes", is_terminal=False)
    with pytest.raises(CommandError, match="say --yes to replace it"):
        Command().confirm(yes=False)
