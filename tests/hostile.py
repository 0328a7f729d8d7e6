"""What the code reads from outside, found in the code itself, and values no honest browser sends.

Nothing here is a list of the product's parameters: names come from its functions, forms, filters and rendered pages, so that a
new one joins by itself.
"""

import ast
import copy
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import django_filters
from django import forms
from django.http import QueryDict
from django.urls import Resolver404, resolve

from salon.lists import OWN_PARAMETERS, _input_names

FLOORS = ("salon", "customers", "archives", "segmentation")
WORD = re.compile(r"[A-Za-z][\w-]{0,30}")
HEADER = re.compile(r"[A-Z][A-Za-z]*(?:[-_][A-Za-z]+)+|Referer|Cookie")


# --- What is read ----------------------------------------------------------------------------------------------------


@cache
def modules():
    """Every module of the product but migrations and commands."""
    names = [
        found.name
        for floor in FLOORS
        for found in pkgutil.walk_packages(importlib.import_module(floor).__path__, f"{floor}.")
        if ".migrations" not in found.name and ".management" not in found.name
    ]
    return {name: importlib.import_module(name) for name in [*FLOORS, *names]}


@cache
def _tree(module):
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def _functions(module):
    """The functions of a module that are given a request, or what one sent."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.FunctionDef) and {each.arg for each in node.args.args} & {"request", "data", "posted"}:
            yield node


def _values(module, function):
    """Every text that stands in a function, or that it names (operations.FIELD); the keys of a page's context are none."""
    context = {id(key) for node in ast.walk(function) if isinstance(node, ast.Dict) for key in node.keys}
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in context:
            yield node.value
        elif isinstance(node, (ast.Name, ast.Attribute)):
            value = module
            for part in ast.unparse(node).split("."):
                value = getattr(value, part, None)
            if isinstance(value, str):
                yield value


@cache
def words(name):
    """The names the functions of one module may ask a request for: more than they do ask for, never fewer."""
    module = modules()[name]
    return frozenset(text for function in _functions(module) for text in _values(module, function) if WORD.fullmatch(text))


@cache
def fields(name):
    """The inputs of all forms and filters of one module."""
    found = set()
    for each in vars(modules()[name]).values():
        if inspect.isclass(each) and issubclass(each, forms.BaseForm):
            found |= set(each.base_fields)
        if inspect.isclass(each) and issubclass(each, django_filters.FilterSet):
            inputs = type("Inputs", (forms.Form,), _fields_of(each))
            found |= _input_names(inputs()) | OWN_PARAMETERS
    return frozenset(found)


@cache
def kinds():
    """{name of an input: the values that go for its kind}, where a form or filter says which."""
    found = {}
    for module in modules().values():
        for each in vars(module).values():
            if not inspect.isclass(each) or not issubclass(each, (forms.BaseForm, django_filters.FilterSet)):
                continue
            inputs = each.base_fields if issubclass(each, forms.BaseForm) else _fields_of(each)
            found |= {name: kind for name, field in inputs.items() if (kind := _kind(field))}
    return found


def _fields_of(filterset):
    """{name: field} of copies: a filter keeps the field it made, and later forms of its class would have its choices."""
    return {name: filter_.field for name, filter_ in copy.deepcopy(filterset.base_filters).items()}


def _kind(of_field):
    if isinstance(of_field, (forms.DateField, forms.TimeField, forms.DateTimeField)):
        return DAYS
    return NUMBERS if isinstance(of_field, (forms.IntegerField, forms.ModelChoiceField)) else None


class Asked:
    """The names the code asks a query or a form for, noted while it runs: address by address, as nobody could write them down."""

    def __init__(self, monkeypatch):
        self.address, self.names = "", {}
        for method in ("__getitem__", "__contains__", "get", "getlist"):
            monkeypatch.setattr(QueryDict, method, self._noting(getattr(QueryDict, method)))

    def _noting(self, original):
        def noting(query, name, *args, **kwargs):
            if isinstance(name, str) and WORD.fullmatch(name):
                self.names.setdefault(self.address, {})[name] = None
            return original(query, name, *args, **kwargs)

        return noting

    def of(self, address):
        return list(self.names.get(address, ()))


@cache
def names_for(module):
    """The names an address may ask for: those of its view's module, and of the forms and filters of its room."""
    room = ".".join(module.split(".")[:-1][:2])
    of_room = [fields(name) for name in modules() if name == room or name.startswith(f"{room}.")]
    return sorted(words(module).union(fields(module), *of_room))


