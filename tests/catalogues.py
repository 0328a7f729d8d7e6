"""Brings the catalogues up to date: `python -m tests.catalogues` after strings changed. Says what is left to translate.

Strings are collected from the source into locale/zh_Hans and locale/zh_Hant. zh_Hans is written by people; an entry of zh_Hant
that is still empty is made from it by character and word conversion, to be read over. `--fill FILE` takes translations
into zh_Hans from a JSON file of {msgid: text} (context and msgid joined by "|" where there is a context).
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import opencc
import polib

ROOT = Path(__file__).resolve().parent.parent
SIMPLIFIED, TRADITIONAL = "zh_Hans", "zh_Hant"
NOT_THE_PRODUCT = ("tests", ".venv", "var", "docs", "requirements")
TO_TRADITIONAL = opencc.OpenCC("s2twp")
QUOTES = str.maketrans("“”‘’", "「」『』")
HEADER = {
    "Project-Id-Version": "Salon Archive",
    "Language": "",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


def path(language, suffix="po"):
    return ROOT / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


def collect():
    """Runs makemessages over the product for both scripts."""
    for language in (SIMPLIFIED, TRADITIONAL):
        path(language).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "manage.py", "makemessages", "-l", SIMPLIFIED, "-l", TRADITIONAL, "--no-location", "--no-obsolete"]
    for name in NOT_THE_PRODUCT:
        command += ["--ignore", name]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def key(entry):
    return (entry.msgctxt, entry.msgid)


def texts(entry):
    """The translation as a list: one text, or one for each plural form (Chinese has one)."""
    return [entry.msgstr_plural.get(0, "")] if entry.msgid_plural else [entry.msgstr]


def put(entry, text):
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text


def drop_guesses(catalogue):
    """Guesses of msgmerge by likeness are worth nothing: the string counts as untranslated. Yields (entry, guess)."""
    for entry in catalogue:
        if entry.fuzzy:
            guess = texts(entry)[0]
            entry.flags.remove("fuzzy")
            entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
            put(entry, "")
            yield entry, guess


def fill(catalogue, given):
    """Puts {msgid: text} into a catalogue; returns the msgids that are not in it."""
    unknown = set(given)
    for entry in catalogue:
        name = f"{entry.msgctxt}|{entry.msgid}" if entry.msgctxt else entry.msgid
        if name in given:
            put(entry, given[name])
            unknown.discard(name)
    return unknown


def derive(simplified, traditional):
    """Fills the empty entries of zh_Hant from zh_Hans; returns how many."""
    known, made = {key(entry): texts(entry)[0] for entry in simplified}, 0
    for entry in traditional:
        if not texts(entry)[0] and known.get(key(entry)):
            put(entry, convert(known[key(entry)]))
            made += 1
    return made


def convert(text):
    """A text in Taiwan's characters, words and quotation marks; markup and placeholders stay."""
    parts = re.split(r"(<[^>]*>|%\(\w+\)[sd]|\{\w*\})", text)
    return "".join(part if i % 2 else TO_TRADITIONAL.convert(part).translate(QUOTES) for i, part in enumerate(parts))


def save(catalogue, language):
    catalogue.metadata = HEADER | {"Language": language}
    catalogue.metadata_is_fuzzy = False
    catalogue.header = ""
    catalogue.wrapwidth = 120
    catalogue.save(str(path(language)))
    catalogue.save_as_mofile(str(path(language, "mo")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fill", type=Path, metavar="FILE")
    parser.add_argument("--again", action="store_true", help="derive the whole of zh_Hant anew, dropping what was mended by hand")
    options = parser.parse_args()
    collect()
    simplified, traditional = (polib.pofile(str(path(language))) for language in (SIMPLIFIED, TRADITIONAL))
    guesses = dict(drop_guesses(simplified))
    list(drop_guesses(traditional))
    if options.fill:
        for name in fill(simplified, json.loads(options.fill.read_text(encoding="utf-8"))):
            print(f"not in the source: {name}")
    if options.again:
        for entry in traditional:
            put(entry, "")
    made = derive(simplified, traditional)
    save(simplified, SIMPLIFIED)
    save(traditional, TRADITIONAL)
    print(f"{len(simplified)} strings; {made} of zh_Hant made from zh_Hans")
    missing = [entry for entry in simplified if not texts(entry)[0]]
    for entry in missing:
        note = f"   (like: {guesses[entry]})" if entry in guesses else ""
        print(f"untranslated: {f'[{entry.msgctxt}] ' if entry.msgctxt else ''}{entry.msgid}{note}")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
