"""Filling in the card's form as a browser does: read the page, change some inputs, send all of them."""

from html.parser import HTMLParser


class _Inputs(HTMLParser):
    """Collects what a browser would send of the first form that has an input of some name."""

    def __init__(self, marker):
        super().__init__()
        self.marker, self.forms, self.form = marker, [], None
        self.select, self.textarea, self.template = None, None, 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "template":
            self.template += 1
        if self.template:
            return
        if tag == "form":
            self.form = {}
            self.forms.append(self.form)
        elif self.form is not None and attributes.get("name"):
            self._input(tag, attributes)
        elif tag == "option" and self.select:
            first = self.form.get(self.select) is None
            if "selected" in attributes or first:
                self.form[self.select] = attributes.get("value", "")

    def _input(self, tag, attributes):
        name, kind = attributes["name"], attributes.get("type", "text")
        if tag == "select":
            self.select, self.form[name] = name, None
        elif tag == "textarea":
            self.textarea, self.form[name] = name, ""
        elif tag == "input" and kind in ("checkbox", "radio"):
            if "checked" in attributes:
                self.form[name] = attributes.get("value", "on")
        elif tag == "input" and kind not in ("file", "submit"):
            if name == "acknowledged":
                self.form.setdefault(name, []).append(attributes.get("value", ""))
            else:
                self.form[name] = attributes.get("value", "")

    def handle_endtag(self, tag):
        if tag == "template":
            self.template -= 1
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.textarea:
            self.form[self.textarea] = self.form[self.textarea].removeprefix("\n").replace("\r\n", "\n")
            self.textarea = None

    def handle_data(self, data):
        if self.textarea and self.form is not None:
            self.form[self.textarea] += data


def inputs(response, marker="operation"):
    """{name: value} of the form of a page that has an input named `marker`: of a test client, or of tests.live."""
    parser = _Inputs(marker)
    parser.feed((response.body if hasattr(response, "body") else response.content).decode())
    return next(form for form in parser.forms if marker in form)


def send(client, url, values, *, page=None, marker="operation"):
    """Open the page (unless given), change inputs, send them. A value of None leaves the input out, as an unticked box is."""
    data = inputs(page or client.get(url), marker) | values
    return client.post(url, {name: value for name, value in data.items() if value is not None})
