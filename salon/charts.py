"""Charts: the geometry of what templates/salon/charts/ draws as SVG in the page, in the colours of tokens.css.

Places along an axis are percentages of the plot: it is as wide as the page has room, and its text has one size everywhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from unicodedata import east_asian_width

# As static/css/charts.css has them, in px.
FONT = 12  # size of text
NARROW, WIDE = 300, 440  # a chart on a phone, and one from which text of the class "if-wide" is shown
MARGINS = {"none": 0, "small": 48, "medium": 72, "large": 104}  # left of a plot, for its ticks
TICK_GAP, VALUE_GAP, LABEL_GAP, POINT_GAP = 8, 2, 6, 10  # beside a tick, between two values, two labels, beside a point

FEWEST_SLOTS = 3  # of a plot: one bar alone does not fill it
GROUP, BAR = 0.8, 0.82  # the bars of one category as a part of its slot; a bar as a part of its place among them
MOST_STEPS = 4  # between ticks, about


# --- Axes and text ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scale:
    """A vertical axis from the value `low` to the value `high`."""

    low: float
    high: float

    def y(self, value):
        """Where a value stands, in percent of the plot from the top."""
        return percent((self.high - value) / (self.high - self.low))

    def length(self, value):
        """How far a value is from zero, in percent of the plot."""
        return percent(abs(value) / (self.high - self.low))


def percent(part):
    """A part of 1 as SVG writes it, whatever the language: 12.5%."""
    return f"{round(100 * part, 2):g}%"


def nice_ticks(low, high):
    """Values 1, 2 or 5 times a power of ten apart, from `low` or below to `high` or above; `low` < `high`."""
    least = (high - low) / MOST_STEPS
    power = math.floor(math.log10(least))
    unit = 10**power if power >= 0 else 1 / 10**-power
    step = next(times * unit for times in (1, 2, 5, 10) if times * unit >= least)
    return [number * step for number in range(math.floor(low / step), math.ceil(high / step) + 1)]


def text_width(text):
    """About how many px a text takes, rather more than less."""
    return FONT * sum(1 if east_asian_width(char) in "WF" else 0.3 if char in ",. " else 0.6 for char in text)


def fit(texts, pitch, gap):
    """True if texts whose middles are `pitch` px apart leave a gap of so many px between each other."""
    return all((text_width(one) + text_width(other)) / 2 + gap <= pitch for one, other in pairwise(texts))


@dataclass(frozen=True)
class Label:
    """A text, its place along an axis, and where it is shown: "always" or "if-wide"."""

    text: str
    at: str
    shown: str = "always"


# --- Bars -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """A value for each category, or None where there is none; `token` of tokens.css is its colour."""

    title: str
    token: str
    values: list


@dataclass(frozen=True)
class Bar:
    """A rectangle in the colour of a token, and its value as a text at `end`, above or below the `middle` of its width."""

    token: str
    x: str
    y: str
    width: str
    height: str
    middle: str
    end: str
    text: str
    is_negative: bool


@dataclass(frozen=True)
class Bars:
    """Values side by side, and the same figures as a table. `key` is unique in its page; `description` says what is seen."""

    key: str
    title: str
    description: str
    categories: list
    series: list
    format_value: Callable

    @cached_property
    def rows(self):
        """[(category, [text of a value])], a value for each series."""
        texts = [["" if value is None else self.format_value(value) for value in each.values] for each in self.series]
        return list(zip(self.categories, zip(*texts)))

    @cached_property
    def bars(self):
        return list(self._bars())

    def _bars(self):
        scale, width = self._scale, BAR * self._pitch
        for number, (_category, texts) in enumerate(self.rows):
            for place, (each, text) in enumerate(zip(self.series, texts)):
                value = each.values[number]
                if value is not None:
                    middle = self._middle(number) + self._pitch * (place - (len(self.series) - 1) / 2)
                    yield Bar(
                        token=each.token,
                        x=percent(middle - width / 2),
                        y=scale.y(max(value, 0)),
                        width=percent(width),
                        height=scale.length(value),
                        middle=percent(middle),
                        end=scale.y(value),
                        text=text,
                        is_negative=value < 0,
                    )

    @property
    def zero(self):
        return self._scale.y(0)

    @property
    def has_negative(self):
        return self._domain[0] < 0

    @cached_property
    def y_ticks(self):
        """None where each bar bears its value."""
        return [Label(self.format_value(tick), self._scale.y(tick)) for tick in self._ticks]

    @cached_property
    def margin(self):
        """Which one of MARGINS the ticks need."""
        widest = max((text_width(tick.text) + TICK_GAP for tick in self.y_ticks), default=0)
        return next((name for name, px in MARGINS.items() if widest <= px), "large")

    @property
    def x_labels(self):
        """The categories: all, or where they have no room every second, third … up to the last."""
        texts, margin = self.categories[::-1], MARGINS[self.margin]  # from the last on
        slot, wide_slot = (NARROW - margin) * self._slot, (WIDE - margin) * self._slot
        every = next((n for n in range(1, len(texts)) if fit(texts[::n], n * slot, LABEL_GAP)), max(1, len(texts)))
        shown = {n: "always" for n in range(0, len(texts), every)}
        if fit(texts, wide_slot, LABEL_GAP):
            shown = dict.fromkeys(range(len(texts)), "if-wide") | shown
        return [Label(texts[n], percent(1 - self._middle(n)), shown[n]) for n in sorted(shown, reverse=True)]

    @property
    def values_shown(self):
        """Where the bars bear their values: "always", "if-wide", or "never"."""
        if not self._ticks:
            return "always"
        return "if-wide" if self._values_fit(WIDE - MARGINS[self.margin]) else "never"

    def _values_fit(self, width):
        texts = [text for _category, row in self.rows for text in row if text]
        return fit(texts, width * (self._slot if len(self.series) == 1 else self._pitch), VALUE_GAP)

    @cached_property
    def _domain(self):
        values = [0, *(value for each in self.series for value in each.values if value is not None)]
        return min(values), max(values) if any(values) else 1

    @cached_property
    def _ticks(self):
        return [] if self._values_fit(NARROW) else nice_ticks(*self._domain)

    @cached_property
    def _scale(self):
        return Scale(min([*self._domain, *self._ticks]), max([*self._domain, *self._ticks]))

    @property
    def _slot(self):
        """From one category to the next, as a part of the plot."""
        return 1 / max(len(self.categories), FEWEST_SLOTS)

    @property
    def _pitch(self):
        """From a bar to the next of the same category, as a part of the plot."""
        return GROUP * self._slot / max(1, len(self.series))

    def _middle(self, number):
        return 0.5 + self._slot * (number - (len(self.categories) - 1) / 2)


# --- Concentration ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """The background of a class; its letter stands above its `middle`, if it has room there."""

    letter: str
    x: str
    width: str
    middle: str
    has_room: bool


@dataclass(frozen=True)
class Pareto:
    """How much how few bring: a `curve` of (share of heads, share of the sum), both from 0 to 1.

    classes: [(letter, share of heads up to here)], the bands; `point` (heads, sum) is marked and has a label.
    """

    key: str
    title: str
    description: str
    curve: list
    classes: list
    point: tuple
    point_label: str
    x_title: str
    format_value: Callable

    @property
    def bands(self):
        before = 0
        for letter, until in self.classes:
            share = until - before
            has_room = (NARROW - MARGINS["small"]) * share >= FONT
            yield Band(letter, percent(before), percent(share), percent(before + share / 2), has_room)
            before = until

    @property
    def points(self):
        """The curve as SVG writes a line, in hundredths of width and height."""
        return " ".join(f"{100 * heads:.2f},{100 * (1 - part):.2f}" for heads, part in self.curve)

    @property
    def x(self):
        return percent(self.point[0])

    @property
    def y(self):
        return percent(1 - self.point[1])

    @property
    def point_side(self):
        """Where the point's label has room below the curve: "beside" it or, on the axis, to the "left" or "right" of it.

        Beside it the label must end, on a phone too, before the line of equal shares.
        """
        width = NARROW - MARGINS["small"]
        end = width * self.point[0] + text_width(self.point_label) + 3 * POINT_GAP
        return "left" if self.point[0] >= 1 / 2 else "beside" if end <= width * self.point[1] else "right"

    @property
    def x_ticks(self):
        return [Label(self.format_value(part), percent(part)) for part in (0, 0.5, 1)]

    @property
    def y_ticks(self):
        return [Label(self.format_value(part), percent(1 - part)) for part in (0, 0.5, 0.8, 1)]
