"""A busy front desk for the long tests: a shop to sell in, forms to send, and an account of what was stored.

`open_shop`, `shop_ids`, `mint_keys` and `account` run in a process of their own on the live salon's database (tests/live.py).
"""

import queue
import threading
from dataclasses import dataclass, field
from http.client import HTTPException

ONE_AT_A_TIME = threading.Lock()
LINES = 5
PRICE_FEN = 38_000
CUSTOMERS = 6_000  # more than any test sends forms: of one customer the same item twice in a day would be asked about


def open_shop(customers=CUSTOMERS):
    """A branch, a receptionist "reception", a beautician without log-in, five items, and customers."""
    from customers.card.models import Customer
    from tests import builders

    branch = builders.make_branch(code="JA", name="静安店")
    builders.make_staff(branch=branch, role="receptionist", name="林晓彤", username="reception")
    builders.make_staff(branch=branch, role="beautician", name="陈美娟", login=False)
    for n in range(LINES):
        builders.make_item(name=f"项目{n}", price_fen=PRICE_FEN)
    new = [Customer(branch=branch, name=f"顾客{n}", card_no=f"JA-{n:06d}", card_date="2024-01-01") for n in range(customers)]
    for customer in new:
        customer.set_keys()
    Customer.objects.bulk_create(new)


def shop_ids():
    """The ids a visit form needs."""
    from customers.card.models import Customer
    from salon.shop.models import Item, StaffMember

    return {
        "staff": StaffMember.objects.get(user=None).pk,
        "items": list(Item.objects.order_by("pk").values_list("pk", flat=True)),
        "customers": list(Customer.objects.order_by("pk").values_list("pk", flat=True)),
    }


def mint_keys(count):
    """Operation keys as the entry page renders them into its form."""
    from salon import operations
    from salon.accounts.models import User

    user = User.objects.get(username="reception")
    return [operations.new_key(user, "visit") for _ in range(count)]


def account():
    """What the database holds: operations, bills, visits, and every visit or bill that is only half there."""
    from django.db.models import Count, F, Sum

    from archives.visits.models import WHOLE_SHARE, Bill, Line, Visit
    from salon.operations import Operation

    lines = Visit.objects.annotate(n=Count("lines"), value=Sum("lines__value_fen"))
    half = [f"visit {v.pk}: {v.n} lines, {v.value} of {v.net_fen}" for v in lines if v.n != LINES or v.value != v.net_fen]
    half += [f"visit {v.pk} has no note" for v in Visit.objects.filter(notes=None)]
    shared = Line.objects.annotate(bp=Sum("shares__share_bp")).exclude(bp=WHOLE_SHARE)
    half += [f"line {line.pk} has shares of {line.bp}" for line in shared]
    paid = Bill.objects.annotate(sum=Sum("payments__amount_fen"))
    half += [f"bill {b.pk}: paid {b.sum} of {b.paid_fen}" for b in paid if b.sum != b.paid_fen]
    half += [f"bill {b.pk} has no visit" for b in Bill.objects.filter(visits=None)]
    half += [f"line {line.pk} cannot be refunded" for line in Line.objects.filter(allowance=None)]
    unlinked = Operation.objects.filter(url="").values_list("pk", flat=True)
    half += [f"operation {key} shows no result" for key in unlinked]
    late = Visit.objects.filter(customer__last_visit_on__lt=F("business_date")).values_list("pk", flat=True)
    half += [f"customer of visit {pk} was not marked as seen" for pk in late]
    stored = [str(key) for key in Operation.objects.values_list("pk", flat=True)]
    return {"operations": stored, "visits": Visit.objects.count(), "bills": Bill.objects.count(), "half": half}


def form(shop, key, customer):
    """The visit form as a browser sends it: five lines, a note, paid by WeChat."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    today = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    data = {"operation": key, "on": today, "channel": "shop", "rest": "wechat"}
    data |= {"guests-0-customer": customer, "guests-0-next_note": "力度轻"}
    for n, item in enumerate(shop["items"]):
        data |= {f"lines-{n}-guest": 0, f"lines-{n}-item": item, f"lines-{n}-quantity": 1, f"lines-{n}-price": PRICE_FEN // 100}
        data |= {f"lines-{n}-minutes": 60, f"lines-{n}-staff": shop["staff"], f"lines-{n}-share": 100}
    return data


def customer_of(shop, key):
    """Whose visit a form is: always the same for a key, so that a form sent again is the same form, and of each another."""
    with ONE_AT_A_TIME:
        taken = shop.setdefault("taken", {})
        return shop["customers"][taken.setdefault(key, len(taken))]


def key_id(key):
    """The UUID inside an operation key, as `account` lists it (the signature is checked by the server, not here)."""
    import base64
    import json
    import uuid

    payload = key.split(":")[0]
    return str(uuid.UUID(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))))


@dataclass
class Rush:
    """Many receptionists at once: threads that send forms over real sockets until none is left or the server is gone."""

    visitor: object
    shop: dict
    keys: list
    clients: int = 20
    acknowledged: set = field(default_factory=set)
    refused: list = field(default_factory=list)

    def run(self, *, kill=None, kill_after=None):
        """Send all keys. `kill` is called once, when `kill_after` forms have been acknowledged."""
        waiting = queue.SimpleQueue()
        for key in self.keys:
            waiting.put(key)
        self.gone, self.lock = threading.Event(), threading.Lock()
        threads = [threading.Thread(target=self._work, args=(waiting, kill, kill_after)) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, waiting, kill, kill_after):
        while not self.gone.is_set():
            try:
                key = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                page = self.visitor.post("/visits/new/", form(self.shop, key, customer_of(self.shop, key)))
            except (OSError, HTTPException):
                continue  # not acknowledged: what became of it, the account tells
            with self.lock:
                if page.status == 302 and "/visits/" in page.headers["Location"]:
                    self.acknowledged.add(key_id(key))
                else:
                    self.refused.append((page.status, page.text[:500]))
                if kill and len(self.acknowledged) >= kill_after and not self.gone.is_set():
                    self.gone.set()
                    kill()
