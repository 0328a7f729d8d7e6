"""What the walk over every page meets in the salon's database: a full shop, and one object per address with awkward content."""

import uuid

from django_otp.plugins.otp_totp.models import TOTPDevice

from archives.visits.desk import arrivals
from customers.card.models import Customer, SafetyNote
from customers.log.services import log_view
from salon import access
from salon.shop.models import StaffMember
from segmentation.runs.recompute import recompute
from tests import builders
from tests.addresses import Samples, addresses
from tests.browser import acts

PASSWORD = "correct horse battery"  # of everybody tests/builders.py makes
NAMES = [  # long, right to left, without a place to break, and with letters that are markup elsewhere
    "أبو عبد الله محمد بن موسى الخوارزمي القُطرُبُّلي",
    "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessenschafe",
    "阿卜杜拉合曼·买买提依明·阿依古丽汗·努尔艾合买提江·图尔荪尼亚孜",
    "<b>&amp; O’Brien-Müller, geb. Æðelþryð</b>",
]
LONG = "上次做完第二天两颊微红，三天后退；这次力度轻一点，先在耳后试。https://example.invalid/" + "a" * 120


def shop():
    """The shop of acts.shop, its beautician's log-in, and two real owners: with and without a phone paired."""
    acts.shop()
    branch = StaffMember.objects.get(user__username="owner").branch
    for name in ("unpaired", "paired"):
        staff = builders.make_staff(branch=branch, role="owner", name=f"沈{name}", username=name, is_demo=False)
        if name == "paired":
            TOTPDevice.objects.create(user=staff.user, confirmed=True)


def make_addresses():
    """[name, URL, roles that may read it, whether it is open to everybody] of every address somebody may read."""
    staff = {role: StaffMember.objects.get(user__username=role) for role in ("receptionist", "owner")}
    beautician = StaffMember.objects.get(user__username="beauty0")
    samples = Samples(branch=beautician.branch, beautician=beautician, **staff)
    _make_awkward(Customer.objects.get(pk=samples.places["customers:"]["pk"]))
    actor = builders.actor_of(staff["receptionist"])
    _make_crowd(actor, beautician)
    recompute(as_of=actor.today)
    return [
        [each.name, samples.url(each), sorted(page.read), page.public]
        for each in addresses()
        if (page := access.PAGES[each.name]).read
    ]


def _make_awkward(customer):
    """Give the customer of the addresses the longest of everything."""
    customer.name, customer.note = NAMES[0], LONG
    customer.occupation, customer.interests = LONG[:60], LONG[:200]
    customer.save()
    actor = builders.actor_of(StaffMember.objects.get(user__username="owner"))
    for visit in customer.visits.all():
        arrivals.add_note(actor=actor, visit=visit, kind="next", text=LONG)
    log_view(actor=actor, customer=customer, address="2001:db8:1234:5678:9abc:def0:1234:5678")


def _make_crowd(actor, beautician):
    """Somebody of each awkward name, waiting today, with every allergy there is."""
    tags = [builders.make_tag(f"对羟基苯甲酸酯类防腐剂{n}") for n in range(3)]
    for name in NAMES:
        customer = builders.make_customer(branch=actor.branch, name=name, phone="13812340000")
        for tag in tags:
            SafetyNote.objects.create(customer=customer, tag=tag, noted_on=actor.today, remark=LONG[:200])
        item = builders.make_item(name=f"项目{name}"[:60], price_fen=99_999_999, tags=tags)
        arrivals.check_in(
            actor=actor, key=uuid.uuid4(), branch=actor.branch, customer=customer, items=[item], assigned=beautician
        )
