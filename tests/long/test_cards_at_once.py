"""Many people on one card at the same moment, over real sockets: one of them is stored, the others are told, nothing is lost."""

import threading

import pytest

from tests import live
from tests.customers.card import filling

pytestmark = pytest.mark.long

PEOPLE = 8
ACTS = "tests.long.test_cards_at_once"


def make_card():
    """A card in the live salon; its id."""
    from salon.shop.models import Branch
    from tests import builders

    return builders.make_customer(branch=Branch.objects.get(code="JA"), name="张晓梅", phone="13812346621").pk


def cards():
    """What the live salon holds of cards."""
    from customers.card.models import Customer
    from salon.shop.models import Sequence

    numbers = list(Customer.objects.order_by("pk").values_list("card_no", flat=True))
    last = Sequence.objects.filter(kind="card").values_list("last", flat=True).first()
    return {"numbers": numbers, "last": last, "versions": list(Customer.objects.values_list("version", flat=True))}


def family(pk):
    """The relations noted on a card, and how many saves its history holds."""
    from customers.card.models import Customer

    card = Customer.objects.get(pk=pk)
    return {"relations": list(card.family.values_list("relation", flat=True)), "saves": card.history.count()}


def at_once(count, act):
    """Call act(n) in `count` threads that start together; the results in no order."""
    barrier, results = threading.Barrier(count), []

    def run(n):
        barrier.wait()
        results.append(act(n))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_twenty_identical_new_cards_are_one():
    with live.running() as salon:
        visitor = salon.visitor("receptionist")
        for n in range(1, 3):
            data = filling.inputs(visitor.get("/customers/new/")) | {"name": f"顾客{n}", "phones-0-number": f"1381234000{n}"}
            answers = at_once(20, lambda _n, data=data: visitor.post("/customers/new/", data))
            assert {page.status for page in answers} == {302}
            assert len({page.headers["Location"] for page in answers}) == 1
            found = salon.call(f"{ACTS}:cards")
            assert found["numbers"] == [f"JA-{each:06d}" for each in range(1, n + 1)]  # and no number is left out
            assert found["last"] == n


def test_twenty_different_new_cards_have_twenty_numbers():
    with live.running() as salon:
        visitor = salon.visitor("receptionist")
        forms = [filling.inputs(visitor.get("/customers/new/")) | {"name": f"顾客{n}"} for n in range(20)]
        answers = at_once(20, lambda n: visitor.post("/customers/new/", forms[n]))
        assert {page.status for page in answers} == {302}
        assert sorted(salon.call(f"{ACTS}:cards")["numbers"]) == [f"JA-{n:06d}" for n in range(1, 21)]


def saves_at_once(salon, pk, turn):
    """How many of PEOPLE saves of different notes, all made on the same version, were stored; the other answers."""
    visitor, url = salon.visitor("receptionist"), f"/customers/{pk}/edit/"
    forms = [filling.inputs(visitor.get(url)) | {"note": f"note {turn}-{n}"} for n in range(PEOPLE)]
    answers = [page.status for page in at_once(PEOPLE, lambda n: visitor.post(url, forms[n]))]
    return answers.count(302), {status for status in answers if status != 302}


def test_of_many_saves_of_one_version_one_is_stored():
    with live.running() as salon:
        pk = salon.call(f"{ACTS}:make_card")
        for turn in range(4):
            assert saves_at_once(salon, pk, turn) == (1, {409})


def test_control_without_the_version_several_are_stored():
    with live.running(script="tests/long/unguarded.py", environment={"UNGUARDED": "version"}) as salon:
        pk = salon.call(f"{ACTS}:make_card")
        assert any(saves_at_once(salon, pk, turn)[0] > 1 for turn in range(10))


def test_everybody_gets_in_and_nobody_is_lost():
    """Each adds a family member, and sends what the 409 page holds until it is stored."""
    with live.running() as salon:
        pk = salon.call(f"{ACTS}:make_card")
        visitor, url = salon.visitor("receptionist"), f"/customers/{pk}/edit/"
        first = [filling.inputs(visitor.get(url)) | {"family-0-relation": f"亲戚{n}"} for n in range(PEOPLE)]

        def insist(n):
            data = first[n]
            for _try in range(50):
                page = visitor.post(url, data)
                if page.status == 302:
                    return True
                assert page.status == 409
                data = filling.inputs(page)
            return False

        assert all(at_once(PEOPLE, insist))
        found = salon.call(f"{ACTS}:family", pk=pk)
        assert sorted(found["relations"]) == sorted(f"亲戚{n}" for n in range(PEOPLE))
        assert found["saves"] == PEOPLE + 1
