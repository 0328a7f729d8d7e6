"""A file brought at one branch tells and changes nothing of another's customers, however its rows name them.

The manager of `other_branch` sends files that name customers of `branch`. What comes back must be what a number that exists
nowhere would bring.
"""

import re
from datetime import date

import pytest

from archives.imports.models import ImportedVisit
from archives.visits.models import Visit
from customers.card.models import Customer, Phone
from customers.card.search import queries
from customers.imports.people import Reach, by_card_number
from customers.log.models import AccessEntry
from tests import builders
from tests.archives.imports.importing import import_customers, import_visits, last, write_csv
from tests.archives.reading import counted
from tests.archives.visits.recording import line, record

pytestmark = pytest.mark.django_db
VISITS = "单号,日期,卡号,姓名,手机,金额\n"
CUSTOMERS = "卡号,姓名,手机,微信,生日\n"


@pytest.fixture
def target(branch):
    """A customer of the branch that the file's branch must learn nothing of."""
    card = builders.make_customer(branch=branch, name="张晓梅", card_no="VIP0001", phone="13812346621", wechat="xiaomei88")
    Customer.objects.filter(pk=card.pk).update(last_visit_on=date(2024, 1, 1))
    return card


@pytest.fixture
def stranger_manager(other_branch):
    return builders.make_staff(branch=other_branch, role="manager", name="外店长")


@pytest.fixture
def theirs(browser, stranger_manager):
    return browser(stranger_manager)


@pytest.fixture
def owners(browser, owner):
    return browser(owner)


def untouched(target):
    """True if the target's card is as it was and no visit is hers."""
    now = Customer.objects.get(pk=target.pk)
    same = all(
        getattr(now, f.attname) == getattr(target, f.attname) for f in now._meta.concrete_fields if f.name != "last_visit_on"
    )
    return same and now.last_visit_on == date(2024, 1, 1) and not now.visits.exists() and not now.bills_paid.exists()


def answer(browser, text, secret, **fields):
    """All that a person gets to see of a file, with what names the customer taken out: page, refused rows, counts."""
    run = browser.bring(text, **fields)
    page = browser.page(run)
    said = re.sub(
        r"/imports/\d+/|csrfmiddlewaretoken\S+ \S+|X-CSRFToken[^}]*|value=\"[^\"]{30,}\"|nonce=\"[^\"]+\"|#\d+", "", page
    )
    refused = browser.refused(run) if run.counts.get("refused") else ""
    parts = [said, refused, str(sorted(run.counts.items()))]
    for each in secret:
        parts = [part.replace(each, "?") for part in parts]
    return [re.sub(r"\d\d:\d\d|\d{1,2}:\d\d [ap]\.m\.|\d+\*{4}\d+|·\s[\d/]+", "", part) for part in parts]


def served_at(staff, customer):
    """A visit of the customer at the staff member's branch, entered at the desk."""
    return record(builders.actor_of(staff), customer, line(builders.make_item()))


ROWS_ABOUT = {
    "by number": (VISITS + "R1,2024-05-05,{number},,,-900\n", "visits"),
    "by number, with cards made": (VISITS + "R1,2024-05-05,{number},王芳,,100\n", "visits"),
    "by phone": (VISITS + "R1,2024-05-05,,,{phone},-900\n", "visits"),
    "by number and phone": (VISITS + "R1,2024-05-05,{number},,{phone},100\n", "visits"),
    "by both, twice": (VISITS + "R1,2024-05-05,{number},,,100\nR1,2024-05-05,,,{phone},100\n", "visits"),
    "a card with the number": (CUSTOMERS + "{number},王芳,,,\n", "customers"),
    "a card with the phone": (CUSTOMERS + ",王芳,{phone},,\n", "customers"),
    "the very card": (CUSTOMERS + "{number},张晓梅,{phone},xiaomei88,\n", "customers"),
    "a card with the name and phone": (CUSTOMERS + ",张晓梅,{phone},xiaomei88,\n", "customers"),
}


