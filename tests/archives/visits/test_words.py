"""Undo, void and refund are three things, and three words in each language, everywhere."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.marks import once

pytestmark = once
ENGLISH = {
    "undo": re.compile(r"\b[Uu]ndo(es|ing|ne)?\b|\b[Uu]ndid\b"),
    "void": re.compile(r"\b[Vv]oid(s|ed|ing)?\b"),
    "refund": re.compile(r"\b[Rr]efund(s|ed|ing)?\b"),
}
WORDS = {
    "zh_Hans": {"undo": "撤销", "void": "作废", "refund": "退款"},
    "zh_Hant": {"undo": "撤銷", "void": "作廢", "refund": "退款"},
}


def differing(language):
    """[(msgid, text, what differs)] whose text names another of the three than the English does."""
    catalogue = gettext.translation("django", settings.LOCALE_PATHS[0], [language])
    for key, text in catalogue._catalog.items():
        english = key if isinstance(key, str) else key[0]
        meant = {name for name, pattern in ENGLISH.items() if pattern.search(english)}
        said = {name for name, word in WORDS[language].items() if word in text}
        if said != meant:
            yield english, text, said ^ meant


@pytest.mark.parametrize("language", WORDS)
def test_each_language_names_the_same_one(language):
    assert list(differing(language)) == []


def test_nothing_of_the_desk_is_given_back():
    """English says refund. (The change of cash given is no refund.)"""
    found = [
        f"{path.name}: {line.strip()}"
        for folder in (Path("templates/archives"), Path("archives/visits"))
        for path in folder.rglob("*.*")
        if path.suffix in (".html", ".py")
        for line in path.read_text().splitlines()
        if re.search(r"(trans|_\()\s*\"[^\"]*([Gg]ive|[Gg]iven) (money )?back", line)
    ]
    assert found == []
