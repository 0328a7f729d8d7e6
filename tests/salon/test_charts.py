"""Charts: what is drawn can be read, in both themes, as a picture that runs nothing and is the same for the same figures."""

import re
from base64 import b64decode
from xml.etree import ElementTree

import pytest
from django.template import Context, Template

from salon import charts
from tests import builders


def percent(share):
    return f"{100 * share:.0f}%"


def draw_pareto(**changed):
    told = {
        "curve": [(0, 0), (0.1, 0.7), (0.3, 0.9), (1, 1)],
        "bands": [("A", 0.1), ("B", 0.3), ("C", 1)],
        "point": (0.2, 0.8),
        "words": "20% 的顾客带来 80%",
        "percent": percent,
        "axis": "顾客，按消费从高到低",
        "alt": "few bring much",
    }
    return charts.pareto(**told | changed)


def draw_bars(**changed):
    told = {
        "labels": ["A", "B", "C"],
        "series": [("占顾客", "field", [0.1, 0.2, 0.7]), ("占消费", "accent", [0.7, 0.2, 0.1])],
        "percent": percent,
        "alt": "shares",
    }
    return charts.bars(**told | changed)


DRAWN = {"pareto": draw_pareto, "bars": draw_bars}


def svg_of(uri):
    kind, data = uri.split(",", 1)
    assert kind == "data:image/svg+xml;base64"
    return b64decode(data).decode()


def texts(uri):
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg_of(uri)).iter() if node.tag.endswith("}text")]


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chart_is_a_picture_that_runs_nothing(name, theme):
    svg = svg_of(getattr(DRAWN[name](), theme))
    root = ElementTree.fromstring(svg)
    assert root.get("viewBox") == f"0 0 440 {290 if name == 'pareto' else 250}"
    tags = {node.tag.rpartition("}")[2] for node in root.iter()}
    assert tags <= {"svg", "defs", "style", "g", "rect", "path", "text", "circle"}
    assert not [key for node in root.iter() for key in node.attrib if key.startswith("on") or "href" in key]
    assert "url(" not in svg
    assert "<!--" not in svg


@pytest.mark.parametrize("name", DRAWN)
def test_light_and_dark_differ_in_nothing_but_colours_of_the_tokens(name):
    drawn = DRAWN[name]()
    light, dark = svg_of(drawn.light), svg_of(drawn.dark)
    colour = re.compile(r"#[0-9a-f]{6}\b")
    assert light != dark
    assert colour.sub("", light) == colour.sub("", dark)
    for svg, theme in ((light, "light"), (dark, "dark")):
        assert set(colour.findall(svg)) <= set(charts.palette(theme).values())
    assert charts.palette("light")["accent"] in light
    assert charts.palette("dark")["accent"] in dark


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_figures_are_the_same_bytes(name):
    assert DRAWN[name]() == DRAWN[name]()


def test_the_curve_says_what_it_shows():
    words = texts(draw_pareto().light)
    assert {"A", "B", "C", "20% 的顾客带来 80%", "顾客，按消费从高到低", "0%", "80%", "100%"} <= set(words)


def test_a_tier_too_narrow_for_its_letter_has_none():
    assert "A" not in texts(draw_pareto(bands=[("A", 0.01), ("B", 0.3), ("C", 1)]).light)


def places(uri, words):
    node = next(node for node in ElementTree.fromstring(svg_of(uri)).iter() if "".join(node.itertext()) == words)
    return float(node.get("x")), node.get("text-anchor")


def test_the_words_at_the_point_stay_inside():
    words = "20% 的顾客带来 80%"
    assert places(draw_pareto().light, words)[1] == "start"
    x, anchor = places(draw_pareto(point=(0.9, 0.8)).light, words)
    assert anchor == "end"
    assert x < 360


def test_bars_say_each_share_and_what_the_colours_are():
    words = texts(draw_bars().light)
    assert {"A", "B", "C", "占顾客", "占消费"} <= set(words)
    assert sorted(word for word in words if "%" in word) == ["10%", "10%", "20%", "20%", "70%", "70%"]


def test_what_somebody_typed_is_text():
    drawn = draw_bars(labels=["<script>", "&", "C"])
    assert "<script>" in texts(drawn.light)
    assert "<script" not in svg_of(drawn.light)


@pytest.mark.parametrize("shares", [[0, 0, 0], [1, 0, 0]])
def test_nothing_to_show_is_no_crash(shares):
    drawn = draw_bars(series=[("a", "field", shares), ("b", "accent", shares)])
    ElementTree.fromstring(svg_of(drawn.light))


SHOW = Template("{% chart drawn %}")


@pytest.mark.parametrize(("theme", "screen"), [("light", "light"), ("dark", "dark"), ("", "both")])
def test_the_theme_a_person_chose_wins_and_paper_is_light(theme, screen, receptionist):
    receptionist.user.theme = theme
    drawn = draw_bars()
    html = SHOW.render(Context({"actor": builders.actor_of(receptionist), "drawn": drawn}))
    images = re.findall(r"<img([^>]*)>", html)
    assert all('alt="shares"' in image and 'width="440" height="250"' in image for image in images)
    on_paper = [image for image in images if "no-print" not in image and (len(images) == 1 or "print-only" in image)]
    assert len(on_paper) == 1
    assert drawn.light in on_paper[0]
    on_screen = html.replace(on_paper[0], "") if len(images) > 1 else html
    assert (drawn.light in on_screen, drawn.dark in on_screen) == (screen != "dark", screen != "light")
    assert ('media="(prefers-color-scheme: dark)"' in html) == (screen == "both")
