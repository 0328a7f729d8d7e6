"""A refund as a receptionist makes it: the amount follows the ticks, the button says the total, at two widths."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sideways

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1360, 390])
def test_the_total_follows_what_is_ticked(visit_page, salon, width):
    visit = salon.call("tests.browser.refund_acts:bill_of_two")
    page = visit_page(f"/visits/{visit}/", width=width)
    expect(page.locator(".bill-person")).to_have_count(2)
    assert sideways(page) == 0
    shot(page, f"bill-{width}")
    page.goto(f"/visits/{visit}/refund/")
    first, second, _third = page.locator("[data-line]").all()
    fen = int(first.get_attribute("data-left-fen"))
    total = page.locator("[data-total]")
    first.get_by_role("checkbox").check()
    expect(total).to_have_text(f": ¥\xa0{fen / 100:,.2f}")
    expect(first.locator("[data-closed]")).to_be_hidden()
    first.get_by_label("Amount").fill("100")
    expect(first.locator("[data-closed]")).to_be_visible()
    expect(total).to_have_text(": ¥\xa0100.00")
    second.get_by_label("Quantity").fill("1")
    expect(second.get_by_role("checkbox")).to_be_checked()
    assert sideways(page) == 0
    shot(page, f"refund-{width}")
    second.get_by_role("checkbox").uncheck()
    first.get_by_label("No: the rest").check()
    page.get_by_label("Reason").fill("过敏")
    page.get_by_role("button", name="Look it over").click()
    shot(page, f"summary-{width}")
    page.get_by_role("button", name=re.compile("Refund ¥.100.00")).click()
    expect(page.get_by_text("The refund is stored")).to_be_visible()
    assert salon.call("tests.browser.refund_acts:refunded")[-1] == [["wechat", -10_000]]


def shot(page, name):
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=True)