@pytest.mark.parametrize("rows", ROWS_ABOUT)
def test_a_number_of_another_branch_is_answered_like_one_that_exists_nowhere(theirs, target, rows):
    text, kind = ROWS_ABOUT[rows]
    create = {"create_customers": "on"} if "cards made" in rows else {}
    real, nowhere = ("VIP0001", "13812346621"), ("VIQ0002", "13912347732")
    answers = [
        answer(theirs, text.format(number=number, phone=phone), [number, phone], kind=kind, **create)
        for number, phone in (real, nowhere)
    ]
    assert answers[0] == answers[1]
    assert untouched(target)


@pytest.mark.parametrize("rows", ROWS_ABOUT)
def test_what_is_stored_leaves_the_other_branch_as_it_was(theirs, target, rows, branch):
    text, kind = ROWS_ABOUT[rows]
    run = theirs.bring(text.format(number="VIP0001", phone="13812346621"), kind=kind, create_customers="on")
    theirs.confirm(run)
    assert run.state == "done"
    assert untouched(target)
    assert not Visit.objects.filter(branch=branch).exists()
    page = theirs.page(run) + theirs.client.get("/visits/").content.decode()
    for hidden in ("张晓梅", target.get_absolute_url()):
        assert hidden not in page


def test_three_hundred_customers_are_not_read_by_their_numbers(theirs, branch):
    for n in range(30):
        builders.make_customer(branch=branch, name=f"机密{n}", card_no=f"JA-{n:06d}", phone=f"139000{n:05d}")
    rows = "".join(f"R{n},2024-05-05,JA-{n:06d},,,1\nP{n},2024-05-05,,,139000{n:05d},1\n" for n in range(40))
    run = theirs.bring(VISITS + rows)
    assert (run.counts["refused"], run.counts.get("visits", 0)) == (80, 0)
    theirs.confirm(run)
    assert not Visit.objects.exists()
    assert set(Customer.objects.values_list("last_visit_on", flat=True)) == {None}


def test_a_card_whose_number_is_taken_elsewhere_gets_a_new_one_and_keeps_the_files(
    theirs, target, other_branch, stranger_manager
):
    text = VISITS + "R1,2024-05-05,VIP0001,王芳,13700000001,100\nR2,2024-05-06,VIP0002,李莉,,50\n"
    run = theirs.bring(text, create_customers="on")
    assert "renumbered" not in run.counts  # nothing of it before it is stored
    theirs.confirm(run)
    made = Customer.objects.get(name="王芳")
    assert (made.branch, made.old_no, made.card_no) == (other_branch, "VIP0001", f"{other_branch.code}-000001")
    assert Customer.objects.get(name="李莉").card_no == "VIP0002"
    assert made.history.get().old_no == "VIP0001"
    assert run.counts["renumbered"] == 1
    assert "New cards with another number" in theirs.page(run)
    again = theirs.bring(text, create_customers="on")
    assert (again.counts["skipped"], again.counts.get("customers", 0), again.counts.get("visits", 0)) == (2, 0, 0)
    more = theirs.bring(VISITS + "R3,2024-06-05,VIP0001,,,70\n")
    theirs.confirm(more)
    assert list(made.visits.order_by("pk").values_list("receipt_no", flat=True)) == ["R1", "R3"]
    assert untouched(target)
    page = theirs.client.get(f"{made.get_absolute_url()}data/").content.decode()
    assert "VIP0001" in page


def test_customers_with_taken_numbers_are_made_once(theirs, target, other_branch):
    text = CUSTOMERS + "VIP0001,王芳,13700000001,,\nVIP0009,李莉,,,\n"
    run = theirs.bring(text, kind="customers")
    assert run.counts["customers"] == 2
    theirs.confirm(run)
    assert Customer.objects.get(name="王芳").old_no == "VIP0001"
    assert theirs.bring(text, kind="customers").counts["skipped"] == 2
    assert untouched(target)


