"""A page of visit entry that was made before an undo, a correction or another tab: sent late it says what it means by now."""

import uuid

from archives.visits.bills import services
from archives.visits.desk import arrivals
from archives.visits.models import Bill, Visit
from salon import operations
from tests import builders
from tests.archives.reading import counted
from tests.archives.visits.entered import ENTRY, again, sent_line, store, text_of, undo_now
from tests.archives.visits.entering import sent
from tests.archives.visits.recording import line, record


def test_the_first_page_saved_with_another_price_takes_the_undone_bills_place(desk, receptionist, customer, facial, waiting):
    """Back to the page it was typed in, corrected there: one 409 that says so, then the waiting customer is finished."""
    first = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    undo_now(receptionist, store(desk, first))
    late = desk.post(ENTRY, first | {"lines-0-price": "300"})
    assert late.status_code == 409
    said = text_of(late)
    assert "What this form stored was undone, and nothing since." in said
    assert "Nothing was stored yet." not in said
    assert "张晓梅 is open again: Arrived" in said
    visit = store(desk, again(late))
    former = Bill.objects.order_by("pk").first()
    assert (visit.bill.replaces, visit.net_fen, visit.assigned, visit.arrived_at) == (
        former,
        30_000,
        waiting.assigned,
        waiting.arrived_at,
    )
    assert not Visit.objects.filter(status__in=("arrived", "in_care")).exists()


def test_a_second_tab_finishes_the_visit_that_is_open_again(desk, receptionist, facial, waiting):
    second = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial, price="300"))
    undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))))
    reopened = Visit.objects.get(status="arrived")
    late = desk.post(ENTRY, second | {"lines-0-remark": str(reopened.pk)})  # a number like that of the visit is not the visit
    assert late.status_code == 409
    assert "It is open again, since that was undone" in text_of(late)
    assert "Saving again" not in text_of(late)  # nothing else is to be said
    visit = store(desk, again(late))
    assert (visit.net_fen, visit.assigned) == (30_000, waiting.assigned)
    assert dict(Visit.objects.values_list("pk", "status")) == {waiting.pk: "voided", visit.pk: "done"}


def test_once_it_is_entered_again_an_older_page_says_so_and_is_a_visit_of_its_own(desk, receptionist, facial, waiting):
    first = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    entry = undo_now(receptionist, store(desk, first))
    tab = again(desk.get(entry), **{"lines-0-price": "300"})
    stored = store(desk, again(desk.get(entry)))
    for data in (first | {"lines-0-price": "300"}, tab):
        late = desk.post(entry, data)
        said = text_of(late)
        assert late.status_code == 409
        assert "Nothing is stored until" not in said
        assert "Correct a visit" not in said
        fields = again(late)
        assert (fields["replaces"], fields["guests-0-visit"]) == ("", "")
    assert stored.get_absolute_url() in text_of(desk.post(ENTRY, first | {"lines-0-price": "300"}))
    wrong = text_of(desk.post(entry, tab | {"lines-0-quantity": "x"}))
    assert "Undone." not in wrong
    assert "You are correcting" not in wrong


def test_of_several_customers_only_who_is_finished_is_let_go(
    desk, receptionist, manager, actor, branch, customer, facial, waiting
):
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    guests = [{"customer": customer, "visit": waiting.pk}, {"customer": friend, "visit": hers.pk}]
    both = sent(receptionist, guests, [{"item": facial}, {"item": facial, "guest": 1}])
    arrivals.move_visit(actor=builders.actor_of(manager), visit=waiting, to="cancelled")
    late = desk.post(ENTRY, both)
    assert late.status_code == 409
    store(desk, again(late))
    assert dict(Visit.objects.filter(pk__in=[waiting.pk, hers.pk]).values_list("pk", "status")) == {
        waiting.pk: "cancelled",
        hers.pk: "done",
    }


