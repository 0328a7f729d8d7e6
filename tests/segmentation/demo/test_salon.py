"""The demo salon as a whole: one of 400 customers is made, and everything in it is compared with the rules of the house."""

import stat
import uuid
from collections import Counter
from datetime import date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, Max, Min, Sum
from django.test import override_settings

from archives.visits import queries
from archives.visits.bills import services
from archives.visits.bills.models import Payment
from archives.visits.bills.paid import returnable
from archives.visits.models import Bill, Line, RefundAllowance, StaffShare, Visit, VisitNote
from customers.card.models import Address, Customer, Phone, SafetyNote
from salon import access, text
from salon.accounts.models import User
from salon.database import sequences
from salon.shop.models import Branch, Item, Sequence, StaffMember
from segmentation.demo import people
from segmentation.demo.names import HARD_NAMES
from tests.archives.visits.recording import line, record
from tests.builders import actor_of
from tests.segmentation.demo import rules
from tests.segmentation.demo.fingerprints import fingerprint

AS_OF = date(2026, 6, 13)
NOW = datetime(2026, 6, 13, 11, tzinfo=ZoneInfo("Asia/Shanghai"))
CUSTOMERS = 400
# Of its rows; whoever changes what the demo is made of puts the new one here.
KNOWN = "c842b8ba51ce6293ff416d99c43867e40d4de75b1eefcf66ffdbf1c560155042"


@pytest.fixture(scope="module", autouse=True)
def salon(django_db_setup, django_db_blocker, tmp_path_factory):
    """The seeded database, for all tests here; gone with the transaction. Returns the folder of the log-ins."""
    folder = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(DATA_DIR=folder):
            call_command("seed_demo", customers=CUSTOMERS, years=2, seed=7, as_of=AS_OF, stdout=StringIO())
        yield folder
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_it_is_this_salon_everywhere():
    """Larger and longer than that of test_seed_demo.py: rarer things happen in it."""
    assert fingerprint() == KNOWN