def test_the_old_number_is_found_whole_in_the_own_branch_only(other_branch, stranger_manager, manager, owner):
    card = builders.make_customer(branch=other_branch, name="王芳", old_no="Old-77001")

    def found(staff, words):
        return [hit.customer.pk for hit in queries.search(builders.actor_of(staff), words)]

    assert found(stranger_manager, "old-77001") == [card.pk]
    assert found(owner, "Old-77001") == [card.pk]
    assert found(manager, "Old-77001") == []
    assert found(stranger_manager, "Old-7700") == []
    page = builders.client_of(stranger_manager).get("/customers/?q=old-77001").content.decode()
    assert "王芳" in page


def test_an_old_number_that_is_her_phone_is_masked(other_branch, stranger_manager):
    card = builders.make_customer(branch=other_branch, name="王芳", old_no="13700000001", phone="13700000001")
    page = builders.client_of(stranger_manager).get(f"{card.get_absolute_url()}data/").content.decode()
    assert "13700000001" not in page


def test_another_branchs_series_is_not_borne_here(theirs, branch, other_branch):
    """The numbers a branch will give next are its own: they are neither taken nor told apart from those it has given."""
    builders.make_customer(branch=branch, name="张晓梅", card_no=f"{branch.code}-000001")
    text = VISITS + f"R1,2024-05-05,{branch.code}-000001,甲,,1\nR2,2024-05-05,{branch.code}-000002,乙,,1\n"
    run = theirs.bring(text, create_customers="on")
    theirs.confirm(run)
    made = Customer.objects.filter(branch=other_branch).order_by("pk")
    assert [card.card_no for card in made] == [f"{other_branch.code}-000001", f"{other_branch.code}-000002"]
    assert [card.old_no for card in made] == [f"{branch.code}-000001", f"{branch.code}-000002"]


# --- whom the branch knows


def test_who_was_served_here_is_known_here(theirs, target, stranger_manager):
    served_at(stranger_manager, target)
    run = theirs.bring(VISITS + "R1,2024-05-05,VIP0001,,,100\nR2,2024-05-06,,,13812346621,100\n")
    assert (run.counts["visits"], run.counts["refused"]) == (2, 0)


def test_a_visit_expected_voided_or_imported_makes_nobody_known(target, other_branch, branch, stranger_manager, manager):
    actor = builders.actor_of(stranger_manager)
    Visit.objects.create(
        branch=other_branch, customer=target, day=actor.today, expected_on=actor.today, recorded_at=actor.now, status="expected"
    )
    gone = served_at(stranger_manager, target)
    gone.visits.update(status="voided", voided_at=actor.now)
    from_file = served_at(stranger_manager, target).visits.get()
    from customers.imports.models import ImportRun

    run = ImportRun.objects.create(kind="visits", branch=other_branch, created_at=actor.now, started_at=actor.now)
    ImportedVisit.objects.create(visit=from_file, run=run, content="x")
    served_at(manager, target)  # at home
    assert by_card_number({"VIP0001"}, Reach(other_branch)) == {}
    assert by_card_number({"VIP0001"}, Reach(branch)) == {"VIP0001": target.pk}
    assert by_card_number({"VIP0001"}, Reach(other_branch, everywhere=True)) == {"VIP0001": target.pk}


def test_whom_a_file_means_is_asked_of_those_it_names_alone(
    target, branch, other_branch, stranger_manager, django_assert_num_queries
):
    for _n in range(3):
        served_at(stranger_manager, builders.make_customer(branch=branch))
    with counted() as rows:
        assert Reach(branch).of([target.pk]) == {target.pk}
        assert Reach(other_branch).of([target.pk]) == set()
        assert Reach(other_branch).of([]) == set()
    assert rows == [1]


def test_nothing_is_asked_about_merged_cards_where_none_is(target, branch, django_assert_num_queries):
    with django_assert_num_queries(3):
        assert by_card_number({"VIP0001"}, Reach(branch)) == {"VIP0001": target.pk}