def test_an_older_correction_follows_what_stands_again(desk, receptionist, actor, customer, facial):
    """Corrected, undone, and the page of the correction saved with another price: it corrects what stands again."""
    first = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={first.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    other_tab = page | {"operation": operations.new_key(receptionist.user, "visit")}
    undo_now(receptionist, store(desk, page))
    (stands,) = Bill.objects.filter(voided_at=None)
    for data in (page | {"lines-0-price": "200"}, other_tab):
        late = desk.post(ENTRY, data)
        assert late.status_code == 409
        assert again(late)["replaces"] == str(stands.pk)
        assert f"You are correcting receipt {stands}" in text_of(late)
        assert "a visit of its own" not in text_of(late)
    assert store(desk, again(late)).bill.replaces == stands
    assert Bill.objects.filter(voided_at=None).count() == 1


def test_nobody_takes_the_place_of_what_another_undid(receptionist, manager, desk, facial, waiting):
    """Her page of the waiting customer finishes the visit; the undone bill stays hers who undid it."""
    boss = builders.client_of(manager)
    theirs = again(boss.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    undo_now(receptionist, store(desk, again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))))
    visit = store(boss, again(boss.post(ENTRY, theirs)))
    assert visit.bill.replaces is None
    entry = desk.get(f"{ENTRY}?undone={waiting.pk}", follow=True)
    assert "has been entered again already" in text_of(entry)


