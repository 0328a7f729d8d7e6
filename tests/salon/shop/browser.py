"""What a browser does with a form page: opens it, changes some fields, sends all of them."""


def filled(page):
    """The data a browser would send for a form page that was just opened: {name: value}."""
    form, data = page.context["form"], {"operation": page.context["operation"]}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            data |= {field.html_name: "on"} if value else {}
        elif value is not None or not getattr(field.field.widget, "allow_multiple_selected", False):
            data[field.html_name] = "" if value is None else value
    return data


def opened(client, url):
    """A form page and what would be sent if nothing were changed."""
    page = client.get(url)
    assert page.status_code == 200
    return page, filled(page)


def send(client, url, *, without=(), **typed):
    """Open a form page, type, send. `without` names the boxes that are unticked."""
    _page, data = opened(client, url)
    for name in without:
        data.pop(name, None)
    return client.post(url, data | typed)


def errors(response):
    """{field: [messages]} of a form that was shown again."""
    return {name: list(messages) for name, messages in response.context["form"].errors.items()}
