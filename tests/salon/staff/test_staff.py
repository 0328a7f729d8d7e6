"""Staff: the list with the state of each log-in, the form, and the acts on a log-in."""

from datetime import date

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon.accounts.models import Invitation, token_digest
from salon.shop.models import Department, StaffMember
from tests import builders
from tests.salon.shop.browser import errors, opened, send

LIST, NEW = "/shop/staff/", "/shop/staff/new/"


@pytest.fixture
def boss(owner):
    return builders.client_of(owner)


@pytest.fixture
def lead(manager):
    return builders.client_of(manager)


def url_of(staff, act=""):
    return f"/shop/staff/{staff.pk}/{act}"


def names(response):
    return [staff.name for staff in response.context["listing"].rows]


def roles_of(staff):
    return list(staff.user.groups.values_list("name", flat=True))


# --- The list ---------------------------------------------------------------------------------------------------------


def test_a_manager_sees_the_own_branch_the_owner_all(lead, boss, manager, owner, beautician, stranger):
    assert set(names(lead.get(LIST))) == {"顾敏", "沈老板", "陈美娟"}
    assert set(names(boss.get(LIST))) == {"顾敏", "沈老板", "陈美娟", "外店前台"}


def test_the_list_links_only_to_those_one_looks_after(lead, manager, owner, beautician):
    html = lead.get(LIST).content.decode()
    assert url_of(beautician) in html
    assert url_of(manager) not in html
    assert url_of(owner) not in html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"沈老板", "陈美娟", "外店前台"}),
        ("role=beautician", {"陈美娟"}),
        ("works=left", {"走了"}),
        ("works=all", {"沈老板", "陈美娟", "外店前台", "走了"}),
        ("q=cmj", {"陈美娟"}),
        ("q=陳美", {"陈美娟"}),
        ("q=zzz", set()),
    ],
)
def test_filters(boss, owner, beautician, stranger, branch, query, found):
    builders.make_staff(branch=branch, name="走了", login=False, is_active=False)
    assert set(names(boss.get(f"{LIST}?{query}"))) == found


def test_filters_by_branch_and_department(boss, owner, stranger, other_branch, branch):
    face = Department.objects.create(name="面部")
    builders.make_staff(branch=branch, name="面部的", login=False, department=face)
    assert names(boss.get(LIST, {"branch": other_branch.pk})) == ["外店前台"]
    assert names(boss.get(LIST, {"department": face.pk})) == ["面部的"]


def test_a_manager_cannot_ask_for_another_branch(lead, stranger, other_branch):
    page = lead.get(LIST, {"branch": other_branch.pk})
    assert names(page) == []
    assert page.context["listing"].errors


def test_the_list_asks_as_much_for_many_as_for_few(boss, branch, django_assert_num_queries):
    def more(n):
        for _n in range(n):
            staff = builders.make_staff(
                branch=branch, department=Department.objects.create(name=f"d{StaffMember.objects.count()}")
            )
            TOTPDevice.objects.create(user=staff.user, confirmed=True)

    more(2)
    boss.get(LIST)
    with django_assert_num_queries(10):
        boss.get(LIST)
    more(15)
    with django_assert_num_queries(10):
        assert len(names(boss.get(LIST))) == 18


# --- Who may change whom ----------------------------------------------------------------------------------------------


def test_another_branch_is_404_those_above_403(lead, manager, owner, stranger):
    acts = ("", "invite/", "unlock/")
    assert lead.get(url_of(stranger)).status_code == 404
    assert {lead.post(url_of(stranger, act)).status_code for act in acts} == {404}
    for boss in (manager, owner):
        assert lead.get(url_of(boss)).status_code == 403
        assert {lead.post(url_of(boss, act)).status_code for act in acts} == {403}
    assert not Invitation.objects.exists()


def test_the_desk_does_not_come_here(receptionist, beautician):
    for staff in (receptionist, beautician):
        client = builders.client_of(staff)
        assert [client.get(url).status_code for url in (LIST, NEW, url_of(staff))] == [403, 403, 403]
        assert [client.post(url_of(staff, act)).status_code for act in ("invite/", "unlock/", "reset-second-factor/")] == [
            403
        ] * 3


def test_acts_are_posted_only(boss, beautician):
    for act in ("invite/", "unlock/", "reset-second-factor/"):
        assert boss.get(url_of(beautician, act)).status_code == 405
    assert not Invitation.objects.exists()


# --- The form ---------------------------------------------------------------------------------------------------------


