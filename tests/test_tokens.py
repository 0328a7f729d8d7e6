"""The skin: Bootstrap is Bootstrap, dark is dark, text and edges have contrast, styles use tokens only."""

import base64
import hashlib
import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

ROOT = Path(settings.BASE_DIR)
STYLES = sorted((ROOT / "static/css").glob("*.css"))

BOOTSTRAP = {
    "bootstrap/css/bootstrap.min.css": "sRIl4kxILFvY47J16cr9ZwB07vP4J8+LH7qKQnuqkuIAvNWLzeN8tE5YBujZqJLB",
    "bootstrap/js/bootstrap.bundle.min.js": "FKyoEForCGlyvwx9Hj09JcYn3nv7wiPVlz7YYwJrWVcXK/BmnVDxM+D2scQbITxI",
}


@pytest.mark.parametrize("path", BOOTSTRAP)
def test_bootstrap_is_bootstrap(path):
    digest = hashlib.sha384(Path(finders.find(path)).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == BOOTSTRAP[path]


TOKENS = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")


def block(opening):
    """The custom properties of the block that begins with `opening`, {name: value}."""
    body = TOKENS.split(opening, 1)[1].split("}", 1)[0]
    return {name: value.strip() for name, value in re.findall(r"(--[\w-]+)\s*:\s*([^;]+);", body)}


LIGHT = block(":root {")
DARK_BY_SYSTEM = block(':root:not([data-bs-theme="light"]) {')
DARK_BY_CHOICE = block('[data-bs-theme="dark"] {')
THEMES = {"light": LIGHT, "dark": LIGHT | DARK_BY_CHOICE}


def test_dark_is_dark_however_it_is_chosen():
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE
    assert {name for name, value in LIGHT.items() if value.startswith("#")} == {
        n for n, v in DARK_BY_CHOICE.items() if v[0] == "#"
    }


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_of_contrast():
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


GROUNDS = ("--paper", "--surface", "--sunken")
TEXT = [
    *product(("--ink", "--ink-2", "--ink-3"), GROUNDS),
    *product(("--accent", "--good", "--warn", "--bad"), GROUNDS),
    *product(("--ink", "--ink-2", "--accent"), ("--accent-soft",)),
    ("--accent-ink", "--accent"),
    *((f"--tier-{tier}", f"--tier-{tier}-soft") for tier in "abc"),
    *((f"--{tone}", f"--{tone}-soft") for tone in ("good", "warn", "bad")),
    ("--ink", "--bad-soft"),
    ("--ink", "--warn-soft"),
    ("--ink", "--good-soft"),
]
EDGES = [*product(("--field", "--focus"), GROUNDS), ("--focus", "--accent-soft")]


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme):
    tokens = THEMES[theme]
    ratios = {f"{text} on {ground}": round(contrast(tokens[text], tokens[ground]), 2) for text, ground in TEXT}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_edges_of_fields_and_focus_can_be_seen(theme):
    tokens = THEMES[theme]
    ratios = {f"{edge} on {ground}": round(contrast(tokens[edge], tokens[ground]), 2) for edge, ground in EDGES}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 3} == {}


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_styles_use_tokens_that_exist_and_colours_of_theirs_only(style):
    source = re.sub(r"/\*.*?\*/", "", style.read_text(encoding="utf-8"), flags=re.DOTALL)
    own = set(re.findall(r"(--[\w-]+)\s*:", source))
    used = set(re.findall(r"var\((--[\w-]+)", source))
    assert {name for name in used if not name.startswith("--bs-")} <= set(LIGHT) | own
    if style.name != "tokens.css":
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", source) == [], "colours stand in tokens.css"
