import pytest
from tests.customers.card import filling
from tests.customers.card.test_naughty import *
def test_x(boss, customer):
    for value in NAUGHTY:
        sent, arrived = as_sent(value)
        if not text.clean_text(arrived):
            r = boss.post(CREATE, filling.inputs(boss.get(CREATE)) | {"name": sent})
            if r.status_code != 422: print("EMPTY", repr(value), repr(arrived), repr(Customer.objects.last().name))
    url = reverse("customers:edit", args=[customer.pk])
    page = boss.get(url)
    names = ["birth_year", "birth_month", "gender", "card_date", "responsible", "referred_by", "phones-0-id", "phones-TOTAL_FORMS",
        "addresses-INITIAL_FORMS", "family-0-birth_day", "phones-0-DELETE", "birth_calendar", "referrer", "acknowledged"]
    for value in NAUGHTY:
        sent, _a = as_sent(value)
        for n in names:
            r = boss.post(url, filling.inputs(page) | {n: sent})
            if r.status_code not in (302,422): print("BAD", repr(value)[:30], n, r.status_code)
            page = boss.get(url)
            break_ = False
    assert 0
