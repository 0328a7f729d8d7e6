"""A file of candidates does not tell the phone behind a mask, 138****6621: neither in one nor in many, nor by card numbers."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from archives.visits.models import Visit
from customers.card.models import Customer
from customers.imports import guesses
from customers.imports.models import GuessedPhone
from customers.log.models import AccessEntry
from tests import builders
from tests.archives.imports.importing import import_visits, last, write_csv

pytestmark = pytest.mark.django_db
VISITS, CUSTOMERS = "单号,日期,卡号,姓名,手机,金额\n", "卡号,姓名,手机,微信,生日\n"
TRUE = "13812346621"
FALSE = [f"138{n:04d}6621" for n in range(1200, 1260) if n != 1234]
BARRED = str(guesses.BARRED)


def visit_rows(numbers, column="phone"):
    return "".join(f"R{n},2024-05-05,{f'{n},,' if column == 'card' else f',,{n}'},1\n" for n in numbers)


@pytest.fixture
def target(branch):
    return builders.make_customer(branch=branch, name="张晓梅", card_no="VIP0001", phone=TRUE)


@pytest.fixture(params=["manager", "owner"])
def who(request, branch):
    """Whoever sees the mask: the owner, too."""
    return request.getfixturevalue(request.param)


def says_nothing_of(its, run, numbers):
    """True if the rows of all these numbers were refused in the same words."""
    lines = its.refused(run).splitlines()[1:]
    return len(lines) == len(numbers) and all(BARRED in line for line in lines)


def test_a_file_of_visits_with_all_candidates_is_answered_alike(browser, who, branch, target):
    its, numbers = browser(who), [*FALSE[:30], TRUE, *FALSE[30:]]
    run = its.bring(VISITS + visit_rows(numbers), branch=branch.pk)
    assert (run.counts.get("visits", 0), run.counts["refused"]) == (0, len(numbers))
    assert says_nothing_of(its, run, numbers)
    assert list(AccessEntry.objects.filter(action="find").values_list("user", "customer_id", "field")) == [
        (who.user.pk, target.pk, "phone")
    ]


def test_those_whose_phone_shows_the_mask_are_named_in_the_access_log_once(browser, manager, branch, target):
    """The oldest cards of that mask, as a stand-in can be the phone of thousands; nobody whose phone has another head."""
    builders.make_customer(branch=branch, phone="13912346621")
    same = [builders.make_customer(branch=branch, phone=f"138900{n}6621").pk for n in range(10, 16)]
    its = browser(manager)
    for numbers in (FALSE[:20], FALSE[20:]):
        its.bring(VISITS + visit_rows(numbers))
    logged = AccessEntry.objects.filter(action="find").order_by("pk").values_list("customer_id", flat=True)
    assert list(logged) == [target.pk, *same][: guesses.MOST_NAMED]


def test_without_the_count_the_true_number_is_the_one_row_that_is_taken(browser, manager, target, monkeypatch):
    """The control: what a file told."""
    monkeypatch.setattr(guesses, "MOST", 10_000)
    run = browser(manager).bring(VISITS + visit_rows([*FALSE[:30], TRUE, *FALSE[30:]]))
    assert (run.counts["visits"], run.counts["refused"]) == (1, len(FALSE))


def test_files_of_one_candidate_each_are_counted_together_for_a_day(browser, manager, target):
    its = browser(manager)
    for number in FALSE[: guesses.MOST + 1]:
        assert its.bring(VISITS + visit_rows([number])).counts["refused"] == 1
    assert its.bring(VISITS + visit_rows([TRUE])).counts["refused"] == 1
    GuessedPhone.objects.update(at=timezone.now() - guesses.PERIOD - timedelta(seconds=1))
    assert its.bring(VISITS + visit_rows([TRUE])).counts["visits"] == 1
    assert not GuessedPhone.objects.exists()


def test_a_file_of_customers_tells_no_more(browser, manager, target):
    """By the phone alone; by the phone beside a card number that is known, one guess a file."""
    its = browser(manager)
    numbers = [*FALSE[:30], TRUE]
    run = its.bring(CUSTOMERS + "".join(f",别名,{number},,\n" for number in numbers), kind="customers")
    assert (run.counts["customers"], run.counts["skipped"], run.counts["refused"]) == (0, 0, len(numbers))
    assert says_nothing_of(its, run, numbers)


def test_guesses_beside_a_card_number_that_is_known_are_counted_too(browser, manager, target):
    its = browser(manager)
    row = "VIP0001,张晓梅,{},,\n"
    for number in FALSE[: guesses.MOST + 1]:
        assert its.bring(CUSTOMERS + row.format(number), kind="customers").counts["refused"] == 1
    run = its.bring(CUSTOMERS + row.format(TRUE), kind="customers")
    assert (run.counts["skipped"], run.counts["refused"]) == (0, 1)
    assert says_nothing_of(its, run, [TRUE])


def test_card_numbers_that_are_phones_are_guesses_too(browser, manager, branch):
    builders.make_customer(branch=branch, name="李婷", card_no=TRUE, phone=TRUE)
    its, numbers = browser(manager), [*FALSE[:30], TRUE]
    run = its.bring(VISITS + visit_rows(numbers, "card"))
    assert says_nothing_of(its, run, numbers)


def test_an_honest_file_is_taken_however_often_it_is_sent(browser, manager, branch, target):
    """A few numbers that look like a customer's are nobody's by chance; the same ones again are no further guesses."""
    its = browser(manager)
    others = [builders.make_customer(branch=branch, phone=f"139{n:04d}1234").phones.get().number for n in range(20)]
    rows = visit_rows([TRUE, *others, *FALSE[: guesses.MOST], *(f"1371234{n:04d}" for n in range(50))])
    for _time in range(3):
        run = its.bring(VISITS + rows)
        assert (run.counts["visits"], run.counts["refused"]) == (21, guesses.MOST + 50)
        assert BARRED not in its.refused(run)
    assert GuessedPhone.objects.count() == guesses.MOST  # of masks nobody has, nothing is kept
    assert not AccessEntry.objects.filter(action="find").exists()


def test_what_a_file_says_of_customers_truly_or_of_new_ones_is_no_guess(browser, manager, branch, target):
    """The own phone beside the card number; phones of new cards, which are looked for nowhere."""
    builders.make_customer(branch=branch, name="李婷", card_no="VIP0002", phone="13912346621")
    its = browser(manager)
    known = f"VIP0001,张晓梅,{TRUE},,\nVIP0002,李婷,13912346621,,\n"
    new = "".join(f"N{number},新客,{number},,\n" for number in FALSE[:20])
    run = its.bring(CUSTOMERS + known + new, kind="customers")
    assert (run.counts["skipped"], run.counts["customers"], run.counts["refused"]) == (2, 20, 0)
    assert not GuessedPhone.objects.exists()


def test_one_persons_guesses_are_not_anothers_and_the_command_is_not_counted(browser, manager, owner, branch, target, tmp_path):
    browser(manager).bring(VISITS + visit_rows(FALSE))
    assert browser(owner).bring(VISITS + visit_rows([TRUE]), branch=branch.pk).counts["visits"] == 1
    rows = [[f"R{n}", "2024-05-05", n, "1"] for n in (*FALSE, TRUE)]
    report = import_visits(write_csv(tmp_path / "a.csv", "单号 日期 手机 金额", rows), branch)
    assert report[-1] == last(1, refused=len(FALSE))


@pytest.mark.parametrize(("digits", "rows"), [(8, 10_000), (10, 10_000), (7, 600)])
def test_honest_files_of_shorter_numbers_are_taken_and_guessers_are_not(manager, branch, monkeypatch, digits, rows):
    """Numbers of Hong Kong and Taiwan, whose masks show no head: thousands by chance share the last digits of somebody's."""
    honest = guesses.Guesses(user=manager.user, branch=branch, now=timezone.now())
    monkeypatch.setattr(honest, "_masks_shown", lambda: Everything())
    chance = random.Random(20261127)
    numbers = {f"{chance.randrange(2 * 10 ** (digits - 1), 10**digits)}" for _n in range(rows)}
    honest.note(numbers)
    assert not [number for number in numbers if honest.bar(number)]
    tail = "66" if digits == 7 else "1234"
    tried = [f"{n}{tail}" for n in range(2 * 10 ** (digits - len(tail) - 1), 2 * 10 ** (digits - len(tail) - 1) + 400)]
    honest.note(tried)
    assert all(map(honest.bar, tried))
    guesser = guesses.Guesses(user=None, branch=branch, now=timezone.now())
    guesser.note(tried)
    assert not any(map(guesser.bar, tried)), "the command"


