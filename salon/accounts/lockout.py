"""How soon another password may be tried after wrong ones, and by whom they are counted.

Wrong passwords are counted for a person at a place, and each place has a count of its own:

- an open session of that person: what strangers try elsewhere does not close the page for a new password;
- a device that has logged the person in before, by a signed cookie: at the shop's one address nobody can lock the owner out;
- any other device, by its address.

A few tries are free; then each costs a longer wait, up to a quarter of an hour, and nothing is looked at meanwhile. django-axes
counts and keeps the rows (its user agent column holds the place); what it calls a lock is over after `delay`.
"""

import hashlib
import secrets
from datetime import timedelta

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.db.models import Max, Sum
from django.utils.crypto import salted_hmac

FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=15)
COOKIE = "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"
_SALT = "salon.device"
_COOKIE_AGE = 400 * 24 * 3600  # the longest a browser keeps one
_MOST_PEOPLE = 40  # of one shared computer; who came first is forgotten first
_ELSEWHERE = "unknown device"


def delay(failures):
    """How long nothing is looked at after so many wrong passwords in a row: 30 s after the fifth, then twice as long each."""
    over = failures - settings.AXES_FAILURE_LIMIT
    return min(FIRST * 2 ** min(over, 10), LONGEST) if over >= 0 else timedelta(0)


def wait(request, credentials):
    """How long until this person is looked at again from this place (a timedelta, 0 or less: now)."""
    attempts = Handler().get_user_attempts(request, credentials)[0]
    found = attempts.aggregate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
    if not found["failures"]:
        return timedelta(0)
    return found["last"] + delay(found["failures"]) - request.axes_attempt_time


def waiting(usernames, now):
    """{user name: until when} of those who are not looked at now at some place; the longest wait of each. One query."""
    recent = AccessAttempt.objects.filter(username__in=usernames, attempt_time__gt=now - get_cool_off())
    counts = {}
    for attempt in recent:
        here = attempt.ip_address if attempt.user_agent == _ELSEWHERE else ""
        failures, last = counts.get((attempt.username, attempt.user_agent, here), (0, attempt.attempt_time))
        counts[attempt.username, attempt.user_agent, here] = (
            failures + attempt.failures_since_start,
            max(last, attempt.attempt_time),
        )
    found = {}
    for (username, *_place), (failures, last) in counts.items():
        if (until := last + delay(failures)) > now:
            found[username] = max(until, found.get(username, until))
    return found


class Handler(AxesDatabaseHandler):
    """django-axes' counting, with the place in the user agent's stead and a wait that rises."""

    def is_locked(self, request, credentials=None):
        return wait(request, credentials) > timedelta(0)

    def filter_user_attempts(self, request, credentials=None):
        _note_place(request, credentials)
        return super().filter_user_attempts(request, credentials)

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        if request is not None:
            _note_place(request, credentials)
        return super().user_login_failed(sender, credentials, request, **kwargs)

    def user_logged_in(self, sender, request, user, **kwargs):
        _note_place(request, {"username": user.get_username()})
        return super().user_logged_in(sender, request, user, **kwargs)


def counted_by(request, credentials):
    """For django-axes: what one count is for. A known device or a session has its own, wherever it is; others one an address."""
    return [["username", "user_agent"] + (["ip_address"] if request.axes_user_agent == _ELSEWHERE else [])]


def _note_place(request, credentials):
    """Where the person is, found once a request: having logged in, the person would be somewhere else."""
    username = get_client_username(request, credentials)
    if getattr(request, "lockout_place_of", None) != username:
        request.lockout_place_of, request.axes_user_agent = username, _place(request, username)


def _place(request, username):
    user = getattr(request, "user", None)
    if user and user.get_username() == username and request.session.session_key:
        return f"session {hashlib.sha256(request.session.session_key.encode()).hexdigest()[:32]}"
    device, people = _device(request)
    return f"device {device}" if _mark(username) in people else _ELSEWHERE


# --- Devices that are known -------------------------------------------------------------------------------------------


def _mark(username):
    """What stands in the cookie for a person: whoever reads it learns no name."""
    return salted_hmac(_SALT, username or "").hexdigest()[:16]


def _device(request):
    """(id, marks of the people it has logged in) of the browser's cookie; ("", []) without a genuine one."""
    try:
        device, people = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_COOKIE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return "", []
    return device, people


def remember(request, response, user):
    """Let the browser know that it has logged this person in; returns the response."""
    device, people = _device(request)
    mark = _mark(user.get_username())
    people = [*(each for each in people if each != mark), mark][-_MOST_PEOPLE:]
    response.set_cookie(
        COOKIE,
        signing.dumps([device or secrets.token_hex(16), people], salt=_SALT),
        max_age=_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(request, username):
    """The right password where no log-in follows: wrong ones before it at this place count no more."""
    Handler().reset_user_attempts(request, {"username": username})