def test_whose_correction_another_undid_the_bill_of_stores_it_as_a_visit_of_its_own(
    receptionist, manager, desk, actor, customer, facial
):
    bill = record(actor, customer, line(facial))
    boss = builders.client_of(manager)
    theirs = again(boss.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1")
    undo_now(receptionist, bill.visits.get())
    late = boss.post(ENTRY, theirs)
    assert (late.status_code, again(late)["replaces"]) == (409, "")
    assert store(boss, again(late)).bill.replaces is None


def test_a_late_correction_of_what_a_colleague_has_corrected_since_says_what_stands_by_now_and_corrects_that(
    desk, receptionist, actor, customer, facial
):
    first = record(actor, customer, line(facial))
    second = record(actor, customer, line(facial), replaces=first)
    page = again(desk.get(f"{ENTRY}?replaces={second.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    third = record(actor, customer, line(facial, unit_price_fen=20_000), replaces=second)
    late = desk.post(ENTRY, page)
    assert (late.status_code, again(late)["replaces"]) == (409, str(third.pk))
    for said in (f"It stands as receipt {third} by now: saving again corrects that.", f"You are correcting receipt {third}"):
        assert said in text_of(late)
    assert store(desk, again(late)).bill.replaces == third


def test_a_correction_that_stands_in_nothing_s_way_is_not_said_to_be_another(desk, manager, actor, branch, customer, facial):
    """It comes too late for a friend's visit, not for the bill: of that nothing has changed, and nothing is said."""
    friend = builders.make_customer(branch=branch, name="李婷")
    hers = arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=friend)
    bill = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1", **{"guests-1-customer": friend.pk})
    page |= {"guests-1-visit": hers.pk, "lines-1-guest": "1", "lines-1-item": facial.pk, "lines-1-price": "380"}
    arrivals.move_visit(actor=builders.actor_of(manager), visit=hers, to="cancelled")
    late = desk.post(ENTRY, page | {"lines-1-quantity": "1"})
    assert (late.status_code, again(late)["replaces"]) == (409, str(bill.pk))
    said = late.context["form"].general[-1]
    assert "Saving again stores a visit of its own for 李婷." in said
    assert "by now" not in said
    assert "a bill of its own" not in said


def test_a_late_correction_of_what_was_voided_is_a_bill_of_its_own(desk, receptionist, manager, actor, customer, facial):
    bill = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1")
    services.void_bill(actor=builders.actor_of(manager), key=uuid.uuid4(), bill=bill, reason="重复")
    late = desk.post(ENTRY, page)
    assert (late.status_code, again(late)["replaces"]) == (409, "")
    assert "Saving again stores a bill of its own." in text_of(late)
    assert "You are correcting" not in text_of(late)
    assert store(desk, again(late)).bill.replaces is None


def test_what_was_stored_with_other_content_and_stands_is_not_replaced_nor_is_what_was_undone_for_somebody_else(
    desk, receptionist, branch, customer, facial
):
    undo_now(receptionist, store(desk, sent(receptionist, [builders.make_customer(branch=branch)], [{"item": facial}])))
    data = sent(receptionist, [customer], [{"item": facial}])
    store(desk, data)
    late = desk.post(ENTRY, data | {"lines-0-price": "300"})
    assert (late.status_code, again(late)["replaces"]) == (409, "")


def test_a_page_sent_too_late_looks_at_no_visits_but_its_own(desk, receptionist, actor, branch, customer, facial):
    data = sent(receptionist, [customer], [{"item": facial}])
    store(desk, data)

    def read():
        with counted() as rows:
            assert desk.post(ENTRY, data | {"lines-0-price": "300"}).status_code == 409
        return rows

    before = read()
    for _n in range(2):
        arrivals.check_in(actor=actor, key=uuid.uuid4(), branch=branch, customer=builders.make_customer(branch=branch))
    assert read() == before


def test_a_page_older_than_several_undos_is_told_the_truth(desk, receptionist, customer, facial):
    first = sent(receptionist, [customer], [{"item": facial}])
    entry = undo_now(receptionist, store(desk, first))
    for _n in range(2):
        entry = undo_now(receptionist, store(desk, again(desk.get(entry))))
    late = desk.post(ENTRY, first | {"lines-0-price": "300"})
    assert late.status_code == 409
    assert "What this form stored was undone, and nothing since." in text_of(late)
    last = Bill.objects.order_by("pk").last()
    assert store(desk, again(late)).bill.replaces == last
    assert Bill.objects.filter(voided_at=None).count() == 1


def test_what_stood_again_and_was_voided_is_not_called_entered_again(desk, receptionist, manager, actor, customer, facial):
    first = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={first.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    entry = undo_now(receptionist, store(desk, page))
    stands = Bill.objects.get(voided_at=None)
    services.void_bill(actor=builders.actor_of(manager), key=uuid.uuid4(), bill=stands, reason="重复")
    shown = desk.get(entry, follow=True)
    assert shown.redirect_chain == [(stands.visits.get().get_absolute_url(), 302)]
    assert "What stood again was voided meanwhile." in text_of(shown)
    assert "entered again" not in text_of(shown)


def test_the_first_page_saved_unchanged_after_its_undo_leads_to_what_is_open_again(
    desk, receptionist, manager, customer, facial, waiting
):
    """Back, and Save: not to the voided visit without a word. Once it stands, or was voided, to that."""
    first = again(desk.get(f"{ENTRY}?visit={waiting.pk}"), **sent_line(facial))
    assert desk.post(ENTRY, first)["Location"] == desk.post(ENTRY, first)["Location"] == f"/visits/{waiting.pk}/saved/"
    undo_now(receptionist, Visit.objects.get(pk=waiting.pk))
    back = desk.post(ENTRY, first, follow=True)
    assert back.redirect_chain == [(f"{ENTRY}?undone={waiting.pk}", 302)]
    assert "Undone. Nothing is stored until you save." in text_of(back)
    second = again(back)
    visit = store(desk, second)
    entered = desk.post(ENTRY, first, follow=True)
    assert entered.redirect_chain[-1] == (visit.get_absolute_url(), 302)
    services.void_bill(actor=builders.actor_of(manager), key=uuid.uuid4(), bill=visit.bill, reason="重复")
    voided = desk.post(ENTRY, second, follow=True)
    assert voided.redirect_chain[-1] == (visit.get_absolute_url(), 302)
    assert "This was stored before, and has been undone, corrected or voided since." in text_of(voided)


def test_an_older_page_of_a_correction_that_stands_does_not_call_it_another_visit(desk, actor, customer, facial):
    bill = record(actor, customer, line(facial))
    page = again(desk.get(f"{ENTRY}?replaces={bill.visits.get().pk}"), nobody="1", **{"lines-0-price": "300"})
    stored = store(desk, page)
    late = desk.post(ENTRY, page | {"lines-0-price": "200"})
    said = text_of(late)
    assert (late.status_code, again(late)["replaces"]) == (409, str(stored.bill.pk))
    assert "Saving again corrects that." in said
    assert "another visit" not in said
