"""The catalogues: complete in both Chinese scripts, compiled, and in step with the source."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import opencc
import polib
import pytest

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("zh_Hans", "zh_Hant")
SOURCES = ("salon", "customers", "archives", "segmentation", "templates")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def catalogue(language):
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


def translations(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated_and_none_is_a_guess(language):
    entries = [entry for entry in catalogue(language) if not entry.obsolete]
    assert entries
    assert [entry.msgid for entry in entries if not all(translations(entry)) or entry.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive_translation(language):
    wrong = []
    for entry in catalogue(language):
        wanted = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        wrong += [entry.msgid for text in translations(entry) if set(PLACEHOLDER.findall(text)) != wanted]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(language):
    compiled = polib.mofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"))
    text = {(e.msgctxt, e.msgid): translations(e) for e in catalogue(language) if not e.obsolete}
    assert {(e.msgctxt, e.msgid): translations(e) for e in compiled} == text


def test_traditional_texts_are_written_in_traditional_characters():
    convert = opencc.OpenCC("s2t").convert
    # Characters both scripts have, which a plain conversion would turn into another word.
    same = str.maketrans("", "", "台里面后只于余干发并系制征注准占舍吁范托松症周采為才")
    wrong = [t for e in catalogue("zh_Hant") for t in translations(e) if convert(t).translate(same) != t.translate(same)]
    assert [t for t in wrong if len(convert(t)) == len(t) and differs(convert(t), t, same)] == []


def differs(converted, text, same):
    return any(a != b and b.translate(same) for a, b in zip(converted, text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_string_of_the_source_is_missing_from_the_catalogue(language, tmp_path):
    if not shutil.which("xgettext"):
        pytest.skip("not run: gettext is not installed")
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "migrations", "data"))
    (tmp_path / "locale" / language / "LC_MESSAGES").mkdir(parents=True)
    command = [sys.executable, "-m", "django", "makemessages", "-l", language, "--no-location", "--no-obsolete"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=300)
    fresh = polib.pofile(str(tmp_path / "locale" / language / "LC_MESSAGES" / "django.po"))
    known = {(e.msgctxt, e.msgid, e.msgid_plural) for e in catalogue(language) if not e.obsolete}
    assert {(e.msgctxt, e.msgid, e.msgid_plural) for e in fresh} - known == set()
    assert known - {(e.msgctxt, e.msgid, e.msgid_plural) for e in fresh} == set()
