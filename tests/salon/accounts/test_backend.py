"""Who somebody is: only staff with a role and a log-in in use, at the branch the owner has chosen."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from salon.accounts import lockout
from salon.accounts.backend import StaffBackend, actor_of
from salon.accounts.models import User
from tests import builders


def test_only_who_has_a_role_and_may_log_in_is_somebody(receptionist, branch):
    backend, user = StaffBackend(), receptionist.user
    assert backend.get_user(user.pk) == user
    assert backend.get_user(user.pk + 1) is None
    assert backend.get_user(User.objects.create_user("nobody").pk) is None
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert backend.get_user(user.pk) is None


def test_the_owner_looks_from_a_chosen_branch_if_it_is_open(owner, manager, branch, other_branch, django_assert_num_queries):
    closed, now = builders.make_branch(is_active=False), timezone.now()
    boss = StaffBackend().get_user(owner.user.pk)
    for chosen, there in ((None, branch), (branch.pk, branch), (other_branch.pk, other_branch), (closed.pk, branch), (0, branch)):
        assert actor_of(boss, now, chosen=chosen).branch == there
    lead = StaffBackend().get_user(manager.user.pk)
    assert actor_of(lead, now, chosen=other_branch.pk).branch == branch
    assert [actor_of(user, now).has_finance for user in (boss, lead)] == [True, False]
    with django_assert_num_queries(0):
        assert [actor_of(boss, now, chosen=chosen).branch for chosen in (None, branch.pk)] == [branch, branch]
    lead.staff.has_finance = True
    assert actor_of(lead, now).has_finance


def test_nobody_is_no_actor_with_a_role(client, db):
    assert client.get("/login/").wsgi_request.actor.role is None


@pytest.mark.parametrize("url", ["/login/", "/login/code/", "/login/code/set-up/", "/account/password/", "/join/x/"])
def test_what_is_typed_into_a_form_with_secrets_stands_in_no_report_of_a_fault(url, receptionist):
    client = builders.client_of(receptionist)
    assert client.post(url, {"password": "x"}).wsgi_request.sensitive_post_parameters == "__ALL__"


def test_a_language_is_chosen_by_nobody_too_and_kept_by_the_person_alone(client, receptionist, manager):
    assert client.post("/language/", {"language": "en"}).cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    builders.client_of(receptionist).post("/language/", {"language": "zh-hant"})
    assert [User.objects.get(pk=each.user.pk).language for each in (receptionist, manager)] == ["zh-hant", manager.user.language]


def test_the_demo_is_told_at_the_log_in_only_where_there_is_one(client, branch):
    staff = builders.make_staff(branch=branch, is_demo=False)
    assert client.get("/login/").context["is_demo"] is False
    User.objects.filter(pk=staff.user.pk).update(is_demo=True)
    assert client.get("/login/").context["is_demo"] is True


# --- Waits after wrong passwords, of several people at once ---------------------------------------------------------------


NOW = timezone.now()


def failed(username, times, *, ago=timedelta(), ip="10.0.0.1", place="unknown device"):
    attempt = AccessAttempt.objects.create(username=username, ip_address=ip, user_agent=place, failures_since_start=times)
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=NOW - ago)


def test_who_waits_and_until_when(db):
    most = settings.AXES_FAILURE_LIMIT
    failed("asked", most)
    failed("other", most)
    failed("long ago", most + 30, ago=lockout.LONGEST)
    failed("two places", most - 1)
    failed("two places", most - 1, ip="10.0.0.2")
    failed("one device", most - 1, place="device 1")
    failed("one device", 1, place="device 1", ip="10.0.0.2")
    for name, ago in (("since this morning", timedelta(hours=5)), ("since yesterday", timedelta(hours=25))):
        failed(name, most - 1, ago=ago, place="device 2")
        failed(name, 1, place="device 2", ip="10.0.0.2")
    names = ["asked", "long ago", "two places", "one device", "since this morning", "since yesterday"]
    assert set(lockout.waiting(names, NOW)) == {"asked", "one device", "since this morning"}


def test_a_failure_that_came_with_no_request_is_counted_nowhere(db):
    lockout.Handler().user_login_failed(sender=None, credentials={"username": "owner"}, request=None)
    assert not AccessAttempt.objects.exists()


def test_a_device_is_known_for_400_days_whatever_the_browser_keeps(owner, rf):
    """A cookie copied off a browser long ago gives nobody a count of the own."""
    cookie = lockout.remember(rf.get("/"), HttpResponse(), owner.user).cookies[lockout.COOKIE]
    assert cookie["max-age"] == timedelta(days=400).total_seconds()
    request = rf.get("/")
    request.COOKIES[lockout.COOKIE] = cookie.value
    for days, is_known in ((399, True), (401, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            assert bool(lockout._device(request)[0]) == is_known
