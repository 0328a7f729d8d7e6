"""Where the log-ins of staff stand: none, invited, active, locked, switched off."""

from dataclasses import dataclass
from datetime import datetime

from django_otp.plugins.otp_totp.models import TOTPDevice

from salon.accounts import lockout, second_factor
from salon.accounts.models import Invitation


@dataclass(frozen=True)
class LogIn:
    """Where a staff member's log-in stands: NONE, INVITED (not used yet), ACTIVE, LOCKED or OFF. `until` ends the
    invitation or the lock; `has_link` is true while a one-time link is open."""

    NONE, INVITED, ACTIVE, LOCKED, OFF = "none", "invited", "active", "locked", "off"

    state: str
    until: datetime | None = None
    has_link: bool = False


def log_ins(staff, now):
    """{staff pk: LogIn} of staff members loaded with their `user`. Three queries."""
    links = dict(
        Invitation.objects.filter(staff__in=staff, used_at=None, expires_at__gt=now)
        .order_by("expires_at")
        .values_list("staff_id", "expires_at")
    )
    locks = _locks([each.user for each in staff if each.user], now)
    return {each.pk: _log_in(each, links.get(each.pk), locks.get(each.user_id)) for each in staff}


def _log_in(staff, link_until, locked_until):
    if not staff.is_active or (staff.user and not staff.user.is_active):
        return LogIn(LogIn.OFF)
    if staff.user is None:
        return LogIn(LogIn.INVITED, link_until, has_link=True) if link_until else LogIn(LogIn.NONE)
    if locked_until:
        return LogIn(LogIn.LOCKED, locked_until, has_link=bool(link_until))
    return LogIn(LogIn.ACTIVE, link_until, has_link=bool(link_until))


def _locks(users, now):
    """{user pk: until when} of those who cannot log in now: too many wrong passwords from one place, or wrong codes."""
    names = {user.username: user.pk for user in users}
    locks = {names[name]: until for name, until in lockout.waiting(names, now).items()}
    for device in TOTPDevice.objects.filter(user__in=users, throttling_failure_count__gt=0):
        until = second_factor.locked_until(device)
        if until and until > now:
            _lengthen(locks, device.user_id, until)
    return locks


def _lengthen(locks, user, until):
    locks[user] = max(until, locks.get(user, until))
