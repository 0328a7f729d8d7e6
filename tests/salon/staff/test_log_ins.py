"""What the list says of each log-in: active, locked, invited, without; and until when."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon.accounts import second_factor
from salon.accounts.models import Invitation
from salon.shop.models import StaffMember
from salon.staff.log_ins import log_ins
from tests import builders
from tests.archives.reading import counted


def test_states_of_log_ins(branch, owner):
    now = timezone.now()

    def state(**fields):
        staff = builders.make_staff(branch=branch, **fields)
        return staff, lambda: log_ins(list(StaffMember.objects.filter(pk=staff.pk).select_related("user")), now)[staff.pk]

    _staff, none = state(login=False)
    assert none().state == "none"

    invited, log_in = state(login=False)
    until = now + timedelta(hours=3)
    invitation = Invitation.objects.create(staff=invited, digest="a", expires_at=until)
    assert (log_in().state, log_in().until) == ("invited", until)
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=now)
    assert log_in().state == "none"
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=until, used_at=now)
    assert log_in().state == "none"

    active, log_in = state()
    assert (log_in().state, log_in().has_link) == ("active", False)
    Invitation.objects.create(staff=active, digest="b", expires_at=until)
    assert (log_in().state, log_in().has_link) == ("active", True)

    _staff, gone = state(is_active=False)
    assert gone().state == "off"
    disabled, log_in = state()
    disabled.user.is_active = False
    disabled.user.save()
    assert log_in().state == "off"


def test_five_wrong_passwords_from_one_place_lock(branch):
    now = timezone.now()
    staff = builders.make_staff(branch=branch, username="locked")

    def fail(times, ip, browser, at=now):
        attempt = AccessAttempt.objects.create(username="locked", ip_address=ip, user_agent=browser, failures_since_start=times)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=at)

    def state():
        return log_ins([staff], now)[staff.pk]

    fail(settings.AXES_FAILURE_LIMIT - 1, "10.0.0.1", "unknown device")
    fail(1, "10.0.0.2", "unknown device")
    fail(settings.AXES_FAILURE_LIMIT - 1, "10.0.0.2", "device 1")
    assert state().state == "active"
    fail(1, "10.0.0.3", "device 1")
    assert state().state == "locked", "a known device is one place, wherever it is carried"
    assert state().until == now + timedelta(seconds=30)
    AccessAttempt.objects.update(attempt_time=now - timedelta(seconds=31))
    assert state().state == "active"
    fail(settings.AXES_FAILURE_LIMIT + 20, "10.0.0.9", "unknown device")
    assert state().until == now + timedelta(minutes=15)


def test_five_wrong_codes_lock(branch):
    now = timezone.now()
    staff = builders.make_staff(branch=branch)
    device = TOTPDevice.objects.create(
        user=staff.user, confirmed=True, throttling_failure_count=5, throttling_failure_timestamp=now
    )
    assert log_ins([staff], now)[staff.pk].until == now + second_factor.LOCKED_FOR
    assert log_ins([staff], now + second_factor.LOCKED_FOR)[staff.pk].state == "active"
    device.throttling_failure_count = 4
    device.save()
    assert log_ins([staff], now)[staff.pk].state == "active"


def test_of_two_links_the_one_that_lasts_longest_is_told(branch):
    now, staff = timezone.now(), builders.make_staff(branch=branch, login=False)
    for digest, hours in (("a", 2), ("b", 3), ("c", 1)):
        Invitation.objects.create(staff=staff, digest=digest, expires_at=now + timedelta(hours=hours))
    assert log_ins([staff], now)[staff.pk].until == now + timedelta(hours=3)


def test_the_states_of_some_read_nothing_of_others(branch):
    now, staff = timezone.now(), builders.make_staff(branch=branch)
    TOTPDevice.objects.create(user=staff.user, confirmed=True)
    with counted() as few:
        log_ins([staff], now)
    assert few == [0]
    for n in range(3):
        other = builders.make_staff(branch=branch)
        Invitation.objects.create(staff=other, digest=str(n), expires_at=now + timedelta(hours=1))
        TOTPDevice.objects.create(user=other.user, throttling_failure_count=5, throttling_failure_timestamp=now)
    with counted() as many:
        log_ins([staff], now)
    assert many == [0]
