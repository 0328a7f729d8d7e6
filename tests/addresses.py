"""Every address of the product, with objects to fill its places: what the tests of access walk."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from archives.visits.desk import arrivals
from customers.card.models import SafetyNote
from customers.exports import shelf
from customers.imports.models import ImportRun
from salon.accounts import services
from salon.shop.models import Brand, Category, Department, Tag
from salon.spreadsheets import xlsx
from tests import builders
from tests.archives.visits.recording import LineEntry, record


@dataclass(frozen=True)
class Address:
    """One address: its name with namespace, the names of its places ({"pk"}), and its view."""

    name: str
    places: frozenset
    view: object


def walk(patterns, namespace="", places=frozenset()):
    """Every Address below some patterns."""
    for pattern in patterns:
        inner = places | set(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLPattern):
            yield Address(f"{namespace}{pattern.name}", inner, pattern.callback)
        else:
            yield from walk(pattern.url_patterns, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace, inner)


def addresses():
    """Every Address of the product, in the order of names."""
    return sorted(walk(get_resolver().url_patterns), key=lambda address: address.name)


# Whose objects belong to a branch: others are 404 there. The catalogue and the branches themselves belong to the company.
OF_A_BRANCH = (
    "customers:",
    "visits:",
    "shop:staff_",
    "imports:detail",
    "imports:progress",
    "imports:store",
    "imports:drop",
    "imports:refused",
)
MISSING = {"pk": 987_654_321, "note": 987_654_321, "kind": "nothing", "token": "nothing"}


def make_file(staff):
    """The token of a file that was made in the background for somebody, ready to be taken."""
    actor = builders.actor_of(staff, now=timezone.now())
    now = actor.now.isoformat()
    asked = {"page": "visits:export", "query": "", "language": "en", "state": shelf.READY, "filename": "visits.xlsx"}
    job = shelf.open_new(user=actor.user.pk, role=actor.role, branch=actor.branch.pk, begun_at=now, done_at=now, **asked)
    xlsx.write(job.file, [xlsx.Sheet("Visits", [xlsx.Column("Day")], [])])
    return job.token


class Samples:
    """One object for each place in an address, all of one branch, with its beautician having served the customer.

    A new place needs an entry in `places`: the longest beginning of the address's name that stands there wins.
    """

    def __init__(self, *, branch, receptionist, beautician, owner):
        actor = builders.actor_of(receptionist)
        customer = builders.make_customer(branch=branch, phone="13812346621")
        item, (tag, _new) = builders.make_item(), Tag.objects.get_or_create(name="果酸")
        served = LineEntry(item=item, unit_price_fen=item.price_fen, shares=((beautician, 10_000),))
        bill = record(actor, customer, served)
        nobodys = record(actor, None, served)
        expected = arrivals.expect_visit(
            actor=actor,
            key=uuid.uuid4(),
            branch=branch,
            customer=customer,
            on=actor.today + timedelta(days=1),
            items=[item],
            assigned=beautician,
        )
        note = SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today)
        waiting = ImportRun.objects.create(
            kind="visits", branch=branch, user=owner.user, file_name="visits.csv", state=ImportRun.READY, created_at=actor.now,
            started_at=actor.now,
        )  # fmt: skip
        newcomer = builders.make_staff(branch=branch, login=False)
        link = services.invite(actor=builders.actor_of(owner, now=timezone.now()), staff=newcomer)
        self.places = {
            "customers:": {"pk": customer.pk, "note": note.pk},
            "visits:": {"pk": bill.visits.get().pk},
            "visits:identify": {"pk": nobodys.visits.get().pk},
            "visits:move": {"pk": expected.pk},
            "visits:expect_edit": {"pk": expected.pk},
            "shop:branch_": {"pk": branch.pk},
            "shop:department_": {"pk": Department.objects.create(name="面部").pk},
            "shop:staff_": {"pk": builders.make_staff(branch=branch, role="receptionist").pk},
            "shop:item_": {"pk": item.pk},
            "shop:category_": {"pk": Category.objects.create(name="面护").pk},
            "shop:brand_": {"pk": Brand.objects.get_or_create(name="雅容")[0].pk},
            "shop:tag_": {"pk": tag.pk},
            "imports:": {"pk": waiting.pk, "kind": "visits"},
            "exports:": {"token": make_file(owner)},
            "join": {"token": link.rstrip("/").rpartition("/")[2]},
        }

    def fill(self, address):
        """The values of an address's places. KeyError for a place nobody has thought of."""
        fitting = [begin for begin in self.places if address.name.startswith(begin)]
        known = self.places[max(fitting, key=len)] if fitting else {}
        return {place: known[place] for place in address.places}

    def url(self, address):
        return reverse(address.name, kwargs=self.fill(address))

    def missing_urls(self, address):
        """The same address with each place in turn naming nothing."""
        values = self.fill(address)
        return [reverse(address.name, kwargs=values | {place: MISSING[place]}) for place in address.places]
