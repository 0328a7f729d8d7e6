"""Charts: drawn as high as their values, readable at every width, in colours of the tokens, the same figures in a table."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from salon import charts

ROOT = Path(settings.BASE_DIR)
STYLES = re.sub(r"/\*.*?\*/", "", (ROOT / "static/css/charts.css").read_text(encoding="utf-8"))


def whole_percent(share):
    return f"{100 * share:.0f}%"


def make_bars(
    categories="ABC", series=(("of customers", "field", [0.1, 0.2, 0.7]), ("of sales", "accent", [0.7, 0.2, 0.1])), **changed
):
    told = {"key": "k", "title": "Shares", "description": "A 10%, 70%", "format_value": whole_percent}
    return charts.Bars(categories=list(categories), series=[charts.Series(*each) for each in series], **told | changed)


def one_series(values, categories=None, format_value=str):
    return make_bars(
        categories or [f"c{n}" for n in range(len(values))], [("Sales", "accent", values)], format_value=format_value
    )


def make_pareto(**changed):
    told = {
        "key": "p",
        "title": "Few bring much",
        "description": "20% bring 80%",
        "curve": [(0, 0), (0.1, 0.7), (0.3, 0.9), (1, 1)],
        "classes": [("A", 0.1), ("B", 0.3), ("C", 1)],
        "point": (0.2, 0.8),
        "point_label": "20% 的顾客带来 80%",
        "x_title": "顾客，按消费从高到低",
        "format_value": whole_percent,
    }
    return charts.Pareto(**told | changed)


def page_of(chart, corner="Tier"):
    name = "_bars" if isinstance(chart, charts.Bars) else "_pareto"
    return render_to_string(f"salon/charts/{name}.html", {"chart": chart, "corner": corner})


def root_of(chart):
    """What the page holds of a chart, read as XML: what is not well-formed fails."""
    return ElementTree.fromstring(f"<div>{page_of(chart)}</div>")


def texts(chart):
    return [node.text for node in root_of(chart).iter("text")]


def number(share):
    assert share.endswith("%")
    return float(share[:-1])


DRAWN = {"bars": make_bars, "pareto": make_pareto, "axis": lambda: one_series([10**9, -(10**9)] * 4)}


# --- Axes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.5, 1]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0, 8, [0, 2, 4, 6, 8]),
        (0, 100, [0, 50, 100]),
        (0, 188_647, [0, 50_000, 100_000, 150_000, 200_000]),
        (-50, 120, [-50, 0, 50, 100, 150]),
        (-3, 0, [-3, -2, -1, 0]),
        (0, 0.07, [0, 0.02, 0.04, 0.06, 0.08]),
        (0, 10**14, [0, 5 * 10**13, 10**14]),
    ],
)
def test_ticks_are_round_numbers_around_all_values(low, high, ticks):
    assert charts.nice_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize("low", [0, -1, -17, -99_999])
@pytest.mark.parametrize("high", [0.001, 1, 3, 17, 1234, 10**12 - 1])
def test_ticks_are_few_even_and_hold_zero(low, high):
    ticks = charts.nice_ticks(low, high)
    steps = [round(after - before, 9) for before, after in zip(ticks, ticks[1:])]
    assert steps == pytest.approx([steps[0]] * len(steps))
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 0 in ticks
    assert 2 <= len(ticks) <= charts.MOST_STEPS + 2
    assert f"{steps[0]:e}"[0] in "125"


@pytest.mark.parametrize("language", ["en", "zh-hans", "de"])
def test_places_are_written_as_svg_writes_them_in_every_language(language):
    with translation.override(language):
        assert [charts.percent(part) for part in (0, 1 / 3, 0.125, 1)] == ["0%", "33.33%", "12.5%", "100%"]
        points = root_of(make_pareto()).find(".//polyline").get("points")
    assert points == "0.00,100.00 10.00,30.00 30.00,10.00 100.00,0.00"


# --- Bars -------------------------------------------------------------------------------------------------------------


def test_bars_are_as_high_as_their_values():
    bars = one_series([50, 100, 25]).bars
    assert [bar.height for bar in bars] == ["50%", "100%", "25%"]
    assert all(number(bar.y) + number(bar.height) == 100 for bar in bars), "they stand on the zero line"
    assert [bar.end for bar in bars] == [bar.y for bar in bars]


def test_negative_values_hang_below_the_zero_line():
    chart = one_series([30, -10])
    up, down = chart.bars
    assert chart.zero == "75%"
    assert (up.y, up.height, up.is_negative) == ("0%", "75%", False)
    assert (down.y, down.height, down.end, down.is_negative) == ("75%", "25%", "100%", True)
    values = {node.text: float(node.get("dy")) for node in root_of(chart).iter("text") if node.get("y") in ("0%", "100%")}
    assert values["30"] < 0 < charts.FONT <= values["-10"], "above the one, below the other"
    assert "has-negative" in page_of(chart)
    assert "has-negative" not in page_of(one_series([30, 10]))


def test_nothing_but_negative_values_hang_from_the_top():
    chart = one_series([-5, -10])
    assert (chart.zero, [bar.height for bar in chart.bars]) == ("0%", ["50%", "100%"])


def test_where_there_is_no_value_there_is_no_bar_and_no_figure():
    chart = one_series([3, None, 0], "ABC")
    assert [bar.text for bar in chart.bars] == ["3", "0"]
    assert [(bar.height, bar.is_negative) for bar in chart.bars] == [("100%", False), ("0%", False)]
    assert [label.text for label in chart.x_labels] == ["A", "B", "C"]
    assert chart.rows[1] == ("B", ("",))


def test_bars_of_a_category_stand_beside_each_other_in_the_order_of_the_series():
    bars = make_bars().bars
    assert [bar.token for bar in bars] == ["field", "accent"] * 3
    for before, after in zip(bars, bars[1:]):
        assert number(before.x) + number(before.width) < number(after.x)
    assert number(bars[0].x) > 0
    assert number(bars[-1].x) + number(bars[-1].width) < 100
    middles = [(number(bars[n].middle) + number(bars[n + 1].middle)) / 2 for n in (0, 2, 4)]
    assert middles == pytest.approx([100 / 6, 50, 500 / 6], abs=0.01)
    assert [number(label.at) for label in make_bars().x_labels] == pytest.approx(middles, abs=0.01)


def test_one_bar_stands_in_the_middle_and_does_not_fill_the_plot():
    (bar,) = one_series([7]).bars
    assert bar.middle == "50%"
    assert number(bar.width) < 34


@pytest.mark.parametrize("series", [[], [("Sales", "accent", [])]])
def test_no_value_is_an_empty_plot(series):
    chart = make_bars([], series)
    assert (chart.bars, chart.x_labels, chart.rows) == ([], [], [])
    assert root_of(chart).find(".//line").get("class") == "axis"


def test_all_zeros_lie_on_the_zero_line():
    chart = make_bars(series=[("a", "field", [0, 0, 0]), ("b", "accent", [0, 0, 0])])
    assert {bar.height for bar in chart.bars} == {"0%"}
    assert chart.zero == "100%"
    assert texts(chart).count("0%") == 6


def test_400_days_have_thin_bars_an_axis_and_labels_that_leave_each_other_free():
    chart = one_series([n * 7919 % 9000 for n in range(400)], [f"{n % 30 + 1}" for n in range(400)])
    assert len(chart.bars) == len(chart.rows) == 400
    assert chart.values_shown == "never"
    assert [tick.text for tick in chart.y_ticks] == ["0", "5000", "10000"]
    assert max(number(bar.height) for bar in chart.bars) == pytest.approx(100 * max(n * 7919 % 9000 for n in range(400)) / 10_000)
    shown = [label for label in chart.x_labels if label.shown == "always"]
    assert 5 < len(shown) < 20
    assert shown[-1].text == chart.categories[-1], "the last is named"
    assert set(re.findall(r'class="strong[^"]*"', page_of(chart))) == set()


# --- Text that has room -----------------------------------------------------------------------------------------------


def test_bars_bear_their_values_without_an_axis_while_all_have_room():
    chart = one_series([129_726, 140_412, 138_035, 149_206, 188_647, 124_741], format_value="{:,}".format)
    assert (chart.values_shown, chart.y_ticks, chart.margin) == ("always", [], "none")
    assert "188,647" in texts(chart)


def test_values_that_have_room_on_wide_screens_only_are_shown_there_and_an_axis_everywhere():
    chart = one_series([1_297_260, 1_404_120, 886_470, -249_206, 1, 2], format_value="{:,}".format)
    assert chart.values_shown == "if-wide"
    assert [tick.text for tick in chart.y_ticks] == ["-500,000", "0", "500,000", "1,000,000", "1,500,000"]
    assert [number(tick.at) for tick in chart.y_ticks] == [100, 75, 50, 25, 0]
    assert chart.zero == "75%"
    assert page_of(chart).count('class="strong if-wide"') == 6


def test_two_bars_of_a_category_have_half_the_room():
    one, two = ("a", "field", [188_647] * 3), ("b", "accent", [188_647] * 3)
    assert make_bars(series=[one], format_value=str).values_shown == "always"
    assert make_bars(series=[one, two], format_value=str).values_shown == "if-wide"


@pytest.mark.parametrize(
    ("size", "margin"), [(10, "small"), (10_000, "small"), (10_000_000, "medium"), (10**9, "large"), (10**18, "large")]
)
def test_the_margin_has_room_for_the_ticks(size, margin):
    assert one_series([size] * 40).margin == margin


def test_thinned_labels_come_back_on_wide_screens():
    months = ["Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
    chart = one_series([10**5] * 13, months)
    shown = {label.text: label.shown for label in chart.x_labels[1:]}
    assert [text for text, where in shown.items() if where == "always"] == ["Jan", "Mar", "May", "Jul", "Sep", "Nov"]
    assert [text for text, where in shown.items() if where == "if-wide"] == ["Dec", "Feb", "Apr", "Jun", "Aug", "Oct"]


@pytest.mark.parametrize("count", [1, 2, 6, 13, 31, 400])
@pytest.mark.parametrize("texts", ["Nov 1–28", "十一月1–28", "3", "Wolfeschlegelstein"])
def test_labels_leave_each_other_free(count, texts):
    chart = one_series([5] * count, [texts] * count)
    for width, kinds in ((charts.NARROW, {"always"}), (charts.WIDE, {"always", "if-wide"})):
        places = sorted(number(label.at) for label in chart.x_labels if label.shown in kinds)
        plot = width - charts.MARGINS[chart.margin]
        assert all(plot * (b - a) / 100 > charts.text_width(texts) for a, b in zip(places, places[1:]))
        assert places


# --- Concentration ----------------------------------------------------------------------------------------------------


def test_the_curve_says_what_it_shows():
    assert {"A", "B", "C", "20% 的顾客带来 80%", "顾客，按消费从高到低", "0%", "50%", "80%", "100%"} == set(texts(make_pareto()))


def test_bands_lie_side_by_side_and_the_point_on_its_place():
    root = root_of(make_pareto())
    bands = [(node.get("class"), node.get("x"), node.get("width")) for node in root.iter("rect")]
    assert bands == [("fill-tier-a-soft", "0%", "10%"), ("fill-tier-b-soft", "10%", "20%"), ("fill-tier-c-soft", "30%", "70%")]
    letters = {node.text: node.get("x") for node in root.iter("text") if len(node.text) == 1}
    assert letters == {"A": "5%", "B": "20%", "C": "65%"}
    dot = root.find(".//circle")
    assert (dot.get("cx"), dot.get("cy")) == ("20%", "20%")


def test_a_tier_too_narrow_for_its_letter_has_none():
    assert "A" not in texts(make_pareto(classes=[("A", 0.01), ("B", 0.3), ("C", 1)]))


@pytest.mark.parametrize(
    ("point", "side"),
    [((0.01, 0.9), "beside"), ((0.1, 0.8), "beside"), ((0.3, 0.8), "right"), ((0.6, 0.8), "left"), ((1, 1), "left")],
)
def test_the_label_of_the_point_stays_inside_and_off_the_lines(point, side):
    """Beside the point: it ends before the line of equal shares. On the axis: it ends below that line, inside the plot."""
    chart = make_pareto(point=point)
    assert chart.point_side == side
    node = next(node for node in root_of(chart).iter("text") if node.text == chart.point_label)
    assert node.get("class") == ("strong at-end" if side == "left" else "strong at-start")
    assert (node.get("y"), float(node.get("dy")) > 0) == ((chart.y, True) if side == "beside" else ("100%", False))
    plot = charts.NARROW - charts.MARGINS["small"]
    width = charts.text_width(chart.point_label) + charts.POINT_GAP
    if side == "beside":
        assert plot * point[0] + width < plot * point[1]
    elif side == "left":
        assert plot * point[0] - width > 0


# --- In the page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_runs_nothing_and_brings_no_style_of_its_own(name):
    """The policy refuses style attributes; presentation attributes of SVG are geometry here, colours stand in charts.css."""
    nodes = list(root_of(DRAWN[name]()).iter())
    geometry = {"x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "cx", "cy", "r", "rx", "width", "height", "points"}
    other = {"class", "id", "role", "scope", "aria-labelledby", "aria-hidden", "viewBox", "preserveAspectRatio", "overflow"}
    assert {key for node in nodes for key in node.attrib} <= geometry | other
    html = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {node.tag for node in nodes} <= html | {"svg", "title", "desc", "g", "line", "rect", "polyline", "circle", "text"}


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_says_its_title_and_what_is_seen(name):
    chart = DRAWN[name]()
    picture = root_of(chart).find(".//svg")
    assert picture.get("role") == "img"
    named = {node.get("id"): node.text for node in picture if node.tag in ("title", "desc")}
    assert [named[key] for key in picture.get("aria-labelledby").split()] == [chart.title, chart.description]


def test_the_table_has_the_figures_of_the_bars():
    chart = make_bars()
    rows = [["".join(cell.itertext()) for cell in row] for row in root_of(chart).iter("tr")]
    assert rows == [["Tier", "of customers", "of sales"], ["A", "10%", "70%"], ["B", "20%", "20%"], ["C", "70%", "10%"]]
    assert [cell for row in rows[1:] for cell in row[1:]] == [bar.text for bar in chart.bars]
    assert set(rows[1][1:] + rows[2][1:] + rows[3][1:]) <= set(texts(chart))


def test_the_table_is_the_legend_where_there_are_several_series():
    swatches = [node.find("rect").get("class") for node in root_of(make_bars()).iter("svg") if node.get("class") == "swatch"]
    assert swatches == ["fill-field", "fill-accent"]
    assert "swatch" not in page_of(one_series([1, 2]))


def test_the_table_of_bars_that_bear_their_values_is_for_screen_readers_only():
    def is_seen(chart):
        return root_of(chart).findall("div")[-1].get("class") is None

    assert not is_seen(one_series([1, 2]))
    assert is_seen(one_series([10**9, -(10**9)] * 4))
    assert is_seen(make_bars())


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\"' onload='x", "</title></svg>", "مرحبا \u202e abc", "a &amp; b"]
)
def test_what_somebody_typed_is_text(name):
    typed = {"title": name, "description": name, "format_value": lambda value: f"{name}{value:g}"}
    root = root_of(make_bars(["A", "B", name], [(name, "accent", [1, 2, 3])], **typed))
    assert [node.text for tag in ("title", "desc", "caption") for node in root.iter(tag)] == [name] * 3
    assert {f"{name}3", name} <= {node.text for node in root.iter("text")}
    assert [node.text for node in root.iter("th")] == ["Tier", name, "A", "B", name]
    assert {node.tag for node in root.iter()} <= {node.tag for node in root_of(make_bars()).iter()}
    pareto = root_of(make_pareto(title=name, description=name, point_label=name, x_title=name))
    assert [node.text for node in pareto.iter() if node.text == name] == [name] * 4


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_figures_are_the_same_page(name):
    assert page_of(DRAWN[name]()) == page_of(DRAWN[name]())


# --- Colours and sizes of charts.css ----------------------------------------------------------------------------------


def rules():
    """{selector: declarations} of charts.css, of what stands outside @-rules."""
    plain = re.sub(r"@[^{]+\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "", STYLES)
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        for selector in selectors.split(","):
            found[selector.strip()] = found.get(selector.strip(), "") + body
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_each_mark_is_coloured_by_a_rule_that_names_a_token(name):
    """What nothing coloured would be black on a dark page, and what has a colour of its own light on paper."""
    coloured = {selector for selector, body in rules().items() if re.search(r"(?:fill|stroke): var\(--", body)}
    assert re.findall(r"(?:fill|stroke): (?!var\(--|none)[^;]+", STYLES) == []
    for node in root_of(DRAWN[name]()).find(".//svg").iter():
        if node.tag in ("rect", "line", "polyline", "circle", "text"):
            names = {f".{each}" for each in node.get("class", "").split()}
            selectors = names | {f".plot {each}" for each in names} | ({".plot text"} if node.tag == "text" else set())
            assert selectors & coloured, ElementTree.tostring(node)


def test_every_colour_a_chart_uses_has_one_where_the_system_chooses_the_colours():
    used = set(re.findall(r"var\((--[\w-]+)\)", STYLES)) - {"--t-xs", "--s3"}
    forced = set(re.findall(r"(--[\w-]+): (?:CanvasText|Canvas|GrayText|Highlight);", STYLES))
    assert used == forced


def test_the_sizes_charts_are_computed_for_are_those_of_the_style_sheet():
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    assert f"--t-xs: {charts.FONT}px;" in tokens
    assert "font-size: var(--t-xs)" in rules()[".plot text"]
    margins = {name: f"padding-left: {px}px" for name, px in charts.MARGINS.items() if px}
    assert {name: rules()[f".plot.margin-{name}"].strip(" ;") for name in margins} == margins
    assert rules()[".plot.has-x-title"].strip(" ;").endswith(f"{charts.MARGINS['small']}px")
    assert f"@container (max-width: {charts.WIDE - 1}px) {{ .plot .if-wide {{ display: none; }} }}" in STYLES
    assert f"@container (max-width: {charts.NARROW - 1}px) {{ .plot text" in STYLES


def test_a_chart_carries_nothing_twice():
    """One picture for screen and paper, light and dark: no image beside it, and small in the page."""
    html = page_of(make_pareto(curve=[(n / 100, n / 100) for n in range(101)]))
    assert "<img" not in html
    assert len(html) < 5_000
