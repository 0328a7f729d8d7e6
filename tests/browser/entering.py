"""Short ways to play visit entry in a browser."""

import re

from playwright.sync_api import expect

DETAIL = re.compile(r"/visits/\d+/saved/$")  # where saving leads


def lines(page):
    return page.locator("[data-line]")


def add(page, text, name):
    """Type into the item box and take the first item found, once it stands there."""
    page.keyboard.type(text)
    expect(page.locator("#item-options [aria-selected=true] b")).to_have_text(name)
    page.keyboard.press("Enter")
    expect(lines(page).last.locator("[data-name]")).to_have_text(name)


def open_entry(visit_page, pk, **options):
    page = visit_page(f"/visits/new/?customer={pk}", **options)
    expect(page.locator("#item-box")).to_be_focused()
    return page
