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
    expect(total).to_have_text(f"Look it over: ¥\xa0{fen / 100:,.2f}")
    expect(first.locator("[data-closed]")).to_be_hidden()
    first.get_by_label("Amount").fill("100")
    expect(first.locator("[data-closed]")).to_be_visible()
    expect(total).to_have_text("Look it over: ¥\xa0100.00")
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


def test_a_form_that_is_back_after_the_session_ended_asks_and_adds_up(visit_page, salon, log_in):
    visit = salon.call("tests.browser.refund_acts:bill_of_two")
    page = visit_page(f"/visits/{visit}/refund/")
    page.context.add_cookies([{"name": "language", "value": "zh-hans", "url": salon.url}])
    first = page.locator("[data-line]").first
    first.locator("[name$=-quantity]").fill("1")
    first.locator("[name$=-amount]").fill("100")
    first.locator("[data-closed] input").last.check()
    page.wait_for_timeout(400)  # the draft is kept
    page.context.clear_cookies(name="sid")
    page.goto(f"/visits/{visit}/refund/")
    page.wait_for_url("**/login/**")
    log_in(page.context, "receptionist")
    page.goto(f"/visits/{visit}/refund/")
    expect(first.locator("[name$=-amount]")).to_have_value("100")
    expect(first.locator("[data-closed]")).to_be_visible()
    expect(page.locator("[data-total]")).to_have_text("核对：¥\xa0100.00")


def test_a_page_with_nothing_left_to_refund_has_no_error(visit_page, salon):
    visit = salon.call("tests.browser.refund_acts:bill_given_back")
    page = visit_page(f"/visits/{visit}/refund/")
    expect(page.get_by_text("Nothing of this bill is left")).to_be_visible()


def shot(page, name):
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=True)
