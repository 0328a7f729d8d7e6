"""What is put into, and read from, the database of a live salon by the browser tests (see tests/live.py, `Salon.call`).

Each test has customers of its own in PEOPLE, so that all are made by one process and no test meets another's visits.
"""

import uuid
from datetime import timedelta

from django.utils import timezone

from archives.visits.bills import services
from archives.visits.bills.entries import GuestEntry, LineEntry
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Visit
from customers.card.models import Customer, SafetyNote
from salon.shop.models import Brand, Item, StaffMember, Tag
from tests import builders

USUAL = ["水光补水", "眼部护理", "眼部精华 15 ml"]
PEOPLE = {  # name: what was visited for 30 days ago, allergy, what she is expected for today
    "张晓梅": {"visited": USUAL},
    "赵雪萌": {},
    "李婷": {},
    "单慧敏": {},
    "何婉仪": {"visited": USUAL},
    "曾莉": {"visited": USUAL},
    "沈佩": {},
    "欧阳静": {"visited": ["面部咨询"], "allergy": "果酸"},
    "周雅琴": {"visited": USUAL},
    "梅兰": {"visited": ["水光补水"]},
    "竺菊": {"visited": ["水光嫩肤"]},
    "韩雪": {},
    "蒋欣": {},
    "袁泉": {},
    "海清": {},
    "闫妮": {},
    "颜丹晨": {},
    "宋佳": {"visited": USUAL, "allergy": "果酸"},
    "陶红": {"visited": ["水光补水"]},
    "郝蕾": {},
    "阿卜杜拉·买买提·阿依古丽汗": {"visited": [*USUAL, "果酸焕肤"], "allergy": "果酸"},
    "Nguyễn Thị Minh Khai Wolfeschlegelsteinhausen": {},
    "丁珮": {"visited": ["水光嫩肤"], "by": "王琳"},
    "许晴": {"expected": ["水光补水"]},
    "左小青": {"expected": []},
    "秦海璐": {},
    "江珊": {"expected": ["眼部护理"], "allergy": "果酸", "tomorrow": ["水光补水"]},
}


def shop():
    """Branch JA with a receptionist, a manager, three beauticians and a small catalogue."""
    branch = builders.make_branch(code="JA", name="静安店")
    builders.make_staff(branch=branch, role="receptionist", name="林晓彤", username="receptionist")
    builders.make_staff(branch=branch, role="manager", name="顾敏", username="manager")
    builders.make_staff(branch=branch, role="owner", name="沈老板", username="owner")
    for n, name in enumerate(["陈美娟", "王琳", "刘晨"]):
        builders.make_staff(branch=branch, name=name, username=f"beauty{n}")
    acid = builders.make_tag("果酸")
    builders.make_item(name="水光补水", price_fen=38_000, minutes=60)
    builders.make_item(name="水光嫩肤", price_fen=48_000, minutes=45)
    builders.make_item(name="眼部护理", price_fen=30_000, minutes=40)
    builders.make_item(name="果酸焕肤", price_fen=52_000, minutes=50, tags=[acid])
    builders.make_item(name="面部咨询", price_fen=0, minutes=20)
    brand = Brand.objects.create(name="雅容")
    builders.make_item(name="眼部精华 15 ml", kind="product", price_fen=41_000, minutes=0, brand=brand)
    for name, life in PEOPLE.items():
        _make_customer(name, **life)
    elsewhere = builders.make_branch(code="XH", name="徐汇店")
    builders.make_customer(branch=elsewhere, name="王外人", phone="13700000001")
    builders.make_customer(branch=branch, name="邓一", phone="13800000002")


def _actor(days_ago=0):
    owner = StaffMember.objects.get(user__username="owner")
    return builders.actor_of(owner, timezone.now() - timedelta(days=days_ago))


def _make_customer(name, visited=(), by="陈美娟", allergy="", expected=None, tomorrow=None):
    actor = _actor(30)
    made = builders.make_customer(branch=actor.branch, name=name)
    if visited:
        _record(actor, made, visited, by)
    if allergy:
        SafetyNote.objects.create(customer=made, tag=Tag.objects.get(name=allergy), noted_on=actor.today)
    for days, items in ((0, expected), (1, tomorrow)):
        if items is not None:
            now = _actor()
            found = [Item.objects.get(name=each) for each in items]
            on = now.today + timedelta(days=days)
            arrivals.expect_visit(actor=now, key=uuid.uuid4(), branch=now.branch, customer=made, on=on, items=found)


def _record(actor, customer, names, by="陈美娟"):
    """A visit for these items, all by one beautician, paid by WeChat."""
    served = StaffMember.objects.get(name=by)
    items = [Item.objects.get(name=name) for name in names]
    lines = tuple(
        LineEntry(item, unit_price_fen=item.price_fen, minutes=item.minutes, shares=((served, 10_000),)) for item in items
    )
    total = sum(line.value_fen for line in lines)
    guest = GuestEntry(customer, lines, next_note="下次主推 眼部精华")
    paid = [("wechat", total)] if total else []
    return services.record_bill(actor=actor, key=uuid.uuid4(), branch=actor.branch, guests=[guest], payments=paid)


def done_today(name):
    """The customer of that name was here today already; the id of the visit."""
    return _record(_actor(), Customer.objects.get(name=name), ["水光补水"]).visits.get().pk


def people():
    """{name: customer id}, {name: id of the open visit}."""
    customers = dict(Customer.objects.values_list("name", "pk"))
    return customers, dict(Visit.objects.filter(status="expected").order_by("-pk").values_list("customer__name", "pk"))


def bills_today(name):
    """What was stored today for the customer of that name, newest first, as plain data."""
    bills = Bill.objects.filter(visits__customer__name=name, business_date=_actor().today, voided_at=None).distinct()
    return [_bill(bill) for bill in bills.order_by("-pk")]


def _bill(bill):
    return {
        "paid": [[payment.means, payment.amount_fen] for payment in bill.payments.all()],
        "payer": bill.payer and bill.payer.name,
        "visits": [_visit(visit) for visit in bill.visits.order_by("pk")],
    }


def _visit(visit):
    return {
        "customer": visit.customer and visit.customer.name,
        "notes": [[note.kind, note.text] for note in visit.notes.all()],
        "lines": [_line(line) for line in visit.lines.all()],
    }


def _line(line):
    return {
        "item": line.item_name,
        "quantity": line.quantity_milli,
        "value": line.value_fen,
        "discount": [line.discount_fen, line.discount_reason],
        "minutes": line.minutes,
        "staff": [[share.staff.name, share.share_bp] for share in line.shares.order_by("pk")],
        "overrides": [override.reason for override in line.overrides.all()],
    }


def state_of(visit):
    """The state of a visit."""
    return Visit.objects.get(pk=visit).status


def visits_of(name):
    """[state, item names] of the visits of a customer, newest first."""
    visits = Visit.objects.filter(customer__name=name).order_by("-pk")
    return [[visit.status, [planned.item.name for planned in visit.planned.all()]] for visit in visits]


def visits_done(name):
    """Ids of the standing visits of a customer, newest first."""
    return list(Visit.objects.filter(customer__name=name, status="done").order_by("-pk").values_list("pk", flat=True))


def walk_in_today():
    """A walk-in was here today, for 果酸焕肤 and 水光补水; the id of the visit."""
    _record(_actor(), None, ["果酸焕肤", "水光补水"])
    return Visit.objects.filter(customer=None).latest("pk").pk