def test_a_manager_enters_somebody_for_the_own_branch(lead, manager, branch, other_branch):
    page, _data = opened(lead, NEW)
    assert not {"branch", "is_active", "left_on"} & set(page.context["form"].fields)
    response = send(lead, NEW, name=" 王琳 ", role="beautician", employed_on="2024-03-01", branch=other_branch.pk)
    made = StaffMember.objects.get(name="王琳")
    assert response["Location"] == url_of(made)
    assert (made.role, made.branch, made.employed_on) == ("beautician", branch, date(2024, 3, 1))
    assert (made.has_finance, made.is_active, made.user, made.initials) == (False, True, None, "wl")


@pytest.mark.parametrize("role", ["manager", "owner", "", "cook"])
def test_a_manager_gives_no_role_above_the_desk(lead, beautician, role):
    response = send(lead, NEW, name="王琳", role=role)
    assert response.status_code == 422
    assert list(errors(response)) == ["role"]
    assert 'value="王琳"' in response.content.decode()
    assert send(lead, url_of(beautician), role=role).status_code == 422
    beautician.refresh_from_db()
    assert beautician.role == "beautician"


def test_the_owner_enters_a_manager_elsewhere(boss, other_branch):
    page, _data = opened(boss, NEW)
    assert "has_finance" not in page.context["form"].fields, "nothing asks for this right yet"
    send(boss, NEW, name="欧阳静", role="manager", branch=other_branch.pk, has_finance="on")
    made = StaffMember.objects.get(name="欧阳静")
    assert (made.role, made.branch, made.has_finance) == ("manager", other_branch, False)


def test_the_owner_is_offered_the_own_branch_for_somebody_new_alone(boss, owner, stranger):
    assert opened(boss, NEW)[1]["branch"] == owner.branch.pk
    assert opened(boss, url_of(stranger))[1]["branch"] == stranger.branch.pk


def test_a_closed_department_is_offered_to_those_in_it(boss, beautician):
    closed, other = Department.objects.create(name="美甲部", is_active=False), Department.objects.create(name="美睫部")
    response = send(boss, url_of(beautician), department=closed.pk)
    assert list(errors(response)) == ["department"]
    assert send(boss, url_of(beautician), department=other.pk).status_code == 302
    Department.objects.update(is_active=False)
    assert send(boss, url_of(beautician), name="陈美").status_code == 302


def test_a_closed_branch_is_not_offered(boss, branch):
    closed = builders.make_branch(is_active=False)
    response = send(boss, NEW, name="王琳", role="beautician", branch=closed.pk)
    assert list(errors(response)) == ["branch"]


def test_a_new_role_changes_what_the_log_in_may_do(boss, beautician):
    send(boss, url_of(beautician), role="manager")
    beautician.refresh_from_db()
    assert beautician.role == "manager"
    assert roles_of(beautician) == ["manager"]


def test_a_change_is_in_the_history(boss, beautician, other_branch):
    send(boss, url_of(beautician), branch=other_branch.pk, role="receptionist")
    steps = {
        (step.label, step.before, step.after)
        for change in boss.get(url_of(beautician)).context["changes"]
        for step in change.steps
    }
    assert steps == {("branch", "静安店", "徐汇店"), ("role", "Beautician", "Receptionist")}


def test_somebody_leaves_and_comes_back(lead, beautician):
    client = builders.client_of(beautician)
    assert client.get("/shop/items/").status_code == 200
    send(lead, url_of(beautician), without=["is_active"], left_on="2026-11-20")
    beautician.refresh_from_db()
    assert (beautician.is_active, beautician.left_on) == (False, date(2026, 11, 20))
    assert client.get("/shop/items/").status_code == 302
    beautician.user.refresh_from_db()
    assert not beautician.user.is_active

    send(lead, url_of(beautician), left_on="2026-11-19")  # the last day was wrong
    beautician.refresh_from_db()
    assert beautician.left_on == date(2026, 11, 19)

    send(lead, url_of(beautician), is_active="on", left_on="")
    beautician.refresh_from_db()
    assert (beautician.is_active, beautician.left_on) == (True, None)
    beautician.user.refresh_from_db()
    assert beautician.user.is_active


def test_each_save_is_one_step_of_the_history(lead, beautician):
    """Leaving and the last day are one step, and so are coming back and having none."""
    steps = StaffMember.history.filter(id=beautician.pk)
    for typed, without in (
        ({"name": "陈美"}, []),
        ({"employed_on": "2026-11-20", "left_on": "2026-11-20"}, ["is_active"]),
        ({"left_on": "2026-11-22"}, ["is_active"]),
        ({"name": "陈娟"}, ["is_active"]),
        ({"is_active": "on", "left_on": ""}, []),
    ):
        assert send(lead, url_of(beautician), without=without, **typed).status_code == 302
        assert {(step.is_active, step.left_on is None) for step in steps} <= {(True, True), (False, False)}
    days = [step.left_on and step.left_on.day for step in steps.order_by("history_id")]
    assert [day for n, day in enumerate(days) if n == 0 or day != days[n - 1]] == [None, 20, 22, None]


