"""What a person reads of a page: its words, without those that are data. And characters of the other Chinese script."""

import json
import re
from functools import cache
from html.parser import HTMLParser

import opencc

SPOKEN = {"placeholder", "title", "aria-label", "alt", "label", "data-label"}
NOT_READ = {"style", "script", "code", "bdi", "kbd", "template"}
VOID = {"br", "img", "input", "link", "meta", "hr", "wbr", "path", "circle", "line", "rect", "polyline", "polygon", "ellipse"}
WORDS_OF_SCRIPTS = ("visit-words",)  # ids of JSON whose values are shown by scripts
TO_TRADITIONAL, TO_SIMPLIFIED = opencc.OpenCC("s2t"), opencc.OpenCC("t2s")
BOTH_SCRIPTS = set("台著群")  # written in either script, whatever conversion says
KEPT = re.compile("德里")  # sounds of foreign names, which keep their characters


class Page(HTMLParser):
    """Collects `texts`: every text a person (or a screen reader) meets. People's names and data in <bdi> are left out."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.forms, self.lang, self._open = [], [], "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        if tag not in VOID:
            self._open.append((tag, attributes))
        if tag == "html":
            self.lang = attributes.get("lang", "")
        self._read_attributes(tag, attributes)
        self._read_form(tag, attributes)

    def _read_attributes(self, tag, attributes):
        for name, value in attributes.items():
            is_message = name.startswith("data-") and " " in value.strip()
            is_button = name == "value" and tag == "input" and attributes.get("type") in ("submit", "button", "reset")
            if name in SPOKEN or is_message or is_button:
                self.texts.append(value)

    def _read_form(self, tag, attributes):
        if tag == "form":
            self.forms.append(
                {"method": attributes.get("method", "get").lower(), "action": attributes.get("action", ""), "fields": {}}
            )
        elif tag in ("input", "select", "textarea", "button") and self.forms and attributes.get("name"):
            kind = attributes.get("type", tag)
            self.forms[-1]["fields"][attributes["name"]] = (kind, attributes.get("value", ""))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, text):
        tags = {tag for tag, _attributes in self._open}
        last = self._open[-1][1] if self._open else {}
        if last.get("id") in WORDS_OF_SCRIPTS:
            self.texts += map(str, json.loads(text).values())
        elif not tags & NOT_READ and not any("person" in a.get("class", "").split() for _tag, a in self._open):
            self.texts.append(text)


def words_of(html):
    """The texts of a page, one line each, without blank ones."""
    return [" ".join(text.split()) for text in Page(html).texts if text.strip()]


def latin(text, allowed):
    """Runs of three or more Latin letters that `allowed` (a compiled pattern) does not excuse."""
    return re.findall(r"[A-Za-z]{3,}", allowed.sub(" ", text))


def of_other_script(text, language):
    """The characters of a text in zh_Hans or zh_Hant (or zh-hans, zh-hant) that only the other script has."""
    is_wrong = is_simplified if language.lower().endswith("hant") else is_traditional
    return [char for char in KEPT.sub("", text) if is_wrong(char)]


@cache
def is_simplified(char):
    """True for a character only the simplified script has."""
    return char not in BOTH_SCRIPTS and TO_TRADITIONAL.convert(char) != char and TO_SIMPLIFIED.convert(char) == char


@cache
def is_traditional(char):
    """True for a character only the traditional script has."""
    return char not in BOTH_SCRIPTS and TO_SIMPLIFIED.convert(char) != char and TO_TRADITIONAL.convert(char) == char
