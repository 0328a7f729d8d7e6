"""Storing a form: once however often it is sent, and never over what somebody else saved meanwhile."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from salon import operations
from salon.shop import forms, history
from salon.shop.models import Category, Item
from tests import builders
from tests.marks import several_writers
from tests.salon.shop.browser import errors, filled, opened

NEW = "/shop/items/new/"


@pytest.fixture
def boss(manager):
    return builders.client_of(manager)


@pytest.fixture
def item(db):
    return builders.make_item(name="眼部护理", price_fen=38_000, minutes=45)


def edit_url(item):
    return reverse("shop:item_edit", args=[item.pk])


def test_a_stale_save_shows_both_sides_and_stores_nothing(boss, owner, item):
    _page, mine = opened(boss, edit_url(item))
    other = builders.client_of(owner)
    _page, theirs = opened(other, edit_url(item))
    assert other.post(edit_url(item), theirs | {"price_fen": "400"}).status_code == 302

    response = boss.post(edit_url(item), mine | {"minutes": "60"})
    assert response.status_code == 409
    shown = {(each.label, each.stored, each.typed) for each in response.context["form"].differences}
    assert shown == {("Price", "¥\xa0400.00", "¥\xa0380.00"), ("Minutes", "45", "60")}
    item.refresh_from_db()
    assert (item.price_fen, item.minutes) == (40_000, 45)

    # Having seen it, the person may insist: the page carries what is stored now.
    assert boss.post(edit_url(item), filled(response)).status_code == 302
    item.refresh_from_db()
    assert (item.price_fen, item.minutes) == (38_000, 60)


def test_a_second_change_while_looking_at_the_difference_is_seen_too(boss, item):
    _page, mine = opened(boss, edit_url(item))
    Item.objects.filter(pk=item.pk).update(price_fen=40_000)
    first = boss.post(edit_url(item), mine | {"minutes": "60"})
    Item.objects.filter(pk=item.pk).update(price_fen=41_000)
    second = boss.post(edit_url(item), filled(first))
    assert second.status_code == 409
    assert "¥\xa0410.00" in second.content.decode()


def test_changed_tags_make_a_save_stale(boss, item):
    _page, mine = opened(boss, edit_url(item))
    item.tags.add(builders.make_tag("果酸"))
    response = boss.post(edit_url(item), mine | {"minutes": "60"})
    assert response.status_code == 409
    assert ("Ingredients and contra-indications", "果酸", "–") in {
        (each.label, each.stored, each.typed) for each in response.context["form"].differences
    }


def test_both_sides_of_a_choice_of_several_are_shown(boss, item):
    mine, theirs = builders.make_tag("酒精"), builders.make_tag("果酸")
    _page, typed = opened(boss, edit_url(item))
    item.tags.add(theirs)
    response = boss.post(edit_url(item), typed | {"tags": [mine.pk]})
    assert [(each.stored, each.typed) for each in response.context["form"].differences] == [("果酸", "酒精")]


def test_a_form_without_its_fingerprint_is_stale(boss, item):
    _page, mine = opened(boss, edit_url(item))
    del mine["seen"]
    assert boss.post(edit_url(item), mine | {"minutes": "60"}).status_code == 409


def test_two_who_want_the_same_do_not_stand_in_each_others_way(boss, item):
    _page, mine = opened(boss, edit_url(item))
    Item.objects.filter(pk=item.pk).update(minutes=60)
    assert boss.post(edit_url(item), mine | {"minutes": "60"}).status_code == 302
    assert item.history.count() == 1, "the second has changed nothing"


def test_what_the_form_does_not_show_makes_nothing_stale(boss, item):
    _page, mine = opened(boss, edit_url(item))
    Item.objects.filter(pk=item.pk).update(is_imported=True)
    assert boss.post(edit_url(item), mine | {"minutes": "60"}).status_code == 302


def test_a_new_row_begins_with_typing_the_name_and_who_edits_chooses_a_field(boss, item):
    begins = ["autofocus" in opened(boss, url)[0].context["form"]["name"].as_widget() for url in (NEW, edit_url(item))]
    assert begins == [True, False]


def test_a_field_that_is_taken_off_a_form_makes_nothing_stale(item):
    def current():
        form = forms.ItemForm(instance=Item.objects.get(pk=item.pk))
        del form.fields["cost_fen"]
        return form.current

    before = current()
    Item.objects.filter(pk=item.pk).update(cost_fen=5_000)
    assert current() == before


def test_tags_in_another_order_are_the_same_tags(boss, item):
    first, second = builders.make_tag("a"), builders.make_tag("b")
    item.tags.set([first, second])
    _page, mine = opened(boss, edit_url(item))
    first.name = "c"
    first.save()
    assert boss.post(edit_url(item), mine | {"minutes": "60"}).status_code == 302


def test_of_what_makes_no_sense_the_other_side_is_shown_all_the_same(boss, item):
    _page, mine = opened(boss, edit_url(item))
    item.tags.add(builders.make_tag("果酸"))
    response = boss.post(edit_url(item), mine | {"tags": ["0"]})
    assert response.status_code == 409
    assert [(each.stored, each.typed) for each in response.context["form"].differences] == [("果酸", "–")]


def test_somebody_new_is_stored_wherever_the_owner_works_by_then(owner, other_branch):
    client, url = builders.client_of(owner), "/shop/staff/new/"
    _page, data = opened(client, url)
    client.post("/shop/branches/switch/", {"branch": other_branch.pk})
    assert client.post(url, data | {"name": "王琳", "role": "beautician"}).status_code == 302


def test_a_form_shown_again_keeps_its_key_by_which_the_browser_knows_the_draft(boss, item):
    _page, mine = opened(boss, edit_url(item))
    response = boss.post(edit_url(item), mine | {"name": ""})
    assert (response.status_code, response.context["operation"]) == (422, mine["operation"])


def test_a_new_item_sent_twice_is_stored_once(boss, db):
    _page, data = opened(boss, NEW)
    data |= {"name": "面膜", "price_fen": "1"}
    first, second = boss.post(NEW, data), boss.post(NEW, data)
    assert first["Location"] == second["Location"] == "/shop/items/"
    assert Item.objects.count() == 1


def test_a_form_sent_again_with_another_token_against_forgery_is_the_same_form(boss, db):
    """The token is written otherwise each time a page is shown."""
    _page, data = opened(boss, NEW)
    answers = [boss.post(NEW, data | {"name": "面膜", "price_fen": "1", "csrfmiddlewaretoken": token}) for token in ("a", "b")]
    assert [(page.status_code, page["Location"]) for page in answers] == [(302, answers[0]["Location"])] * 2
    assert Item.objects.count() == 1


def test_an_edit_sent_twice_is_stored_once(boss, item):
    _page, data = opened(boss, edit_url(item))
    data |= {"minutes": "60", "new_tags": "精油"}
    assert [boss.post(edit_url(item), data).status_code for _n in range(2)] == [302, 302]
    assert item.history.count() == 2


def test_a_used_form_with_other_content_is_a_conflict(boss, item):
    _page, data = opened(boss, edit_url(item))
    boss.post(edit_url(item), data | {"minutes": "60"})
    assert boss.post(edit_url(item), data | {"minutes": "70"}).status_code == 409
    item.refresh_from_db()
    assert item.minutes == 60


@pytest.mark.parametrize("key", ["", "forged", None])
def test_a_form_without_a_good_key_stores_nothing(boss, item, key):
    _page, data = opened(boss, edit_url(item))
    data = data | {"minutes": "60", "operation": key}
    if key is None:
        del data["operation"]
    assert boss.post(edit_url(item), data).status_code == 409
    item.refresh_from_db()
    assert item.minutes == 45


def test_a_key_is_bound_to_person_and_page(boss, owner, item):
    _page, data = opened(boss, edit_url(item))
    assert builders.client_of(owner).post(edit_url(item), data | {"minutes": "60"}).status_code == 409
    _page, other = opened(boss, "/shop/categories/new/")
    assert boss.post(edit_url(item), data | {"minutes": "60", "operation": other["operation"]}).status_code == 409


def test_a_name_taken_between_check_and_save_is_said_at_the_field(boss, monkeypatch):
    """The database refuses the second one; the person reads the same message as if it had been there before."""
    save, claim, claimed = forms.CategoryForm.save, operations.claim, []

    def too_late(form):
        monkeypatch.setattr(forms.CategoryForm, "save", save)
        Category.objects.create(name="眼部")
        return save(form)

    def claim_again(**kwargs):
        claimed.append(kwargs)
        if len(claimed) == 2:  # our first transaction has rolled back, the other person's is there to stay
            Category.objects.create(name="眼部")
        return claim(**kwargs)

    monkeypatch.setattr(forms.CategoryForm, "save", too_late)
    monkeypatch.setattr(operations, "claim", claim_again)
    url = "/shop/categories/new/"
    _page, data = opened(boss, url)
    response = boss.post(url, data | {"name": "眼部"})
    assert response.status_code == 422
    assert errors(response) == {"name": ["This name is taken."]}
    assert len(claimed) == 2


@several_writers
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_save_one_page_at_once_one_wins(manager):
    """Threads with connections of their own, on a database that locks: nobody overwrites unseen, nothing breaks."""
    item = builders.make_item(name="眼部护理", minutes=45)
    clients = [builders.client_of(manager) for _n in range(8)]
    pages = [opened(client, edit_url(item))[1] for client in clients]
    statuses, start = [], threading.Barrier(8)

    def save(n):
        start.wait()
        try:
            statuses.append(clients[n].post(edit_url(item), pages[n] | {"minutes": str(50 + n)}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302] + [409] * 7
    assert item.history.count() == 2


def test_several_stand_in_one_order_however_they_were_chosen(boss, item, either_way):
    tags = [builders.make_tag(name) for name in ("b", "c", "a")]  # by name they stand otherwise
    item.tags.set(tags)
    item.save()
    link = item.history.first().tags.get(tag=tags[1])
    type(link).objects.filter(pk=link.pk).delete()
    link.pk = None
    link.save()  # on PostgreSQL rows come as they lie
    (step,) = (step for change in history.changes(item, ["tags"]) for step in change.steps if step.after.count(",") == 2)
    assert step.after == "b, c, a"


def test_changes_are_told_as_they_followed_even_where_the_clock_was_set_back(item):
    for minutes in (50, 60):
        item.minutes = minutes
        item.save()
    item.history.filter(minutes=60).update(history_date=item.history.earliest().history_date - timedelta(hours=1))
    told = [(step.before, step.after) for change in history.changes(item, ["minutes"]) for step in change.steps]
    assert told == [("50", "60"), ("45", "50")]


def test_that_a_row_is_new_is_told_and_nothing_of_a_first_change_that_has_no_before(item):
    (made,) = history.changes(item, ["minutes"])
    assert (made.is_new, made.steps) == (True, [])
    item.history.all().delete()  # as of rows that were stored in bulk
    item.save()
    assert history.changes(item, ["minutes"]) == []