@pytest.mark.parametrize(
    ("typed", "without", "message"),
    [
        ({}, ["is_active"], "Give the last day."),
        ({"left_on": "2026-11-20"}, [], "Whoever still works here has no last day. Empty it, or untick “works here”."),
        ({"left_on": "2019-01-01", "employed_on": "2020-01-01"}, ["is_active"], "The last day cannot be before the first."),
        ({"left_on": "soon"}, ["is_active"], "Enter a valid date."),
    ],
)
def test_last_days_that_make_no_sense_are_refused(lead, beautician, typed, without, message):
    response = send(lead, url_of(beautician), without=without, **typed)
    assert response.status_code == 422
    assert errors(response) == {"left_on": [message]}
    beautician.refresh_from_db()
    assert beautician.is_active


@pytest.mark.parametrize(("typed", "without"), [({"left_on": "2026-11-20"}, ["is_active"]), ({"role": "manager"}, [])])
def test_the_last_owner_stays(boss, owner, typed, without):
    response = send(boss, url_of(owner), without=without, name="沈先生", **typed)
    assert response.status_code == 422
    assert errors(response) == {"__all__": ["This is the last owner. Make somebody else an owner first."]}
    owner.refresh_from_db()
    assert (owner.is_active, owner.role, owner.name) == (True, "owner", "沈老板")


def test_a_stale_save_is_seen(lead, boss, beautician):
    _page, data = opened(lead, url_of(beautician))
    send(boss, url_of(beautician), name="陈美")
    assert lead.post(url_of(beautician), data | {"name": "陈娟"}).status_code == 409


def test_what_a_manager_does_not_see_makes_nothing_stale(lead, beautician):
    _page, data = opened(lead, url_of(beautician))
    StaffMember.objects.filter(pk=beautician.pk).update(has_finance=True)
    assert lead.post(url_of(beautician), data | {"name": "陈娟"}).status_code == 302
    beautician.refresh_from_db()
    assert (beautician.has_finance, beautician.name) == (True, "陈娟")


# --- Acts on a log-in -------------------------------------------------------------------------------------------------


def test_an_invitation_is_shown_once_and_works(lead, branch):
    staff = builders.make_staff(branch=branch, name="王琳", login=False)
    response = lead.post(url_of(staff, "invite/"))
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    html, link = response.content.decode(), response.context["url"]
    assert link.startswith(f"{settings.PUBLIC_URL}/join/")
    assert link in html
    assert 'src="data:image/svg+xml' in html
    assert " style=" not in html
    token = link.rstrip("/").rpartition("/")[2]
    assert Invitation.objects.get().digest == token_digest(token)
    assert token not in lead.get(url_of(staff)).content.decode()
    assert "invited until" in lead.get(LIST).content.decode()


def test_a_second_invitation_ends_the_first(lead, beautician):
    lead.post(url_of(beautician, "invite/"))
    lead.post(url_of(beautician, "invite/"))
    open_ones = Invitation.objects.filter(used_at=None, expires_at__gt=timezone.now())
    assert open_ones.count() == 1


def test_who_left_is_not_invited(lead, branch):
    gone = builders.make_staff(branch=branch, login=False, is_active=False)
    response = lead.post(url_of(gone, "invite/"), follow=True)
    assert "This person does not work here any more." in response.content.decode()
    assert not Invitation.objects.exists()


def test_a_lock_is_lifted(lead, beautician):
    AccessAttempt.objects.create(username="beauty", ip_address="10.0.0.1", user_agent="a", failures_since_start=5)
    page = lead.get(url_of(beautician)).content.decode()
    assert url_of(beautician, "unlock/") in page
    assert "locked until" in page
    assert lead.post(url_of(beautician, "unlock/"))["Location"] == url_of(beautician)
    assert url_of(beautician, "unlock/") not in lead.get(url_of(beautician)).content.decode()
    assert not AccessAttempt.objects.exists()


def test_only_the_owner_resets_a_second_factor(lead, boss, beautician):
    TOTPDevice.objects.create(user=beautician.user, confirmed=True)
    act = url_of(beautician, "reset-second-factor/")
    assert act not in lead.get(url_of(beautician)).content.decode()
    assert lead.post(act).status_code == 403
    assert TOTPDevice.objects.exists()
    assert act in boss.get(url_of(beautician)).content.decode()
    assert boss.post(act)["Location"] == url_of(beautician)
    assert not TOTPDevice.objects.exists()


def test_an_act_without_a_log_in_says_so(boss, branch):
    staff = builders.make_staff(branch=branch, login=False)
    for act in ("unlock/", "reset-second-factor/"):
        response = boss.post(url_of(staff, act), follow=True)
        assert "This person has no log-in yet." in response.content.decode()