# What Django, django-htmx and django-axes read of every request.
BY_LIBRARIES = {
    "Accept", "Accept-Language", "Cookie", "Host", "If-Modified-Since", "If-None-Match", "Origin", "Referer", "User-Agent",
    "X-CSRFToken", "X-Requested-With", "X-Forwarded-For", "X-Forwarded-Proto", "HX-Request", "HX-Boosted", "HX-Current-URL",
    "HX-Current-URL-URI-AutoEncoded", "HX-Target", "HX-Trigger", "HX-Trigger-Name", "HX-Prompt", "HX-History-Restore-Request",
    "Triggering-Event", "Content-Encoding", "Range", "Expect",
}  # fmt: skip


@cache
def headers():
    """Every header the product or a library reads, as keys of a WSGI environment."""
    found = set(BY_LIBRARIES)
    for module in modules().values():
        for node in ast.walk(_tree(module)):
            if isinstance(node, (ast.Call, ast.Subscript, ast.Compare)) and re.search(r"\b(headers|META)\b", ast.unparse(node)):
                texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
                found |= {text for text in texts if HEADER.fullmatch(text)}
    return sorted({f"HTTP_{name.upper().replace('-', '_').removeprefix('HTTP_')}" for name in found})


# --- The forms of rendered pages ---------------------------------------------------------------------------------------


@dataclass
class PageForm:
    """A form as a browser would send it: [(name, value)] as it was filled, and where it goes (the name of the address)."""

    address: str
    path: str
    method: str
    filled: list = field(default_factory=list)


class FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, own_path):
        super().__init__()
        self.own_path, self.forms, self.links = own_path, [], []
        self.form = self.select = self.area = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and "?" in (attrs.get("href") or "") and attrs["href"][0] in "/?":
            self.links.append(attrs["href"] if attrs["href"][0] == "/" else self.own_path + attrs["href"])
        if tag == "form":
            path = urlsplit(attrs.get("action") or self.own_path).path
            try:
                self.form = PageForm(resolve(path).view_name, path, (attrs.get("method") or "get").upper())
            except Resolver404:
                self.form = None
            else:
                self.forms.append(self.form)
        if self.form is None:
            return
        name, value = attrs.get("name"), attrs.get("value") or ""
        if (
            tag in ("input", "button")
            and name
            and (attrs.get("type") not in ("radio", "checkbox", "submit") or "checked" in attrs)
        ):
            self.form.filled.append((name, value))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in attrs:
            self.form.filled.append((self.select, value))
        elif tag == "textarea" and name:
            self.area = name
            self.form.filled.append((name, ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select" and self.form and self.select:
            if self.select not in dict(self.form.filled):
                self.form.filled.append((self.select, ""))
            self.select = None


def read_page(path, html):
    """(the PageForms of a page, the links on it that carry a query)."""
    reader = FormReader(path)
    reader.feed(html)
    return reader.forms, reader.links


# --- What is sent ----------------------------------------------------------------------------------------------------

SHARP = 8  # the first so many of each list are those that have broken something, here or elsewhere
DAYS = [
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00",
    "0001-01-01.visit.1", "9999-12-31.visits.999999999999999999999", "9999-12", "0000-00-00", "2026-02-30", "10000-01-01",
    "-0001-01-01", "2026-13-01", "20261121", "2026-W47-6", "0001-01", "0000-01", "99999-01", "0001-01-01T00:00:00-23:59",
    "9999-12-31T23:59:59+23:59", "2026-11-21T10:00:00Z", "2026-11-21 24:00", "2026-11-21T10:00:00+99:99", "٢٠٢٦-١١-٢١",
    "2026-00", "23:59:60", "24:00", "00:00:00.0000001", "0001-01-01.note.-1", "2026-11-21..1", "2026-11-21.\0.0",
]  # fmt: skip
NUMBERS = [
    "9" * 30, "-1", "NaN", "1e400", str(2**63), "9" * 5000, "0", "²", "-0", "1.5", "-1e400", "1e-400", "1E+999999999", "-NaN",
    "sNaN", "Infinity", "-Infinity", "inf", "9" * 19, "-" + "9" * 30, "9" * 4300, str(2**31), str(2**63 - 1),
    str(-(2**63) - 1), "0x10", "1_000", "１２３", "٣", "+1", " 1 ", "1,2", "1;2", "00", "0.0000000001", "1000000000000.01",
    "=9999999999", "100.01%", "9.999折", "0折", "10000%", "1,1,1,1", "½",
]  # fmt: skip
TEXTS = [
    "a\0b", "\ud800", "名" * 5000, "", "\u202e\r\n", "{x.__class__}%s%(name)s", "a" * 100_000, "=1+1", " ", "\0", "\udfff",
    "\ufffe", "\u2028", "\t", "'", '"', "\\", "%", "%%", "{}", "{0}", "_", "*", "[", "(", "(?:", "' OR 1=1 --",
    "<script>alert(1)</script>", "@SUM(1)", "../../etc", "null", "None", "undefined", "true", "[]", "[1]", '{"a":1}',
    "é" * 300, "\U0001f468\u200d\U0001f469", "İ" * 40, "ß" * 201, "\u0301" * 500, "138" + " " * 2000 + "1234",
    "138 1234 6621", "1" * 60, "on", "1.", "-", "~", "~" * 20, "123e4567-e89b-12d3-a456-426614174000", "abc:def:ghi", ":::",
    "eyJ9:1:x", "=" * 40,
]  # fmt: skip
PATHS = [
    "http://[x", "http://testserver:x/", "http://testserver/%ff", "http://\u2100/", "//[::1", "http://[::1]:x/",
    "/\\evil.example", "http://testserver/customers/" + "9" * 400 + "/", "http://[", "http://testserver:99999/",
    "http://testserver/customers/?q=%", "http://testserver//evil.example", "//", "/", "?", "#", "javascript:1",
    "http://" + "a" * 3000, "http://testserver/" + "a" * 3000, "http://a\\b[c]/", "http://\xff/", "http://xn--/",
    "http://testserver/customers/?kind=\xff", "http://[fe80::1%25]/", "http://[v1.x]/", "about:blank", "..",
    "http://testserver",
]  # fmt: skip
ESCAPES = [
    b"%ff",
    b"%c3%28",
    b"%",
    b"%%",
    b"%u4e00",
    b"%00",
    b"%ed%a0%80",
    b"\xff\xfe",
    b"%F0%9F",
    b"+%2B+",
    b"%2e%2e%2f",
]
OTHERS = [
    "sid=\xff\xff", "zh" * 400, "en;q=NaN", "{", "true", "Thu, 01 Jan 0001 00:00:00 GMT", "\xe9", 'W/"', "zh-hans",
    "en;q=9e999", "*;q=-1", "," * 900, "de-" + "x" * 200, "a=b; c", "sid=; sid=x", 'sid="', "=;=;=", ";" * 500, "false",
    "language=\xff; stored=....; sid=" + "a" * 500, "timeline", '{"type":', "1", "Mon, 99 Foo 99999 99:99:99 GMT",
    "bytes=9-1", "gzip, \xff", "null", "127.0.0.1, \xff", "multipart/form-data", "text/html;level=", "100-continue",
]  # fmt: skip
CONTENT_TYPES = [
    "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xff", "",
    "text/plain", "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded; charset=nonsense",
    "x/y; charset=\xff", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=",
]  # fmt: skip


def values(random, name, filled="", most=12):
    """Hostile values for an input, escaped for a query or a body: the sharp ones of its kind, and some of any kind."""
    kind = kinds().get(name) or (
        DAYS if re.match(r"\d{4}-\d\d", filled) else NUMBERS if re.match(r"\d+(\.\d+)?$", filled) else None
    )
    sharp = kind[:SHARP] if kind else [each for some in (DAYS, NUMBERS, TEXTS, PATHS) for each in some[:SHARP]]
    some = random.sample(sharp, min(len(sharp), most * 2 // 3))
    some += random.sample([*DAYS, *NUMBERS, *TEXTS, *PATHS, *ESCAPES], most - len(some))
    return [each if isinstance(each, bytes) else escaped(each) for each in some]


def escaped(text):
    return quote_plus(text.encode("utf-8", "surrogatepass")).encode()


def header_values(random, name, most=3):
    """Hostile values of a header, as WSGI hands them on: no server lets control characters through."""
    kinds = [PATHS] if name in ("HTTP_REFERER", "HTTP_HX_CURRENT_URL", "HTTP_ORIGIN") else [OTHERS, PATHS, NUMBERS, DAYS]
    sharp = [each for kind in kinds for each in kind[:SHARP]]
    return ["".join(c for c in _as_sent(each) if c >= " " and c != "\x7f") for each in random.sample(sharp, most)]


def _as_sent(text):
    return text.encode("utf-8", "replace").decode("latin-1")
