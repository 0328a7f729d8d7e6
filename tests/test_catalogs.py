"""The catalogues: complete in both Chinese scripts, compiled, and in step with the source."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from tests.reading import of_other_script

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


def test_each_catalogue_is_written_in_its_own_script():
    for language in LANGUAGES:
        assert [t for e in catalogue(language) for t in translations(e) if of_other_script(t, language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_chinese_sentences_are_punctuated_in_chinese(language):
    half_width = re.compile(r"[\u4e00-\u9fff][,;:?!](?!\w)|[\u4e00-\u9fff]\.(?!\w)|\.\.\.")
    quotes = "“”" if language == "zh_Hant" else "「」"
    wrong = [t for e in catalogue(language) for t in translations(e) if half_width.search(t) or set(quotes) & set(t)]
    assert wrong == []


# --- What makemessages cannot see ---------------------------------------------------------------------------------------

MARKS = {  # names under which xgettext knows the functions
    *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
    *("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"),
}
SHOWN = {"label", "help_text", "empty_label", "null_label", "verbose_name", "message"}  # arguments a person reads
SAID = {"ValidationError", "Conflict", "add_error", "success", "error", "warning", "info"}


def modules():
    for folder in SOURCES[:-1]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_translating_functions_keep_the_names_makemessages_knows():
    wrong = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                names = {alias.name: alias.asname or alias.name for alias in node.names}
                wrong += [
                    f"{path.name}: {name} as {known}" for name, known in names.items() if name in MARKS and known not in MARKS
                ]
    assert wrong == []


def is_words(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"[A-Za-z]{3,} ?", node.value)


def spoken_literals(tree):
    """Texts a person would read that are not passed through gettext."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            receiver = getattr(getattr(node.func, "value", None), "id", "")
            if name in ("ValidationError", "Conflict") or (name in SAID and receiver == "messages"):
                yield from filter(is_words, node.args)
            yield from (each.value for each in node.keywords if each.arg in SHOWN and is_words(each.value))


def test_no_message_or_label_of_the_code_is_bare_english():
    assert [f"{p.name}:{node.lineno} {node.value}" for p, tree in modules() for node in spoken_literals(tree)] == []


TEMPLATE_CODE = re.compile(
    r"{#.*?#}|{% blocktrans.*?{% endblocktrans %}|{% comment.*?{% endcomment %}|{%.*?%}|{{.*?}}|<script.*?</script>"
    r"|<kbd.*?</kbd>|<code.*?</code>|<pre.*?</pre>",
    re.DOTALL,
)
WORDS = re.compile(r"[A-Za-z]{3,}|[\u4e00-\u9fff]")
PROPER = re.compile(r"\b(?:Excel|RFM|CSV)\b")  # the same in every language
SPOKEN = re.compile(r'(?:placeholder|title|aria-label|alt|label|data-label)="([^"]*)"')


def test_templates_say_nothing_outside_of_trans():
    wrong = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        bare = TEMPLATE_CODE.sub(" ", path.read_text(encoding="utf-8"))
        said = [*SPOKEN.findall(bare), *re.sub(r"<[^>]*>", "\n", bare).splitlines()]
        wrong += [f"{path.name}: {text.strip()}" for text in said if WORDS.search(PROPER.sub("", text))]
    assert wrong == []


# --- In step with the source --------------------------------------------------------------------------------------------


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
