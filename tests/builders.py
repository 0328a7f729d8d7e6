"""Plain builders: the smallest valid object, with what the test cares about given by name."""

import itertools
from datetime import date

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from customers.card.models import Customer, Phone
from salon import access
from salon.accounts.models import User
from salon.shop.models import Branch, Item, StaffMember, Tag

_serial = itertools.count(1)


def make_branch(**fields):
    n = next(_serial)
    return Branch.objects.create(**{"code": f"B{n}", "name": f"Branch {n}"} | fields)


def make_user(username=None, role=None, **fields):
    """A user in the group of a role; is_demo, so that no second factor is asked, unless the test says otherwise."""
    user = User.objects.create_user(username or f"user{next(_serial)}", "correct horse battery", **{"is_demo": True} | fields)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_staff(*, branch, role="beautician", username=None, login=True, is_demo=True, **fields):
    """A staff member with a log-in of that role (login=False: without; is_demo=False: asked for the second factor)."""
    user = make_user(username, role, is_demo=is_demo) if login else None
    return StaffMember.objects.create(**{"name": f"Staff {next(_serial)}", "branch": branch, "role": role, "user": user} | fields)


def client_of(staff, **kwargs):
    """A test client logged in as a staff member."""
    client = Client(**kwargs)
    client.force_login(staff.user, backend="salon.accounts.backend.StaffBackend")
    return client


def actor_of(staff, now=None):
    """The Actor a request of this staff member would have."""
    return access.Actor(
        user=staff.user,
        role=staff.role,
        now=now or timezone.now(),
        staff=staff,
        branch=staff.branch,
        has_finance=staff.role == "owner",
    )


def make_customer(*, branch, phone=None, **fields):
    n = next(_serial)
    customer = Customer.objects.create(
        **{"branch": branch, "name": f"顾客{n}", "card_no": f"{branch.code}-{n:06d}", "card_date": date(2024, 1, 1)} | fields
    )
    if phone:
        Phone.objects.create(customer=customer, number=phone, is_main=True)
    return customer


def make_item(**fields):
    tags = fields.pop("tags", ())
    item = Item.objects.create(**{"name": f"项目{next(_serial)}", "price_fen": 38_000, "minutes": 60} | fields)
    item.tags.set(tags)
    return item


def make_tag(name, **fields):
    return Tag.objects.create(name=name, **fields)