def offenders(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


# --- What must hold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", rules.ALL)
def test_nothing_breaks_a_rule(wrong):
    assert offenders(rules.ALL[wrong])[:5] == []


@pytest.mark.django_db
def test_the_rules_see_what_is_wrong(django_assert_num_queries):
    """A control: rules that find nothing in a broken salon would be worth nothing."""
    found = []
    customer = Customer.objects.exclude(last_visit_on=None).first()
    Customer.objects.filter(pk=customer.pk).update(last_visit_on=AS_OF + timedelta(1), source="walk_by")
    found += offenders(rules.ALL["the last visit on a card is wrong"])
    RefundAllowance.objects.filter(pk=RefundAllowance.objects.first().pk).update(refunded_milli=1)
    found += offenders(rules.ALL["an allowance is not what was given back"])
    visit = Visit.objects.filter(status="arrived").first()
    Visit.objects.filter(pk=visit.pk).update(net_fen=1)
    found += offenders(rules.ALL["a visit that is not done has money"])
    note = SafetyNote.objects.create(
        customer=Line.objects.filter(item__name="水光补水", visit__customer__isnull=False).first().visit.customer,
        tag=Item.objects.get(name="水光补水").tags.get(),
        noted_on=AS_OF,
    )
    found += offenders(rules.ALL["an item a safety note speaks against, and nobody said why"])
    assert len(found) >= 4
    assert note.pk


def test_every_foreign_key_holds():
    connection.check_constraints()


def test_search_keys_are_those_that_saving_gives():
    keys = [field.attname for field in Customer._meta.concrete_fields if isinstance(field, text.KeyField)] + ["skin_order"]
    assert {"name_key", "given_pinyin", "initials_alt", "stroke_key"} < set(keys)
    for customer in Customer.objects.all():
        stored = [getattr(customer, key) for key in keys]
        customer.set_keys()
        assert stored == [getattr(customer, key) for key in keys], customer.name
    for phone in Phone.objects.all():
        stored = (phone.digits, phone.digits_reversed)
        phone.set_keys()
        assert stored == (phone.digits, phone.digits_reversed)


def test_values_are_valid_for_the_forms():
    """What is stored could have been typed: choices, lengths, ranges."""
    for model in (Branch, StaffMember, Item, Customer, Phone, Address, SafetyNote, Bill, Visit, Line, Payment, VisitNote):
        fields = {field.name for field in model._meta.fields}
        relations = {field.name for field in model._meta.fields if field.is_relation}
        left_empty = {"portrait", "bill", "business_date", "voided_at", "refunds", "replaces", "payer"} & fields
        for each in model.objects.order_by("pk")[:300]:
            each.clean_fields(exclude=relations | left_empty | {field.name for field in model._meta.fields if field.null})


# --- Believable -------------------------------------------------------------------------------------------------------


def test_as_many_customers_as_asked_for():
    assert Customer.objects.count() == CUSTOMERS
    first, last = Customer.objects.aggregate(a=Min("card_no"), b=Max("card_no")).values()
    assert (first, last) == ("JA-000001", f"JA-{CUSTOMERS:06d}")
    assert Branch.objects.get().name == "静安店"
    assert 8 <= StaffMember.objects.count() <= 20
    assert Item.objects.filter(kind="service").count() >= 40
    assert Item.objects.filter(kind="product").count() >= 30
    assert Counter(StaffMember.objects.values_list("role", flat=True))["owner"] == 1


def test_the_history_is_as_long_as_asked_for():
    days = Visit.objects.done().aggregate(first=Min("business_date"), last=Max("business_date"))
    assert date(2024, 6, 13) <= days["first"] <= date(2024, 6, 16)
    assert days["last"] == AS_OF
    assert 8 < Visit.objects.done().count() / CUSTOMERS < 20


def test_who_is_as_old_as_a_band_ends_is_in_the_next():
    bands = ["under18", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
    assert [people.band_of(age) for age in (17, 24, 34, 44, 54, 64, 90)] == bands
    assert [people.band_of(age) for age in (18, 25, 35, 45, 55, 65)] == bands[1:]


def test_few_customers_make_most_of_the_consumption():
    spent = Visit.objects.done().exclude(customer=None).order_by().values_list("customer").annotate(fen=Sum("net_fen"))
    amounts = sorted((fen for _customer, fen in spent), reverse=True)
    share = sum(amounts[: len(amounts) // 5]) / sum(amounts)
    assert 0.68 < share < 0.82


def test_customers_come_and_stay_away_in_every_way():
    paid = Visit.objects.done().filter(has_positive_line=True).exclude(customer=None)
    days = paid.order_by().values("customer").annotate(days=Count("business_date", distinct=True), last=Max("business_date"))
    days = list(days)
    share = {
        "never": 1 - len(days) / CUSTOMERS,
        "once": sum(row["days"] == 1 for row in days) / CUSTOMERS,
        "often": sum(row["days"] >= 24 for row in days) / CUSTOMERS,
        "lapsed": sum(row["last"] < AS_OF - timedelta(180) for row in days) / len(days),
    }
    assert 0.05 < share["never"] < 0.2
    assert 0.08 < share["once"] < 0.25
    assert 0.1 < share["often"] < 0.35
    assert 0.2 < share["lapsed"] < 0.5
    free = Visit.objects.done().filter(has_positive_line=False, customer__isnull=False, net_fen=0)
    assert free.exists()


def test_busy_before_the_festival_closed_on_it_and_full_on_weekends():
    on = Counter(Visit.objects.done().values_list("business_date", flat=True))
    festival = date(2026, 2, 17)

    def per_day(first, days):
        return sum(on[first + timedelta(n)] for n in range(days)) / days

    assert per_day(festival - timedelta(1), 5) == 0
    assert per_day(festival - timedelta(29), 28) > 1.25 * per_day(festival + timedelta(4), 28)
    weekdays = Counter()
    for day, count in on.items():
        weekdays[day.weekday()] += count
    assert weekdays[5] > 1.6 * weekdays[0]
    assert weekdays[6] > 1.4 * weekdays[1]


def test_each_customer_has_an_interval_and_a_beautician_of_her_own():
    rhythms = queries.rhythms(list(Customer.objects.values_list("pk", flat=True)), AS_OF)
    usual = sorted(rhythm.usual_days for rhythm in rhythms.values() if rhythm.visit_days >= 6)
    assert usual[len(usual) // 10] < 18
    assert usual[-len(usual) // 10] > 28
    served = StaffShare.objects.exclude(line__visit__customer=None).order_by()
    counts = served.values_list("line__visit__customer", "staff").annotate(n=Count("pk"))
    by_customer = {}
    for customer, _staff, count in counts:
        by_customer.setdefault(customer, []).append(count)
    loyal = [max(each) / sum(each) for each in by_customer.values() if sum(each) > 10]
    assert sum(loyal) / len(loyal) > 0.5


def test_the_till_has_seen_everything():
    assert Bill.objects.filter(refunds__isnull=False).count() >= 5
    voided = Bill.objects.filter(voided_at__isnull=False)
    assert voided.count() >= 5
    assert not voided.filter(voided_by=None).exists()
    assert Bill.objects.filter(replaces__isnull=False).exists()
    assert Bill.objects.annotate(n=Count("visits")).filter(n__gt=1).exists()
    assert Bill.objects.annotate(n=Count("payments")).filter(n__gt=1).exists()
    assert set(Payment.objects.values_list("means", flat=True)) == set(Payment.OFFERED)
    reasons = set(Line.objects.exclude(discount_reason="").values_list("discount_reason", flat=True))
    assert {"member", "offer", "regular", "complaint", "staff", "other"} <= reasons
    assert Line.objects.filter(kind="product", quantity_milli__gt=1000).exists()
    assert Visit.objects.filter(customer=None, status="done").exists()
    assert {"no_show", "cancelled"} <= set(Visit.objects.filter(day__lt=AS_OF).values_list("status", flat=True))
    assert set(Visit.objects.values_list("channel", flat=True)) == {"shop", "phone", "web"}
    assert set(VisitNote.objects.values_list("kind", flat=True)) == {"next", "desk"}
    assert not VisitNote.objects.filter(text__contains="{").exists()


def test_names_are_of_all_kinds_and_the_hard_ones_are_there():
    names = set(Customer.objects.values_list("name", flat=True))
    assert set(HARD_NAMES) <= names
    assert {"张晓梅", "单慧敏", "欧阳静", "曾莉", "尉迟静", "陳美鳳", "Anna Müller"} <= names
    assert any(char > "\uffff" for name in names for char in name)
    surnames = Counter(name[0] for name in names)
    assert all(surnames[common] >= 5 for common in "王李张刘陈")
    men = Customer.objects.filter(gender="male").count()
    assert 0.02 * CUSTOMERS < men < 0.12 * CUSTOMERS


def test_a_hard_name_is_found_by_its_reading():
    found = Customer.objects.filter(text.starts_with("pinyin", "shanhuimin"))
    assert [customer.name for customer in found] == ["单慧敏"]
    assert Customer.objects.filter(text.starts_with("pinyin_alt", "danhuimin")).get().name == "单慧敏"


def test_cards_are_filled_as_cards_are():
    cards = Customer.objects.all()
    filled = {name: cards.exclude(**{name: ""}).count() / CUSTOMERS for name in ("called", "occupation", "note", "skin_type")}
    assert all(0.25 < share < 1 for share in filled.values())
    lunar = cards.filter(birth_calendar="lunar").count()
    assert 0.03 * CUSTOMERS < lunar < 0.3 * CUSTOMERS
    assert cards.filter(birth_month__isnull=False, birth_year=None).exists()
    assert cards.exclude(age_band="").exists()
    assert cards.filter(referred_by__referred_by__isnull=False).exists()
    with_notes = SafetyNote.objects.values("customer").distinct().count()
    assert 0.04 * CUSTOMERS < with_notes < 0.13 * CUSTOMERS
    assert Address.objects.exclude(community="").values("community").distinct().count() > 5


def test_phones_could_exist():
    for phone in Phone.objects.all():
        number = phonenumbers.parse(phone.number, "CN")
        assert phonenumbers.is_valid_number(number), phone.number
    shared = Phone.objects.values("digits").annotate(n=Count("pk")).filter(n__gt=1).count()
    assert shared < 0.05 * CUSTOMERS


# --- The front desk ---------------------------------------------------------------------------------------------------


def test_today_has_visits_in_every_state():
    today = Counter(Visit.objects.filter(day=AS_OF).values_list("status", flat=True))
    assert {"expected", "arrived", "in_care", "done", "no_show", "cancelled"} <= set(today)
    waiting = Visit.objects.get(day=AS_OF, status="arrived", customer__name="李婷")
    assert NOW - waiting.arrived_at == timedelta(minutes=6)
    assert waiting.planned.get().item.name == "皮肤检测与咨询"
    assert not Visit.objects.filter(customer=waiting.customer, status="done").exists()
    expected = Visit.objects.filter(day=AS_OF, status="expected")
    assert all(visit.expected_time and visit.assigned and visit.planned.exists() for visit in expected)
    done = Visit.objects.done().filter(day=AS_OF)
    assert 0 < done.filter(notes__kind="next").distinct().count() < done.count()
    assert max(done.values_list("done_at", flat=True)) <= NOW


def test_nobody_stands_twice_on_the_days_to_come():
    ahead = Visit.objects.filter(day__gte=AS_OF, status__in=["expected", "arrived", "in_care"])
    assert ahead.values("customer").distinct().count() == ahead.count()
    tomorrow = ahead.filter(day=AS_OF + timedelta(1))
    assert tomorrow.count() >= 5
    assert all(visit.expected_time for visit in tomorrow)
    assert ahead.filter(customer__last_visit_on=None, day__gt=AS_OF).exists()


def test_nothing_happened_after_now():
    latest = Visit.objects.aggregate(a=Max("recorded_at"), b=Max("arrived_at"), c=Max("voided_at"))
    assert max(moment for moment in latest.values() if moment) <= NOW
    assert Customer.objects.aggregate(m=Max("card_date"))["m"] <= AS_OF


# --- Log-ins ----------------------------------------------------------------------------------------------------------


def test_one_log_in_per_role(salon):
    file = salon / "demo-logins.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [row.split() for row in file.read_text(encoding="utf-8").splitlines()]
    assert [role for role, _user, _password in lines] == list(access.ROLES)
    assert [user for _role, user, _password in lines] == ["reception", "beauty", "manager", "owner"]
    for role, username, password in lines:
        user = User.objects.get(username=username)
        assert len(password) >= 12
        assert user.check_password(password)
        assert user.is_demo
        assert [group.name for group in user.groups.all()] == [role]
        assert user.staff.role == role
        assert not user.check_password("")


def test_the_front_desk_can_go_on(rf):
    """The services of the product work on what was seeded: numbers continue, bills can be voided and given back."""
    actor = actor_of(StaffMember.objects.get(user__username="reception"), now=NOW)
    owner = actor_of(StaffMember.objects.get(user__username="owner"), now=NOW)
    last = Sequence.objects.get(kind="receipt").last
    assert Bill.objects.count() == last
    with transaction.atomic():
        bill = record(actor, Customer.objects.get(name="欧阳静"), line(Item.objects.get(name="眼部护理")))
        assert bill.receipt_no == f"JA-R{last + 1:07d}"
        waiting = Visit.objects.get(status="arrived", customer__name="李婷")
        assert queries.day_board(owner, AS_OF)["arrived"][1] > 0
        sold = Line.objects.filter(kind="product", allowance__refunded_fen=0, value_fen__gt=0, visit__status="done").last()
        payments = returnable(sold.visit.bill).proposed(sold.value_fen)
        services.refund(
            actor=owner,
            key=uuid.uuid4(),
            bill=sold.visit.bill,
            lines=[(sold, sold.quantity_milli, sold.value_fen)],
            payments=payments,
            reason="退货",
        )
        assert RefundAllowance.objects.get(pk=sold.pk).refunded_fen == sold.value_fen
        today = Bill.objects.filter(voided_at=None, refunds=None, business_date=AS_OF, payer__isnull=False).first()
        services.void_bill(actor=owner, key=uuid.uuid4(), bill=today, reason="重复录入")
        assert waiting.is_open
        transaction.set_rollback(True)


def test_the_next_card_has_a_new_number():
    with transaction.atomic():
        from salon.shop.queries import next_number

        branch = Branch.objects.get()
        assert next_number(branch, "card") == CUSTOMERS + 1
        Customer.objects.create(branch=branch, name="新顾客", card_no=f"JA-{CUSTOMERS + 1:06d}", card_date=AS_OF)
        transaction.set_rollback(True)


def test_people_log_in(salon, rf):
    lines = (salon / "demo-logins.txt").read_text(encoding="utf-8").splitlines()
    _role, username, password = lines[0].split()
    assert authenticate(rf.post("/"), username=username, password=password).username == username


@pytest.mark.django_db
def test_new_rows_go_on_from_the_demos_numbers():
    """The demo numbers its rows itself; on PostgreSQL every table must know of them."""
    assert sequences.behind() == []
