"""A manager at work in the browser: brings a file in, and takes the customers of a tier away; the owner takes the workbook."""

import re

import pytest
from playwright.sync_api import expect

from tests import live, workbooks

pytestmark = pytest.mark.browser
HEADING = "单号,日期,卡号,姓名,手机,项目,类型,金额,支付方式"
ROWS = [
    "A1,2026-01-05,VIP001,孙丽华,13800138111,补水护理,服务,380,微信",
    "A1,2026-01-05,VIP001,孙丽华,13800138111,玫瑰精油,产品,128,微信",
    "A2,2026-13-05,VIP001,孙丽华,,补水护理,服务,380,微信",
    "A3,2026-01-06,,无名氏,,补水护理,服务,380,现金",
]


@pytest.fixture(scope="module")
def salon():
    with live.running("tests.browser.manager_acts:shop") as running:
        yield running


def test_a_file_is_sent_looked_at_and_stored(visit_page, salon, tmp_path):
    file = tmp_path / "到店.csv"
    file.write_text("\n".join([HEADING, *ROWS]), encoding="utf-8")
    page = visit_page("/shop/", user="manager")
    page.get_by_role("link", name="Imports", exact=True).click()
    page.get_by_role("link", name="Import: Visits").first.click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Make a card for each unknown card number").check()
    page.get_by_role("button", name="Read the file").click()

    preview = page.get_by_role("region", name="What will be stored")  # the page draws itself anew once the file was read
    expect(preview).to_be_visible(timeout=60_000)
    expect(preview).to_contain_text(re.compile(r"Rows read\s*4.*New cards\s*1.*Rows refused\s*2", re.DOTALL))
    refused = page.get_by_role("region", name="Refused")
    expect(refused).to_contain_text("A name alone does not say whose visit this is")
    expect(page.get_by_role("region", name="The first rows")).to_contain_text("138****8111")
    assert salon.sql("SELECT COUNT(*) FROM archives_line")[0][0] == 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Refused rows with reasons").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["Row", "4", "5"]

    page.get_by_role("button", name="Store what was not refused").click()
    expect(page.get_by_role("region", name="What was stored")).to_be_visible(timeout=60_000)
    assert salon.sql("SELECT SUM(value_fen) FROM archives_line")[0][0] == 50_800
    page.get_by_role("link", name="To the list: Visits").click()
    page.get_by_role("link", name="孙丽华").click()
    expect(page.get_by_role("main")).to_contain_text("玫瑰精油")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visit_page, tmp_path):
    page = visit_page("/customers/imports/new/visits/", user="manager")
    large, small = tmp_path / "large.csv", tmp_path / "small.csv"
    large.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    small.write_text("\n".join([HEADING, *ROWS]), encoding="utf-8")
    field = page.get_by_label("File")
    field.set_input_files(large)
    assert "larger than 10 MB" in field.evaluate("field => field.validationMessage")
    page.get_by_role("button", name="Read the file").click()
    expect(page).to_have_url(re.compile("/customers/imports/new/visits/"))
    field.set_input_files(small)
    assert field.evaluate("field => field.validationMessage") == ""


def test_from_the_overview_to_the_customers_of_a_tier_and_their_excel_file(visit_page):
    page = visit_page("/tiers/", user="manager")
    tier = page.get_by_role("region", name="Tier A")
    expect(tier).to_contain_text("80.0%")
    tier.get_by_role("link", name="2 customers").click()
    names = page.locator(".tier-list tbody .person")
    expect(names).to_have_text(["张晓梅", "李婷"])
    page.get_by_text("why: 李婷").click()
    expect(page.locator(".told[open]")).to_contain_text("A: 2,000.00 in 12 months, rank 2 of 6, cumulative share 80.0%")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    book = workbooks.opened(download.value.path().read_bytes())
    assert [(row["Name"], row["Consumption"]) for row in workbooks.records(book.worksheets[0])] == [
        ("张晓梅", 6000),
        ("李婷", 2000),
    ]
    assert dict(workbooks.rows(book.worksheets[1]))["Tier"] == "A"


def test_from_a_cell_of_the_grid_to_its_customers(visit_page):
    page = visit_page("/tiers/", user="manager", width=390)
    cell = page.locator(".heat a").first
    heads = int(cell.locator("b").inner_text())
    cell.click()
    expect(page.locator(".tier-list tbody tr")).to_have_count(heads)
    assert "r=" in page.url
    assert "fm=" in page.url


def test_the_owner_reads_a_month_and_takes_its_workbook(visit_page):
    page = visit_page("/", user="owner")
    navigation = page.get_by_role("navigation", name="Main", exact=True)
    navigation.get_by_role("link", name="Monthly report").click()
    page.get_by_role("link", name="The month before").click()
    expect(page).to_have_url(re.compile(r"month="))
    month = page.get_by_label("Month", exact=True).input_value()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename == f"salon-{month}.xlsx"
    book = workbooks.opened(download.value.path().read_bytes())
    assert f"{month}-01 – " in workbooks.rows(book["Summary"])[1][0]
    assert [row["Name"] for row in workbooks.records(book["Customers"])][:2] == ["张晓梅", "李婷"]
    assert visit_page("/", user="manager").get_by_role("link", name="Monthly report").count() == 0
