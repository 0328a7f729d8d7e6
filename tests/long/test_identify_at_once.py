"""Many desks give one walk-in's visit to different customers at the same moment, over real sockets: one of them has it."""

import pytest

from tests import live
from tests.customers.card import filling
from tests.long.test_cards_at_once import at_once

pytestmark = pytest.mark.long

DESKS = 20
ACTS = "tests.long.test_identify_at_once"


def make_visits():
    """Two walk-ins' visits and DESKS customers of the live salon: ([visit id], [customer id])."""
    from salon.shop.models import StaffMember
    from tests import builders
    from tests.archives.visits.recording import line, record

    actor = builders.actor_of(StaffMember.objects.get(user__username="receptionist"))
    item = builders.make_item(price_fen=38_000)
    visits = [record(actor, None, line(item)).visits.get().pk for _n in range(2)]
    return visits, [builders.make_customer(branch=actor.branch, name=f"顾客{n}").pk for n in range(DESKS)]


def whose(pk):
    """Whose a visit is, who pays its bill, and how often it was given."""
    from archives.visits.identify.models import IdentifiedVisit
    from archives.visits.models import Visit

    visit = Visit.objects.select_related("bill").get(pk=pk)
    return visit.customer_id, visit.bill.payer_id, IdentifiedVisit.objects.filter(visit=pk).count()


def test_twenty_desks_give_it_to_one_and_twenty_times_the_same_is_once():
    with live.running() as salon:
        (first, second), customers = salon.call(f"{ACTS}:make_visits")
        visitor = salon.visitor("receptionist")
        forms = [filling.inputs(visitor.get(f"/visits/{first}/customer/?customer={pk}")) for pk in customers]
        answers = at_once(DESKS, lambda n: (visitor.post(f"/visits/{first}/customer/", forms[n]).status, customers[n]))
        assert sorted(status for status, _pk in answers) == [302] + [409] * (DESKS - 1)
        (winner,) = [pk for status, pk in answers if status == 302]
        assert salon.call(f"{ACTS}:whose", pk=first) == [winner, winner, 1]
        form = filling.inputs(visitor.get(f"/visits/{second}/customer/?customer={winner}"))
        answers = at_once(DESKS, lambda _n: visitor.post(f"/visits/{second}/customer/", form).status)
        assert set(answers) == {302}
        assert salon.call(f"{ACTS}:whose", pk=second) == [winner, winner, 1]