def test_the_card_of_a_guest_who_was_served_is_not_compared(theirs, target, stranger_manager):
    served_at(stranger_manager, target)
    rows = ["VIP0001,张晓梅,13812346621,xiaomei88,", "VIP0001,张晓梅,,wrong,", "VIP0001,张晓梅,13900000000,,"]
    said = set()
    for row in rows:
        run = theirs.bring(CUSTOMERS + row + "\n", kind="customers")
        assert (run.counts["refused"], run.counts.get("skipped", 0)) == (1, 0)
        said.add(theirs.refused(run).splitlines()[1].split(",")[1])
    assert len(said) == 1


def test_a_card_merged_into_one_of_another_branch_leads_nowhere(theirs, target, other_branch):
    builders.make_customer(branch=other_branch, name="王芳", card_no="OWN1", merged_into=target)
    run = theirs.bring(VISITS + "R1,2024-05-05,OWN1,,,100\n")
    assert run.counts["refused"] == 1
    assert "knows no card" in theirs.page(run)
    theirs.confirm(theirs.bring(VISITS + "R1,2024-05-05,OWN1,新,,100\n", create_customers="on"))
    assert Customer.objects.get(name="新").old_no == "OWN1"
    assert untouched(target)


def test_a_phone_others_have_too_is_not_ambiguous_here(theirs, target, other_branch):
    mine = builders.make_customer(branch=other_branch, name="王芳", card_no="OWN1", phone="13812346621")
    theirs.confirm(theirs.bring(VISITS + "R1,2024-05-05,,,13812346621,100\n"))
    assert mine.visits.count() == 1
    assert untouched(target)


def test_who_is_gone_between_reading_and_storing_is_not_touched(theirs, branch, other_branch):
    card = builders.make_customer(branch=other_branch, name="王芳", card_no="OWN1")
    survivor = builders.make_customer(branch=branch, name="张晓梅", card_no="V1")
    moved = builders.make_customer(branch=other_branch, name="李莉", card_no="OWN2")
    run = theirs.bring(VISITS + "R1,2024-05-05,OWN1,,,100\nR2,2024-05-05,OWN2,,,100\n")
    Customer.objects.filter(pk=card.pk).update(merged_into=survivor)
    Customer.objects.filter(pk=moved.pk).update(branch=branch)
    theirs.confirm(run)
    assert (run.counts["refused"], Visit.objects.count()) == (2, 0)


# --- the owner and the command


def test_the_owners_file_means_everybody(owners, target, other_branch):
    text = VISITS + "R1,2024-05-05,VIP0001,,,100\nR2,2024-05-06,,,13812346621,100\n"
    run = owners.bring(text, branch=other_branch.pk)
    assert (run.everywhere, run.counts["visits"]) == (True, 2)
    owners.confirm(run)
    assert target.visits.filter(branch=other_branch).count() == 2


def test_the_command_means_everybody(target, other_branch, tmp_path):
    path = write_csv(
        tmp_path / "v.csv",
        "单号 日期 卡号 手机 金额",
        [["R1", "2024-05-05", "VIP0001", "", 1], ["R2", "2024-05-05", "", "13812346621", 1]],
    )
    assert import_visits(path, other_branch)[-1] == last(2)
    path = write_csv(tmp_path / "c.csv", "卡号 姓名", [["VIP0001", "张晓梅"]])
    assert import_customers(path, other_branch)[-1] == last(0, skipped=1)


def test_the_owners_file_is_stored_and_seen_by_the_owner_only(owners, theirs, target, other_branch):
    run = owners.bring(VISITS + "R1,2024-05-05,VIP0001,,,100\nR2,x,,,,1\n", branch=other_branch.pk)
    assert "/store/" not in theirs.page(run)
    assert theirs.confirm(run).status_code == 409
    assert (run.state, Visit.objects.count()) == ("ready", 0)


def test_who_is_no_owner_any_more_does_not_store_what_was_read_as_one(owners, target, other_branch):
    run = owners.bring(VISITS + "R1,2024-05-05,VIP0001,,,100\nR2,x,,,,1\n", branch=other_branch.pk)
    staff = owners.staff
    staff.user.groups.clear()
    staff.user.groups.add(builders.Group.objects.get(name="manager"))
    staff.role, staff.branch = "manager", other_branch
    staff.save()
    assert "VIP0001" not in owners.page(run)
    assert owners.client.get(f"{run.get_absolute_url()}refused.csv").status_code == 404
    assert owners.confirm(run).status_code == 409
    assert not Visit.objects.exists()


