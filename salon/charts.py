"""Charts: a small vocabulary of SVG pictures in the colours of tokens.css, light and dark. The only importer of pygal.

A chart travels inside its page as data: URIs, so that the picture and the table beside it are of one reading, and it needs
no address of its own. As an image it is its own document: its style sheet is allowed there, and no script could run.
"""

import re
import sys
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache

import pygal
from django.conf import settings
from pygal.style import Style

# pygal hooks into every import for its plugins, by a way Python no longer has: each module not found would be a warning.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

WIDTH = 440  # of the drawing; text of 14 stays readable on a phone, where the picture is shrunk to three quarters
TEXT = 14
_DROPPED = {"script", "desc", "title"}  # what pygal adds for its own script
_CSS = """
.graph > .background, .plot > .background {{ fill: none; }}
.axis .line {{ fill: none; stroke: {line}; stroke-width: 1; }}
.vertical .axis.x .guide.line, .bar-graph .line {{ opacity: 0; }}
.axis text, .legend text, .words {{ fill: {ink-2}; stroke: none; }}
.axis.x text {{ text-anchor: middle; }} .axis.y text {{ text-anchor: end; }}
.value, .strong {{ fill: {ink}; font-weight: 600; stroke: none; }}
.words, .strong {{ font-size: 14px; }}
.curve {{ fill: none; stroke: {accent}; stroke-width: 2.5; stroke-linejoin: round; }}
.even {{ fill: none; stroke: {field}; stroke-dasharray: 4 4; }}
.at {{ fill: none; stroke: {ink-2}; stroke-dasharray: 2 3; }}
.dot {{ fill: {accent}; stroke: {surface}; stroke-width: 2; }}
"""


@dataclass(frozen=True)
class Chart:
    """A drawing as data: URIs, light and dark, its size, and its answer in a sentence for those who do not see it."""

    light: str
    dark: str
    height: int
    alt: str
    width: int = WIDTH


@lru_cache
def palette(theme):
    """The tokens of tokens.css that hold in "light" or "dark": {"accent": "#8a3a4b", …}."""
    source = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")

    def block(opening):
        body = source.split(opening, 1)[1].split("}", 1)[0]
        return dict(re.findall(r"--([\w-]+)\s*:\s*([^;]+);", body))

    light = block(":root {")
    return light if theme == "light" else light | block('[data-bs-theme="dark"] {')


def pareto(curve, *, bands, point, words, percent, axis, alt, height=290):
    """How much how few bring: the Chart of a curve of (share of heads, share of the sum), both from 0 to 1.

    bands: [(letter, heads up to here)] as grounds in tier colours; point: (heads, sum) that is marked, with `words` beside it.
    percent writes a share; axis names what lies along x.
    """

    def draw(tokens):
        chart = _Pareto(**_config(tokens, height, [], percent), show_legend=False, xrange=(0, 1), range=(0, 1))
        chart.x_labels, chart.y_labels = [0, 0.5, 1], [0, 0.5, 0.8, 1]
        chart.extra = {"bands": bands, "point": point, "words": words, "axis": axis, "tokens": tokens}
        chart.margin_top, chart.margin_bottom, chart.margin_right = 26, 26, 24
        chart.add("", [tuple(place) for place in curve])
        return chart

    return _chart(draw, height, alt)


def bars(labels, series, *, percent, alt, height=250):
    """Shares side by side: the Chart of `series`, [(title, token of its colour, [a share per label])]."""

    def draw(tokens):
        colours = [tokens[token] for _title, token, _shares in series]
        chart = pygal.Bar(**_config(tokens, height, colours, percent), print_values=True, print_values_position="top")
        chart.legend_at_bottom, chart.legend_at_bottom_columns, chart.legend_box_size = True, len(series), 12
        chart.truncate_legend, chart.truncate_label, chart.show_y_labels, chart.margin_top = -1, -1, False, 24
        chart.x_labels, chart.range = labels, (0, max([*(s for _t, _c, shares in series for s in shares), 0.01]))
        for title, _token, shares in series:
            chart.add(title, list(shares))
        return chart

    return _chart(draw, height, alt)


def _config(tokens, height, colours, percent):
    sizes = dict.fromkeys(("label_font_size", "major_label_font_size", "legend_font_size", "value_font_size"), TEXT)
    fills = "".join(f".color-{n} {{ fill: {colour}; }}" for n, colour in enumerate(colours))
    return {
        "style": Style(font_family=tokens["text"], **sizes),
        "css": [f"inline:{_CSS.format(**tokens)}{fills}"],
        "js": [],
        "width": WIDTH,
        "height": height,
        "value_formatter": percent,
        "x_value_formatter": percent,
        "margin": 6,
        "explicit_size": True,
        "no_data_text": "",
    }


def _chart(draw, height, alt):
    return Chart(*(_uri(draw(palette(theme))) for theme in ("light", "dark")), height, alt)


def _uri(chart):
    chart.uuid = "salon"  # pygal's own is another each time
    chart.add_xml_filter(_plain)
    svg = re.sub(rb"(\.\d\d)\d+", rb"\1", chart.render())
    return f"data:image/svg+xml;base64,{b64encode(svg).decode('ascii')}"


def _plain(parent):
    """Without script, comments and what they need: the same drawing is the same text every day."""
    for child in list(parent):
        is_note = not isinstance(child.tag, str)
        if is_note or child.tag in _DROPPED or "tooltip-overlay" in child.get("class", ""):
            parent.remove(child)
        else:
            _plain(child)
    return parent


class _Pareto(pygal.XY):
    """The curve with tiers as grounds, the line of equal shares, and one marked point."""

    extra = None

    def _plot(self):
        plot, over = self.nodes["plot"], self.nodes["overlay"]
        (left, bottom), (right, top) = self.view((0, 0)), self.view((1, 1))
        before = 0
        for letter, until in self.extra["bands"]:
            x, end = self.view.x(before), self.view.x(until)
            fill = self.extra["tokens"][f"tier-{letter.lower()}-soft"]
            self.svg.node(plot, "rect", x=x, y=top, width=end - x, height=bottom - top, fill=fill)
            if end - x >= TEXT:
                self._write(over, letter, (x + end) / 2, top - 8, "strong", "middle")
            before = until
        self.svg.line(plot, [(left, bottom), (right, top)], class_="even")
        self.svg.line(over, [self.view(place) for place in self.series[0].points], class_="curve")
        self._write(over, self.extra["axis"], right, bottom + 3 * TEXT - 2, "words", "end")
        self._mark(over, left, bottom)

    def _mark(self, over, left, bottom):
        x, y = self.view(self.extra["point"])
        self.svg.line(over, [(left, y), (x, y), (x, bottom)], class_="at")
        self.svg.node(over, "circle", cx=x, cy=y, r=5, class_="dot")
        fits_right = x < 0.5 * self.view.width
        self._write(
            over, self.extra["words"], x + (10 if fits_right else -10), y + 24, "strong", "start" if fits_right else "end"
        )

    def _write(self, parent, text, x, y, kind, anchor):
        self.svg.node(parent, "text", x=x, y=y, class_=kind, attrib={"text-anchor": anchor}).text = text