class Everything:
    """Somebody's phone shows each mask."""

    def __contains__(self, mask):
        return True


def test_what_is_kept_of_a_guess_is_no_number(browser, manager, target):
    browser(manager).bring(VISITS + visit_rows(FALSE[:1]))
    guess = GuessedPhone.objects.get()
    assert (guess.user, guess.mask) == (manager.user, "138****6621")
    assert FALSE[0] not in f"{guess.digest}{guess.mask}"


# --- Card numbers made like phones ---------------------------------------------------------------------------------------


def test_card_numbers_made_like_phones_do_not_say_whose_phone_is_known_elsewhere(browser, branch, other_branch):
    """All of them get new numbers, taken elsewhere or not; each is kept as the number in the old system."""
    taken = [f"139000{n:05d}" for n in range(10)]
    for number in taken:
        builders.make_customer(branch=branch, card_no=number, phone=number)
    its = browser(builders.make_staff(branch=other_branch, role="manager", name="外店长"))
    numbers = [*taken, *(f"139000{n:05d}" for n in range(10, 20))]
    run = its.bring(CUSTOMERS + "".join(f"{number},新客,,,\n" for number in numbers), kind="customers")
    its.confirm(run)
    made = Customer.objects.filter(branch=other_branch)
    assert (run.counts["customers"], run.counts["renumbered"]) == (20, 20)
    assert sorted(made.values_list("old_no", flat=True)) == numbers
    assert not made.filter(card_no__in=numbers).exists()


def test_visits_find_the_cards_that_were_numbered_anew(browser, branch, other_branch):
    its = browser(builders.make_staff(branch=other_branch, role="manager", name="外店长"))
    number = "13900000001"
    its.confirm(its.bring(CUSTOMERS + f"{number},新客,,,\n", kind="customers"))
    its.confirm(its.bring(VISITS + visit_rows([number], "card")))
    assert Visit.objects.get().customer.old_no == number


@pytest.mark.parametrize("alone", [True, False])
def test_where_nobody_is_elsewhere_and_for_the_owner_such_numbers_stay(browser, manager, owner, branch, alone, request):
    if not alone:
        request.getfixturevalue("other_branch")
    its = browser(manager if alone else owner)
    run = its.bring(CUSTOMERS + "13900000001,新客,,,\n", kind="customers", branch=branch.pk)
    its.confirm(run)
    assert (Customer.objects.get().card_no, run.counts["renumbered"]) == ("13900000001", 0)