def test_a_file_has_one_guess_at_what_a_card_says(browser, manager, target):
    """Else ten thousand rows would find the middle of a masked phone."""
    rows = "".join(f"VIP0001,张晓梅,1381234{n:04d},,\n" for n in range(6600, 6640))
    run = browser(manager).bring(CUSTOMERS + rows, kind="customers")
    assert (run.counts["refused"], run.counts.get("skipped", 0)) == (40, 0)


# --- guests whom a whole phone number finds


@pytest.fixture
def crowd(branch):
    return [builders.make_customer(branch=branch, name=f"客{n}", card_no=f"C{n}", phone=f"1390001{n:04d}") for n in range(6)]


def search(client, n):
    return client.get("/customers/search/", {"q": f"1390001{n:04d}"}, headers={"HX-Request": "true"}).content.decode()


def test_each_guest_found_by_phone_is_logged_once_an_hour(stranger, crowd):
    client = builders.client_of(stranger)
    for _twice in range(2):
        assert "客*" in search(client, 0)
    entries = AccessEntry.objects.exclude(action=AccessEntry.FIND)  # that a whole number was typed is noted apart
    entry = entries.get()
    assert (entry.action, entry.customer_id, entry.branch, entry.address) == (
        "elsewhere",
        crowd[0].pk,
        stranger.branch,
        "127.0.0.1",
    )
    search(client, 4321)
    assert entries.count() == 1


def test_beyond_the_limit_a_number_of_somebody_is_answered_like_one_of_nobody(stranger, crowd, settings):
    settings.GUESTS_AN_HOUR = 3
    client = builders.client_of(stranger)
    for n in range(3):
        assert "客*" in search(client, n)
    known, unknown = (re.sub(r"1390001\d{4}", "", search(client, n)) for n in (3, 4321))
    assert known == unknown
    assert "within an hour" in known
    assert "客*" in search(client, 0)  # who was told already can still be confirmed
    here = [client.post("/customers/here/", {"phone": f"1390001{n:04d}"}).status_code for n in (3, 4321, 0)]
    assert here == [409, 409, 302]
    assert AccessEntry.objects.filter(action="elsewhere").count() == 3


def test_confirming_guests_one_after_the_other_is_limited_too(stranger, crowd, settings):
    settings.GUESTS_AN_HOUR = 3
    client = builders.client_of(stranger)
    here = [client.post("/customers/here/", {"phone": f"1390001{n:04d}"}).status_code for n in range(5)]
    assert here == [302, 302, 302, 409, 409]


def test_the_form_of_a_card_asks_other_branches_within_the_limit(stranger, crowd, settings):
    settings.GUESTS_AN_HOUR = 2
    client = builders.client_of(stranger)
    said = []
    for n in (0, 1, 2, 4321):
        page = client.get("/customers/new/").content.decode()
        key = re.search(r'name="operation" value="([^"]+)"', page)[1]
        data = {"operation": key, "name": f"新客{n}", "phones-TOTAL_FORMS": 1, "phones-INITIAL_FORMS": 0}
        data |= {"phones-0-number": f"1390001{n:04d}", "birth_calendar": "solar"}
        for kind in ("addresses", "family"):
            data |= {f"{kind}-TOTAL_FORMS": 0, f"{kind}-INITIAL_FORMS": 0}
        answer = client.post("/customers/new/", data)
        page = answer.content.decode()
        said.append((answer.status_code, "exists in another branch" in page, "within an hour" in page))
    assert said == [(422, True, False), (422, True, False), (422, False, True), (422, False, True)]
    assert AccessEntry.objects.filter(action="elsewhere").count() == 2
    assert Phone.objects.count() == 6


def test_the_owner_is_not_limited_because_nothing_is_elsewhere(owner, crowd):
    client = builders.client_of(owner)
    assert "客0" in search(client, 0)
    assert not AccessEntry.objects.filter(action="elsewhere").exists()
