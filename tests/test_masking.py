"""Masking, crawled: what the policy keeps from a role stands on no page of the product that the role may read.

tests/customers/card/test_masking.py looks at the card's pages more closely, and at what each role does read.
"""

import pytest

from archives.visits.models import Visit
from customers.card.models import Address, Customer, Phone
from salon import access
from salon.spreadsheets import xlsx
from segmentation.runs.recompute import recompute
from tests import builders, workbooks
from tests.addresses import Samples, addresses
from tests.archives.visits.recording import LineEntry, record

PHONE, WECHAT, STREET, HEALTH, OCCUPATION = "13912346621", "wx_canary_77", "南京西路秘密弄", "糖尿病金丝雀", "会计金丝雀"
YEAR, AMOUNT = 1931, "76,543.21"
FOR_ALL = {PHONE, PHONE[3:7], WECHAT, STREET}
HIDDEN = {
    "receptionist": FOR_ALL | {HEALTH, str(YEAR)},
    "beautician": FOR_ALL | {PHONE[:7], str(YEAR), AMOUNT},
    "manager": FOR_ALL | {HEALTH},
    "owner": FOR_ALL | {HEALTH},
}
READ = {  # the controls: what a crawl must come across, or it looked nowhere
    "receptionist": {"139****6621", AMOUNT, OCCUPATION},
    "beautician": {"****6621", HEALTH, OCCUPATION},
    "manager": {"139****6621", AMOUNT, str(YEAR), OCCUPATION},
    "owner": {"139****6621", AMOUNT, str(YEAR), OCCUPATION},
}
SEARCHES = ["/customers/search/?q=6621", "/customers/?q=6621", "/customers/?sort=card_date", f"/visits/?q={PHONE[-4:]}"]


@pytest.fixture
def samples(branch, receptionist, beautician, owner):
    samples = Samples(branch=branch, receptionist=receptionist, beautician=beautician, owner=owner)
    customer = Customer.objects.get(pk=samples.places["customers:"]["pk"])
    today = builders.actor_of(receptionist).today
    Customer.objects.filter(pk=customer.pk).update(
        wechat=WECHAT, health=HEALTH, occupation=OCCUPATION, birth_year=YEAR, birth_month=today.month, birth_day=today.day
    )
    Phone.objects.filter(customer=customer).update(number=PHONE)
    Address.objects.create(customer=customer, city="上海", street=STREET)
    line = LineEntry(item=builders.make_item(), unit_price_fen=7_654_321, shares=((beautician, 10_000),))
    record(builders.actor_of(receptionist), customer, line)
    Visit.objects.filter(customer=customer, status="expected").update(expected_on=today, day=today)
    assert recompute(as_of=today).universe == 1
    samples.customer = customer
    return samples


def words_of(response):
    """What somebody reads of a page, or of the file it is."""
    if not response.streaming:
        return response.content.decode(errors="replace")
    content = b"".join(response)
    if response["Content-Type"] != xlsx.CONTENT_TYPE:
        return content.decode(errors="replace")
    return "\n".join(str(value) for sheet in workbooks.opened(content) for row in workbooks.rows(sheet) for value in row)


@pytest.mark.parametrize("role", access.ROLES)
def test_no_page_shows_a_role_what_the_policy_keeps_from_it(role, samples, request):
    client = builders.client_of(request.getfixturevalue(role))
    urls = [samples.url(address) for address in addresses() if role in access.PAGES[address.name].read]
    customer = samples.customer.pk
    urls += [*SEARCHES, f"/visits/new/?customer={customer}", f"/visits/new/?customer={customer}&repeat=1"]
    pages = {url: words_of(client.get(url, follow=True)) for url in urls}
    shown = [(url, secret) for url, page in pages.items() for secret in HIDDEN[role] if secret in page]
    assert shown == []
    everything = "".join(pages.values())
    assert [word for word in READ[role] if word not in everything] == []
    files = {url for url in urls if url.endswith(("/export/", "/workbook/"))}
    assert [url for url in files if samples.customer.name not in pages[url]] == []  # the files were read, too
    assert len(files) == {"manager": 3, "owner": 4}.get(role, 0)
